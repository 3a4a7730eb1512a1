//! `POST /v1/status`: the `status` that istiod would write on each object.

use axum::{Router, extract::State, routing::post};

use crate::{
    Service,
    body::{Answer, Question},
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/status", post(handle))
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::status(&question.input()?)))
        .await
}
