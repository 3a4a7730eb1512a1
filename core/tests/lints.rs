//! Every lint is a document, and every document a test: its first example raises exactly this finding on the marked
//! lines, in the quoted words if there are any; its second raises nothing of the sort. There may be more of both. An example of requests may have manifests of its own, marked as such.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ambient_core::wire;

fn document(lint: &wire::LintDescription) -> String {
    common::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(&lint.document))
}

/// What an example raises: its findings about manifests, about requests if it is a list of requests, or what a migration
/// notes.
fn raised(block: &common::Block, manifests: &str) -> Vec<Arc<wire::Diagnostic>> {
    let (manifests, requests) = if block.info.contains("requests") {
        (manifests, block.text.as_str())
    } else {
        (block.text.as_str(), "[]")
    };
    let input = wire::Input {
        manifests: wire::Manifests::Text(manifests.to_owned()),
        requests: wire::Requests::Text(requests.to_owned()),
        ..wire::Input::default()
    };
    if block.info.contains("migrate") {
        return ambient_core::migrate(&input).notes;
    }
    ambient_core::evaluate(&input).diagnostics
}

fn codes(found: &[Arc<wire::Diagnostic>]) -> BTreeSet<(u32, String)> {
    common::found_codes(found)
}

/// Lines, and what their findings must say: what is quoted behind the code.
fn said(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        let (_, comment) = line.rsplit_once("# WP")?;
        let (_, words) = comment.split_once('"')?;
        Some((number, words.strip_suffix('"')?))
    })
}

#[test]
fn every_lint_is_raised_where_its_document_says() {
    let mut problems = Vec::new();
    for lint in ambient_core::lints() {
        let sections = common::sections(&document(&lint));
        let blocks: Vec<_> = sections
            .iter()
            .flat_map(|section| &section.blocks)
            .collect();
        let all = |word: &'static str| blocks.iter().filter(move |block| block.info.contains(word));
        if all("raises").count() == 0 || all("clean").count() == 0 {
            problems.push(format!("{}: its document lacks an example", lint.code));
            continue;
        }
        let manifests = all("manifests").next();
        let manifests = manifests.map_or("", |block| block.text.as_str());
        for raises in all("raises") {
            let found = raised(raises, manifests);
            let mut expected = common::expected_codes(&raises.text);
            expected.extend(common::expected_codes(manifests));
            if codes(&found) != expected || !expected.iter().any(|(_, code)| *code == lint.code) {
                let found = codes(&found);
                problems.push(format!(
                    "{}: raises {found:?}, its document says {expected:?}",
                    lint.code
                ));
            }
            for (line, words) in said(&raises.text) {
                let is_it = |one: &&Arc<wire::Diagnostic>| {
                    one.range.map(|range| range.start_line) == Some(line)
                        && one.message.contains(words)
                };
                if found.iter().find(is_it).is_none() {
                    problems.push(format!("{}: line {line} says no `{words}`", lint.code));
                }
            }
        }
        for clean in all("clean") {
            let found = codes(&raised(clean, manifests));
            if found.iter().any(|(_, code)| *code == lint.code) {
                problems.push(format!("{}: the clean example raises {found:?}", lint.code));
            }
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

/// The text with a quick fix applied: from behind, so that earlier places stay where they are.
fn mended(text: &str, fix: &wire::Fix) -> String {
    let mut lines: Vec<Vec<u16>> = text
        .split('\n')
        .map(|line| line.encode_utf16().collect())
        .collect();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.range));
    for edit in edits {
        let range = edit.range;
        assert_eq!(range.start_line, range.end_line, "fixes stay on one line");
        let line = &mut lines[range.start_line as usize - 1];
        let place = range.start_column as usize - 1..range.end_column as usize - 1;
        line.splice(place, edit.text.encode_utf16());
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| String::from_utf16_lossy(line))
        .collect();
    lines.join("\n")
}

#[test]
fn every_quick_fix_mends_what_it_is_about() {
    let analyze = |text: &str| {
        ambient_core::analyze(&wire::Input {
            manifests: wire::Manifests::Text(text.to_owned()),
            ..wire::Input::default()
        })
        .diagnostics
    };
    let (mut fixes, mut problems) = (BTreeSet::new(), Vec::new());
    for lint in ambient_core::lints() {
        let sections = common::sections(&document(&lint));
        for block in sections.iter().flat_map(|section| &section.blocks) {
            if block.info != "yaml raises" {
                continue;
            }
            let before = analyze(&block.text);
            for finding in &before {
                let Some(fix) = &finding.fix else { continue };
                fixes.insert(finding.code.clone());
                let text = mended(&block.text, fix);
                let count = |findings: &[Arc<wire::Diagnostic>]| {
                    findings
                        .iter()
                        .filter(|one| one.code == finding.code)
                        .count()
                };
                let after = analyze(&text);
                if count(&after) >= count(&before) {
                    problems.push(format!(
                        "{}: `{}` does not mend:\n{text}",
                        finding.code, fix.title
                    ));
                }
                let known = |one: &wire::Diagnostic| before.iter().any(|old| old.code == one.code);
                let news = after
                    .iter()
                    .find(|one| one.severity != wire::Severity::Info && !known(one));
                if let Some(news) = news {
                    problems.push(format!(
                        "{}: `{}` brings {} ({}):\n{text}",
                        finding.code, fix.title, news.code, news.message
                    ));
                }
            }
        }
    }
    assert!(fixes.len() >= 8, "only {fixes:?} have fixes");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_difference_names_a_lint_that_tells_of_it() {
    let lints = ambient_core::lints();
    for difference in ambient_core::differences() {
        assert!(
            lints.iter().any(|lint| lint.code == difference.lint),
            "{}: there is no {}",
            difference.topic,
            difference.lint
        );
    }
}

#[test]
fn where_settings_choose_the_finding_tells_of_the_other_behavior() {
    let mut told = BTreeSet::new();
    for file in common::files("spec", "md") {
        let mut shared = String::new();
        for section in common::sections(&common::read(&file)) {
            let text = |info: &str| {
                let found = section.blocks.iter().find(|block| block.info == info);
                found.map(|block| block.text.clone())
            };
            shared = text("yaml shared").unwrap_or(shared);
            let Some(manifests) = text("yaml manifests") else {
                continue;
            };
            for behavior in [wire::Behavior::Implemented, wire::Behavior::Documented] {
                let analysis = ambient_core::analyze(&wire::Input {
                    manifests: wire::Manifests::Text(format!("{manifests}---\n{shared}")),
                    settings: wire::Settings {
                        behavior,
                        ..wire::Settings::default()
                    },
                    ..wire::Input::default()
                });
                let findings = analysis.diagnostics.into_iter();
                let findings = findings.filter(|one| one.message.contains("document"));
                told.extend(findings.map(|one| (one.code.clone(), format!("{behavior:?}"))));
            }
        }
    }
    for difference in ambient_core::differences() {
        for behavior in ["Implemented", "Documented"] {
            let place = (difference.lint.clone(), behavior.to_owned());
            assert!(
                !difference.switched || told.contains(&place),
                "{}: {behavior}: {} does not tell",
                difference.topic,
                difference.lint
            );
        }
    }
}
