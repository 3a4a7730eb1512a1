//! How the types of the standard library, and JSON, read themselves.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Decode, Entry, Node, Reader, Value};
use crate::sorted;

impl Decode for bool {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                reader.misfit("`true` or `false`");
                false
            }
        }
    }
}

impl Decode for String {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            None => Self::new(),
            Some(Value::String(text)) => (**text).to_owned(),
            Some(_) => {
                reader.misfit("a string");
                Self::new()
            }
        }
    }
}

impl Decode for f64 {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            None => 0.0,
            Some(Value::Float(value)) => *value,
            // What a manifest writes as a percentage or a weight is far from where this loses anything.
            #[allow(clippy::cast_precision_loss)]
            Some(Value::Int(value)) => *value as f64,
            Some(_) => {
                reader.misfit("a number");
                0.0
            }
        }
    }
}

macro_rules! integers {
    ($($type:ident: $max:expr, $expected:literal;)*) => {
        $(impl Decode for $type {
            fn decode(reader: &Reader<'_>) -> Self {
                Self::try_from(reader.integer(0, $max, $expected)).unwrap_or_default()
            }
        })*
    };
}

integers! {
    u16: i64::from(u16::MAX), "a number from 0 to 65535";
    u32: i64::from(u32::MAX), "a whole number from 0 up";
    u64: i64::MAX, "a whole number from 0 up";
    usize: i64::from(u32::MAX), "a whole number from 0 up";
}

impl Decode for i32 {
    fn decode(reader: &Reader<'_>) -> Self {
        let (min, max) = (i64::from(i32::MIN), i64::from(i32::MAX));
        Self::try_from(reader.integer(min, max, "a whole number")).unwrap_or_default()
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            None | Some(Value::Null) => None,
            Some(_) => Some(T::decode(reader)),
        }
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(reader: &Reader<'_>) -> Self {
        Self::new(T::decode(reader))
    }
}

impl<T: Decode> Decode for Arc<T> {
    fn decode(reader: &Reader<'_>) -> Self {
        Self::new(T::decode(reader))
    }
}

impl Decode for Arc<str> {
    fn decode(reader: &Reader<'_>) -> Self {
        String::decode(reader).into()
    }
}

impl<T: Decode> Decode for Arc<[T]> {
    fn decode(reader: &Reader<'_>) -> Self {
        Vec::decode(reader).into()
    }
}

impl Decode for Cow<'static, str> {
    fn decode(reader: &Reader<'_>) -> Self {
        Self::Owned(String::decode(reader))
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(reader: &Reader<'_>) -> Self {
        let items = reader.items();
        let mut decoded = Self::with_capacity(items.len());
        for item in items {
            decoded.push(T::decode(&item));
        }
        decoded
    }
}

impl<T: Decode + Ord> Decode for sorted::Set<T> {
    fn decode(reader: &Reader<'_>) -> Self {
        reader.items().map(|item| T::decode(&item)).collect()
    }
}

/// A type that keys of a mapping can have.
pub(crate) trait Key: Ord + Sized {
    /// Reads a key; else what it should be.
    fn read(key: &str) -> Result<Self, &'static str>;
}

impl Key for String {
    fn read(key: &str) -> Result<Self, &'static str> {
        Ok(key.to_owned())
    }
}

impl Key for Cow<'static, str> {
    fn read(key: &str) -> Result<Self, &'static str> {
        Ok(Self::Owned(key.to_owned()))
    }
}

impl<K: Key, V: Decode> Decode for sorted::Map<K, V> {
    fn decode(reader: &Reader<'_>) -> Self {
        let mut decoded = Self::new();
        for (key, value) in reader.entries() {
            match K::read(key) {
                Ok(key) => drop(decoded.insert(key, V::decode(&value))),
                Err(expected) => reader.note(format!("expected {expected}, found `{key}`")),
            }
        }
        decoded
    }
}

impl Decode for serde_json::Value {
    fn decode(reader: &Reader<'_>) -> Self {
        reader.node.map(json).unwrap_or_default()
    }
}

impl Decode for serde_json::Map<String, serde_json::Value> {
    fn decode(reader: &Reader<'_>) -> Self {
        let entries = reader.entries();
        entries
            .map(|(key, value)| (key.to_owned(), Decode::decode(&value)))
            .collect()
    }
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => (**text).into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let pair = |entry: &Entry| (entry.key.as_ref().into(), json(&entry.value));
            serde_json::Value::Object(entries.iter().map(pair).collect())
        }
    }
}
