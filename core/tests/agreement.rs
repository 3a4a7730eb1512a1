//! What must not make a difference: watching an evaluation, asking twice, the order of documents.

mod common;

use ambient_core::{Workspace, wire};
use proptest::prelude::*;

/// Every example and every section of the specification, as an input.
fn inputs() -> Vec<(String, wire::Input)> {
    let mut inputs = Vec::new();
    for file in common::files("../examples", "yaml") {
        let input = serde_yaml::from_str(&common::read(&file))
            .expect("the example has the contract's shape");
        inputs.push((file.display().to_string(), input));
    }
    for file in common::files("spec", "md") {
        let mut shared = String::new();
        for section in common::sections(&common::read(&file)) {
            let block = |info: &str| {
                section
                    .blocks
                    .iter()
                    .find(|block| block.info == info)
                    .map(|block| &block.text)
            };
            if let Some(text) = block("yaml shared") {
                shared.clone_from(text);
            }
            let (Some(manifests), Some(requests)) =
                (block("yaml manifests"), block("yaml requests"))
            else {
                continue;
            };
            let input = wire::Input {
                manifests: wire::Manifests::Text(format!("{manifests}---\n{shared}")),
                requests: wire::Requests::Text(requests.clone()),
                ..wire::Input::default()
            };
            inputs.push((section.heading.clone(), input));
        }
    }
    assert!(
        inputs.len() > 20,
        "the examples and the specification are there"
    );
    inputs
}

#[test]
fn watched_or_not_the_verdict_is_the_same() {
    for (name, input) in inputs() {
        let workspace = Workspace::load(&input);
        let explained: Vec<_> = workspace
            .evaluate()
            .results
            .iter()
            .map(|answer| answer.verdict)
            .collect();
        assert_eq!(workspace.verdicts(), explained, "{name}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for (name, input) in inputs() {
        let bytes = || {
            let evaluation =
                serde_json::to_vec(&ambient_core::evaluate(&input)).expect("it serializes");
            let graph = serde_json::to_vec(&ambient_core::graph(&input)).expect("it serializes");
            (evaluation, graph)
        };
        assert_eq!(bytes(), bytes(), "{name}");
    }
}

#[test]
fn an_answer_that_is_written_is_read_again() {
    for (name, input) in inputs() {
        let evaluation = ambient_core::evaluate(&input);
        let written = serde_json::to_value(&evaluation).expect("it serializes");
        let read = ambient_core::decode::from_json(&written);
        assert_eq!(read, Ok(evaluation), "{name}");
    }
}

/// An answer without the places in the text, which move with the documents.
fn without_places(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(fields) => {
            for place in ["range", "file", "diagnostics"] {
                fields.remove(place);
            }
            for field in fields.values_mut() {
                *field = without_places(field.take());
            }
        }
        serde_json::Value::Array(items) => {
            for item in items.iter_mut() {
                *item = without_places(item.take());
            }
        }
        _ => {}
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_documents_changes_nothing(
        (name, input, order) in prop::sample::select(inputs()).prop_flat_map(|(name, input)| {
            let wire::Manifests::Text(text) = &input.manifests else { panic!("inputs are texts") };
            let documents: Vec<String> = text.split("\n---\n").map(str::to_owned).collect();
            (Just(name), Just(input), Just(documents).prop_shuffle())
        })
    ) {
        let shuffled = wire::Input { manifests: wire::Manifests::Text(order.join("\n---\n")), ..input.clone() };
        let answers = |input: &wire::Input| {
            let evaluation = serde_json::to_value(ambient_core::evaluate(input)).expect("it serializes");
            let graph = serde_json::to_value(ambient_core::graph(input)).expect("it serializes");
            (without_places(evaluation), without_places(graph))
        };
        // Of two objects with one id the last counts: there the order is part of what is said.
        let replaced = ambient_core::analyze(&input).diagnostics.iter().any(|diagnostic| diagnostic.code == "WP0107");
        prop_assume!(!replaced);
        prop_assert_eq!(answers(&shuffled), answers(&input), "{}", name);
    }
}
