//! Findings about what manifests come to: the table of all lints, and the runner. A check reads attachments, losses and
//! the mesh; it never works out again what they say.

use crate::model::Model;
use crate::resource::ObjectIndex;
use crate::source::{self, Diagnostics, FieldPath, Lint, Origin};
use crate::{eval, resource};

mod attachment;
mod authentication;
mod bypass;
mod canary;
mod classic;
mod cluster;
mod enrolment;
mod labels;
mod listeners;
mod policies;
mod routes;
mod routing;

/// One lint that is checked on the finished model.
struct Row {
    lint: &'static Lint,
    check: Check,
}

type Check = fn(&Model, &'static Lint, &mut Diagnostics);

const fn row(lint: &'static Lint, check: Check) -> Row {
    Row { lint, check }
}

/// The lints that are checked on the finished model, topic by topic.
static CHECKS: &[&[Row]] = &[
    attachment::CHECKS,
    labels::CHECKS,
    enrolment::CHECKS,
    policies::CHECKS,
    bypass::CHECKS,
    canary::CHECKS,
    routes::CHECKS,
    listeners::CHECKS,
    classic::CHECKS,
    authentication::CHECKS,
    routing::CHECKS,
    cluster::CHECKS,
];

/// Runs every check.
pub(crate) fn run(model: &Model, out: &mut Diagnostics) {
    for row in CHECKS.iter().copied().flatten() {
        (row.check)(model, row.lint, out);
    }
}

/// Every lint there is, those that earlier stages raise first.
pub(crate) fn all() -> impl Iterator<Item = &'static Lint> {
    source::LINTS
        .iter()
        .copied()
        .chain(resource::LINTS.iter().copied())
        .chain(CHECKS.iter().copied().flatten().map(|row| row.lint))
        .chain(eval::LINTS.iter().copied())
}

/// A place in an object.
fn at(model: &Model, object: ObjectIndex, path: &str) -> Option<Origin> {
    Some(Origin {
        document: model.mesh.object(object)?.document,
        path: FieldPath::parse(path),
    })
}

/// Reports a finding at a field of an object.
fn say<'d>(
    model: &Model,
    lint: &'static Lint,
    out: &'d mut Diagnostics,
    (object, path): (ObjectIndex, &str),
    message: String,
    help: &str,
) -> Option<&'d mut source::Finding> {
    let id = &model.mesh.object(object)?.id;
    let finding = out.report(lint, at(model, object, path)?, message);
    finding.resource(id).help(help);
    Some(finding)
}

/// The path of a label or annotation.
fn metadata(map: &str, key: &str) -> String {
    format!("metadata.{map}[\"{key}\"]")
}
