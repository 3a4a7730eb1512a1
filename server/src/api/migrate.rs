//! `POST /v1/migrate`: VirtualServices and Istio Gateways as Gateway API's objects, checked by requests against both forms.

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
            "VirtualServices and Istio Gateways in Gateway API",
            "Manifests that say the same in Gateway API: routes, Gateways with a listener for each host of a server, Services for subsets; notes at what cannot be said there, and the requests, out of many evaluated against both forms, that the two treat differently.",
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
