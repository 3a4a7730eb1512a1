//! What a visitor downloads, and the limit of what may become of it.

use std::path::{Path, PathBuf};

use super::compress::twin;
use crate::error::{At, Error, Result};
use crate::paths;

/// What has to arrive before the first verdict, as browsers get it (brotli), with std compiled for size: the page's
/// wasm, and the engine's.
const LIMITS: [(&str, u64); 2] = [("app_bg", 220_000), ("worker_bg", 600_000)];

/// Prints the sizes of a built page.
pub(super) fn report(dist: &Path) -> Result {
    println!("{:>12} {:>10} {:>10}  web/dist", "bytes", "gz", "br");
    for file in plain_files(dist)? {
        let name = file.strip_prefix(dist).unwrap_or(&file).display();
        let (gz, br) = (length(&twin(&file, "gz"))?, length(&twin(&file, "br"))?);
        println!("{:>12} {gz:>10} {br:>10}  {name}", length(&file)?);
    }
    Ok(())
}

/// Fails if the wasm of a built page is over its limits.
pub(super) fn check(dist: &Path) -> Result {
    for file in plain_files(dist)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".wasm") {
            within_limit(&name, length(&twin(&file, "br"))?)?;
        }
    }
    Ok(())
}

fn within_limit(name: &str, size: u64) -> Result {
    let limit = LIMITS.iter().find(|(prefix, _)| name.starts_with(prefix));
    match limit {
        Some((_, limit)) if size <= *limit => Ok(()),
        Some((_, limit)) => Err(Error::Check(format!(
            "{name} is {size} bytes compressed, more than the {limit} that it may have"
        ))),
        None => Err(Error::Check(format!("{name} has no limit"))),
    }
}

fn plain_files(dist: &Path) -> Result<Vec<PathBuf>> {
    let mut files = paths::files(dist, &[]).at(dist)?;
    files.retain(|file| file.extension().is_none_or(|e| e != "br" && e != "gz"));
    Ok(files)
}

fn length(file: &Path) -> Result<u64> {
    std::fs::metadata(file).at(file).map(|data| data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_every_wasm_has_one() {
        for (name, limit) in LIMITS {
            let file = format!("{name}-HASH.wasm");
            assert!(within_limit(&file, limit).is_ok());
            assert!(within_limit(&file, limit + 1).is_err());
        }
        assert!(within_limit("other.wasm", 1).is_err());
    }
}
