//! What becomes of a field.

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

/// A field of a kind, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// The kind.
    pub kind: String,
    /// From the object's root; `[]` is an entry of a list, `*` one of a map.
    pub path: String,
    /// `evaluated`, `told` or `not modelled`.
    pub treatment: String,
    /// What is to be known.
    pub note: String,
}
