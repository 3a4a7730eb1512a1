//! Where the pages are that `cargo xtask web` makes of the engine's documents.

/// Every sort of finding.
pub(crate) const FINDINGS: &str = "reference/findings.html";
/// How kinds attach, and how finished they are.
pub(crate) const FEATURES: &str = "reference/features.html";
/// What becomes of each field.
pub(crate) const FIELDS: &str = "reference/fields.html";
/// Where Istio's documentation and its code differ.
pub(crate) const BEHAVIOR: &str = "reference/behavior.html";

/// The page of a finding.
pub(crate) fn of_code(code: &str) -> String {
    format!("reference/{code}.html")
}
