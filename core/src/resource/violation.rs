//! What the API server or Istio's webhook would refuse, and what the webhook only warns about. A refused object is
//! absent for evaluation, as it would be from the cluster.

use crate::source::Lint;

/// One reason to refuse an object, or to warn about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The lint of its own that it has, if any.
    pub(crate) lint: Option<&'static Lint>,
    /// From the object's root: `spec.rules[0].to[0].operation.ports[1]`.
    pub(crate) path: String,
    /// One plain sentence.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

/// The result of validating one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Violations {
    /// Each of these refuses the object.
    pub(crate) errors: Vec<Violation>,
    /// These do not.
    pub(crate) warnings: Vec<Violation>,
}

impl Violations {
    pub(super) fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(Violation {
            lint: None,
            path: path.into(),
            message: message.into(),
            help: None,
        });
    }

    pub(super) fn error_with_help(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.errors.push(Violation {
            lint: None,
            path: path.into(),
            message: message.into(),
            help: Some(help.into()),
        });
    }

    /// An error that has a lint of its own.
    pub(super) fn error_of(
        &mut self,
        lint: &'static Lint,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.errors.push(Violation {
            lint: Some(lint),
            path: path.into(),
            message: message.into(),
            help: Some(help.into()),
        });
    }

    pub(super) fn warning(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.warnings.push(Violation {
            lint: None,
            path: path.into(),
            message: message.into(),
            help: Some(help.into()),
        });
    }
}
