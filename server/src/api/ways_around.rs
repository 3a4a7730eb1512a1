//! `POST /v1/ways-around`: requests that policies seem to stop, and that get through.

use axum::{Router, extract::State, routing::post};

use crate::{
    Service,
    body::{Answer, Question},
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/ways-around", post(handle))
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::ways_around(&question.input()?)))
        .await
}
