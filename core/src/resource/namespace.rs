//! Namespace, ServiceAccount: objects of which only the metadata matters.

use serde::Deserialize;

/// An object whose metadata says everything that is asked of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct MetadataOnly {}
