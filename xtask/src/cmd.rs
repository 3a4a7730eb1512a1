//! Starting other programs: inherits the terminal, never reads stdin, and turns a failure into an [`Error`]
//! that names the command.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// A command at the root of the workspace, so that relative paths mean the same from any folder.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(crate::paths::root())
        .stdin(Stdio::null());
    command
}

/// The cargo that started xtask.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end; output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|e| failed(command, e))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(command, status))
    }
}

/// Runs to the end and returns what was written to stdout; `None` if it could not start or failed.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout));
    text.map(|text| text.trim().to_owned())
}

/// Runs to the end and returns what was written to stdout, as it is.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| failed(command, e))?;
    if !output.status.success() {
        return Err(failed(command, output.status));
    }
    String::from_utf8(output.stdout).map_err(|e| failed(command, e))
}

/// The error of a command, named by its program and first arguments.
pub(crate) fn failed(command: &Command, reason: impl ToString) -> Error {
    let words = std::iter::once(command.get_program())
        .chain(command.get_args().take(3))
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>();
    Error::Command {
        command: words.join(" "),
        reason: reason.to_string(),
    }
}
