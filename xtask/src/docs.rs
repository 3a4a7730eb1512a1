//! `cargo xtask docs [--check]`: documents that are made from others, committed so that they can be read without
//! building anything.

use std::path::{Path, PathBuf};

use crate::error::{At, Error, Result};
use crate::{paths, progress};

/// One generated document.
struct Generator {
    /// From the root of the workspace.
    path: &'static str,
    make: fn(&Path) -> Result<String>,
}

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
        path: "core/FIELDS.md",
        make: field_table,
    },
];

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
    for (file, text) in documents()? {
        if std::fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            std::fs::write(&file, text).at(&file)?;
            progress(&format!("wrote {}", file.display()));
        }
    }
    Ok(())
}

/// Fails if a document is not what its generator makes.
pub(crate) fn check() -> Result {
    for (file, text) in documents()? {
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

/// The table of lints: code, name and what it says, each linked to its document.
fn lint_index(root: &Path) -> Result<String> {
    let folder = root.join("core/lints");
    let mut text = String::from("# Lints\n\n| code | name | says |\n| --- | --- | --- |\n");
    for file in paths::files(&folder, &["README.md"]).at(&folder)? {
        let document = std::fs::read_to_string(&file).at(&file)?;
        text += &lint_row(&file, &document)?;
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
        "# Fields of Istio's traffic kinds\n\n\
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

/// One row, from `WP0001-syntax.md` and the document's first line `# A document is not YAML`.
fn lint_row(file: &Path, document: &str) -> Result<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parts = name
        .strip_suffix(".md")
        .and_then(|stem| stem.split_once('-'));
    let title = document
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "));
    match (parts, title) {
        (Some((code, lint)), Some(title)) if is_code(code) => {
            Ok(format!("| [{code}]({name}) | `{lint}` | {title} |\n"))
        }
        _ => Err(Error::Check(format!(
            "{}: a lint's document is named `WP0001-name.md` and starts with `# ` and what it says",
            file.display()
        ))),
    }
}

/// `WP` and four digits.
fn is_code(code: &str) -> bool {
    let digits = code.strip_prefix("WP").unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lints_row_comes_from_its_name_and_first_line() {
        let row = lint_row(
            Path::new("core/lints/WP0001-syntax.md"),
            "# A document is not YAML\n\nMore.",
        );
        assert_eq!(
            row.unwrap(),
            "| [WP0001](WP0001-syntax.md) | `syntax` | A document is not YAML |\n"
        );
    }

    #[test]
    fn a_document_that_is_no_lint_stops() {
        for (name, document) in [
            ("notes.md", "# Title"),
            ("WP01-short.md", "# Title"),
            ("WP0001-untitled.md", "Text"),
        ] {
            assert!(lint_row(Path::new(name), document).is_err(), "{name}");
        }
    }

    #[test]
    fn the_committed_documents_are_up_to_date() {
        check().unwrap();
    }
}
