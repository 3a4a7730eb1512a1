//! The wasm in parts: what the first verdict needs, and what is fetched when it is first called.
//!
//! A part has one entry. In the first file a function of a few instructions stands for it, which asks the page's
//! JavaScript for the part if nobody has yet, and calls it through the function table, where the part puts its entry when
//! it is instantiated. Nothing else changes: who calls an entry does not know of parts, and a part works on the memory of
//! the page. `web/js/worker.js` is the other side.

mod names;
mod order;
mod split;

use std::path::Path;

use crate::error::{At, Error, Result};

/// A part of the wasm that has a file of its own.
struct Part {
    /// The file's name, without its ending.
    name: &'static str,
    /// The path of the function that the rest calls. It must not be inlined.
    entry: &'static str,
}

/// What the first verdict does not need.
const PARTS: [Part; 3] = [
    // What panels show. It runs in a worker of its own, which starts with the first panel.
    Part {
        name: "reports",
        entry: "report",
    },
    // The compiler of regular expressions: only routes that match by them need it.
    Part {
        name: "patterns",
        entry: "ambient_core::matcher::pattern::compile",
    },
    // The arithmetic of signatures: only requests with a real token need it.
    Part {
        name: "tokens",
        entry: "ambient_core::authz::jwt::signature::confirms",
    },
];

/// The function of JavaScript that fetches a part, by its place in the list of [`write`].
const LOAD: &str = "loadPart";

/// Whether a file of the built page is a part, by its name, which has a hash in it.
pub(super) fn is_part(file: &str) -> bool {
    let stem = file.split('-').next();
    PARTS.iter().any(|part| stem == Some(part.name))
}

/// Replaces a wasm by the file of what is always needed, writes those of its parts beside it, and a module, `parts.js`,
/// that has their addresses in order.
pub(super) fn write(wasm: &Path) -> Result {
    let whole = std::fs::read(wasm).at(wasm)?;
    let put = |path: &Path, file: anyhow::Result<Vec<u8>>| {
        let ordered = file.and_then(|file| order::alike_together(&file));
        std::fs::write(path, ordered.map_err(Error::Parts)?).at(path)
    };
    let mut script = String::new();
    for (number, Part { name, .. }) in PARTS.iter().enumerate() {
        let path = wasm.with_file_name(format!("{name}.wasm"));
        put(&path, split::part(&whole, &PARTS, number))?;
        script.push_str(&format!("import {name} from \"./{name}.wasm\";\n"));
    }
    put(wasm, split::first(&whole, &PARTS))?;
    let names = PARTS.map(|part| part.name).join(", ");
    script.push_str(&format!("export const parts = [{names}];\n"));
    let path = wasm.with_file_name("parts.js");
    std::fs::write(&path, script).at(&path)
}
