//! The REST service of Ambient Playground.
fn main() {}
