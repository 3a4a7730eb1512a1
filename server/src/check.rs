//! `ambient-server check`: files of manifests and requests as tests.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use ambient_core::wire::{Answer, Diagnostic, Evaluation, Severity, Verdict};

use crate::{
    decode::{Malformed, decode},
    format::Format,
};

/// Every answer is as expected.
const MET: u8 = 0;
/// An answer is not as expected.
const UNMET: u8 = 1;
/// A file cannot be read, so nobody knows.
const UNREADABLE: u8 = 2;

/// Checks the files, and says how each request fares.
pub fn run(files: &[PathBuf], out: &mut impl Write) -> ExitCode {
    let mut worst = MET;
    for file in files {
        let status = match check(file, out) {
            Ok(true) => MET,
            Ok(false) => UNMET,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                UNREADABLE
            }
        };
        worst = worst.max(status);
    }
    ExitCode::from(worst)
}

/// Why a file is no test.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read, or the report not written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It holds something else.
    #[error("{0}")]
    Malformed(#[from] Malformed),
}

/// Evaluates one file: YAML, or JSON by its extension. The answer: whether every `expect` is met.
pub fn check(file: &Path, out: &mut impl Write) -> Result<bool, CheckError> {
    let bytes = fs::read(file)?;
    let format = match file.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("json") => Format::Json,
        _ => Format::Yaml,
    };
    let evaluation = ambient_core::evaluate(&decode(&bytes, format)?);
    writeln!(out, "{}", file.display())?;
    for (index, answer) in evaluation.results.iter().enumerate() {
        write_answer(out, index, answer)?;
    }
    for diagnostic in &evaluation.diagnostics {
        write_diagnostic(out, diagnostic)?;
    }
    Ok(passed(&evaluation))
}

/// Whether every `expect` is met. A request that cannot be evaluated may have one that nobody could read, so it
/// passes only if it expects just that.
fn passed(evaluation: &Evaluation) -> bool {
    let answers = &evaluation.results;
    let all_met = answers.iter().all(|answer| match &answer.expected {
        Some(expected) => expected.met,
        None => !answer.diagnostics.iter().any(is_error),
    });
    // What is wrong with the text of the requests as a whole is in no answer.
    let readable = evaluation
        .diagnostics
        .iter()
        .filter(|finding| is_error(finding) && finding.file.as_deref() == Some("requests"))
        .all(|finding| {
            answers
                .iter()
                .any(|answer| answer.diagnostics.contains(finding))
        });
    all_met && readable
}

fn is_error(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error
}

fn write_answer(out: &mut impl Write, index: usize, answer: &Answer) -> io::Result<()> {
    let mark = match &answer.expected {
        Some(expected) if expected.met => "ok  ",
        Some(_) => "FAIL",
        None => "-   ",
    };
    let verdict = match answer.verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Unknown => "unknown",
    };
    write!(out, "  {mark} ")?;
    match &answer.name {
        Some(name) => write!(out, "{name}")?,
        None => write!(out, "requests[{index}]")?,
    }
    writeln!(out, ": {verdict}: {}", answer.reason)?;
    for difference in answer.expected.iter().flat_map(|e| &e.differences) {
        writeln!(out, "         {difference}")?;
    }
    Ok(())
}

fn write_diagnostic(out: &mut impl Write, diagnostic: &Diagnostic) -> io::Result<()> {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    write!(out, "  {severity} {}", diagnostic.code)?;
    let places = [&diagnostic.file, &diagnostic.resource, &diagnostic.path];
    for place in places.into_iter().flatten() {
        write!(out, " {place}")?;
    }
    if let Some(range) = diagnostic.range {
        write!(out, " {}:{}", range.start_line, range.start_column)?;
    }
    writeln!(out, ": {}", diagnostic.message)
}
