//! The packages of `web/js/package-lock.json`: the editor, the bundler, the driver of the browser tests.

use crate::error::Result;
use crate::stamp::Stamp;
use crate::{cmd, paths, progress};

/// `npm ci`, if the lock file is not the one that was last installed.
pub(super) fn install() -> Result {
    let js = paths::web().join("js");
    let inputs = ["package.json", "package-lock.json"].map(|file| js.join(file));
    Stamp::new("npm", &inputs, &[])?.run(&[js.join("node_modules")], || {
        progress("npm ci");
        // No package needs its install script; the bundler is called as the program that it is.
        let quiet = [
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ];
        cmd::run(cmd::command("npm").args(quiet).current_dir(&js))
    })
}
