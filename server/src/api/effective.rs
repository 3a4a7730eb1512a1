//! `POST /v1/effective`: what affects an object, in the order in which it acts, and what it affects. `?object=` names
//! one by its id in the graph; without it the answer has all of them.

use axum::{Router, extract::State, routing::post};
use serde::Deserialize;

use crate::{
    Service,
    body::{Answer, Question},
    parameters::Parameters,
    problem::{Kind, Problem},
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/effective", post(handle))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
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
