//! `ambient-server check`: files of manifests and requests as tests.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use ambient_core::wire::{
    Answer, Diagnostic, Evaluation, Input, ManifestFile, Manifests, Requests, Severity, Verdict,
};

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

/// Checks the files, each on its own or, with a file of requests, as the manifests of one mesh, and says how each
/// request fares.
pub fn run(files: &[PathBuf], requests: Option<&Path>, out: &mut impl Write) -> ExitCode {
    let worst = match requests {
        Some(requests) => status(requests, mesh(files, requests), out),
        None => files
            .iter()
            .map(|file| status(file, scenario(file), out))
            .max()
            .unwrap_or(MET),
    };
    ExitCode::from(worst)
}

fn status(file: &Path, input: Result<Input, CheckError>, out: &mut impl Write) -> u8 {
    match input.and_then(|input| Ok(check(file, &input, out)?)) {
        Ok(true) => MET,
        Ok(false) => UNMET,
        Err(error) => {
            eprintln!("{error}");
            UNREADABLE
        }
    }
}

/// Why a file is no test.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}: {source}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What it holds.
        source: Malformed,
    },
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Report(#[from] io::Error),
}

impl CheckError {
    fn unreadable(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Unreadable { file, source }
    }
}

/// One file with everything in it: YAML, or JSON by its extension.
fn scenario(file: &Path) -> Result<Input, CheckError> {
    let format = match file.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("json") => Format::Json,
        _ => Format::Yaml,
    };
    let bytes = fs::read(file).map_err(CheckError::unreadable(file))?;
    decode(&bytes, format).map_err(|source| CheckError::Malformed {
        file: file.to_owned(),
        source,
    })
}

/// Files of manifests, and one of requests.
fn mesh(manifests: &[PathBuf], requests: &Path) -> Result<Input, CheckError> {
    let files = manifests
        .iter()
        .map(|file| {
            Ok(ManifestFile {
                name: file.display().to_string(),
                content: read(file)?,
            })
        })
        .collect::<Result<_, CheckError>>()?;
    Ok(Input {
        manifests: Manifests::Files(files),
        requests: Requests::Text(read(requests)?),
        ..Input::default()
    })
}

fn read(file: &Path) -> Result<String, CheckError> {
    fs::read_to_string(file).map_err(CheckError::unreadable(file))
}

/// Evaluates the requests, and writes what becomes of them. The answer: whether every `expect` is met.
fn check(file: &Path, input: &Input, out: &mut impl Write) -> io::Result<bool> {
    let evaluation = ambient_core::evaluate(input);
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
        // What is wrong with an object on the way is no fault of the request.
        None => !answer
            .diagnostics
            .iter()
            .any(|finding| is_error(finding) && finding.resource.is_none()),
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
