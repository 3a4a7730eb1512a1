//! Findings about what manifests come to: the table of all lints, and the runner. A check reads attachments, losses and
//! the mesh; it never works out again what they say.

use crate::attach::{self, Reason};
use crate::model::Model;
use crate::resource::{Kind, ObjectIndex};
use crate::source::{self, Diagnostics, FieldPath, Lint, Origin};
use crate::wire::Via;
use crate::{eval, resource};

mod attachment;
mod authentication;
mod bypass;
mod canary;
mod classic;
mod cluster;
mod documented;
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
    documented::CHECKS,
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

/// The field of a reference that a finding is about: the one that its reason blames, as far as it is written.
fn blamed(model: &Model, row: &attach::Row, reason: Reason) -> Origin {
    let fields: &[&'static str] = match reason {
        Reason::InvalidKind | Reason::UnsupportedParent => match (row.via, row.to.kind) {
            // A kind that could be meant, so its group is not the right one.
            (_, Kind::Service)
            | (Via::ParentRef, Kind::ServiceEntry | Kind::Gateway | Kind::ListenerSet) => {
                &["group", "kind", "name"]
            }
            _ => &["kind", "group", "name"],
        },
        Reason::RefNotPermitted => &["namespace", "name"],
        Reason::NoMatchingPort => &["port", "name"],
        Reason::NoMatchingParent if matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet) => {
            &["sectionName", "port", "name"]
        }
        _ => &["name", "host"],
    };
    first_written(model, row, fields)
}

/// The first of some fields that is written in a reference, else the reference.
fn first_written(model: &Model, row: &attach::Row, fields: &[&'static str]) -> Origin {
    let origin = row.origin.clone();
    let is_reference = matches!(row.via, Via::TargetRef | Via::ParentRef | Via::BackendRef);
    let entry = model
        .documents
        .node(origin.document)
        .filter(|_| is_reference)
        .and_then(|root| root.at(&origin.path));
    let written = |field: &&&str| entry.is_some_and(|entry| entry.get(field).is_some());
    match fields.iter().find(written) {
        Some(&field) => Origin {
            path: origin.path.key(field),
            ..origin
        },
        None => origin,
    }
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
