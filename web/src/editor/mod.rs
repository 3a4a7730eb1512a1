//! The editor: Monaco once it is loaded, a plain text area until then.

pub(crate) mod markers;
pub(crate) mod monaco;
