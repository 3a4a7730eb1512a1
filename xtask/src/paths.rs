//! Where things are, from the root of the workspace.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The page's sources.
pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// The built page.
pub(crate) fn dist() -> PathBuf {
    web().join("dist")
}

/// Cargo's folder for native builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Every file below a folder (or the file itself), sorted; folders named in `skip` are left out.
pub(crate) fn files(at: &Path, skip: &[&str]) -> std::io::Result<Vec<PathBuf>> {
    if at.is_file() {
        return Ok(vec![at.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(at)? {
        let entry = entry?;
        if !skip.iter().any(|name| entry.file_name() == *name) {
            found.extend(files(&entry.path(), skip)?);
        }
    }
    found.sort();
    Ok(found)
}
