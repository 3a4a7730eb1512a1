//! The endpoints, one file each.

mod analyze;
mod envoy;
mod evaluate;
mod graph;
mod health;
mod problems;
mod version;

use axum::Router;

use crate::Service;

/// All endpoints.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .merge(evaluate::route())
        .merge(graph::route())
        .merge(analyze::route())
        .merge(envoy::route())
        .merge(health::route())
        .merge(version::route())
        .merge(problems::route())
}
