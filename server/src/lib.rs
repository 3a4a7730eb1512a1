//! The REST service of Ambient Playground: the engine behind HTTP, and the page.

pub mod body;
pub mod check;
pub mod cors;
pub mod decode;
pub mod format;
pub mod openapi;
pub mod problem;
pub mod request_id;
pub mod serve;

mod access_log;
mod api;
mod endpoint;
mod negotiate;
mod page;
mod parameters;
mod security;
mod service;

pub use service::{Config, Service};

use axum::{Router, middleware::from_fn};
use tower_http::catch_panic::CatchPanicLayer;

/// The service with all of its layers.
pub fn app(config: Config) -> Router {
    let origins = config.origins.clone();
    layered(api::routes().with_state(Service::new(config)), &origins)
}

/// The layers, around any endpoints. The last one is the outermost: every answer passes through all of them.
pub fn layered(endpoints: Router, origins: &[cors::Origin]) -> Router {
    let answering = endpoints
        .fallback(page::serve)
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(from_fn(problem::complete));
    // Outside of `complete`: a page of another origin has to be able to read problems, too.
    let shared = match cors::layer(origins) {
        Some(layer) => answering.layer(layer),
        None => answering,
    };
    shared
        .layer(from_fn(security::protect))
        .layer(from_fn(access_log::record))
        .layer(from_fn(request_id::assign))
}
