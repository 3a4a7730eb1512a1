//! Migrations as documents: what a section's `manifests` become is `migrated`, the codes behind its lines are the notes,
//! and `differences` are the requests that are treated differently, by the fields that are written.

mod common;

use ambient_core::wire;
use serde_json::Value;

#[test]
fn every_section_migrates_as_written() {
    let mut problems = Vec::new();
    let mut cases = 0;
    for file in common::files("migrations", "md") {
        for section in common::sections(&common::read(&file)) {
            let block = |info: &str| {
                let found = section.blocks.iter().find(|block| block.info == info);
                found.map(|block| block.text.as_str())
            };
            let (Some(manifests), Some(migrated)) =
                (block("yaml manifests"), block("yaml migrated"))
            else {
                continue;
            };
            cases += 1;
            let input = wire::Input {
                manifests: wire::Manifests::Text(manifests.to_owned()),
                ..wire::Input::default()
            };
            let migration = ambient_core::migrate(&input);
            let mut problem = |what: String| problems.push(format!("{}: {what}", section.heading));
            if migration.manifests != migrated {
                problem(format!("migrated is\n{}", migration.manifests));
            }
            let made = wire::Input {
                manifests: wire::Manifests::Text(migration.manifests.clone()),
                ..wire::Input::default()
            };
            let refused = ambient_core::analyze(&made).diagnostics;
            let refused = refused.iter().find(|found| found.code.starts_with("WP01"));
            if let Some(refused) = refused {
                problem(format!("what is made is refused: {}", refused.message));
            }
            let (found, expected) = (
                common::found_codes(&migration.notes),
                common::expected_codes(manifests),
            );
            if found != expected {
                problem(format!("notes are {found:?}, expected {expected:?}"));
            }
            if migration.checked == 0 {
                problem("no request was checked".to_owned());
            }
            let wanted: Vec<Value> =
                serde_yaml::from_str(block("yaml differences").unwrap_or("[]"))
                    .expect("differences are a list");
            let found: Vec<Value> = migration
                .differences
                .iter()
                .map(|difference| asked(&difference.request))
                .collect();
            let same = wanted.len() == found.len()
                && wanted.iter().zip(&found).all(|(wanted, found)| {
                    let fields = wanted.as_object().expect("a difference is a map");
                    fields
                        .iter()
                        .all(|(key, value)| found.get(key) == Some(value))
                });
            if !same {
                problem(format!("differences are {found:?}"));
            }
        }
    }
    assert!(cases >= 5, "only {cases} cases were found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A request in the words of a section: the fields of what is sent beside those of whereto, and the gateway.
fn asked(request: &wire::Request) -> Value {
    let mut found = serde_json::Map::new();
    let parts = [
        serde_json::to_value(&request.http),
        serde_json::to_value(&request.tls),
        Ok(
            serde_json::json!({ "to": request.to.host, "port": request.to.port, "gateway": request.from.gateway }),
        ),
    ];
    for part in parts {
        if let Value::Object(part) = part.expect("serializes") {
            found.extend(part);
        }
    }
    Value::Object(found)
}
