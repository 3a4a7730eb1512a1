//! `POST /v1/graph`: what attaches to what, as nodes and edges.

use axum::{Router, extract::State, routing::post};

use crate::{
    Service,
    body::{Answer, Question},
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/graph", post(handle))
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::graph(&question.input()?)))
        .await
}
