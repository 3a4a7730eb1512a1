//! `POST /v1/envoy`: the filters that waypoints get.

use axum::{Router, extract::State, routing::post};

use crate::{
    Service,
    body::{Answer, Question},
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/envoy", post(handle))
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::envoy(&question.input()?)))
        .await
}
