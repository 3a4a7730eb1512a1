//! Fields that the API has and no rule here reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of any shape that is read past. `IgnoredAny` would not do: what is decoded into that counts as a field that
/// the type does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotModelled;

impl<'de> Deserialize<'de> for NotModelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = NotModelled;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_i64<E>(self, _: i64) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_u64<E>(self, _: u64) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_f64<E>(self, _: f64) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_str<E>(self, _: &str) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_unit<E>(self) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_none<E>(self) -> Result<NotModelled, E> {
        Ok(NotModelled)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NotModelled, D::Error> {
        NotModelled::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NotModelled, A::Error> {
        while items.next_element::<NotModelled>()?.is_some() {}
        Ok(NotModelled)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<NotModelled, A::Error> {
        while entries.next_entry::<String, NotModelled>()?.is_some() {}
        Ok(NotModelled)
    }
}
