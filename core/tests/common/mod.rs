//! What the document tests share: Markdown with fenced blocks, and the one way in which a case is checked.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient_core::wire;

/// A fenced block of a document.
pub(crate) struct Block {
    /// The words behind the fence: `yaml manifests`.
    pub(crate) info: String,
    pub(crate) text: String,
}

/// A heading with the blocks below it, up to the next heading.
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) blocks: Vec<Block>,
}

/// Cuts a Markdown document at its headings.
pub(crate) fn sections(document: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut block: Option<Block> = None;
    for line in document.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (Some(_), Some(_)) => {
                if let (Some(section), Some(block)) = (sections.last_mut(), block.take()) {
                    section.blocks.push(block);
                }
            }
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                block = Some(Block {
                    info: info.to_owned(),
                    text: String::new(),
                })
            }
            (None, None) => {
                if let Some(heading) = line.strip_prefix('#') {
                    let heading = heading.trim_start_matches('#').trim().to_owned();
                    sections.push(Section {
                        heading,
                        blocks: Vec::new(),
                    });
                }
            }
        }
    }
    assert!(block.is_none(), "a block is not closed");
    sections
}

/// All files with an ending below a folder of this crate, sorted.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        ending,
        &mut found,
    );
    found.sort();
    found
}

/// The codes that a text expects, each with its line: `# WP0203` at the end of a line.
pub(crate) fn expected_codes(text: &str) -> BTreeSet<(u32, String)> {
    let mut expected = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((_, comment)) = line.rsplit_once("# ") {
            for code in comment
                .split_whitespace()
                .filter(|word| word.starts_with("WP") && word.len() == 6)
            {
                expected.insert((number, code.to_owned()));
            }
        }
    }
    expected
}

/// The findings with a place, as `expected_codes` writes them.
pub(crate) fn found_codes<'a>(
    diagnostics: impl IntoIterator<Item = &'a Arc<wire::Diagnostic>>,
) -> BTreeSet<(u32, String)> {
    diagnostics
        .into_iter()
        .map(|diagnostic| {
            (
                diagnostic.range.map_or(0, |range| range.start_line),
                diagnostic.code.clone(),
            )
        })
        .collect()
}

/// The text of a file.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine reads no files; its tests read their documents"
)]
pub(crate) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every `expect` that is not met, a line each.
pub(crate) fn unmet(evaluation: &wire::Evaluation) -> Vec<String> {
    evaluation
        .results
        .iter()
        .filter_map(|answer| {
            let name = answer.name.as_deref().unwrap_or("(unnamed)");
            match &answer.expected {
                None => Some(format!("{name}: has no `expect`")),
                Some(expected) if expected.met => None,
                Some(expected) => Some(format!(
                    "{name}: {} — {}",
                    expected.differences.join("; "),
                    answer.reason
                )),
            }
        })
        .collect()
}
