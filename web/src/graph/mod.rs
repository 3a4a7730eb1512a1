//! The attachment graph on the page: where its nodes stand, and how it is drawn.

pub(crate) mod layout;
pub(crate) mod svg;
