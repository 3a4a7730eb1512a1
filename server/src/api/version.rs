//! `GET /version`: what answers, and which mesh it answers for.

use axum::{Json, http::header, response::IntoResponse};
use schemars::JsonSchema;
use serde::Serialize;

use crate::endpoint::{Endpoint, Example};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/version", handle)
        .about("What answers, and which mesh it answers for", "")
        .answers::<Version>()
        .example(Example {
            name: "versions",
            summary: "The states of the upstream code that the engine follows.",
            query: "",
            body: "",
        })
}

/// What answers, and for what.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Version {
    /// The version of the engine.
    engine: &'static str,
    /// The state of Istio that it follows.
    istio: &'static str,
    /// The state of Gateway API that it follows.
    gateway_api: &'static str,
}

async fn handle() -> impl IntoResponse {
    let version = Version {
        engine: ambient_core::VERSION,
        istio: ambient_core::ISTIO,
        gateway_api: ambient_core::GATEWAY_API,
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(version))
}
