//! The engine of Ambient Playground.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod attach;
mod authz;
mod flow;
mod matcher;
mod mesh;
mod resource;
mod source;
mod trace;
pub mod wire;

/// Evaluates every sample request against the manifests.
pub fn evaluate(input: &wire::Input) -> wire::Evaluation {
    let _ = input;
    wire::Evaluation::default()
}

/// The attachment graph of the manifests.
pub fn graph(input: &wire::Input) -> wire::Graph {
    let _ = input;
    wire::Graph::default()
}

/// The findings about the manifests.
pub fn analyze(input: &wire::Input) -> wire::Analysis {
    let _ = input;
    wire::Analysis::default()
}
