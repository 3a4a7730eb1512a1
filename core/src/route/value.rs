//! How a text must look: Istio's `StringMatch`, to which Gateway API's match types come down as well.
//! `istio/istio: pilot/pkg/networking/util/util.go` (ConvertToEnvoyMatch),
//! `pilot/pkg/networking/core/route/route.go` (canBeConvertedToPresentMatch).

use regex_lite::{Regex, RegexBuilder};

/// How a value must look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueMatch {
    /// It is this.
    Exact(String),
    /// It begins with this.
    Prefix(String),
    /// The whole of it matches.
    Regex(Pattern),
    /// It is there.
    Present,
}

/// A regular expression that must match a whole text. `None` inside: it is none, and matches nothing.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Option<Regex>,
}

/// Envoy's own limit is on the size of the compiled program as well.
const MAX_PROGRAM: usize = 1 << 20;

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            regex: compile(&format!("^(?:{text})$")),
        }
    }

    /// As written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }
}

/// A regular expression that may match a part of a text.
///
/// Never inlined: most manifests have none, and the page fetches their compiler when this is first called.
#[inline(never)]
pub(super) fn compile(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).size_limit(MAX_PROGRAM).build().ok()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl ValueMatch {
    /// A regular expression. `*` is none; Istio takes it for "whatever, if it is there".
    pub(super) fn regex(text: &str) -> Self {
        match text {
            "*" => Self::Present,
            _ => Self::Regex(Pattern::new(text)),
        }
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(exact) => value == exact,
            Self::Prefix(prefix) => value.starts_with(prefix.as_str()),
            Self::Regex(pattern) => pattern.matches(value),
            Self::Present => true,
        }
    }

    /// What is wanted, as a trace shows it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Exact(exact) => exact.clone(),
            Self::Prefix(prefix) => format!("prefix {prefix}"),
            Self::Regex(pattern) => format!("regex {}", pattern.text()),
            Self::Present => "present".to_owned(),
        }
    }
}
