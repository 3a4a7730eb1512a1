//! How a text must look: Istio's `StringMatch`, to which Gateway API's match types come down as well.
//! `istio/istio: pilot/pkg/networking/util/util.go` (ConvertToEnvoyMatch),
//! `pilot/pkg/networking/core/route/route.go` (canBeConvertedToPresentMatch).

use crate::matcher::Pattern;

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
