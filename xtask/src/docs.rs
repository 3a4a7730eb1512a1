//! `cargo xtask docs [--check]`: documents that are made from others, committed so that they can be read without
//! building anything.

use std::path::{Path, PathBuf};

use ambient_core::wire::{LintDescription, Severity};

use crate::error::{At, Error, Result};
use crate::{cmd, paths, progress, run};

/// One generated document.
struct Generator {
    /// From the root of the workspace.
    path: &'static str,
    make: fn(&Path) -> Result<String>,
}

/// Made of the engine's own tables, without building anything else.
const GENERATORS: &[Generator] = &[
    Generator {
        path: "core/lints/README.md",
        make: lint_index,
    },
    Generator {
        path: "core/FEATURES.md",
        make: feature_table,
    },
    Generator {
        path: "core/BEHAVIOR.md",
        make: difference_table,
    },
    Generator {
        path: "core/FIELDS.md",
        make: field_table,
    },
];

/// The OpenAPI document, which the server makes of its own endpoints.
const OPENAPI: &str = "server/openapi.json";

/// The first line of every generated document.
const NOTE: &str = "<!-- Made by `cargo xtask docs`; do not edit. -->";

/// Writes the documents, or with `--check` compares them.
pub(crate) fn run(args: &[String]) -> Result {
    match args {
        [] => write(),
        [flag] if flag == "--check" => check(),
        _ => Err(Error::Usage("`docs` takes `--check` or nothing".into())),
    }
}

fn write() -> Result {
    for (file, text) in documents()?.into_iter().chain([openapi()?]) {
        if std::fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            std::fs::write(&file, text).at(&file)?;
            progress(&format!("wrote {}", file.display()));
        }
    }
    Ok(())
}

/// Fails if a document is not what its generator makes.
pub(crate) fn check() -> Result {
    let documents = documents()?.into_iter().chain([openapi()?]);
    compare(documents)
}

fn compare(documents: impl IntoIterator<Item = (PathBuf, String)>) -> Result {
    for (file, text) in documents {
        if std::fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            let stale = format!(
                "{} is not up to date: run `cargo xtask docs`",
                file.display()
            );
            return Err(Error::Check(stale));
        }
    }
    Ok(())
}

fn documents() -> Result<Vec<(PathBuf, String)>> {
    let root = paths::root();
    let made = GENERATORS.iter().map(|generator| {
        let text = (generator.make)(&root)?;
        Ok((root.join(generator.path), format!("{NOTE}\n\n{text}")))
    });
    made.collect()
}

/// The server refers to the document as committed, so that it builds before the document is renewed.
fn openapi() -> Result<(PathBuf, String)> {
    let mut server = cmd::command(run::build_server()?);
    let text = cmd::output(server.arg("openapi"))?;
    Ok((paths::root().join(OPENAPI), text))
}

/// The table of lints as the engine has them: code, name, severity and what it says, each linked to its document.
fn lint_index(root: &Path) -> Result<String> {
    let mut text =
        String::from("# Lints\n\n| code | name | severity | says |\n| --- | --- | --- | --- |\n");
    for lint in ambient_core::lints() {
        let file = root.join("core").join(&lint.document);
        text += &lint_row(&lint, &std::fs::read_to_string(&file).at(&file)?)?;
    }
    Ok(text)
}

/// The table of kinds and labels, as the engine has it.
fn feature_table(_: &Path) -> Result<String> {
    let mut text = String::from(
        "# Features at waypoints\n\n\
         How each kind attaches, and how finished it is. A status is the one of Istio's documentation of waypoints;\n\
         `–` is what waypoints do not support, or what the documentation gives no status.\n\n\
         | name | attachment | status | to know |\n| --- | --- | --- | --- |\n",
    );
    for feature in ambient_core::features() {
        let status = feature.status.as_deref().unwrap_or("–");
        text += &format!(
            "| `{}` | {} | {status} | {} |\n",
            feature.name, feature.attachment, feature.note
        );
    }
    Ok(text)
}

/// The table of fields, as the engine has it.
fn field_table(_: &Path) -> Result<String> {
    let mut text = String::from(
        "# Fields\n\n\
         What becomes of each: it is evaluated, or told in the answer, or no answer depends on it.\n\
         `[]` is an entry of a list, `*` one of a map.\n",
    );
    let mut kind = String::new();
    for field in ambient_core::fields() {
        if field.kind != kind {
            kind.clone_from(&field.kind);
            text +=
                &format!("\n## {kind}\n\n| field | treatment | to know |\n| --- | --- | --- |\n");
        }
        text += &format!(
            "| `{}` | {} | {} |\n",
            field.path, field.treatment, field.note
        );
    }
    Ok(text)
}

/// The places where documentation and code differ, as the engine has them.
fn difference_table(_: &Path) -> Result<String> {
    let mut text = String::from(
        "# Documented and implemented\n\n\
         Where Istio's documentation, or a status that it writes, says something else than its code does.\n\
         `settings.behavior: documented` answers as documented where the table says so; the finding tells at the place.\n\n\
         | topic | documented | implemented | switched | finding |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in ambient_core::differences() {
        text += &format!(
            "| {} | {} ({}) | {} ({}) | {} | {} |\n",
            row.topic,
            row.documented,
            row.documentation,
            row.implemented,
            row.code,
            if row.switched { "yes" } else { "no" },
            row.lint
        );
    }
    Ok(text)
}

/// One row; what it says is the first line of its document, `# A document is not YAML`.
fn lint_row(lint: &LintDescription, document: &str) -> Result<String> {
    let LintDescription { code, name, .. } = lint;
    let severity = match lint.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    match document
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "))
    {
        Some(title) => Ok(format!(
            "| [{code}]({code}-{name}.md) | `{name}` | {severity} | {title} |\n"
        )),
        None => Err(Error::Check(format!(
            "the document of {code} does not start with `# ` and what it says"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(document: &str) -> Result<String> {
        let lint = LintDescription {
            code: "WP0001".to_owned(),
            name: "syntax".to_owned(),
            severity: Severity::Error,
            document: "lints/WP0001-syntax.md".to_owned(),
        };
        lint_row(&lint, document)
    }

    #[test]
    fn a_lints_row_has_the_first_line_of_its_document() {
        assert_eq!(
            row("# A document is not YAML\n\nMore.").unwrap(),
            "| [WP0001](WP0001-syntax.md) | `syntax` | error | A document is not YAML |\n"
        );
    }

    #[test]
    fn a_document_without_a_title_stops() {
        assert!(row("Text").is_err());
    }

    #[test]
    fn the_committed_documents_are_up_to_date() {
        // The server's own tests compare the OpenAPI document.
        compare(documents().unwrap()).unwrap();
    }
}
