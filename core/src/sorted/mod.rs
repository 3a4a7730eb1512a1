//! Maps and sets with the interface of the standard library's trees, at a fraction of their size.
//!
//! `BTreeMap` is compiled anew for each pair of key and value, each time some 4 kB: with the engine's hundred pairs, a
//! fifth of the page. These keep their keys, and apart from them their values, in sorted blocks: a tree of two levels.
//! What finds a place is compiled once for a type of keys, what moves items once for a type.

mod blocks;
mod map;
mod set;

pub use blocks::{IntoItems, Items, ItemsMut};
pub use map::{Entry, Map};
pub use set::Set;
