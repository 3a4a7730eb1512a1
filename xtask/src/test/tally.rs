//! Counts what test runners say they ran.

use std::io::{BufRead, BufReader};
use std::ops::Add;
use std::process::{Command, Stdio};

use crate::cmd;
use crate::error::Result;

/// How much passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl Tally {
    const FAILURE: Tally = Tally {
        passed: 0,
        failed: 1,
    };

    /// A check counts as one; why it failed is printed here, since the run goes on.
    pub(super) fn of_check(result: &Result) -> Tally {
        match result {
            Ok(()) => Tally {
                passed: 1,
                failed: 0,
            },
            Err(error) => {
                eprintln!("error: {error}");
                Tally::FAILURE
            }
        }
    }

    /// Tests count themselves; a step that could not run them counts as one failure.
    pub(super) fn of_tests(result: Result<Tally>) -> Tally {
        result.unwrap_or_else(|error| {
            eprintln!("error: {error}");
            Tally::FAILURE
        })
    }
}

/// Runs a test runner, passes its output on and adds up its totals.
pub(super) fn run(command: &mut Command) -> Result<Tally> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| cmd::failed(command, e))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(|e| cmd::failed(command, e))?;
            println!("{line}");
            tally = tally + totals(&line);
        }
    }
    let status = child.wait().map_err(|e| cmd::failed(command, e))?;
    Ok(judged(tally, status.success()))
}

/// A runner that fails without a failed test (a crate does not compile, a file is missing) is a failure, and
/// so is one that found nothing to run.
fn judged(tally: Tally, success: bool) -> Tally {
    if (success && tally.passed > 0) || tally.failed > 0 {
        tally
    } else {
        tally + Tally::FAILURE
    }
}

/// What one line adds: cargo's `test result: ok. 4 passed; 0 failed; …`, or node's `ℹ pass 4` and `ℹ fail 0`.
fn totals(line: &str) -> Tally {
    let count = |text: &str| text.parse().unwrap_or(0);
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [
            "test",
            "result:",
            _,
            passed,
            "passed;",
            failed,
            "failed;",
            ..,
        ] => Tally {
            passed: count(passed),
            failed: count(failed),
        },
        ["ℹ", "pass", passed] => Tally {
            passed: count(passed),
            failed: 0,
        },
        // A cancelled test is one that hung.
        ["ℹ", "fail" | "cancelled", failed] => Tally {
            passed: 0,
            failed: count(failed),
        },
        _ => Tally::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u32, failed: u32) -> Tally {
        Tally { passed, failed }
    }

    #[test]
    fn the_runners_totals_are_read_and_nothing_else() {
        for (line, expected) in [
            (
                "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                tally(4, 0),
            ),
            (
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
                tally(3, 2),
            ),
            ("ℹ pass 7", tally(7, 0)),
            ("ℹ fail 2", tally(0, 2)),
            ("ℹ cancelled 1", tally(0, 1)),
            ("ℹ duration_ms 812.3", tally(0, 0)),
            ("test result::parse ... ok", tally(0, 0)),
        ] {
            assert_eq!(totals(line), expected, "{line}");
        }
    }

    #[test]
    fn a_runner_that_ran_nothing_has_failed() {
        assert_eq!(judged(tally(3, 0), true), tally(3, 0));
        assert_eq!(judged(tally(3, 2), false), tally(3, 2));
        assert_eq!(
            judged(tally(3, 0), false),
            tally(3, 1),
            "a crate did not compile"
        );
        assert_eq!(judged(tally(0, 0), true), tally(0, 1), "nothing found");
    }
}
