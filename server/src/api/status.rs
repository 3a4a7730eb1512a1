//! `POST /v1/status`: the `status` that istiod would write on each object.

use ambient_core::wire;
use axum::extract::State;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/status", handle)
        .about(
            "The `status` that istiod would write",
            "For every object on which istiod writes one: conditions with status and reason, to be compared with a live cluster. Messages are of this engine's own wording.",
        )
        .answers::<wire::Statuses>()
        .example(Example {
            name: "policy-on-a-service",
            summary: "A policy that its waypoint accepts.",
            query: "",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::status(&question.input()?)))
        .await
}
