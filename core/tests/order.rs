//! The order of documents says nothing: what is written first is neither older nor stronger. Every mesh of `spec/` is
//! asked again with its documents turned around.

mod common;

use ambient_core::wire;
use serde_json::{Value, json};

#[test]
fn the_order_of_documents_changes_no_answer() {
    let mut meshes = of_spec();
    meshes.extend(of_examples());
    let mut asked = 0;
    for (name, documents, requests) in &meshes {
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        let answer = answers(&documents, requests);
        // Of two objects with one id the last counts: there the order does say something.
        if answer.to_string().contains("WP0107") {
            continue;
        }
        asked += 1;
        let turned: Vec<&str> = documents.iter().rev().copied().collect();
        let (front, back) = documents.split_at(documents.len() / 2);
        for other in [turned, [back, front].concat()] {
            similar(name, &answer, &answers(&other, requests));
            assert_eq!(exports(&documents), exports(&other), "{name}");
        }
    }
    assert!(asked >= 100, "only {asked} meshes were asked");
}

/// A name, the documents, the requests.
type Mesh = (String, Vec<String>, wire::Requests);

/// The graph in every form that other tools read; byte for byte.
fn exports(documents: &[&str]) -> [String; 3] {
    let graph = ambient_core::graph(&wire::Input {
        manifests: wire::Manifests::Text(documents.join("\n---\n")),
        ..wire::Input::default()
    });
    [
        wire::GraphFormat::Mermaid,
        wire::GraphFormat::Dot,
        wire::GraphFormat::Svg,
    ]
    .map(|format| ambient_core::export(&graph, format))
}

fn of_spec() -> Vec<Mesh> {
    let mut meshes = Vec::new();
    for file in common::files("spec", "md") {
        let mut shared = String::new();
        for section in common::sections(&common::read(&file)) {
            let block = |info: &str| {
                let found = section.blocks.iter().find(|block| block.info == info);
                found.map(|block| block.text.clone())
            };
            shared = block("yaml shared").unwrap_or(shared);
            if let Some(manifests) = block("yaml manifests") {
                let name = format!("{}: {}", file.display(), section.heading);
                let mut mesh = documents(&manifests);
                mesh.extend(documents(&shared));
                let requests = block("yaml requests").unwrap_or("[]".to_owned());
                meshes.push((name, mesh, wire::Requests::Text(requests)));
            }
        }
    }
    meshes
}

fn of_examples() -> Vec<Mesh> {
    let files = common::files("../examples", "yaml").into_iter();
    let examples = files.map(|file| {
        let input: wire::Input = serde_yaml::from_str(&common::read(&file))
            .expect("the example has the contract's shape");
        let mesh = match &input.manifests {
            wire::Manifests::Text(text) => documents(text),
            wire::Manifests::Files(files) => files
                .iter()
                .flat_map(|file| documents(&file.content))
                .collect(),
        };
        (file.display().to_string(), mesh, input.requests)
    });
    examples.collect()
}

fn documents(text: &str) -> Vec<String> {
    text.split("\n---\n").map(str::to_owned).collect()
}

fn similar(name: &str, left: &Value, right: &Value) {
    let lists = left.as_object().into_iter().flatten();
    for (part, list) in lists {
        let other = &right[part];
        let missing = list.as_array().into_iter().flatten();
        let mut missing =
            missing.filter(|one| !other.as_array().is_some_and(|all| all.contains(one)));
        assert_eq!(missing.next(), None, "{name}: {part}");
    }
}

/// What is said of a mesh, without places in the text.
fn answers(documents: &[&str], requests: &wire::Requests) -> Value {
    let input = wire::Input {
        manifests: wire::Manifests::Text(documents.join("\n---\n")),
        requests: requests.clone(),
        settings: wire::Settings::default(),
    };
    let graph = ambient_core::graph(&input);
    let findings = graph.diagnostics.iter();
    let findings = findings.map(|one| json!([one.code, one.resource, one.path, one.message]));
    let evaluation = ambient_core::evaluate(&input);
    let verdicts = evaluation.results.iter();
    let verdicts = verdicts.map(|one| json!([one.verdict, one.reason, one.response, one.backends]));
    let mut answers = json!({
        "nodes": graph.nodes,
        "edges": graph.edges,
        "findings": findings.collect::<Vec<_>>(),
        "verdicts": verdicts.collect::<Vec<_>>(),
        "status": ambient_core::status(&input).results,
        "effective": ambient_core::effective(&input, None).results,
    });
    for list in ["nodes", "edges"] {
        for one in answers[list].as_array_mut().into_iter().flatten() {
            if let Some(fields) = one.as_object_mut() {
                fields.remove("range");
            }
        }
    }
    answers
}
