//! Every lint is a document, and every document a test: its first example raises exactly this finding on the marked
//! lines, its second raises nothing of the sort.

mod common;

use std::collections::BTreeSet;

use ambient_core::wire;

/// What an example raises: its findings about manifests, about requests if it is a list of requests, or what a migration
/// notes.
fn raised(block: &common::Block) -> BTreeSet<(u32, String)> {
    let (manifests, requests) = if block.info.contains("requests") {
        ("", block.text.as_str())
    } else {
        (block.text.as_str(), "[]")
    };
    let input = wire::Input {
        manifests: wire::Manifests::Text(manifests.to_owned()),
        requests: wire::Requests::Text(requests.to_owned()),
        ..wire::Input::default()
    };
    if block.info.contains("migrate") {
        return common::found_codes(&ambient_core::migrate(&input).notes);
    }
    common::found_codes(&ambient_core::evaluate(&input).diagnostics)
}

#[test]
fn every_lint_is_raised_where_its_document_says() {
    let mut problems = Vec::new();
    for lint in ambient_core::lints() {
        let sections = common::sections(&lint.doc);
        let blocks: Vec<_> = sections
            .iter()
            .flat_map(|section| &section.blocks)
            .collect();
        let example = |word: &str| blocks.iter().find(|block| block.info.contains(word));
        let (Some(raises), Some(clean)) = (example("raises"), example("clean")) else {
            problems.push(format!("{}: its document lacks an example", lint.code));
            continue;
        };
        let (found, expected) = (raised(raises), common::expected_codes(&raises.text));
        if found != expected || !expected.iter().any(|(_, code)| *code == lint.code) {
            problems.push(format!(
                "{}: raises {found:?}, its document says {expected:?}",
                lint.code
            ));
        }
        let found = raised(clean);
        if found.iter().any(|(_, code)| *code == lint.code) {
            problems.push(format!("{}: the clean example raises {found:?}", lint.code));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn codes_are_unique_and_each_document_has_its_lint() {
    let lints = ambient_core::lints();
    let codes: BTreeSet<_> = lints.iter().map(|lint| &lint.code).collect();
    assert_eq!(codes.len(), lints.len(), "a code stands for one lint");
    let documents = common::files("lints", "md")
        .iter()
        .filter(|file| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("WP"))
        })
        .count();
    assert_eq!(
        documents,
        lints.len(),
        "a document without a lint, or the other way round"
    );
}
