//! The OpenAPI document: made of the list of endpoints, the types of bodies and answers, and what the service itself
//! answers to the examples. The result is committed; `cargo xtask docs` renews it, and the tests fail if it is stale.

mod answers;
mod operation;
mod schemas;

use ambient_core::wire::Input;
use serde_json::{Value, json};

use crate::{api, problem};
use schemas::Schemas;

/// The document as committed.
pub(crate) const DOCUMENT: &str = include_str!("../../openapi.json");

const ABOUT: &str = "Answers, for Kubernetes and Istio manifests of an ambient mesh and for sample requests, what \
    attaches to what and why not, which route a request takes, and whether it is allowed: by which rule of which \
    policy, at which proxy. The service keeps nothing of what it is sent, and asks nobody else.\n\n\
    Bodies are JSON or YAML by `Content-Type`, answers by `Accept`. A problem in the manifests is a finding in the \
    answer, with status 200; an error of the call is a problem of RFC 9457.";

/// The document as it should be, made anew.
pub async fn document() -> String {
    let mut schemas = Schemas::default();
    // What comes in is asked for first: where a type goes both ways, the looser form of what comes in holds for both.
    schemas.of_question(|generator| generator.subschema_for::<Input>());
    let problem = schemas.of_answer(|generator| generator.subschema_for::<problem::Document>());
    let mut paths = serde_json::Map::new();
    for endpoint in api::endpoints() {
        let answers = answers::of(&endpoint).await;
        let operation = operation::describe(&endpoint, &answers, &mut schemas);
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.name()] = operation;
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ambient Playground",
            "version": ambient_core::VERSION,
            "description": ABOUT,
            "license": { "name": "Apache 2.0", "identifier": "Apache-2.0" },
            "x-made-by": "cargo xtask docs",
            "x-istio": ambient_core::ISTIO,
            "x-gateway-api": ambient_core::GATEWAY_API,
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "responses": operation::problem_responses(&problem),
            "parameters": { "RequestId": operation::request_id() },
            "headers": { "RequestId": operation::request_id_of_answer() },
        },
    });
    text(&document)
}

fn text(document: &Value) -> String {
    format!("{document:#}\n")
}
