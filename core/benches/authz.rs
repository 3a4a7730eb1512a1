//! What a verdict costs, side by side, for a Service with 10 to 10,000 policies.
//! `cargo bench -p ambient-core --bench authz`
//!
//! `decision_*` is the decision of one proxy's policies: looked up, walked one by one, and with a line for every clause.
//! `request_*` is one whole request (who calls what, the proxies on the way, their policies and routes): the verdict
//! alone, with the log, as the contract's answer with every policy and clause in words, and the whole call, which also
//! looks for the changes that would turn the verdict and for the findings that bear on the request. Before the tables the ratios at 100 policies are printed: an
//! explanation names every clause, the verdict looks up the few policies that may match, and still the one has to cost
//! less than [`BAR`] times the other.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark needs the clock, and its input is its own"
)]

use std::time::{Duration, Instant};

use ambient_core::wire::Verdict;
use ambient_core::{Workspace, measure};
use divan::{Bencher, black_box};
use policies::Asked;

#[path = "../tests/common/policies.rs"]
mod policies;
#[path = "../tests/common/shop.rs"]
mod shop;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// What an explained verdict may cost at most, in plain ones.
const BAR: f64 = 20.0;

fn main() {
    ratios();
    divan::main();
}

/// Explained against plain, in one run: for a request that is allowed, for one that no policy allows, and for one that a
/// `DENY` rule is about.
fn ratios() {
    const POLICIES: usize = 100;
    println!("times the plain verdict at {POLICIES} policies (bar: {BAR})");
    for (asked, expected) in [
        (Asked::Allowed, Verdict::Allow),
        (Asked::DeniedByDefault, Verdict::Deny),
        (Asked::DeniedByRule, Verdict::Deny),
    ] {
        println!("{asked:?}");
        ratios_of(
            &Workspace::load(&policies::asked(POLICIES, asked)),
            expected,
        );
    }
}

fn ratios_of(workspace: &Workspace, expected: Verdict) {
    let prepared = workspace.prepare(0).expect("a waypoint with policies");
    let asked = workspace.ask(0).expect("a request that resolves");
    let answer = workspace.evaluate().results.remove(0);
    assert_eq!(answer.verdict, expected);
    assert!(
        !answer.policy_changes.is_empty() && !answer.diagnostics.is_empty(),
        "the whole answer is there"
    );
    let line = |name: &str, explained: Duration, plain: Duration| {
        let ratio = explained.as_secs_f64() / plain.as_secs_f64();
        println!("  {ratio:7.1}  {name}: {explained:.1?} against {plain:.1?}");
    };
    let decision = fastest(|| prepared.indexed());
    line(
        "one proxy's decision, logged",
        fastest(|| prepared.logged()),
        decision,
    );
    let verdict = fastest(|| asked.verdict());
    line("request, logged", fastest(|| asked.logged()), verdict);
    line(
        "request, explained: the contract's answer",
        fastest(|| asked.explained()),
        verdict,
    );
    line(
        "whole call: with findings, and changes that would turn the verdict",
        fastest(|| workspace.evaluate()),
        verdict,
    );
}

/// The fastest of two hundred samples of at least 50 µs each: what others do on the machine only adds.
fn fastest<R>(mut run: impl FnMut() -> R) -> Duration {
    let started = Instant::now();
    black_box(run());
    let once = started.elapsed().max(Duration::from_nanos(100));
    let rounds = u32::try_from(50_000 / once.as_nanos()).unwrap_or(1).max(1);
    let samples = (0..200).map(|_| {
        let started = Instant::now();
        for _ in 0..rounds {
            black_box(run());
        }
        started.elapsed() / rounds
    });
    samples.min().unwrap_or_default()
}

fn decision(bencher: Bencher<'_, '_>, size: usize, decide: fn(&measure::Prepared<'_>) -> Verdict) {
    let workspace = Workspace::load(&policies::input(size));
    let prepared = workspace.prepare(0).expect("a waypoint with policies");
    bencher.bench_local(|| decide(black_box(&prepared)));
}

#[divan::bench(args = SIZES)]
fn decision_looked_up(bencher: Bencher<'_, '_>, size: usize) {
    decision(bencher, size, |prepared| prepared.indexed());
}

#[divan::bench(args = SIZES)]
fn decision_walked(bencher: Bencher<'_, '_>, size: usize) {
    decision(bencher, size, |prepared| prepared.walked());
}

#[divan::bench(args = SIZES)]
fn decision_logged(bencher: Bencher<'_, '_>, size: usize) {
    decision(bencher, size, |prepared| prepared.logged());
}

fn request<R>(bencher: Bencher<'_, '_>, size: usize, ask: fn(&measure::Asked<'_>) -> Option<R>) {
    let workspace = Workspace::load(&policies::input(size));
    let asked = workspace.ask(0).expect("a request that resolves");
    bencher.bench_local(|| ask(black_box(&asked)));
}

#[divan::bench(args = [10, 100, 1_000])]
fn request_verdict(bencher: Bencher<'_, '_>, size: usize) {
    request(bencher, size, |asked| asked.verdict());
}

#[divan::bench(args = [10, 100, 1_000])]
fn request_logged(bencher: Bencher<'_, '_>, size: usize) {
    request(bencher, size, |asked| asked.logged());
}

#[divan::bench(args = [10, 100, 1_000])]
fn request_explained(bencher: Bencher<'_, '_>, size: usize) {
    request(bencher, size, |asked| asked.explained());
}

#[divan::bench(args = [10, 100, 1_000])]
fn whole_call(bencher: Bencher<'_, '_>, size: usize) {
    let workspace = Workspace::load(&policies::input(size));
    bencher.bench_local(|| black_box(&workspace).evaluate());
}

/// What a client of the REST service waits for, less the reading of manifests.
#[divan::bench(args = [10, 100, 1_000])]
fn whole_call_as_json(bencher: Bencher<'_, '_>, size: usize) {
    let workspace = Workspace::load(&policies::input(size));
    bencher.bench_local(|| serde_json::to_vec(&black_box(&workspace).evaluate()));
}
