//! `GET /openapi.json`: the reference of the service, for programs.

use axum::{http::header, response::IntoResponse};

use crate::{endpoint::Endpoint, openapi};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/openapi.json", handle)
        .about("This document", "OpenAPI 3.1.")
        .answers::<serde_json::Map<String, serde_json::Value>>()
}

async fn handle() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        openapi::DOCUMENT,
    )
}
