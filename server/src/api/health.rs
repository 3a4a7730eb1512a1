//! `GET /healthz`, `/readyz`: for those who operate the service.

use ambient_core::wire::Input;
use axum::{Json, Router, extract::State, http::header, response::IntoResponse, routing::get};
use serde_json::json;

use crate::{Service, problem::Problem};

const FRESH: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

pub(super) fn route() -> Router<Service> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

/// The process answers.
async fn healthz() -> impl IntoResponse {
    (FRESH, Json(json!({ "status": "ok" })))
}

/// An evaluation would find a place now.
async fn readyz(State(service): State<Service>) -> Result<impl IntoResponse, Problem> {
    service
        .run(|| Ok(ambient_core::analyze(&Input::default())))
        .await?;
    Ok((FRESH, Json(json!({ "status": "ready" }))))
}
