//! A place in the input: a document and a field of it.

use super::{DocumentId, FieldPath};

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin {
    /// The document.
    pub(crate) document: DocumentId,
    /// The field; empty: the whole document.
    pub(crate) path: FieldPath,
}
