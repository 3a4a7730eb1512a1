//! Fields that the API has and no rule here reads.

use crate::decode::{Decode, Reader};

/// A value of any shape that is read past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotModelled;

impl Decode for NotModelled {
    fn decode(_: &Reader<'_>) -> Self {
        Self
    }
}
