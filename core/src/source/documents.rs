//! Files → documents. A text is cut at its document markers first and each part parsed on its own, so that a broken
//! document does not lose the others. Documents own the text, and turn field paths into ranges.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::events::{self, Broken, BrokenKind};
use super::text::Text;
use super::{
    DUPLICATE_KEY, Diagnostics, FieldPath, Node, Origin, SYNTAX, TOO_DEEP, TOO_MANY_ALIASES, Value,
};
use crate::decode::{Position, Span};
use crate::wire;

/// A document's place among all documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DocumentId(u32);

/// All documents of the input, with their texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    files: Vec<File>,
    documents: Vec<Document>,
}

#[derive(Clone, Debug)]
struct File {
    name: Option<Arc<str>>,
    text: Text,
}

#[derive(Clone, Debug)]
struct Document {
    file: usize,
    root: Node,
}

impl Documents {
    /// Reads manifests: each file's documents, and of lists each item as a document of its own.
    pub(crate) fn read(manifests: &wire::Manifests, out: &mut Diagnostics) -> Self {
        let mut documents = Self::default();
        match manifests {
            wire::Manifests::Text(text) => documents.add(None, text, true, out),
            wire::Manifests::Files(files) => {
                for file in files {
                    documents.add(Some(&file.name), &file.content, true, out);
                }
            }
        }
        documents
    }

    /// Reads one text as it is, for what is no manifest.
    pub(crate) fn read_text(name: &str, text: &str, out: &mut Diagnostics) -> Self {
        let mut documents = Self::default();
        documents.add(Some(name), text, false, out);
        documents
    }

    fn add(&mut self, name: Option<&str>, text: &str, unfold_lists: bool, out: &mut Diagnostics) {
        let file = self.files.len();
        // A byte order mark is no part of the text.
        let source = Text::new(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut names = events::Names::default();
        let parts = parts(&source);
        self.documents.reserve(parts.len());
        for part in parts {
            match events::read(&part.text, part.line, &mut names) {
                Ok((root, duplicates)) => {
                    for duplicate in duplicates {
                        let message = format!(
                            "`{}` stands twice in one mapping, first on line {}; only the last one counts",
                            duplicate.key,
                            duplicate.first.start.line + 1
                        );
                        out.report_text(
                            &DUPLICATE_KEY,
                            name,
                            source.range(duplicate.second),
                            message,
                        )
                        .help("keep one of them");
                    }
                    self.push(file, root.unwrap_or_default(), unfold_lists);
                }
                Err(broken) => report(&broken, name, &source, &part, out),
            }
        }
        self.files.push(File {
            name: name.map(Arc::from),
            text: source,
        });
    }

    fn push(&mut self, file: usize, mut root: Node, unfold_lists: bool) {
        if root.value == Value::Null {
            return;
        }
        let is_list = unfold_lists
            && root
                .get("kind")
                .and_then(Node::as_str)
                .is_some_and(|kind| kind.ends_with("List"))
            && root.get("items").is_some();
        if !is_list {
            self.documents.push(Document { file, root });
            return;
        }
        for item in take_items(&mut root) {
            self.push(file, typed(item, &root), unfold_lists);
        }
    }

    /// All documents that were read, in the order of the text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (DocumentId, &Node)> {
        (0..)
            .map(DocumentId)
            .zip(self.documents.iter().map(|document| &document.root))
    }

    /// The value that a document is.
    pub(crate) fn node(&self, document: DocumentId) -> Option<&Node> {
        Some(&self.document(document)?.root)
    }

    /// The name of a document's file; `None` for the one unnamed text.
    pub(crate) fn file(&self, document: DocumentId) -> Option<&str> {
        self.files
            .get(self.document(document)?.file)?
            .name
            .as_deref()
    }

    /// The same, for answers that name it often.
    pub(crate) fn shared_file(&self, document: DocumentId) -> Option<Arc<str>> {
        self.files.get(self.document(document)?.file)?.name.clone()
    }

    /// The place of a file among the files.
    pub(super) fn file_order(&self, name: Option<&str>) -> usize {
        self.files
            .iter()
            .position(|file| file.name.as_deref() == name)
            .unwrap_or(self.files.len())
    }

