//! How long manifests take to become a graph, by number of objects: it must not grow faster than they do.

#![allow(missing_docs, reason = "the harness makes functions that nobody calls")]

mod meshes;

use ambient_core::wire::{Input, Manifests};

fn main() {
    divan::main();
}

fn input(objects: usize) -> Input {
    Input {
        manifests: Manifests::Text(meshes::manifests(objects)),
        ..Input::default()
    }
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
