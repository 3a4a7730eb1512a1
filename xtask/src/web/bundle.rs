//! esbuild: the entries of `web/js` and what they import to `web/dist`, then the files that need no bundling.

use std::path::Path;

use crate::error::{At, Result};
use crate::{cmd, paths};

/// What a page or a worker starts by its name, in two bundles: the first leaves the import of the editor to the
/// browser, so that a page without its editor is small. One bundle split into chunks would do that too, but repeats
/// the editor's styles for every module that is imported late.
const PAGE: [&str; 2] = ["main.js", "worker.js"];
const EDITOR: [&str; 2] = ["monaco.js", "editor.worker.js"];

/// Makes `web/dist` anew, so that no file of an older build stays.
pub(super) fn bundle() -> Result {
    let (web, dist) = (paths::web(), paths::dist());
    if dist.exists() {
        std::fs::remove_dir_all(&dist).at(&dist)?;
    }
    esbuild(&PAGE, &["--external:*/monaco.js"])?;
    esbuild(&EDITOR, &[])?;
    copy(&web.join("index.html"), &dist.join("index.html"))?;
    let style = web.join("style");
    for file in paths::files(&style, &[]).at(&style)? {
        let name = file.strip_prefix(&web).unwrap_or(&file);
        copy(&file, &dist.join(name))?;
    }
    Ok(())
}

fn esbuild(entries: &[&str], options: &[&str]) -> Result {
    let js = paths::web().join("js");
    let mut esbuild = cmd::command(js.join("node_modules/.bin/esbuild"));
    esbuild
        .args(entries.iter().map(|entry| js.join(entry)))
        .args(["--bundle", "--format=esm", "--minify", "--target=es2022"])
        .args([
            "--loader:.ttf=file",
            "--loader:.wasm=file",
            "--log-level=warning",
        ])
        // What has a hash in its name may be cached for ever.
        .args(["--entry-names=[name]", "--asset-names=[name]-[hash]"])
        .args(options)
        .arg(format!(
            "--alias:pkg={}",
            super::bindgen::folder().display()
        ))
        .arg(format!("--outdir={}", paths::dist().display()))
        // A module that Rust binds is copied beside the generated ones, away from node_modules.
        .env("NODE_PATH", js.join("node_modules"));
    cmd::run(&mut esbuild)
}

fn copy(from: &Path, to: &Path) -> Result {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    std::fs::copy(from, to).at(from).map(drop)
}
