//! `cargo xtask tidy`: the architecture as checks.
//!
//! Each check looks at one file and says what is wrong with it; it never looks at another file, so that a
//! finding always names the line to change.

mod boundaries;
mod ignored_tests;
mod layers;
mod module_docs;
mod source;

use crate::error::{At, Error, Result};
use crate::paths;
use source::SourceFile;

/// What is wrong, on which line.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    message: String,
}

/// A rule that every file has to keep.
type Check = fn(&SourceFile) -> Vec<Finding>;

const CHECKS: &[Check] = &[
    layers::downward,
    module_docs::present,
    boundaries::kept,
    ignored_tests::none,
];

/// Where Rust and the browser tests are.
const FOLDERS: [&str; 4] = ["core", "server", "web", "xtask"];

/// Runs every check on every file; prints what it finds.
pub(crate) fn check() -> Result {
    let mut findings = 0;
    for folder in FOLDERS.map(|folder| paths::root().join(folder)) {
        for file in paths::files(&folder, &["node_modules", "dist", "target"]).at(&folder)? {
            let Some(source) = SourceFile::read(&file)? else {
                continue;
            };
            for Finding { line, message } in CHECKS.iter().flat_map(|check| check(&source)) {
                eprintln!("{}:{line}: {message}", source.path);
                findings += 1;
            }
        }
    }
    match findings {
        0 => Ok(()),
        _ => Err(Error::Check(format!("tidy: {findings} findings"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        check().unwrap();
    }
}
