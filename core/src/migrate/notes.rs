//! What is said of a field that Gateway API does not have, or has with another meaning.

use crate::model::Model;
use crate::resource::ObjectIndex;
use crate::source::{Diagnostics, FieldPath, Lint, Origin, lint};

lint!(pub(crate) NOT_EXPRESSIBLE = "WP0601", "not-expressible", Error);
lint!(pub(crate) MEANS_LESS = "WP0602", "expressed-differently", Warning);

/// What a migration notes.
pub(crate) static LINTS: &[&Lint] = &[&NOT_EXPRESSIBLE, &MEANS_LESS];

/// Notes about one rule.
pub(super) struct Notes<'a> {
    pub(super) model: &'a Model,
    pub(super) out: &'a mut Diagnostics,
    pub(super) object: ObjectIndex,
    pub(super) rule: FieldPath,
}

impl Notes<'_> {
    /// A field that has no counterpart.
    pub(super) fn lost(&mut self, field: &str, message: impl Into<String>, help: &str) {
        self.add(&NOT_EXPRESSIBLE, field, message.into(), help);
    }

    /// A field whose counterpart does something else in some cases.
    pub(super) fn differs(&mut self, field: &str, message: impl Into<String>, help: &str) {
        self.add(&MEANS_LESS, field, message.into(), help);
    }

    fn add(&mut self, lint: &'static Lint, field: &str, message: String, help: &str) {
        let Some(object) = self.model.mesh.object(self.object) else {
            return;
        };
        let origin = Origin {
            document: object.document,
            path: self.rule.clone().join(&FieldPath::parse(field)),
        };
        self.out
            .report(lint, origin, message)
            .resource(&object.id)
            .help(help);
    }
}
