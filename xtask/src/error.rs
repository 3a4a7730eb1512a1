//! What can stop a task. Every message says what failed, where, and, if it is known, what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything that a task does.
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;

/// Why a task stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}; see `cargo xtask help`")]
    Usage(String),
    #[error("`{command}` failed: {reason}")]
    Command { command: String, reason: String },
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{what}; {cure}")]
    Missing { what: String, cure: String },
    #[error("wasm-bindgen: {0}")]
    Bindgen(String),
    #[error("the wasm in parts: {0:#}")]
    Parts(anyhow::Error),
    #[error("{0}")]
    Check(String),
}

/// Names the file or folder in an I/O error.
pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    }
}
