//! `cargo xtask test`: everything that a change has to pass, in one run that goes on after a failure.
//!
//! Each check counts as one, each test that a step ran as one; the last line is the sum.

mod tally;

use std::process::Command;
use std::time::Instant;

use crate::error::{At, Error, Result};
use crate::toolchain::Toolchain;
use crate::{cmd, docs, paths, progress, run, setup, tidy, web};
use tally::Tally;

/// What a step does: a check either holds or not; tests say themselves how many passed.
enum Step {
    Check(fn() -> Result),
    Tests(fn() -> Result<Command>),
}

/// The steps in order: what is quickest to say first, the page before what needs it.
const STEPS: &[(&str, Step)] = &[
    ("formatting", Step::Check(formatting)),
    ("architecture", Step::Check(tidy::check)),
    ("generated documents", Step::Check(docs::check)),
    ("the page", Step::Check(page)),
    ("the page's size", Step::Check(web::check_size)),
    ("clippy", Step::Check(clippy)),
    ("clippy of the page for wasm32", Step::Check(clippy_wasm)),
    ("unit and integration tests", Step::Tests(cargo_test)),
    ("comparison with Envoy", Step::Tests(against_envoy)),
    ("browser tests", Step::Tests(browser_tests)),
];

/// Runs every step and prints the sum; fails if anything did.
pub(crate) fn run() -> Result {
    let mut sum = Tally::default();
    let mut failed = Vec::new();
    for (number, (name, step)) in STEPS.iter().enumerate() {
        progress(&format!("{}/{} {name}", number + 1, STEPS.len()));
        let started = Instant::now();
        let tally = match step {
            Step::Check(check) => Tally::of_check(&check()),
            Step::Tests(command) => {
                Tally::of_tests(command().and_then(|mut tests| tally::run(&mut tests)))
            }
        };
        let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
        progress(&format!(
            "{name}: {verdict} in {:.0} s",
            started.elapsed().as_secs_f32()
        ));
        if tally.failed > 0 {
            failed.push(*name);
        }
        sum = sum + tally;
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Check(format!("failed: {}", failed.join(", "))))
}

fn formatting() -> Result {
    cmd::run(cmd::cargo().args(["fmt", "--all", "--check"]))
}

fn page() -> Result {
    setup::for_web()?;
    web::build()
}

fn clippy() -> Result {
    cmd::run(cmd::cargo().args([
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Code for wasm32 alone is seen by no other step. Its tests run natively, where the step before has linted them.
fn clippy_wasm() -> Result {
    setup::for_wasm_clippy()?;
    let mut clippy = Toolchain::find()?.clippy();
    cmd::run(clippy.args([
        "--quiet",
        "--profile",
        "wasm",
        "-p",
        "ambient-web",
        "--",
        "-D",
        "warnings",
    ]))
}

fn cargo_test() -> Result<Command> {
    let mut cargo = cmd::cargo();
    cargo
        .args(["test", "--locked", "--workspace", "--no-fail-fast"])
        // The comparison is a step of its own.
        .env_remove("ENVOY");
    Ok(cargo)
}

/// Random policies and requests, judged by the engine and by a real Envoy.
fn against_envoy() -> Result<Command> {
    let mut cargo = cmd::cargo();
    cargo
        .args(["test", "--locked", "-p", "ambient-core", "--test", "envoy"])
        .env("ENVOY", setup::for_envoy()?);
    Ok(cargo)
}

/// `cargo xtask envoy`: that step alone.
pub(crate) fn envoy() -> Result {
    cmd::run(&mut against_envoy()?)
}

fn browser_tests() -> Result<Command> {
    let chromium = setup::for_browser()?;
    let server = run::build_server()?;
    let folder = paths::web().join("tests");
    // Named one by one: what node makes of a folder differs between its versions.
    let mut tests = paths::files(&folder, &[]).at(&folder)?;
    tests.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    let mut node = cmd::command("node");
    node.args(["--test", "--test-reporter=spec"])
        .args(tests)
        .env("CHROMIUM", chromium)
        .env("AMBIENT_SERVER", server);
    Ok(node)
}
