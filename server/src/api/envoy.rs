//! `POST /v1/envoy`: the filters that waypoints get. `?waypoint=` names one, as `namespace/name`.

use axum::{Router, extract::State, routing::post};
use serde::Deserialize;

use crate::{
    Service,
    body::{Answer, Question},
    parameters::Parameters,
    problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/envoy", post(handle))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
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
