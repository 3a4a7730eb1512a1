//! The endpoints, one file each.

mod analyze;
mod effective;
mod envoy;
mod evaluate;
mod graph;
mod health;
mod migrate;
mod openapi;
mod problems;
mod status;
mod version;
mod ways_around;

use axum::Router;

use crate::{Service, endpoint::Endpoint};

/// All endpoints, in the order of the reference.
const ENDPOINTS: [fn() -> Endpoint; 14] = [
    evaluate::endpoint,
    graph::endpoint,
    analyze::endpoint,
    effective::endpoint,
    status::endpoint,
    ways_around::endpoint,
    migrate::endpoint,
    envoy::endpoint,
    openapi::endpoint,
    problems::list_endpoint,
    problems::endpoint,
    version::endpoint,
    health::live_endpoint,
    health::ready_endpoint,
];

/// What the document is made of.
pub(crate) fn endpoints() -> impl Iterator<Item = Endpoint> {
    ENDPOINTS.iter().map(|endpoint| endpoint())
}

/// What the router is made of.
pub(crate) fn routes() -> Router<Service> {
    endpoints().fold(Router::new(), |routes, endpoint| {
        routes.merge(endpoint.route())
    })
}
