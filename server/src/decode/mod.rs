//! Bytes to [`Input`]: with a place for every complaint, and without fields that nobody reads. A misspelt
//! `request:` would otherwise be an evaluation of nothing that looks like a success.

mod json;
mod position;
mod yaml;

use std::fmt;

use ambient_core::wire::Input;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use serde_path_to_error::{Path, Segment};

use crate::{
    format::Format,
    problem::{Complaint, Place},
};

/// Fields that a file of requests may have for its readers: the examples' own, and those under which collections of
/// test cases say what a case is about.
const FOR_READERS: [&str; 9] = [
    "title",
    "notice",
    "name",
    "id",
    "description",
    "note",
    "comment",
    "source",
    "$schema",
];

/// Said of a body without content.
const EMPTY: &str = "the body is empty";

/// Said of a field beside these that nobody reads.
const FIELDS: &str = "the fields are `manifests`, `settings`, `requests`";

/// Said to those who post manifests as they are.
const MANIFESTS: &str = "Kubernetes manifests belong, as one text, into the field `manifests`";

/// Why bytes are no [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// They are not even JSON or YAML.
    pub syntax: bool,
    /// What is wrong, in the order of the body; never empty.
    pub complaints: Vec<Complaint>,
}

impl Malformed {
    fn syntax(message: impl Into<String>, place: Place) -> Self {
        Self {
            syntax: true,
            complaints: vec![Complaint::new(message, place)],
        }
    }

    fn shape(message: impl Into<String>, place: Place) -> Self {
        Self {
            syntax: false,
            complaints: vec![Complaint::new(message, place)],
        }
    }

    fn unread(fields: Vec<Unread>) -> Self {
        let manifests = fields.iter().any(|field| field.path == "apiVersion");
        let complaint = |field: Unread| {
            let hint = match field.pointer.matches('/').count() {
                1 if manifests => format!("; {MANIFESTS}"),
                1 => format!("; {FIELDS}"),
                _ => String::new(),
            };
            Complaint::new(
                format!("unknown field `{}`{hint}", field.path),
                Place {
                    pointer: Some(field.pointer),
                    ..Place::default()
                },
            )
        };
        Self {
            syntax: false,
            complaints: fields.into_iter().map(complaint).collect(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.complaints.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let (Some(line), Some(column)) = (complaint.place.line, complaint.place.column) {
                write!(f, "{line}:{column}: ")?;
            }
            f.write_str(&complaint.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Malformed {}

/// Reads an [`Input`].
pub fn decode(bytes: &[u8], format: Format) -> Result<Input, Malformed> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Malformed::syntax(EMPTY, Place::default()));
    }
    match format {
        Format::Json => json::decode(bytes),
        Format::Yaml => yaml::decode(bytes),
    }
}

enum Fault<E> {
    Refused(serde_path_to_error::Error<E>),
    Unread(Vec<Unread>),
}

/// A field that nobody reads.
struct Unread {
    path: String,
    pointer: String,
}

/// Reads with any parser, and keeps the paths of what was not read.
fn read<'de, D: Deserializer<'de>>(parser: D) -> Result<Input, Fault<D::Error>> {
    let mut fields = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        let pointer = pointer_to_unread(&path);
        let path = path.to_string();
        if !FOR_READERS.contains(&path.as_str()) {
            fields.push(Unread { path, pointer });
        }
    };
    let watched = serde_ignored::Deserializer::new(parser, &mut note);
    let input = serde_path_to_error::deserialize::<_, Whole>(watched).map_err(Fault::Refused)?;
    if fields.is_empty() {
        Ok(input.0)
    } else {
        Err(Fault::Unread(fields))
    }
}

/// An [`Input`] that was written as an object: derived code would take a list of its fields, too.
struct Whole(Input);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `manifests`, `settings`, `requests`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Whole, A::Error> {
                Input::deserialize(MapAccessDeserializer::new(map)).map(Whole)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A path as a JSON Pointer in a URI fragment; `None` for the whole body.
fn pointer(path: &Path) -> Option<String> {
    let segments: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(escaped(key)),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    (!segments.is_empty()).then(|| format!("#/{}", segments.join("/")))
}

/// The same for what nobody read: keys may have dots in them, so the path's text will not do.
fn pointer_to_unread(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => "#".to_owned(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer_to_unread(parent)),
        Path::Map { parent, key } => format!("{}/{}", pointer_to_unread(parent), escaped(key)),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => pointer_to_unread(parent),
    }
}

/// A key as a segment of a JSON Pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A message without its place, which has fields of its own, and without words that only Rust has: serde_yaml writes
/// the path in front, and both parsers the position behind.
fn bare(message: &str, path: Option<&Path>, line: usize, column: usize) -> String {
    let message = path
        .and_then(|path| message.strip_prefix(&format!("{path}: ")))
        .unwrap_or(message);
    let position = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&position).unwrap_or(message);
    let message = match message.strip_prefix("unknown variant ") {
        Some(rest) => rest.replacen(", expected", " is not known here; expected", 1),
        None => message.to_owned(),
    };
    message.replace("expected u32", "expected a whole number")
}
