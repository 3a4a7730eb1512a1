//! Compresses once, at build time, what the server would else compress at each request.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{At, Result};
use crate::paths;

/// Writes `.br` and `.gz` beside every file of a folder. What was once compressed is kept: the editor takes
/// ten seconds and seldom changes.
pub(super) fn folder(folder: &Path) -> Result {
    let kept = paths::target().join("xtask/compressed");
    std::fs::create_dir_all(&kept).at(&kept)?;
    for file in paths::files(folder, &[]).at(folder)? {
        let plain = std::fs::read(&file).at(&file)?;
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let kept = kept.join(format!("{:016x}", hasher.finish()));
        for (encoding, compress) in ENCODINGS {
            let kept = twin(&kept, encoding);
            if !kept.exists() {
                std::fs::write(&kept, compress(&plain).at(&file)?).at(&kept)?;
            }
            std::fs::copy(&kept, twin(&file, encoding)).at(&kept)?;
        }
    }
    Ok(())
}

type Compress = fn(&[u8]) -> std::io::Result<Vec<u8>>;

const ENCODINGS: [(&str, Compress); 2] = [("br", brotli), ("gz", gzip)];

/// `main.js` and `br` to `main.js.br`.
pub(super) fn twin(file: &Path, encoding: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(encoding);
    name.into()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    const BUFFER: usize = 64 * 1024;
    // The slowest; it saves 9 % of the editor over the one before the last.
    const QUALITY: u32 = 11;
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
