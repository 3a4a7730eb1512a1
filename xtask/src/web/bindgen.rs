//! wasm-bindgen as a library: the version is pinned by Cargo.lock, and there is no tool to install.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::error::{Error, Result};
use crate::paths;

/// The version of the generated glue, for stamps; the same as in Cargo.toml.
pub(super) const VERSION: &str = "wasm-bindgen 0.2.130";

/// Where the generated modules are; JavaScript imports them as `pkg/…`.
pub(super) fn folder() -> PathBuf {
    paths::target().join("wasm-pkg")
}

/// Writes `<name>.js` and `<name>_bg.wasm` for a compiled library.
pub(super) fn generate(wasm: &Path) -> Result {
    let mut bindgen = Bindgen::new();
    let made = bindgen
        .input_path(wasm)
        .typescript(false)
        .remove_producers_section(true)
        // The bundler gives the wasm a hashed name, so main.js and worker.js say where it is.
        .omit_default_module_path(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder()));
    made.map_err(|error| Error::Bindgen(format!("{error:#}")))
}
