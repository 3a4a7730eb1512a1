//! `POST /v1/ways-around`: requests that policies seem to stop, and that get through.

use ambient_core::wire;
use axum::extract::State;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/ways-around", handle)
        .about(
            "Requests that policies seem to stop, and that get through",
            "For each policy the ways around it: to the pod's own address, from outside the mesh, through an ingress gateway, or that nothing enforces it; each with a request that proves it.",
        )
        .answers::<wire::WaysAround>()
        .example(Example {
            name: "past-the-waypoint",
            summary: "A policy at a waypoint says nothing to those who call pods directly.",
            query: "",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
}

async fn handle(State(service): State<Service>, question: Question) -> Result<Answer, Problem> {
    service
        .run(move || question.answer(&ambient_core::ways_around(&question.input()?)))
        .await
}
