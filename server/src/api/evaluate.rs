//! `POST /v1/evaluate`: what becomes of every sample request, and why.

use axum::{Router, extract::State, routing::post};

use crate::{
    Service,
    body::{Answer, Question},
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/evaluate", post(handle))
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::evaluate(&question.input()?)))
        .await
}
