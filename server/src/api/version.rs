//! `GET /version`: what answers, and which mesh it answers for.

use axum::{Json, Router, http::header, response::IntoResponse, routing::get};
use serde_json::json;

use crate::Service;

pub(super) fn route() -> Router<Service> {
    Router::new().route("/version", get(handle))
}

async fn handle() -> impl IntoResponse {
    let version = json!({
        "engine": ambient_core::VERSION,
        "istio": ambient_core::ISTIO,
        "gatewayApi": ambient_core::GATEWAY_API,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(version))
}
