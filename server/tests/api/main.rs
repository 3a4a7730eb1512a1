//! The service as a client sees it.

mod answers;
mod bodies;
mod effective;
mod envoy;
mod fuzz;
mod graph;
mod headers;
mod limits;
mod negotiation;
mod openapi;
mod operators;
mod origins;
mod problems;
mod support;
