//! `POST /v1/effective`: what affects an object, in the order in which it acts, and what it affects. `?object=` names
//! one by its id in the graph; without it the answer has all of them.

use ambient_core::wire;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Service,
    body::{Answer, Question},
    endpoint::{Endpoint, Example},
    parameters::Parameters,
    problem::{Kind, Problem},
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/effective", handle)
        .about(
            "What affects an object, and what it affects",
            "Both ways: what acts on traffic to an object, in the order in which it acts, and what the object acts on. \
             What names it without effect is listed too, with the reason.",
        )
        .query::<Wanted>()
        .answers::<wire::Effective>()
        .example(Example {
            name: "a-service",
            summary: "What acts on requests to a Service.",
            query: "?object=Service/default/reviews",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
        .example(Example {
            name: "unknown-object",
            summary: "An object that the manifests do not hold.",
            query: "?object=Service/default/ratings",
            body: include_str!("../openapi/examples/missing-waypoint.yaml"),
        })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Id of one object, `Kind/namespace/name`; absent: all objects.
    object: Option<String>,
}

async fn handle(
    State(service): State<Service>,
    Parameters(wanted): Parameters<Wanted>,
    question: Question,
) -> Result<Answer, Problem> {
    service
        .run(move || {
            let object = wanted.object.as_deref();
            let effective = ambient_core::effective(&question.input()?, object);
            if let Some(object) = object.filter(|_| effective.results.is_empty()) {
                let detail = format!(
                    "the manifests hold no object `{object}`; an id is `Kind/namespace/name`"
                );
                return Err(Problem::new(Kind::BadRequest).detail(detail));
            }
            question.answer(&effective)
        })
        .await
}
