//! A value with its place: what YAML and JSON become, and what types are decoded from.

use std::sync::Arc;

use super::{FieldPath, Segment, Word};

/// A position: line and column count from 0, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// From a position up to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

/// A value with its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// Where it stands; empty for values that come from no text.
    pub(crate) span: Span,
    /// The value.
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// `null`, or nothing.
    #[default]
    Null,
    /// `true`, `false`, and YAML 1.1's other words for them.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A string.
    String(Word),
    /// A list.
    List(Box<[Node]>),
    /// A mapping, in the order of the text.
    Map(Box<[Entry]>),
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key. Most keys are the same few words, so the mappings of a text share them.
    pub(crate) key: Arc<str>,
    /// Where the key stands.
    pub(crate) key_span: Span,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The value under a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a list; of anything else, none.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| *entry.key == *key),
            _ => None,
        }
    }

    /// The value at the end of a path.
    pub(crate) fn at(&self, path: &FieldPath) -> Option<&Node> {
        path.segments()
            .iter()
            .try_fold(self, |node, segment| match segment {
                Segment::Key(key) => node.get(key),
                Segment::Index(index) => node.items().get(*index),
            })
    }

    /// The span that a message about a field should underline: a scalar itself, for a block the key that leads to it,
    /// for a path that is not there the nearest field above it. `None`: the path is the root, or leads nowhere.
    pub(crate) fn marked(&self, path: &FieldPath) -> Option<Span> {
        let mut node = self;
        let mut marked = None;
        for segment in path.segments() {
            let (next, key_span) = match segment {
                Segment::Key(key) => match node.entry(key) {
                    Some(entry) => (&entry.value, Some(entry.key_span)),
                    None => return marked,
                },
                Segment::Index(index) => match node.items().get(*index) {
                    Some(item) => (item, None),
                    None => return marked,
                },
            };
            marked = Some(next.underlined(key_span));
            node = next;
        }
        marked
    }

    fn underlined(&self, key_span: Option<Span>) -> Span {
        match (&self.value, key_span) {
            (Value::Map(_) | Value::List(_) | Value::Null, Some(key)) => key,
            // An item of a list that is a mapping: its first key stands for it.
            (Value::Map(entries), None) => {
                entries.first().map_or(self.span, |entry| entry.key_span)
            }
            _ => self.span,
        }
    }
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(bool) => Value::Bool(*bool),
            serde_json::Value::Number(number) => number.as_i64().map_or_else(
                || Value::Float(number.as_f64().unwrap_or_default()),
                Value::Int,
            ),
            serde_json::Value::String(text) => Value::String(text.as_str().into()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.as_str().into(),
                        key_span: Span::default(),
                        value: value.into(),
                    })
                    .collect(),
            ),
        };
        Self {
            span: Span::default(),
            value,
        }
    }
}
