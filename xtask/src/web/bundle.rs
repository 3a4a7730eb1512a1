//! esbuild: the entries of `web/js` and what they import to `web/dist`, then the files that need no bundling.

use std::path::Path;

use crate::error::{At, Result};
use crate::{cmd, paths};

/// What a page or a worker starts by its name. `monaco.js` is one although `main.js` imports it: its stylesheet
/// gets a name that it can ask for only as an entry.
const ENTRIES: [&str; 4] = ["main.js", "worker.js", "editor.worker.js", "monaco.js"];

/// Makes `web/dist` anew, so that no file of an older build stays.
pub(super) fn bundle() -> Result {
    let (web, dist) = (paths::web(), paths::dist());
    if dist.exists() {
        std::fs::remove_dir_all(&dist).at(&dist)?;
    }
    let js = web.join("js");
    let mut esbuild = cmd::command(js.join("node_modules/.bin/esbuild"));
    esbuild
        .args(ENTRIES.map(|entry| js.join(entry)))
        .args([
            "--bundle",
            "--splitting",
            "--format=esm",
            "--minify",
            "--target=es2022",
        ])
        .args([
            "--loader:.ttf=file",
            "--loader:.wasm=file",
            "--log-level=warning",
        ])
        .args([
            "--entry-names=[name]",
            "--asset-names=[name]-[hash]",
            "--chunk-names=[name]-[hash]",
        ])
        .arg(format!(
            "--alias:pkg={}",
            super::bindgen::folder().display()
        ))
        .arg(format!("--outdir={}", dist.display()))
        // A module that Rust binds is copied beside the generated ones, away from node_modules.
        .env("NODE_PATH", js.join("node_modules"));
    cmd::run(&mut esbuild)?;
    copy(&web.join("index.html"), &dist.join("index.html"))?;
    let style = web.join("style");
    for file in paths::files(&style, &[]).at(&style)? {
        let name = file.strip_prefix(&web).unwrap_or(&file);
        copy(&file, &dist.join(name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    std::fs::copy(from, to).at(from).map(drop)
}
