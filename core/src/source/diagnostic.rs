//! Findings: what can be said ([`Lint`], one static each), and what is said ([`Diagnostics`], push-only).

use std::sync::Arc;

use super::{DocumentId, Documents, Origin};
use crate::wire;

/// A sort of finding. Its document in `lints/` says what it is, why, and shows it in an example.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lint {
    /// The stable code; never used again for something else.
    pub(crate) code: &'static str,
    /// The name, in kebab case.
    pub(crate) name: &'static str,
    /// How bad it is.
    pub(crate) severity: wire::Severity,
}

/// Declares a [`Lint`]; without its document in `lints/` it does not compile.
macro_rules! lint {
    ($visibility:vis $static:ident = $code:literal, $name:literal, $severity:ident) => {
        #[doc = concat!("`", $code, "`: see `lints/", $code, "-", $name, ".md`.")]
        $visibility static $static: $crate::source::Lint = $crate::source::Lint {
            code: $code,
            name: $name,
            severity: $crate::wire::Severity::$severity,
        };
        // The text itself stays out: nobody reads it where the engine runs.
        const _: &str =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/lints/", $code, "-", $name, ".md"));
    };
}
pub(crate) use lint;

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    lint: &'static Lint,
    place: Place,
    message: String,
    help: Option<String>,
    resource: Option<String>,
    fix: Option<(String, Vec<Change>)>,
}

/// One change of a quick fix.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The value of a field becomes another one.
    Replace(Origin, String),
    /// An entry is put in front of the first one of a mapping.
    Prepend(Origin, String),
}

impl Change {
    fn to_wire(&self, documents: &Documents) -> Option<wire::Edit> {
        let (origin, text) = match self {
            Self::Replace(origin, text) => (origin, text.clone()),
            Self::Prepend(origin, entry) => (origin, documents.separated(origin, entry)?),
        };
        let range = documents.range(origin)?;
        let range = match self {
            Self::Replace(..) => range,
            Self::Prepend(..) => wire::Range {
                end_line: range.start_line,
                end_column: range.start_column,
                ..range
            },
        };
        Some(wire::Edit {
            file: documents.file(origin.document).map(str::to_owned),
            range,
            text,
        })
    }
}

/// Where a finding is.
#[derive(Clone, Debug)]
enum Place {
    /// A field.
    Field(Origin),
    /// A range of a file, where there is no field: the document does not parse.
    Text {
        file: Option<String>,
        range: wire::Range,
    },
}

impl Finding {
    /// What to do about it.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Changes that mend it.
    pub(crate) fn fix(&mut self, title: impl Into<String>, changes: Vec<Change>) -> &mut Self {
        self.fix = Some((title.into(), changes));
        self
    }

    /// The object that it is about.
    pub(crate) fn resource(&mut self, id: impl ToString) -> &mut Self {
        self.resource = Some(id.to_string());
        self
    }
}

/// Findings so far. Stages push to it and never read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagnostics(Vec<Finding>);

impl Diagnostics {
    /// Reports a finding about a field.
    pub(crate) fn report(
        &mut self,
        lint: &'static Lint,
        origin: Origin,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.push(lint, Place::Field(origin), message.into())
    }

    /// Reports a finding about a range of text.
    pub(super) fn report_text(
        &mut self,
        lint: &'static Lint,
        file: Option<&str>,
        range: wire::Range,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.push(
            lint,
            Place::Text {
                file: file.map(str::to_owned),
                range,
            },
            message.into(),
        )
    }

    fn push(&mut self, lint: &'static Lint, place: Place, message: String) -> &mut Finding {
        let index = self.0.len();
        self.0.push(Finding {
            lint,
            place,
            message,
            help: None,
            resource: None,
            fix: None,
        });
        #[expect(clippy::indexing_slicing, reason = "it was pushed on the line above")]
        &mut self.0[index]
    }

    /// Says of findings about a field which object they are about, where the check did not.
    pub(crate) fn name_objects(&mut self, name: impl Fn(DocumentId) -> Option<String>) {
        for finding in &mut self.0 {
            if let (None, Place::Field(origin)) = (&finding.resource, &finding.place) {
                finding.resource = name(origin.document);
            }
        }
    }

    /// The contract's form: in the order of the text, then by code.
    pub(crate) fn to_wire(&self, documents: &Documents) -> Vec<Arc<wire::Diagnostic>> {
        let mut diagnostics: Vec<_> = self
            .0
            .iter()
            .map(|finding| {
                let (order, diagnostic) = finding.to_wire(documents);
                (order, diagnostic.range, diagnostic)
            })
            .collect();
        diagnostics.sort_by(
            |(left_order, left_range, left), (right_order, right_range, right)| {
                (
                    left_order,
                    left_range,
                    &left.code,
                    &left.path,
                    &left.message,
                )
                    .cmp(&(
                        right_order,
                        right_range,
                        &right.code,
                        &right.path,
                        &right.message,
                    ))
            },
        );
        diagnostics.dedup();
        diagnostics
            .into_iter()
            .map(|(_, _, diagnostic)| Arc::new(diagnostic))
            .collect()
    }
}

impl Finding {
    /// The finding, and the place of its file among the files.
    fn to_wire(&self, documents: &Documents) -> (usize, wire::Diagnostic) {
        let (file, range, path) = match &self.place {
            Place::Text { file, range } => (file.clone(), Some(*range), None),
            Place::Field(origin) => (
                documents.file(origin.document).map(str::to_owned),
                documents.range(origin),
                (!origin.path.is_root()).then(|| origin.path.to_string()),
            ),
        };
        let order = documents.file_order(file.as_deref());
        let diagnostic = wire::Diagnostic {
            severity: self.lint.severity,
            code: self.lint.code.to_owned(),
            message: self.message.clone(),
            help: self.help.clone(),
            resource: self.resource.clone(),
            path,
            file,
            range,
            fix: self.fix.as_ref().and_then(|(title, changes)| {
                let edits: Option<Vec<_>> =
                    changes.iter().map(|one| one.to_wire(documents)).collect();
                edits.map(|edits| wire::Fix {
                    title: title.clone(),
                    edits,
                })
            }),
        };
        (order, diagnostic)
    }
}
