//! Text → documents: YAML and JSON as one tree of values with spans, field paths, positions, diagnostics.
//! Broken input is data: a document that does not parse is reported, and the others are read. Nothing here knows
//! Kubernetes, but that `kind: …List` holds `items`.

mod diagnostic;
mod documents;
mod events;
mod origin;
mod scalar;
mod text;

pub(crate) use crate::decode::{DecodeError, FieldPath, Node, Value, decode};
pub(crate) use diagnostic::{Change, Diagnostics, Finding, Lint, lint};
pub(crate) use documents::{DocumentId, Documents};
pub(crate) use origin::Origin;

lint!(pub(crate) SYNTAX = "WP0001", "syntax", Error);
lint!(pub(crate) DUPLICATE_KEY = "WP0002", "duplicate-key", Error);
lint!(pub(crate) TOO_DEEP = "WP0003", "too-deep", Error);
lint!(pub(crate) TOO_MANY_ALIASES = "WP0004", "too-many-aliases", Error);

/// What reading text reports.
pub(crate) static LINTS: &[&Lint] = &[&SYNTAX, &DUPLICATE_KEY, &TOO_DEEP, &TOO_MANY_ALIASES];

/// Reads what a test has written as a manifest would be read.
#[cfg(test)]
pub(crate) fn from_yaml<T: crate::decode::Decode>(yaml: &str) -> T {
    let documents = Documents::read_text("test", yaml, &mut Diagnostics::default());
    let (_, node) = documents.iter().next().unwrap();
    decode(node, None).unwrap()
}
