//! Regular expressions. The page fetches their compiler when the first is compiled, so all are compiled here.

use regex_lite::{Regex, RegexBuilder};

/// A regular expression that must match a whole text. `None` inside: it is none, and matches nothing.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Option<Regex>,
}

/// Bytes of a compiled program. Envoy's own limit is on the size of the program as well.
const MAX_PROGRAM: usize = 1 << 20;

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            regex: compile(&format!("^(?:{text})$")),
        }
    }

    /// As written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// A regular expression that may match a part of a text.
///
/// Never inlined: most manifests have none, and the page fetches their compiler when this is first called.
#[inline(never)]
pub(crate) fn compile(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).size_limit(MAX_PROGRAM).build().ok()
}
