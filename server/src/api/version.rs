//! `GET /version`: what answers, and which mesh it answers for.

use axum::{Json, Router, http::header, response::IntoResponse, routing::get};
use serde_json::json;

use crate::Service;

/// The code that the engine follows: `istio/istio`, and `istio/ztunnel` of the same age. No release, since rules
/// of the branch that is not released yet are in it.
const ISTIO: &str = "master of 2026-08-22 (86c9f01f)";

/// The API that the engine follows: `kubernetes-sigs/gateway-api`.
const GATEWAY_API: &str = "main of 2026-08-21";

pub(super) fn route() -> Router<Service> {
    Router::new().route("/version", get(handle))
}

async fn handle() -> impl IntoResponse {
    let version = json!({
        // Engine and service are built from one workspace, and share its version.
        "engine": env!("CARGO_PKG_VERSION"),
        "istio": ISTIO,
        "gatewayApi": GATEWAY_API,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(version))
}
