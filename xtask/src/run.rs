//! `cargo xtask run`: builds the page and the server, and becomes the server.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};
use crate::{cmd, paths, progress, setup, web};

/// Where the server listens.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: u16,
    listen: IpAddr,
}

/// Sets up, builds and serves; returns only if something fails.
pub(crate) fn run(args: &[String]) -> Result {
    let options = parse(args)?;
    setup::for_web()?;
    web::build()?;
    let server = build_server()?;
    let mut serve = cmd::command(server);
    serve.args(["serve", "--port", &options.port.to_string()]);
    serve.args(["--listen", &options.listen.to_string()]);
    become_program(&mut serve)
}

/// Builds the server with the page inside; the page has to be built before.
///
/// Without optimisation: the tests have compiled most of it already, and a thousand policies are still answered in
/// less than half a second. The page does not depend on it: its engine is the optimised wasm.
pub(crate) fn build_server() -> Result<PathBuf> {
    progress("cargo build of the server");
    cmd::run(cmd::cargo().args(["build", "--quiet", "--locked", "-p", "ambient-server"]))?;
    let name = format!("ambient-server{}", std::env::consts::EXE_SUFFIX);
    Ok(paths::target().join("debug").join(name))
}

/// Signals reach the server, not a parent that has to pass them on.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result {
    let error = std::os::unix::process::CommandExt::exec(command);
    Err(cmd::failed(command, error))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result {
    cmd::run(command)
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options {
        port: 8080,
        listen: IpAddr::from([127, 0, 0, 1]),
    };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let mut value = || {
            let missing = || Error::Usage(format!("`{name}` needs a value"));
            args.next().ok_or_else(missing)
        };
        match name.as_str() {
            "--port" => options.port = parsed(name, value()?)?,
            "--listen" => options.listen = parsed(name, value()?)?,
            _ => return Err(Error::Usage(format!("unexpected argument `{name}`"))),
        }
    }
    Ok(options)
}

fn parsed<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    let wrong = |_| Error::Usage(format!("`{value}` is no value for `{name}`"));
    value.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Result<Options> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn only_this_machine_reaches_the_server_unless_told_otherwise() {
        assert_eq!(
            options("").unwrap(),
            Options {
                port: 8080,
                listen: [127, 0, 0, 1].into()
            }
        );
        assert_eq!(
            options("--listen 0.0.0.0 --port 9000").unwrap(),
            Options {
                port: 9000,
                listen: [0, 0, 0, 0].into()
            }
        );
    }

    #[test]
    fn a_mistyped_option_stops() {
        for words in ["--prot 1", "--port", "--port 70000", "--listen here"] {
            assert!(matches!(options(words), Err(Error::Usage(_))), "{words}");
        }
    }
}
