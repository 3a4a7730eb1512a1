//! Compresses once, at build time, what the server would else compress at each request.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{At, Result};
use crate::paths;

/// Writes `.br` and `.gz` beside every file of a folder.
pub(super) fn folder(folder: &Path) -> Result {
    for file in paths::files(folder, &[]).at(folder)? {
        let plain = std::fs::read(&file).at(&file)?;
        let (br, gz) = (twin(&file, "br"), twin(&file, "gz"));
        std::fs::write(&br, brotli(&plain).at(&file)?).at(&br)?;
        std::fs::write(&gz, gzip(&plain).at(&file)?).at(&gz)?;
    }
    Ok(())
}

/// `main.js` and `br` to `main.js.br`.
pub(super) fn twin(file: &Path, encoding: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(encoding);
    name.into()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    const BUFFER: usize = 64 * 1024;
    // 11 saves 2 % of the editor and takes ten times as long.
    const QUALITY: u32 = 9;
    const WINDOW: u32 = 22;
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain)?;
    writer.finish()
}
