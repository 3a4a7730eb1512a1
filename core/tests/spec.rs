//! The semantics as documents: every section of `spec/` with a block `manifests` is a case. `requests` must get what
//! they expect, `nodes` and `edges` must be in the graph as written, `status` and `effective` must hold, `ways` are all
//! the ways around the policies, and the findings are those that `# WPxxxx` marks on the lines of the manifests. A section
//! without marks asserts nothing about findings; one with `clean` instead of `manifests`, that there are none.

mod common;

use ambient_core::wire;
use serde_json::Value;

#[test]
fn every_section_holds() {
    let (mut cases, mut problems) = (0, Vec::new());
    for file in common::files("spec", "md") {
        let text = common::read(&file);
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut shared = String::new();
        for section in common::sections(&text) {
            if let Some(block) = block(&section, "yaml shared") {
                shared = block.to_owned();
            }
            let clean = block(&section, "yaml clean");
            let Some(manifests) = clean.or_else(|| block(&section, "yaml manifests")) else {
                continue;
            };
            cases += 1;
            // What a document shares comes behind, so that the lines of the section's own manifests count from one.
            let manifests = format!("{manifests}---\n{shared}");
            for problem in check(&section, &manifests) {
                problems.push(format!("{name}: {}: {problem}", section.heading));
            }
        }
    }
    assert!(cases >= 20, "only {cases} cases were found");
    assert!(
        problems.is_empty(),
        "{} of {cases} cases:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn block<'a>(section: &'a common::Section, info: &str) -> Option<&'a str> {
    section
        .blocks
        .iter()
        .find(|block| block.info == info)
        .map(|block| block.text.as_str())
}

fn check(section: &common::Section, manifests: &str) -> Vec<String> {
    let settings = block(section, "yaml settings").map_or_else(Default::default, |text| {
        serde_yaml::from_str::<wire::Settings>(text)
            .expect("the settings have the contract's shape")
    });
    let input = wire::Input {
        manifests: wire::Manifests::Text(manifests.to_owned()),
        requests: wire::Requests::Text(block(section, "yaml requests").unwrap_or("[]").to_owned()),
        settings,
    };
    let evaluation = ambient_core::evaluate(&input);
    let mut problems = common::unmet(&evaluation);
    let expected = common::expected_codes(manifests);
    if !expected.is_empty() || block(section, "yaml clean").is_some() {
        let found = common::found_codes(&evaluation.diagnostics);
        if found != expected {
            problems.push(format!("findings are {found:?}, expected {expected:?}"));
        }
    }
    if let Some(edges) = block(section, "yaml edges") {
        let edges: Vec<Value> = serde_yaml::from_str(edges).expect("edges are a list");
        problems.extend(edges_differ(&edges, &ambient_core::graph(&input)));
    }
    if let Some(nodes) = block(section, "yaml nodes") {
        let wanted: Vec<Value> = serde_yaml::from_str(nodes).expect("nodes are a list");
        let found = serde_json::to_value(ambient_core::graph(&input).nodes).expect("serializes");
        problems.extend(objects_differ("id", &wanted, &found));
    }
    if let Some(wanted) = block(section, "yaml status") {
        let wanted: Vec<Value> = serde_yaml::from_str(wanted).expect("statuses are a list");
        let found = serde_json::to_value(ambient_core::status(&input).results).expect("serializes");
        problems.extend(objects_differ("object", &wanted, &found));
    }
    if let Some(wanted) = block(section, "yaml effective") {
        let wanted: Vec<Value> = serde_yaml::from_str(wanted).expect("answers are a list");
        let found = serde_json::to_value(ambient_core::effective(&input, None).results)
            .expect("serializes");
        problems.extend(objects_differ("object", &wanted, &found));
    }
    if let Some(wanted) = block(section, "yaml ways") {
        let wanted: Value = serde_yaml::from_str(wanted).expect("ways are a list");
        problems.extend(ways_differ(&wanted, &input));
    }
    problems
}

/// The ways must be those written, in their order, with the fields written; and what they prove must hold of the
/// witness where it is a request like any other.
fn ways_differ(wanted: &Value, input: &wire::Input) -> Vec<String> {
    let found = ambient_core::ways_around(input).ways;
    let mut problems = Vec::new();
    for way in &found {
        let witness = serde_json::to_value(&way.request).expect("serializes");
        let input = wire::Input {
            requests: wire::Requests::List(vec![witness]),
            ..input.clone()
        };
        let results = ambient_core::evaluate(&input).results;
        if results.iter().any(|result| result.verdict != way.verdict) {
            problems.push(format!("the witness gets another verdict: {}", way.summary));
        }
    }
    let found = serde_json::to_value(found).expect("serializes");
    if !holds(wanted, &found) {
        problems.push(format!("the ways are {found}, expected {wanted}"));
    }
    problems
}

/// Each object written must be there, with the fields written; lists count as a whole, in their order. `status: none`
/// says that nothing must be said of it.
fn objects_differ(key: &str, wanted: &[Value], found: &Value) -> Vec<String> {
    let of = |object: &Value| {
        found
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one[key] == *object)
    };
    wanted
        .iter()
        .filter_map(|wanted| match of(&wanted[key]) {
            None if wanted["status"] == "none" => None,
            Some(found) if holds(wanted, found) => None,
            Some(found) => Some(format!("expected {wanted}, found {found}")),
            None => Some(format!("nothing is said of {}", wanted[key])),
        })
        .collect()
}

fn holds(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(key, value)| holds(value, found.get(key).unwrap_or(&Value::Null))),
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .zip(found)
                    .all(|(wanted, found)| holds(wanted, found))
        }
        (wanted, found) => wanted == found,
    }
}

/// Each edge written must be there, with the fields written; `status: none` says that it must not be there.
fn edges_differ(wanted: &[Value], graph: &wire::Graph) -> Vec<String> {
    let key = |edge: &Value| ["from", "to", "via"].map(|field| edge[field].clone());
    let found: Vec<Value> = graph
        .edges
        .iter()
        .map(|edge| serde_json::to_value(edge).expect("serializes"))
        .collect();
    let mut problems = Vec::new();
    for wanted in wanted {
        let same: Vec<&Value> = found
            .iter()
            .filter(|edge| {
                let part = |name| wanted[name].is_null() || wanted[name] == edge[name];
                key(edge) == key(wanted) && part("port") && part("sectionName")
            })
            .collect();
        match same.as_slice() {
            [] if wanted["status"] == "none" => {}
            [] => problems.push(format!("there is no edge {wanted}")),
            [edge, ..] => {
                let fields = wanted.as_object().into_iter().flatten();
                for (field, value) in fields.filter(|(field, value)| edge.get(field) != Some(value))
                {
                    problems.push(format!(
                        "`{field}` of {:?} is {:?}, expected {value}",
                        key(wanted),
                        edge.get(field)
                    ));
                }
            }
        }
    }
    problems
}
