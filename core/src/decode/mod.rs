//! Values → types. A type reads itself from a [`Reader`]; what does not fit is noted there with its place, and the type
//! goes on with what it has when there is nothing. So no step has a way out, which keeps the code of some hundred types
//! small, and every field of every type is one call.
//!
//! Messages are plain words: what was expected, what was found.

mod decimal;
mod json;
mod node;
mod path;
mod types;
mod word;

use std::cell::RefCell;
use std::str::Split;

pub use ambient_derive::Decode;
pub(crate) use decimal::decimal;
pub use json::{json, json_block, json_line};
pub(crate) use node::{Entry, Node, Position, Span, Value};
pub(crate) use path::{FieldPath, Segment};
pub(crate) use types::Key;
pub(crate) use word::Word;

/// A type that can be read from a value. To be derived: the derive knows serde's attributes.
pub trait Decode: Sized {
    /// Reads the value. If it does not fit, this is noted by the reader, and any value will do as the result.
    fn decode(reader: &Reader<'_>) -> Self;
}

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// The field.
    pub(crate) path: FieldPath,
    /// What was expected, what was found.
    pub(crate) message: String,
}

/// Decodes a value. Paths of fields that the type does not know are pushed to `unknown`, where anybody asks for them.
pub(crate) fn decode<T: Decode>(
    node: &Node,
    unknown: Option<&mut Vec<FieldPath>>,
) -> Result<T, DecodeError> {
    whole(node, T::decode, unknown)
}

/// Decodes a value by a function.
pub(crate) fn whole<T>(
    node: &Node,
    read: fn(&Reader<'_>) -> T,
    unknown: Option<&mut Vec<FieldPath>>,
) -> Result<T, DecodeError> {
    let notes = Notes::new(unknown.is_some());
    let decoded = read(&Reader::new(node, &notes));
    notes.finish(decoded, unknown)
}

/// Decodes a field of a mapping by a function; it may be left out.
pub(crate) fn part<T>(
    node: &Node,
    key: &str,
    read: fn(&Reader<'_>) -> T,
    unknown: Option<&mut Vec<FieldPath>>,
) -> Result<T, DecodeError> {
    let notes = Notes::new(unknown.is_some());
    let place = Place::Key(&Place::Root, key);
    let decoded = read(&Reader::new(node, &notes).at(node.get(key), place));
    notes.finish(decoded, unknown)
}

/// The fields that a type asks for when it reads a value, and those of the value that it does not know.
#[cfg(test)]
pub(crate) fn fields<T: Decode>(json: &serde_json::Value) -> (Vec<String>, Vec<FieldPath>) {
    let (node, notes) = (Node::from(json), Notes::new(true));
    T::decode(&Reader::new(&node, &notes));
    (notes.known.into_inner(), notes.unknown.into_inner())
}

/// Decodes JSON of our own making, such as an answer that comes from another thread.
pub fn from_json<T: Decode>(json: &serde_json::Value) -> Result<T, String> {
    decode(&Node::from(json), None).map_err(|error| format!("{}: {}", error.path, error.message))
}

/// What is noted while reading.
struct Notes {
    /// Whether somebody asks for the fields that no type knows.
    strict: bool,
    /// The misfit that comes first in the text, and where that is.
    error: RefCell<Option<(Position, DecodeError)>>,
    /// Fields that no type knows.
    unknown: RefCell<Vec<FieldPath>>,
    /// Fields that types know, whether they are there or not.
    #[cfg(test)]
    known: RefCell<Vec<String>>,
}

impl Notes {
    fn new(strict: bool) -> Self {
        Self {
            strict,
            error: RefCell::default(),
            unknown: RefCell::default(),
            #[cfg(test)]
            known: RefCell::default(),
        }
    }

    fn finish<T>(self, decoded: T, unknown: Option<&mut Vec<FieldPath>>) -> Result<T, DecodeError> {
        if let Some(unknown) = unknown {
            unknown.append(&mut self.unknown.into_inner());
        }
        match self.error.into_inner() {
            Some((_, error)) => Err(error),
            None => Ok(decoded),
        }
    }
}

/// Where a value stands; it lives on the stack, and becomes a path only if there is something to say.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> FieldPath {
        match self {
            Place::Root => FieldPath::new(),
            Place::Key(parent, key) => parent.path().key((*key).to_owned()),
            Place::Index(parent, index) => parent.path().index(*index),
        }
    }
}

/// A value to be read, or the absence of one.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    node: Option<&'a Node>,
    place: Place<'a>,
    notes: &'a Notes,
    /// Fields that the type does not know are no finding.
    lenient: bool,
}

impl<'a> Reader<'a> {
    fn new(node: &'a Node, notes: &'a Notes) -> Self {
        Self {
            node: Some(node),
            place: Place::Root,
            notes,
            lenient: false,
        }
    }

