//! A file as the checks see it: its path from the root, its text and, if it is Rust, its tokens with their lines.
//!
//! Tokens and not text, so that a word in a comment or a string is not taken for code; tokens and not a syntax
//! tree, so that code inside a macro call is seen too.

use std::path::Path;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Finding;
use crate::error::{At, Error, Result};
use crate::paths;

/// One file.
pub(super) struct SourceFile {
    /// From the root of the workspace, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// Without brackets that enclose nothing visible; brackets are tokens of their own.
    pub(super) tokens: Vec<Token>,
}

/// An identifier, a punctuation character, a literal or a bracket.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

impl SourceFile {
    /// Reads a file of a kind that is checked: Rust or JavaScript.
    pub(super) fn read(file: &Path) -> Result<Option<SourceFile>> {
        let kind = file.extension().and_then(|extension| extension.to_str());
        if !matches!(kind, Some("rs" | "js" | "mjs")) {
            return Ok(None);
        }
        let text = std::fs::read_to_string(file).at(file)?;
        let root = paths::root();
        let path = file.strip_prefix(&root).unwrap_or(file);
        let path = path.to_string_lossy().replace('\\', "/");
        SourceFile::parse(&path, text).map(Some)
    }

    /// A file from its text.
    pub(super) fn parse(path: &str, text: impl Into<String>) -> Result<SourceFile> {
        let text = text.into();
        let mut tokens = Vec::new();
        if path.ends_with(".rs") {
            let unreadable = |error| Error::Check(format!("{path}: {error}"));
            flatten(
                TokenStream::from_str(&text).map_err(unreadable)?,
                &mut tokens,
            );
        }
        let path = path.to_owned();
        Ok(SourceFile { path, text, tokens })
    }

    /// The findings at every token whose position satisfies a condition.
    pub(super) fn find(&self, message: &str, at: impl Fn(usize) -> bool) -> Vec<Finding> {
        let wrong = self
            .tokens
            .iter()
            .enumerate()
            .filter(|(index, _)| at(*index));
        wrong
            .map(|(_, token)| Finding {
                line: token.line,
                message: message.to_owned(),
            })
            .collect()
    }

    /// Whether the tokens from a position on are these.
    pub(super) fn is_at(&self, index: usize, expected: &[&str]) -> bool {
        let rest = self.tokens.get(index..).unwrap_or_default();
        rest.len() >= expected.len()
            && rest
                .iter()
                .zip(expected)
                .all(|(token, text)| token.text == *text)
    }
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: &str, line| {
            out.push(Token {
                text: text.to_owned(),
                line,
            })
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open, line);
                flatten(group.stream(), out);
                out.push(Token {
                    text: close.to_owned(),
                    line: group.span_close().start().line,
                });
            }
            TokenTree::Ident(ident) => push(&ident.to_string(), line),
            TokenTree::Punct(punct) => push(&punct.as_char().to_string(), line),
            TokenTree::Literal(literal) => push(&literal.to_string(), line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code_and_lines_count_from_one() {
        let source =
            SourceFile::parse("core/src/x.rs", "// axum\nlet a = \"axum\";\nvec![axum];").unwrap();
        let found = source.find("axum", |index| source.is_at(index, &["axum"]));
        assert_eq!(
            found.iter().map(|finding| finding.line).collect::<Vec<_>>(),
            [3]
        );
    }
}
