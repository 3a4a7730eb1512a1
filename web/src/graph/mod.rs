//! The attachment graph on the page: what of it is drawn, where that stands, and how it looks.

mod layers;
pub(crate) mod layout;
pub(crate) mod scope;
pub(crate) mod svg;
