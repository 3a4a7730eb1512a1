//! What a visitor downloads, and the limit of what may become of it.

use std::path::{Path, PathBuf};

use super::compress::twin;
use crate::error::{At, Error, Result};
use crate::paths;

/// The page's and the engine's wasm together, as browsers get it (brotli), with std compiled for size: what has to
/// arrive before the first verdict.
const WASM_LIMIT: u64 = 600_000;

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

/// Fails if the wasm of a built page is over the limit.
pub(super) fn check(dist: &Path) -> Result {
    let mut wasm = 0;
    for file in plain_files(dist)? {
        if file.extension().is_some_and(|found| found == "wasm") {
            wasm += length(&twin(&file, "br"))?;
        }
    }
    within_limit(wasm)
}

fn within_limit(wasm: u64) -> Result {
    if wasm <= WASM_LIMIT {
        return Ok(());
    }
    Err(Error::Check(format!(
        "the page's wasm is {wasm} bytes compressed, more than the {WASM_LIMIT} that it may have"
    )))
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
    fn the_limit_itself_is_allowed() {
        assert!(within_limit(WASM_LIMIT).is_ok());
        assert!(within_limit(WASM_LIMIT + 1).is_err());
    }
}
