//! How long manifests take to become a graph, by number of objects: it must not grow faster than `n log n`.
//! `cargo bench -p ambient-core --bench load`
//!
//! Before the tables the growth from 1,000 to 10,000 objects is printed, beside that of `n log n`.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    reason = "the harness makes functions that nobody calls, and a benchmark needs the clock"
)]

mod meshes;

use std::time::{Duration, Instant};

use ambient_core::wire::{Input, Manifests};
use divan::black_box;

fn main() {
    growth();
    divan::main();
}

fn input(objects: usize) -> Input {
    Input {
        manifests: Manifests::Text(meshes::manifests(objects)),
        ..Input::default()
    }
}

/// Small against large, the fastest sample of each. They take turns and are equally long, ten small graphs against a large
/// one, so that what else the machine does slows both alike.
fn growth() {
    const ROUNDS: usize = 20;
    let (few, many) = (input(1_000), input(10_000));
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let ten: Duration = (0..10).map(|_| time(&few)).sum();
        small = small.min(ten / 10);
        large = large.min(time(&many));
    }
    let times = large.as_secs_f64() / small.as_secs_f64();
    let bar = 10.0 * 10_000_f64.ln() / 1_000_f64.ln();
    println!("growth from 1,000 to 10,000 objects (bar: {bar:.1}, which is n log n)");
    println!("  {times:7.1}  text to graph: {small:.1?}, then {large:.1?}");
}

/// One sample: from text to graph. To let go of the graph is its owner's.
fn time(input: &Input) -> Duration {
    let started = Instant::now();
    let graph = black_box(ambient_core::graph(black_box(input)));
    let elapsed = started.elapsed();
    drop(graph);
    elapsed
}

#[divan::bench(args = [1_000, 3_000, 10_000], sample_count = 5, sample_size = 1)]
fn graph(bencher: divan::Bencher<'_, '_>, objects: usize) {
    let input = input(objects);
    bencher.bench(|| ambient_core::graph(&input));
}

#[divan::bench(args = [10_000], sample_count = 5, sample_size = 1)]
fn read(bencher: divan::Bencher<'_, '_>, objects: usize) {
    let input = input(objects);
    bencher.bench(|| ambient_core::Workspace::load(&input));
}
