//! Answers are the engine's, whatever the form of the question.

use std::collections::BTreeSet;

use crate::support::*;
use ambient_core::decode::from_json;
use ambient_core::wire::{Evaluation, Input, Requests};
use ambient_server::{decode::decode, format::Format};

#[tokio::test]
async fn of_every_example_are_the_engines() {
    let mut told = BTreeSet::new();
    for (path, bytes) in examples() {
        for behavior in ["implemented", "documented"] {
            let mut question: Value = serde_yaml::from_slice(&bytes).unwrap();
            question["settings"]["behavior"] = behavior.into();
            let question = serde_yaml::to_string(&question).unwrap();
            let input: Input = decode(question.as_bytes(), Format::Yaml).unwrap();
            let engine = [
                (
                    "/v1/analyze",
                    serde_json::to_vec(&ambient_core::analyze(&input)),
                ),
                (
                    "/v1/effective",
                    serde_json::to_vec(&ambient_core::effective(&input, None)),
                ),
                (
                    "/v1/envoy",
                    serde_json::to_vec(&ambient_core::envoy(&input, None)),
                ),
                (
                    "/v1/evaluate",
                    serde_json::to_vec(&ambient_core::evaluate(&input)),
                ),
                (
                    "/v1/graph",
                    serde_json::to_vec(&ambient_core::graph(&input)),
                ),
                (
                    "/v1/migrate",
                    serde_json::to_vec(&ambient_core::migrate(&input)),
                ),
                (
                    "/v1/status",
                    serde_json::to_vec(&ambient_core::status(&input)),
                ),
                (
                    "/v1/ways-around",
                    serde_json::to_vec(&ambient_core::ways_around(&input)),
                ),
            ];
            assert_eq!(
                engine.each_ref().map(|(endpoint, _)| *endpoint).to_vec(),
                endpoints()
            );
            for (endpoint, expected) in engine {
                let reply = post(endpoint, YAML, question.clone()).await;
                assert_eq!(reply.status, StatusCode::OK);
                assert_eq!(reply.header(header::CONTENT_TYPE), JSON);
                let place = format!("{endpoint} {}", path.display());
                assert_eq!(reply.body, expected.unwrap(), "{place}");
                told.insert((place, reply.body));
            }
        }
    }
    let evaluations = told
        .iter()
        .filter(|(place, _)| place.starts_with("/v1/evaluate"));
    assert!(
        evaluations.count() > examples().len(),
        "no example shows whether settings are heeded"
    );
}

#[tokio::test]
async fn of_every_example_are_as_it_expects() {
    for (path, bytes) in examples() {
        let path = path.display();
        let input: Input = decode(&bytes, Format::Yaml).unwrap();
        let Requests::List(requests) = input.requests else {
            panic!("{path}: the requests of examples are a list");
        };
        let reply = post("/v1/evaluate", YAML, bytes).await;
        let evaluation: Evaluation = from_json(&reply.json()).unwrap();
        assert_eq!(evaluation.results.len(), requests.len(), "{path}");
        for (request, answer) in requests.iter().zip(&evaluation.results) {
            let met = answer.expected.as_ref().map(|expected| expected.met);
            let wanted = request.get("expect").map(|_| true);
            assert_eq!(met, wanted, "{path}: {answer:#?}");
        }
    }
}

#[tokio::test]
async fn to_json_and_yaml_are_the_same() {
    for (_, bytes) in examples() {
        let value: Value = serde_yaml::from_slice(&bytes).unwrap();
        for endpoint in endpoints() {
            let from_yaml = post(&endpoint, YAML, bytes.clone()).await;
            let from_json = post(&endpoint, JSON, value.to_string()).await;
            assert_eq!(from_json.status, StatusCode::OK);
            assert_eq!(from_yaml.body, from_json.body);
        }
    }
}

#[tokio::test]
async fn need_nothing_but_an_object() {
    for endpoint in endpoints() {
        for content_type in [
            JSON,
            YAML,
            "Application/JSON; charset=\"UTF-8\"",
            "text/x-yaml",
        ] {
            let reply = post(&endpoint, content_type, "{}").await;
            assert_eq!(reply.status, StatusCode::OK, "{endpoint} {content_type}");
        }
    }
}
