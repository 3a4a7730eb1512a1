//! Findings about what came in.

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

/// How bad a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It does not do what it says.
    Error,
    /// It probably does not do what was meant.
    Warning,
    /// Good to know.
    Info,
}

/// One finding. Findings are part of an answer, never a failure of the call.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code, `WP0203`.
    pub code: String,
    /// One plain sentence.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Id of the object, `Kind/namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Path of the field, `spec.rules[0].to[0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// An edit that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// A range of text. Lines and columns count from 1, columns in UTF-16 code units; the end is exclusive.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Line of the first character.
    pub start_line: u32,
    /// Column of the first character.
    pub start_column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
}

/// A quick fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does, as a menu entry.
    pub title: String,
    /// The edits, in the order of the text.
    pub edits: Vec<Edit>,
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is replaced; empty for an insertion.
    pub range: Range,
    /// What stands there instead.
    pub text: String,
}

/// A sort of finding, with its document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LintDescription {
    /// The stable code, `WP0203`.
    pub code: String,
    /// The name, in kebab case.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file below `core/` that says what it is and why, with an example that raises it and one that does not.
    pub document: String,
}
