//! Decisions of the policies of one Service, side by side: looked up, walked one by one, and with a line for every
//! clause; then the whole answer of a request without and with its explanation.
//! `cargo bench -p ambient-core --bench authz`

use ambient_core::{Workspace, measure};
use divan::{Bencher, black_box};

#[path = "../tests/common/policies.rs"]
mod policies;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    divan::main();
}

fn decision(
    bencher: Bencher<'_, '_>,
    size: usize,
    decide: fn(&measure::Prepared<'_>) -> ambient_core::wire::Verdict,
) {
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

#[divan::bench(args = [10, 100, 1_000])]
fn request_verdict(bencher: Bencher<'_, '_>, size: usize) {
    let workspace = Workspace::load(&policies::input(size));
    bencher.bench_local(|| black_box(&workspace).verdicts());
}

#[divan::bench(args = [10, 100, 1_000])]
fn request_explained(bencher: Bencher<'_, '_>, size: usize) {
    let workspace = Workspace::load(&policies::input(size));
    bencher.bench_local(|| black_box(&workspace).evaluate());
}
