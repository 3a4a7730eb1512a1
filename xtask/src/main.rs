//! Builds, runs, tests and checks Ambient Playground: `cargo xtask help` lists the tasks.

mod cmd;
mod docs;
mod error;
mod paths;
mod run;
mod setup;
mod stamp;
mod test;
mod tidy;
mod toolchain;
mod web;

use std::process::ExitCode;

use error::{Error, Result};

/// One task: its name, its line in `help`, and what it does with its arguments.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result,
}

const TASKS: &[Task] = &[
    Task {
        name: "run",
        about: "set up, build and serve the page and its API: [--port 8080] [--listen 127.0.0.1]",
        run: run::run,
    },
    Task {
        name: "test",
        about: "every check and test: formatting, architecture, clippy, cargo test, browser tests",
        run: |args| no_arguments(args).and_then(|()| test::run()),
    },
    Task {
        name: "envoy",
        about: "compare the engine with a real Envoy; ENVOY_SEED=<number> for others",
        run: |args| no_arguments(args).and_then(|()| test::envoy()),
    },
    Task {
        name: "tidy",
        about: "check the architecture",
        run: |args| no_arguments(args).and_then(|()| tidy::check()),
    },
    Task {
        name: "docs",
        about: "write the generated documents; with --check, fail if one is not up to date",
        run: docs::run,
    },
    Task {
        name: "web",
        about: "build the page into web/dist",
        run: |args| no_arguments(args).and_then(|()| web::build()),
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result {
    let Some((name, rest)) = args.split_first() else {
        return Err(Error::Usage("no task named".into()));
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        for task in TASKS {
            println!("cargo xtask {:<6} {}", task.name, task.about);
        }
        return Ok(());
    }
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None => Err(Error::Usage(format!("there is no task `{name}`"))),
    }
}

/// For tasks that take none: a mistyped option must not pass in silence.
fn no_arguments(args: &[String]) -> Result {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(Error::Usage(format!("unexpected argument `{arg}`"))),
    }
}

/// One line about what happens now; on stderr, so that stdout stays a task's result.
fn progress(what: &str) {
    eprintln!("xtask: {what}");
}
