//! `POST /v1/envoy`: the filters that waypoints get. `?waypoint=` names one, as `namespace/name`.

use ambient_core::wire;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    parameters::Parameters,
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/envoy", handle)
        .about(
            "The filters that waypoints get",
            "For each Service of each waypoint the Envoy filters of policies, tokens and external authorizers that \
             istiod would write, in protobuf's JSON form. A waypoint that the manifests do not hold has none.",
        )
        .query::<Wanted>()
        .answers::<wire::EnvoyConfiguration>()
        .example(Example {
            name: "one-waypoint",
            summary: "The RBAC filter of a policy on a Service.",
            query: "?waypoint=default/waypoint",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `namespace/name` of one waypoint; absent: all of them.
    waypoint: Option<String>,
}

async fn handle(
    State(service): State<Service>,
    Parameters(wanted): Parameters<Wanted>,
    question: Question,
) -> Result<Answer, Problem> {
    service
        .run(move || {
            let waypoint = wanted.waypoint.as_deref();
            question.answer(&ambient_core::envoy(&question.input()?, waypoint))
        })
        .await
}
