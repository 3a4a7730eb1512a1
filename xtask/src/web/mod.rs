//! The page: Rust to wasm, wasm to JavaScript modules, modules to `web/dist`.
//!
//! Each step is skipped when nothing that it reads has changed.

mod bindgen;
mod bundle;
mod compress;
mod npm;
mod parts;
mod reference;
mod size;
mod tables;

use std::path::PathBuf;

use crate::error::Result;
use crate::paths;
use crate::stamp::Stamp;
use crate::toolchain::{self, Toolchain};
use crate::{cmd, progress};

/// The library that is the page, and the engine in its worker.
const LIBRARY: &str = "ambient_web";

/// Builds `web/dist`.
pub(crate) fn build() -> Result {
    let toolchain = Toolchain::find()?;
    progress(&format!("wasm is built by {}", toolchain.why()));
    compile(toolchain)?;
    npm::install()?;
    dist()?;
    size::report(&paths::dist())
}

/// Holds the built page to its limit, if it was compiled as the limit supposes: the std that toolchains bring along is
/// compiled for speed.
pub(crate) fn check_size() -> Result {
    match Toolchain::find()? {
        Toolchain::Debian => size::check(&paths::dist()),
        Toolchain::InUse => {
            progress("not held to its limit: its std is the toolchain's own");
            Ok(())
        }
    }
}

/// Rust to wasm, and wasm to the modules in [`bindgen::folder`].
fn compile(toolchain: Toolchain) -> Result {
    let root = paths::root();
    // The whole folders, not only src: the engine and the page include documents and examples at compile time.
    let inputs = [
        "Cargo.toml",
        "Cargo.lock",
        "core",
        "examples",
        "web/Cargo.toml",
        "web/src",
        "web/js",
        "xtask/src/toolchain.rs",
        "xtask/src/web",
    ];
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| root.join(input)).collect();
    let outputs = [bindgen::folder().join(format!("{LIBRARY}.js"))];
    let stamp = Stamp::new("wasm", &inputs, &[&toolchain.version(), bindgen::VERSION])?;
    stamp.run(&outputs, || {
        progress("cargo build for wasm32");
        cmd::run(&mut toolchain.build(&["--profile", "wasm", "-p", "ambient-web"]))?;
        progress("wasm-bindgen");
        let built = toolchain::target_dir().join(toolchain::TARGET).join("wasm");
        bindgen::generate(&built.join(format!("{LIBRARY}.wasm")))?;
        parts::write(&bindgen::folder().join(format!("{LIBRARY}_bg.wasm")))
    })
}

/// Modules, styles, the page itself and its reference to `web/dist`, each with its compressed twins.
fn dist() -> Result {
    // Before the inputs are looked at, as one of them.
    tables::write(&bindgen::folder())?;
    let web = paths::web();
    let inputs = [
        bindgen::folder(),
        web.join("js"),
        web.join("index.html"),
        web.join("style"),
        paths::root().join("xtask/src/web"),
        // What the reference is made of.
        paths::root().join("core/lints"),
        paths::root().join("core/BEHAVIOR.md"),
        paths::root().join("core/FEATURES.md"),
        paths::root().join("core/FIELDS.md"),
    ];
    let outputs = ["index.html", "main.js", "worker.js"].map(|file| paths::dist().join(file));
    Stamp::new("dist", &inputs, &[])?.run(&outputs, || {
        progress("esbuild");
        bundle::bundle()?;
        reference::write(&paths::dist().join("reference"))?;
        progress("compressing");
        compress::folder(&paths::dist())
    })
}
