//! Which compiler builds the page for wasm32, and how it is called.
//!
//! Either the toolchain in use has the target, or Debian's `rustc-web` is installed, whose std is then built
//! from its sources. Nothing here installs anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cmd;
use crate::error::{Error, Result};

/// The target of the page.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages for [`Toolchain::Debian`].
pub(crate) const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// A panic traps at once. wasm has no other end for it than a trap, and the page says what it says of that; its message,
/// and what formats it, is 6 % of the file. Structs are moved by vector instructions, which
/// every browser has since Safari 16.4; that is a hundredth.
const DEBIAN_FLAGS: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Ctarget-feature=+simd128";

/// For the last crate, which is where all are optimised as one. By itself, LLVM puts a function that is called once into
/// its caller, and so nearly everything into a few functions with frames of kilobytes. With the functions that have a
/// frame of their own left apart, the file is larger, but what is alike in it looks alike: compressed it is a fiftieth
/// less.
const FRAMES_APART: &str = "-Cllvm-args=-inline-max-stacksize=0";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_CLIPPY: &str = "/usr/bin/cargo-clippy";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// A compiler that can build the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo in use; its toolchain has std for wasm32.
    InUse,
    /// Debian's compiler of the browsers' security updates; it has std's sources, but no std for wasm32.
    Debian,
}

/// What a machine has, apart from the choice so that the choice can be tested.
#[derive(Debug, Clone, Copy)]
struct Found {
    target_in_use: bool,
    debian: bool,
}

impl Toolchain {
    /// The first toolchain that is complete.
    pub(crate) fn find() -> Result<Toolchain> {
        let found = Found {
            target_in_use: has_core(&rustc_in_use()),
            debian: debian_is_complete(),
        };
        choose(found).ok_or_else(|| Error::Missing {
            what: format!("no Rust compiler here can build for {TARGET}"),
            cure: format!(
                "`rustup target add {TARGET}`, or on Debian `apt-get install --no-install-recommends {}`",
                DEBIAN_PACKAGES.join(" ")
            ),
        })
    }

    /// Which one it is and why, in one line.
    pub(crate) fn why(self) -> String {
        match self {
            Toolchain::InUse => format!("the toolchain in use, which has {TARGET}"),
            Toolchain::Debian => format!(
                "Debian's rustc-web with std built from source, because the toolchain in use lacks {TARGET}"
            ),
        }
    }

    /// The version of the compiler, for stamps.
    pub(crate) fn version(self) -> String {
        let rustc = match self {
            Toolchain::InUse => rustc_in_use(),
            Toolchain::Debian => DEBIAN_RUSTC.into(),
        };
        cmd::probe(cmd::command(rustc).arg("--version")).unwrap_or_default()
    }

    /// `cargo rustc` for wasm32: builds a library of the workspace and what it needs.
    pub(crate) fn build(self, options: &[&str]) -> Command {
        let mut cargo = match self {
            Toolchain::InUse => cmd::cargo(),
            Toolchain::Debian => cmd::command(DEBIAN_CARGO),
        };
        cargo.arg("rustc");
        let mut cargo = self.for_wasm(cargo);
        cargo.args(options).args(["--lib", "--", FRAMES_APART]);
        cargo
    }

    /// `cargo clippy` for wasm32.
    pub(crate) fn clippy(self) -> Command {
        let mut clippy = match self {
            Toolchain::InUse => cmd::cargo(),
            // Not through `cargo clippy`: cargo prefers what is in its home, which is another version's.
            Toolchain::Debian => cmd::command(DEBIAN_CLIPPY),
        };
        clippy.arg("clippy");
        self.for_wasm(clippy)
    }

    /// It has a target folder of its own: two compilers that share one rebuild each other's artefacts.
    fn for_wasm(self, mut cargo: Command) -> Command {
        cargo
            .args(["--locked", "--target", TARGET, "--target-dir"])
            .arg(target_dir());
        if self == Toolchain::Debian {
            cargo
                .arg("-Zbuild-std=std,panic_abort")
                // Sorting alone, compiled for each type, is a tenth of the engine without it.
                .arg("-Zbuild-std-features=optimize_for_size")
                .env("RUSTFLAGS", DEBIAN_FLAGS)
                // -Zbuild-std is not stable, and Debian's compiler is not a nightly.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO", DEBIAN_CARGO)
                .env("RUSTC", DEBIAN_RUSTC)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        }
        cargo
    }
}

/// Where wasm is compiled to.
pub(crate) fn target_dir() -> PathBuf {
    crate::paths::target().join("wasm-build")
}

fn choose(found: Found) -> Option<Toolchain> {
    match found {
        Found {
            target_in_use: true,
            ..
        } => Some(Toolchain::InUse),
        Found { debian: true, .. } => Some(Toolchain::Debian),
        _ => None,
    }
}

fn rustc_in_use() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

/// rustc names the folder of a target whether it is installed or not; only the library in it tells.
fn has_core(rustc: &Path) -> bool {
    let query = ["--print", "target-libdir", "--target", TARGET];
    let Some(libdir) = cmd::probe(cmd::command(rustc).args(query)) else {
        return false;
    };
    std::fs::read_dir(libdir).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

fn debian_is_complete() -> bool {
    let sources = cmd::probe(cmd::command(DEBIAN_RUSTC).args(["--print", "sysroot"]))
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std"));
    sources.is_some_and(|std| std.exists())
        && [DEBIAN_CARGO, DEBIAN_LINKER]
            .iter()
            .all(|file| Path::new(file).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolchain_in_use_comes_first_then_debians() {
        for (target_in_use, debian, expected) in [
            (true, true, Some(Toolchain::InUse)),
            (true, false, Some(Toolchain::InUse)),
            (false, true, Some(Toolchain::Debian)),
            (false, false, None),
        ] {
            assert_eq!(
                choose(Found {
                    target_in_use,
                    debian
                }),
                expected
            );
        }
    }

    #[test]
    fn only_debians_compiler_builds_std() {
        let builds_std = |toolchain: Toolchain| {
            let cargo = toolchain.build(&[]);
            cargo
                .get_args()
                .any(|arg| arg.to_string_lossy().contains("build-std"))
        };
        assert!(builds_std(Toolchain::Debian));
        assert!(!builds_std(Toolchain::InUse));
    }
}
