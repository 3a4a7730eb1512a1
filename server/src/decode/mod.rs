//! Bytes to [`Input`]: with a place for every complaint, and without fields that nobody reads. A misspelt
//! `request:` would otherwise be an evaluation of nothing that looks like a success.

mod json;
mod position;
mod yaml;

use std::fmt;

use ambient_core::wire::Input;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use serde_path_to_error::{Path, Segment};

use crate::{format::Format, problem::Place};

/// Fields that files of examples have for their readers.
const FOR_READERS: [&str; 2] = ["title", "notice"];

/// Said of a body without content.
const EMPTY: &str = "the body is empty";

/// Said to those who post manifests as they are.
const MANIFESTS: &str = "Kubernetes manifests belong, as one text, into the field `manifests`";

/// Why bytes are no [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// They are not even JSON or YAML.
    pub syntax: bool,
    /// One sentence.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.place.line, self.place.column) {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Malformed {}

/// Reads an [`Input`].
pub fn decode(bytes: &[u8], format: Format) -> Result<Input, Malformed> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Malformed {
            syntax: true,
            message: EMPTY.to_owned(),
            place: Place::default(),
        });
    }
    match format {
        Format::Json => json::decode(bytes),
        Format::Yaml => yaml::decode(bytes),
    }
}

enum Fault<E> {
    Refused(serde_path_to_error::Error<E>),
    Unread(Vec<String>),
}

/// Reads with any parser, and keeps the paths of what was not read.
fn read<'de, D: Deserializer<'de>>(parser: D) -> Result<Input, Fault<D::Error>> {
    let mut fields = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        let path = path.to_string();
        if !FOR_READERS.contains(&path.as_str()) {
            fields.push(path);
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

fn unread(fields: &[String]) -> Malformed {
    let hint = if fields.iter().any(|field| field == "apiVersion") {
        MANIFESTS
    } else {
        "the fields are `manifests`, `settings`, `requests`"
    };
    Malformed {
        syntax: false,
        message: format!("unknown field `{}`; {hint}", fields.join("`, `")),
        place: Place {
            pointer: fields
                .first()
                .map(|field| format!("#/{}", field.replace('.', "/"))),
            ..Place::default()
        },
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
            Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    (!segments.is_empty()).then(|| format!("#/{}", segments.join("/")))
}

/// A message without its place, which has fields of its own: serde_yaml writes the path in front, and both
/// parsers the position behind.
fn bare(message: &str, path: Option<&Path>, line: usize, column: usize) -> String {
    let message = path
        .and_then(|path| message.strip_prefix(&format!("{path}: ")))
        .unwrap_or(message);
    let position = format!(" at line {line} column {column}");
    message
        .strip_suffix(&position)
        .unwrap_or(message)
        .to_owned()
}