    /// What a message about a field underlines.
    pub(crate) fn range(&self, origin: &Origin) -> Option<wire::Range> {
        let document = self.document(origin.document)?;
        let text = &self.files.get(document.file)?.text;
        let span = document
            .root
            .marked(&origin.path)
            // The whole object: its name stands for it, else its kind.
            .or_else(|| {
                document
                    .root
                    .marked(&FieldPath::new().key("metadata").key("name"))
            })
            .or_else(|| document.root.marked(&FieldPath::new().key("kind")))
            .unwrap_or(document.root.span);
        Some(text.range(text.first_line(span)))
    }

    /// An entry, as it must be written in front of the first one of a mapping: on a line of its own in a block, behind a
    /// bracket with a comma.
    pub(super) fn separated(&self, origin: &Origin, entry: &str) -> Option<String> {
        let text = &self.files.get(self.document(origin.document)?.file)?.text;
        let range = self.range(origin)?;
        let line = text.line(range.start_line.saturating_sub(1));
        let indent = range.start_column.saturating_sub(1);
        let before: String = line.chars().take(usize::try_from(indent).ok()?).collect();
        Some(if before.trim_end().ends_with(['{', ',']) {
            format!("{entry}, ")
        } else {
            let spaces = " ".repeat(before.chars().count());
            format!("{entry}\n{spaces}")
        })
    }

    /// From the first to the last line of a document.
    pub(crate) fn range_of_object(&self, document: DocumentId) -> Option<wire::Range> {
        let document = self.document(document)?;
        let text = &self.files.get(document.file)?.text;
        let mut span = document.root.span;
        // A block ends where the next token begins, which may be lines below: back over blank lines and comments.
        while span.end.line > span.start.line && is_empty(text.line(span.end.line), span.end.column)
        {
            let line = span.end.line - 1;
            span.end = Position {
                line,
                column: u32::MAX,
            };
        }
        Some(text.range(span))
    }

    fn document(&self, document: DocumentId) -> Option<&Document> {
        self.documents.get(usize::try_from(document.0).ok()?)
    }
}

/// The items of a list, which loses them.
fn take_items(list: &mut Node) -> Box<[Node]> {
    let Value::Map(entries) = &mut list.value else {
        return Box::default();
    };
    let entry = entries.iter_mut().find(|entry| &*entry.key == "items");
    match entry.map(|entry| &mut entry.value.value) {
        Some(Value::List(items)) => std::mem::take(items),
        _ => Box::default(),
    }
}

/// An item of a list. Those of a list of one kind, such as a `ServiceList`, are of the list's version and kind without
/// saying so.
fn typed(mut item: Node, list: &Node) -> Node {
    let kind = list.get("kind").and_then(Node::as_str);
    if let (Some(kind), Value::Map(entries)) = (kind, &mut item.value)
        && let Some(kind) = kind.strip_suffix("List").filter(|kind| !kind.is_empty())
        && !entries.iter().any(|entry| &*entry.key == "kind")
        && let Value::Map(of_list) = &list.value
    {
        let mut all = std::mem::take(entries).into_vec();
        for entry in of_list {
            match &*entry.key {
                "apiVersion" => all.push(entry.clone()),
                "kind" => {
                    let mut entry = entry.clone();
                    entry.value.value = Value::String(kind.into());
                    all.push(entry);
                }
                _ => {}
            }
        }
        *entries = all.into();
    }
    item
}

/// Whether a line holds nothing of a value up to a column.
fn is_empty(line: &str, column: u32) -> bool {
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    let end = line.char_indices().nth(column).map(|(end, _)| end);
    let before = line.get(..end.unwrap_or(line.len()));
    let before = before.unwrap_or_default().trim();
    before.is_empty() || before.starts_with('#') || before.starts_with("---")
}

/// A part of a text between document markers.
struct Part<'t> {
    text: Cow<'t, str>,
    /// The line of the file on which it begins.
    line: u32,
    /// How many lines it has.
    lines: u32,
}