    /// The value; `None`: the field is left out.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.node.map(|node| &node.value)
    }

    fn at(&self, node: Option<&'a Node>, place: Place<'a>) -> Reader<'a> {
        Reader {
            node,
            place,
            notes: self.notes,
            lenient: false,
        }
    }

    /// The same, where fields that the type does not know are no finding.
    pub fn lenient(&self) -> Self {
        Self {
            lenient: true,
            ..*self
        }
    }

    /// A part of the type whose fields stand beside its own.
    pub fn part<T: Decode>(&self) -> T {
        T::decode(&self.lenient())
    }

    /// The fields of a mapping, to be taken in the order of their names. These stand in one text, apart by spaces:
    /// other names of a field behind `|`, and `!` where it must not be left out.
    pub fn fields(&'a self, names: &'static str) -> Taken<'a> {
        let mut entries: &[Entry] = &[];
        match self.value() {
            None => {}
            Some(Value::Map(written)) => entries = written,
            Some(_) => self.misfit("a mapping"),
        }
        if self.notes.strict && !self.lenient {
            for entry in entries {
                let known = names.split(' ').any(|name| is_named(name, &entry.key));
                // A field that is `null` counts as absent, as it does for the API server.
                if !known && !matches!(entry.value.value, Value::Null) {
                    let path = self.place.path().key(entry.key.to_string());
                    self.notes.unknown.borrow_mut().push(path);
                }
            }
        }
        #[cfg(test)]
        self.notes
            .known
            .borrow_mut()
            .extend(names.split(' ').map(|name| {
                let name = name.trim_end_matches('!').split('|').next().unwrap_or(name);
                self.place.path().key(name).to_string()
            }));
        Taken {
            reader: self,
            entries,
            names: names.split(' '),
        }
    }

    /// Which of some names apart by spaces the value is; `None`: it is left out, or none of them.
    pub fn variant(&self, names: &'static str) -> Option<usize> {
        let found = match self.value()? {
            Value::String(found) => found,
            _ => {
                self.misfit("a string");
                return None;
            }
        };
        let index = names.split(' ').position(|name| *name == **found);
        if index.is_none() {
            let known: Vec<String> = names.split(' ').map(|name| format!("`{name}`")).collect();
            self.note(format!("`{found}` is none of {}", known.join(", ")));
        }
        index
    }

    /// The items of a list.
    pub(crate) fn items(&'a self) -> impl ExactSizeIterator<Item = Reader<'a>> {
        let items: &[Node] = match self.value() {
            None => &[],
            Some(Value::List(items)) => items,
            Some(_) => {
                self.misfit("a list");
                &[]
            }
        };
        let place = &self.place;
        let items = items.iter().enumerate();
        items.map(move |(index, item)| self.at(Some(item), Place::Index(place, index)))
    }

    /// The entries of a mapping whose keys are data.
    pub(crate) fn entries(&'a self) -> impl Iterator<Item = (&'a str, Reader<'a>)> {
        let entries: &[Entry] = match self.value() {
            None => &[],
            Some(Value::Map(entries)) => entries,
            Some(_) => {
                self.misfit("a mapping");
                &[]
            }
        };
        entries.iter().map(|entry| {
            let place = Place::Key(&self.place, &entry.key);
            (&*entry.key, self.at(Some(&entry.value), place))
        })
    }

    /// A whole number within bounds.
    fn integer(&self, min: i64, max: i64, expected: &str) -> i64 {
        match self.value() {
            None => 0,
            Some(Value::Int(value)) if (min..=max).contains(value) => *value,
            Some(_) => {
                self.misfit(expected);
                0
            }
        }
    }

    /// Notes that the value is of another sort than its type takes.
    pub(crate) fn misfit(&self, expected: &str) {
        let found = match self.value() {
            None | Some(Value::Null) => "nothing".to_owned(),
            Some(Value::Bool(value)) => {
                format!("the boolean `{value}` (quote it if a string is meant)")
            }
            Some(Value::Int(value)) => format!("the number `{value}`"),
            Some(Value::Float(value)) => format!("the number `{value}`"),
            Some(Value::String(text)) => format!("the string `{text}`"),
            Some(Value::List(_)) => "a list".to_owned(),
            Some(Value::Map(_)) => "a mapping".to_owned(),
        };
        self.note(format!("expected {expected}, found {found}"));
    }

    /// Notes what is wrong with the value, unless something is that comes before it.
    pub(crate) fn note(&self, message: String) {
        let position = self.node.map(|node| node.span.start).unwrap_or_default();
        let mut error = self.notes.error.borrow_mut();
        if error.as_ref().is_none_or(|(first, _)| position < *first) {
            let path = self.place.path();
            *error = Some((position, DecodeError { path, message }));
        }
    }
}

/// The fields of a mapping, one after the other.
pub struct Taken<'a> {
    reader: &'a Reader<'a>,
    entries: &'a [Entry],
    names: Split<'static, char>,
}

impl<'a> Taken<'a> {
    /// The next field.
    pub fn take<T: Decode>(&mut self) -> T {
        T::decode(&self.advance())
    }

    /// The next field, or what it is where it is left out.
    pub fn take_or<T: Decode>(&mut self, default: T) -> T {
        let reader = self.advance();
        match reader.node {
            Some(_) => T::decode(&reader),
            None => default,
        }
    }

    fn advance(&mut self) -> Reader<'a> {
        let name = self.names.next().unwrap_or_default();
        let entry = self
            .entries
            .iter()
            .find(|entry| is_named(name, &entry.key) && !matches!(entry.value.value, Value::Null));
        if let (None, Some(required), Some(_)) = (entry, name.strip_suffix('!'), self.reader.node) {
            self.reader.note(format!("`{required}` is missing"));
        }
        match entry {
            Some(entry) => {
                let place = Place::Key(&self.reader.place, &entry.key);
                self.reader.at(Some(&entry.value), place)
            }
            None => self.reader.at(None, Place::Key(&self.reader.place, name)),
        }
    }
}

/// Whether a key is one of a field's names.
fn is_named(name: &str, key: &str) -> bool {
    name.trim_end_matches('!')
        .split('|')
        .any(|name| name == key)
}
