//! Findings → markers of the editor.

use std::sync::Arc;

use ambient_core::wire;
use serde::Serialize;

use crate::reference;
use crate::state::Tab;

/// A marker, with Monaco's field names.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Marker {
    severity: u8,
    message: String,
    code: Code,
    source: &'static str,
    start_line_number: u32,
    start_column: u32,
    end_line_number: u32,
    end_column: u32,
}

/// A code, and its page.
#[derive(Debug, PartialEq, Serialize)]
struct Code {
    value: String,
    target: String,
}

/// The markers of one tab.
pub(crate) fn markers(diagnostics: &[Arc<wire::Diagnostic>], tab: Tab) -> Vec<Marker> {
    diagnostics
        .iter()
        .filter(|diagnostic| Tab::of_file(diagnostic.file.as_deref()) == tab)
        .filter_map(|diagnostic| {
            let range = diagnostic.range?;
            Some(Marker {
                severity: severity(diagnostic.severity),
                message: match &diagnostic.help {
                    Some(help) => format!("{}\n{help}", diagnostic.message),
                    None => diagnostic.message.clone(),
                },
                code: Code {
                    value: diagnostic.code.clone(),
                    target: reference::of_code(&diagnostic.code),
                },
                source: "ambient",
                start_line_number: range.start_line,
                start_column: range.start_column,
                end_line_number: range.end_line,
                end_column: range.end_column,
            })
        })
        .collect()
}

/// An edit, with Monaco's field names.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Edit {
    range: EditRange,
    text: String,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct EditRange {
    start_line_number: u32,
    start_column: u32,
    end_line_number: u32,
    end_column: u32,
}

/// The edits of a fix.
pub(crate) fn edits(edits: &[wire::Edit]) -> Vec<Edit> {
    edits
        .iter()
        .map(|edit| Edit {
            range: EditRange {
                start_line_number: edit.range.start_line,
                start_column: edit.range.start_column,
                end_line_number: edit.range.end_line,
                end_column: edit.range.end_column,
            },
            text: edit.text.clone(),
        })
        .collect()
}

/// Monaco's MarkerSeverity.
fn severity(severity: wire::Severity) -> u8 {
    match severity {
        wire::Severity::Error => 8,
        wire::Severity::Warning => 4,
        wire::Severity::Info => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tab_gets_its_own_and_only_what_has_a_place() {
        let range = Some(wire::Range {
            start_line: 2,
            start_column: 3,
            end_line: 2,
            end_column: 9,
        });
        let diagnostic = |file: Option<&str>, range| wire::Diagnostic {
            severity: wire::Severity::Warning,
            code: "WP0105".to_owned(),
            message: "m".to_owned(),
            help: Some("h".to_owned()),
            resource: None,
            path: None,
            file: file.map(str::to_owned),
            range,
            fix: None,
        };
        let all = [
            diagnostic(None, range),
            diagnostic(Some("requests"), range),
            diagnostic(None, None),
        ]
        .map(Arc::new);
        let of_manifests = markers(&all, Tab::Manifests);
        assert_eq!(of_manifests.len(), 1);
        assert_eq!(
            (of_manifests[0].severity, of_manifests[0].start_column),
            (4, 3)
        );
        assert_eq!(of_manifests[0].message, "m\nh");
        assert_eq!(of_manifests[0].code.target, "reference/WP0105.html");
        assert_eq!(markers(&all, Tab::Requests).len(), 1);
    }
}
