//! Every module says what it is for.

use super::Finding;
use super::source::SourceFile;

/// Reports a module that does not start with `//!`, or with another file as its documentation.
pub(super) fn present(source: &SourceFile) -> Vec<Finding> {
    let is_module = source.path.contains("/src/") && source.path.ends_with(".rs");
    let has_docs =
        source.text.trim_start().starts_with("//!") || source.is_at(0, &["#", "!", "[", "doc"]);
    if !is_module || has_docs {
        return Vec::new();
    }
    vec![Finding {
        line: 1,
        message: "a module starts with `//!`: what goes in, what comes out".to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_its_sentence_is_found() {
        let findings =
            |path: &str, text: &str| present(&SourceFile::parse(path, text).unwrap()).len();
        assert_eq!(findings("core/src/flow.rs", "use std::fmt;"), 1);
        assert_eq!(
            findings("core/src/flow.rs", "/// Of the item.\nstruct A;"),
            1
        );
        assert_eq!(findings("core/src/flow.rs", "//! Flows.\nuse std::fmt;"), 0);
        assert_eq!(
            findings(
                "core/src/lib.rs",
                "#![doc = include_str!(\"../README.md\")]"
            ),
            0
        );
        assert_eq!(findings("core/src/lib.rs", "#![deny(unsafe_code)]"), 1);
        assert_eq!(findings("core/build.rs", "fn main() {}"), 0);
    }
}
