//! `POST /v1/migrate`: VirtualServices as Gateway API's routes, checked by requests against both forms.

use ambient_core::wire;
use axum::extract::State;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/migrate", handle)
        .about(
            "VirtualServices as routes of Gateway API",
            "Manifests that say the same in Gateway API, notes at what cannot be said there, and the requests, out of many evaluated against both forms, that the two treat differently.",
        )
        .answers::<wire::Migration>()
        .example(Example {
            name: "one-virtual-service",
            summary: "A VirtualService with one rule.",
            query: "",
            body: include_str!("../openapi/examples/virtual-service.yaml"),
        })
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::migrate(&question.input()?)))
        .await
}
