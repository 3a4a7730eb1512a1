//! `GET /healthz`, `/readyz`: for those who operate the service.

use ambient_core::wire::Input;
use axum::{Json, extract::State, http::header, response::IntoResponse};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Service,
    endpoint::{Endpoint, Example},
    problem::{Kind, Problem},
};

const FRESH: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

pub(super) fn live_endpoint() -> Endpoint {
    Endpoint::get("/healthz", healthz)
        .about("Whether the process answers", "")
        .answers::<Health>()
        .example(Example {
            name: "alive",
            summary: "It does.",
            query: "",
            body: "",
        })
}

pub(super) fn ready_endpoint() -> Endpoint {
    Endpoint::get("/readyz", readyz)
        .about("Whether an evaluation would find a place now", "")
        .answers::<Health>()
        .problems(&[Kind::Busy])
        .example(Example {
            name: "ready",
            summary: "It would.",
            query: "",
            body: "",
        })
}

/// How the service is.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `ok` or `ready`; otherwise the answer is a problem.
    status: &'static str,
}

/// The process answers.
async fn healthz() -> impl IntoResponse {
    (FRESH, Json(Health { status: "ok" }))
}

/// An evaluation would find a place now.
async fn readyz(State(service): State<Service>) -> Result<impl IntoResponse, Problem> {
    service
        .run(|| Ok(ambient_core::analyze(&Input::default())))
        .await?;
    Ok((FRESH, Json(Health { status: "ready" })))
}
