//! Builds, runs, tests and checks Ambient Playground.
fn main() {}
