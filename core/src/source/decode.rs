//! Values → types: a `serde::Deserializer` over [`Node`], with the path of what does not fit and of what no type asks
//! for. Messages are plain words: what was expected, what was found.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Unexpected, Visitor};

use super::FieldPath;
use super::node::{Entry, Node, Value};

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// The field.
    pub(crate) path: FieldPath,
    /// What was expected, what was found.
    pub(crate) message: String,
}

/// Decodes a value. Paths of fields that the type does not know are pushed to `unknown`.
pub(crate) fn decode<T: DeserializeOwned>(
    node: &Node,
    unknown: &mut Vec<FieldPath>,
) -> Result<T, DecodeError> {
    let found = RefCell::new(Vec::new());
    let reader = Reader {
        node,
        place: &Place::Root,
        unknown: &found,
    };
    let result = T::deserialize(reader);
    unknown.append(&mut found.into_inner());
    result.map_err(|error| {
        let (message, path) = *error.0;
        DecodeError {
            path: path.unwrap_or_default(),
            message,
        }
    })
}

/// Where a value stands; it lives on the stack, and becomes a path only if there is something to say.
enum Place<'p> {
    Root,
    Key(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn path(&self) -> FieldPath {
        match self {
            Place::Root => FieldPath::new(),
            Place::Key(parent, key) => parent.path().key(*key),
            Place::Index(parent, index) => parent.path().index(*index),
        }
    }
}

/// A message, and the path once the error leaves the value that it is about. Boxed: every field of every type returns
/// it, mostly not.
#[derive(Debug)]
struct Error(Box<(String, Option<FieldPath>)>);

impl Error {
    fn new(message: String) -> Self {
        Self(Box::new((message, None)))
    }

    /// Only the innermost place is kept.
    fn at(mut self, place: &Place<'_>) -> Self {
        self.0.1.get_or_insert_with(|| place.path());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!(
            "expected {}, found {}",
            plain(&expected.to_string()),
            describe(&found)
        ))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let known: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        Self::new(format!("`{variant}` is none of {}", known.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is missing"))
    }
}

/// What serde calls a type, in the words of a manifest.
fn plain(expected: &str) -> String {
    match expected {
        "u16" => "a number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number from 0 up".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("enum ") => {
            "a mapping".to_owned()
        }
        other => other.to_owned(),
    }
}

fn describe(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}` (quote it if a string is meant)"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => format!("the string `{text}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// A value to decode. There is one deserializer, not one wrapped into others that track paths and unknown fields:
/// serde compiles every type once for each deserializer it meets, and all of that is in the page.
#[derive(Clone, Copy)]
struct Reader<'de, 'p> {
    node: &'de Node,
    place: &'p Place<'p>,
    unknown: &'p RefCell<Vec<FieldPath>>,
}

/// Methods that do what another does.
macro_rules! forward {
    ($($to:ident: $($method:ident)+;)+) => {
        $($(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                self.$to(visitor)
            }
        )+)+
    };
}

/// Each method offers the visitor only what its type can take, and leaves the complaint about everything else to one
/// function: through `deserialize_any`, every type of the page would be compiled once for each sort of value.
impl<'de> de::Deserializer<'de> for Reader<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Int(value) => visitor.visit_i64(value),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Float(value) => visitor.visit_f64(value),
            Value::Int(value) => visitor.visit_i64(value),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(List {
                reader: self,
                items: items.iter().enumerate(),
            }),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(self.map(entries, false)),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(self.map(entries, true)),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::String(name) => visitor.visit_enum(StrDeserializer::new(name)),
            Value::Map(entries) if entries.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(self.map(entries, true)))
            }
            _ => Err(self.misfit(&visitor)),
        }
    }

    /// What serde asks for where a type has no such field.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.unknown.borrow_mut().push(self.place.path());
        visitor.visit_unit()
    }

    forward! {
        deserialize_i64: deserialize_i8 deserialize_i16 deserialize_i32
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        deserialize_f64: deserialize_f32;
        deserialize_str: deserialize_string deserialize_identifier;
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

impl<'de, 'p> Reader<'de, 'p> {
    fn map(self, entries: &'de [Entry], of_struct: bool) -> Map<'de, 'p> {
        Map {
            reader: self,
            entries: entries.iter(),
            of_struct,
            current: None,
        }
    }

    fn read<T: DeserializeSeed<'de>>(
        self,
        seed: T,
        node: &'de Node,
        place: &Place<'_>,
    ) -> Result<T::Value, Error> {
        let reader = Reader {
            node,
            place,
            unknown: self.unknown,
        };
        seed.deserialize(reader).map_err(|error| error.at(place))
    }

    /// The complaint about a value of another sort than its type takes.
    fn misfit(&self, expected: &dyn de::Expected) -> Error {
        let found = match &self.node.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Int(value) => Unexpected::Signed(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::String(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Map(_) => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
    }
}

/// The items of a list.
struct List<'de, 'p> {
    reader: Reader<'de, 'p>,
    items: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> de::SeqAccess<'de> for List<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        let place = Place::Index(self.reader.place, index);
        self.reader.read(seed, item, &place).map(Some)
    }
}

/// The entries of a mapping; the reader has left one of each key.
struct Map<'de, 'p> {
    reader: Reader<'de, 'p>,
    entries: std::slice::Iter<'de, Entry>,
    of_struct: bool,
    current: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Map<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        // A field that is `null` counts as absent, as it does for the API server.
        let of_struct = self.of_struct;
        self.current = self
            .entries
            .find(|entry| !(of_struct && matches!(entry.value.value, Value::Null)));
        match self.current {
            Some(entry) => seed
                .deserialize(BorrowedStrDeserializer::new(&entry.key))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let entry = self.current.take();
        let entry =
            entry.ok_or_else(|| de::Error::custom("a value is asked for before its key"))?;
        let place = Place::Key(self.reader.place, &entry.key);
        self.reader.read(seed, &entry.value, &place)
    }
}
