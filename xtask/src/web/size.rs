//! What a visitor downloads, and the limits of what may become of it.

use std::path::{Path, PathBuf};

use super::compress::twin;
use super::parts;
use crate::error::{At, Error, Result};
use crate::paths;

/// A limit on what some files of the built page come to, compressed.
struct Limit {
    /// What it is a limit of, for people.
    what: &'static str,
    /// Whether a file counts, by its name within the page's folder.
    counts: fn(&str) -> bool,
    /// How the files are compressed.
    encoding: &'static str,
    /// Bytes that they may have together.
    most: u64,
}

const LIMITS: [Limit; 3] = [
    // Page and engine, without the editor, as gzip has them: what every server and every proxy can send.
    Limit {
        what: "the wasm that the first verdict needs",
        counts: is_first_wasm,
        encoding: "gz",
        most: 500_000,
    },
    // With the parts that are fetched after it.
    Limit {
        what: "all wasm",
        counts: is_wasm,
        encoding: "gz",
        most: 670_000,
    },
    // As browsers get it. The editor is loaded beside it, and no verdict waits for the editor.
    Limit {
        what: "what is loaded before the first verdict",
        counts: is_before_first_verdict,
        encoding: "br",
        most: 600_000,
    },
];

fn is_wasm(name: &str) -> bool {
    name.ends_with(".wasm")
}

fn is_first_wasm(name: &str) -> bool {
    is_wasm(name) && !parts::is_part(name)
}

fn is_before_first_verdict(name: &str) -> bool {
    let page = ["index.html", "main.js", "worker.js"];
    page.contains(&name) || name.starts_with("style/") || is_first_wasm(name)
}

/// Prints the sizes of a built page.
pub(super) fn report(dist: &Path) -> Result {
    println!("{:>12} {:>10} {:>10}  web/dist", "bytes", "gz", "br");
    for file in plain_files(dist)? {
        let (gz, br) = (length(&twin(&file, "gz"))?, length(&twin(&file, "br"))?);
        let name = name(dist, &file);
        println!("{:>12} {gz:>10} {br:>10}  {name}", length(&file)?);
    }
    for limit in LIMITS {
        let Limit {
            what,
            encoding,
            most,
            ..
        } = limit;
        let size = limit.size(dist)?;
        println!("{what}: {size} bytes as {encoding}, of {most} at most");
    }
    Ok(())
}

/// Fails if a built page is over a limit.
pub(super) fn check(dist: &Path) -> Result {
    LIMITS
        .iter()
        .try_for_each(|limit| limit.hold(limit.size(dist)?))
}

impl Limit {
    fn size(&self, dist: &Path) -> Result<u64> {
        let files = plain_files(dist)?;
        let counted = files.iter().filter(|file| (self.counts)(&name(dist, file)));
        counted.map(|file| length(&twin(file, self.encoding))).sum()
    }

    /// Nothing at all is no page that is small: then the limit looks for files that have other names now.
    fn hold(&self, size: u64) -> Result {
        let Self { what, most, .. } = self;
        match size {
            0 => Err(Error::Check(format!("{what} is not there"))),
            size if size <= *most => Ok(()),
            size => Err(Error::Check(format!(
                "{what} has {size} bytes as {}, more than the {most} that it may have",
                self.encoding
            ))),
        }
    }
}

fn name(dist: &Path, file: &Path) -> String {
    let name = file.strip_prefix(dist).unwrap_or(file);
    name.to_string_lossy().replace('\\', "/")
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
    fn a_limit_itself_is_allowed_and_nothing_at_all_is_not() {
        for limit in LIMITS {
            assert!(limit.hold(limit.most).is_ok());
            assert!(limit.hold(limit.most + 1).is_err());
            assert!(limit.hold(0).is_err());
        }
    }

    #[test]
    fn all_wasm_counts_and_no_verdict_waits_for_the_editor_or_a_part() {
        let (wasm, first) = (is_wasm, is_before_first_verdict);
        for (file, counts) in [
            ("ambient_web_bg-HASH.wasm", (true, true)),
            ("another_bg-HASH.wasm", (true, true)),
            ("reports-HASH.wasm", (true, false)),
            ("index.html", (false, true)),
            ("main.js", (false, true)),
            ("worker.js", (false, true)),
            ("style/page.css", (false, true)),
            ("editor.worker.js", (false, false)),
            ("monaco.js", (false, false)),
            ("monaco.css", (false, false)),
            ("codicon-HASH.ttf", (false, false)),
        ] {
            assert_eq!((wasm(file), first(file)), counts, "{file}");
        }
    }

    #[test]
    fn a_size_is_the_sum_of_the_compressed_twins_that_count() {
        let dist = std::env::temp_dir().join(format!("page-size-{}", std::process::id()));
        std::fs::create_dir_all(&dist).unwrap();
        for (file, bytes) in [
            ("a.wasm", 9),
            ("a.wasm.gz", 3),
            ("a.wasm.br", 2),
            ("tokens-HASH.wasm", 9),
            ("tokens-HASH.wasm.gz", 6),
            ("b.wasm", 9),
            ("b.wasm.gz", 4),
            ("monaco.js", 9),
            ("monaco.js.gz", 5),
        ] {
            std::fs::write(dist.join(file), vec![0; bytes]).unwrap();
        }
        let [first, all, _] = LIMITS;
        let sizes = [first, all].map(|limit| limit.size(&dist).unwrap());
        std::fs::remove_dir_all(&dist).unwrap();
        assert_eq!(sizes, [3 + 4, 3 + 4 + 6]);
    }
}