/// Cuts a text before each line that begins a document. `---` at the beginning of a line does so wherever it stands,
/// also inside a block scalar (YAML 1.2.2, 9.1.2).
fn parts(text: &Text) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut first = 0;
    let mut has_content = false;
    let mut previous = "";
    for number in 0..text.line_count() {
        let line = text.line(number);
        let is_marker = line == "---"
            || line
                .strip_prefix("---")
                .is_some_and(|rest| rest.starts_with([' ', '\t']));
        // JSON objects one after the other, spread over lines or on one line each.
        let begins = is_marker || (line.starts_with('{') && previous.ends_with('}'));
        if !line.trim().is_empty() {
            previous = line.trim_end();
        }
        if begins && has_content {
            parts.push(part(text, first..number));
            first = number;
            has_content = false;
        }
        // Directives and comments belong to the document behind them.
        has_content |= begins || !(line.trim().is_empty() || line.starts_with(['%', '#']));
    }
    parts.push(part(text, first..text.line_count()));
    parts
}

/// Some lines, each with an end, as the parser is to read them.
fn part(text: &Text, lines: Range<u32>) -> Part<'_> {
    let written = text.lines(lines.clone());
    let is_plain = written.ends_with('\n') && !written.contains('\r') && !written.contains("\\u");
    Part {
        line: lines.start,
        lines: lines.end - lines.start,
        text: if is_plain && lines.end < text.line_count() {
            Cow::Borrowed(written)
        } else {
            let lines =
                lines.flat_map(|number| [without_surrogates(text.line(number)), "\n".into()]);
            Cow::Owned(lines.collect())
        },
    }
}

/// JSON writes what lies beyond U+FFFF as two escapes, which YAML has not: `\ud83d\ude00` is `\U0001f600`.
fn without_surrogates(line: &str) -> Cow<'_, str> {
    let is_high = |unit: u32| (0xd800..0xdc00).contains(&unit);
    let mut result = String::new();
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\\u") {
        let low = escape
            .get(4..)
            .and_then(|behind| behind.strip_prefix("\\u"));
        let pair = unit(escape)
            .filter(|&high| is_high(high))
            .zip(low.and_then(unit))
            .and_then(|(high, low)| {
                let offset = low.checked_sub(0xdc00).filter(|offset| *offset < 0x400)?;
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + offset)
            });
        result.push_str(before);
        match pair {
            Some(character) => {
                result.push_str(&format!("\\U{:08x}", u32::from(character)));
                rest = escape.get(10..).unwrap_or_default();
            }
            None => {
                result.push_str("\\u");
                rest = escape;
            }
        }
    }
    if result.is_empty() {
        return Cow::Borrowed(line);
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// The number behind `\u`.
fn unit(escape: &str) -> Option<u32> {
    u32::from_str_radix(escape.get(..4)?, 16).ok()
}

fn report(broken: &Broken, file: Option<&str>, source: &Text, part: &Part, out: &mut Diagnostics) {
    let last = part.line + part.lines.saturating_sub(1);
    let at = if broken.at.line > last {
        Position {
            line: last,
            column: u32::MAX,
        }
    } else {
        broken.at
    };
    // From the offending place to the end of its line; where that is empty, the whole line.
    let width = u32::try_from(source.line(at.line).trim_end().chars().count()).unwrap_or(u32::MAX);
    let start = if at.column < width {
        at
    } else {
        Position {
            line: at.line,
            column: 0,
        }
    };
    let range = source.range(Span {
        start,
        end: Position {
            line: at.line,
            column: width,
        },
    });
    match &broken.kind {
        BrokenKind::Syntax(message) => out
            .report_text(
                &SYNTAX,
                file,
                range,
                format!("this document is not YAML: {message}"),
            )
            .help("mend this line; the other documents are evaluated meanwhile"),
        BrokenKind::TooDeep => out
            .report_text(
                &TOO_DEEP,
                file,
                range,
                "this document nests too deep to be read",
            )
            .help(
                "no Kubernetes object nests this deep; look for a bracket or indentation too many",
            ),
        BrokenKind::TooManyAliases => out
            .report_text(
                &TOO_MANY_ALIASES,
                file,
                range,
                "the aliases of this document expand to too much",
            )
            .help("write the values out instead of `*alias`"),
    };
}
