//! `POST /v1/evaluate`: what becomes of every sample request, and why.

use ambient_core::wire;
use axum::extract::State;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/evaluate", handle)
        .about(
            "What becomes of every sample request, and why",
            "A verdict for each request, with the whole way: every proxy, the policies it enforces, their rules and clauses with what was wanted and what was found, the route taken and its competitors. A request that is denied is an answer like any other, with status 200.",
        )
        .answers::<wire::Evaluation>()
        .example(Example {
            name: "policy-on-a-service",
            summary: "A policy at a waypoint lets requests read and not write.",
            query: "",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
        .example(Example {
            name: "misspelt-field",
            summary: "A field that nobody reads, refused rather than passed over.",
            query: "",
            body: include_str!("../openapi/examples/misspelt.yaml"),
        })
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::evaluate(&question.input()?)))
        .await
}
