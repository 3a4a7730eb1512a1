//! The endpoints, one file each.

mod analyze;
mod effective;
mod envoy;
mod evaluate;
mod graph;
mod health;
mod migrate;
mod problems;
mod status;
mod version;
mod ways_around;

use axum::Router;

use crate::Service;

/// All endpoints.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .merge(evaluate::route())
        .merge(graph::route())
        .merge(analyze::route())
        .merge(effective::route())
        .merge(envoy::route())
        .merge(ways_around::route())
        .merge(status::route())
        .merge(migrate::route())
        .merge(health::route())
        .merge(version::route())
        .merge(problems::route())
}
