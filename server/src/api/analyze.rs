//! `POST /v1/analyze`: the findings about the manifests.

use ambient_core::wire;
use axum::extract::State;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/analyze", handle)
        .about(
            "The findings about the manifests",
            "What does not do what it says, or probably not what was meant: each with a stable code, its place, what to do about it and, where one edit mends it, that edit.",
        )
        .answers::<wire::Analysis>()
        .example(Example {
            name: "missing-waypoint",
            summary: "A label names a waypoint that does not exist, so that nothing would be enforced.",
            query: "",
            body: include_str!("../openapi/examples/missing-waypoint.yaml"),
        })
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::analyze(&question.input()?)))
        .await
}
