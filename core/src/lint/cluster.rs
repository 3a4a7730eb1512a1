//! Lints about what was pasted from a live cluster: where it says something else than the manifests come to.

use super::{Row, row, say};
use crate::model::Model;
use crate::resource::ObjectIndex;
use crate::sorted;
use crate::source::{Diagnostics, Lint, Node, lint};
use crate::status;
use crate::wire::{Condition, ParentRef};

lint!(STATUS_DIFFERS = "WP0261", "status-differs", Info);
lint!(SEVERAL_REVISIONS = "WP0263", "several-revisions", Info);

pub(super) static CHECKS: &[Row] = &[
    row(&STATUS_DIFFERS, status_differs),
    row(&SEVERAL_REVISIONS, several_revisions),
];

/// The conditions that an object was pasted with, beside those that its manifests come to.
fn status_differs(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let pasted: sorted::Map<String, (ObjectIndex, &Node)> = model
        .mesh
        .objects()
        .filter(|(index, _)| model.mesh.is_live(*index))
        .filter_map(|(index, object)| {
            let status = model.documents.node(object.document)?.get("status")?;
            Some((object.id.to_string(), (index, status)))
        })
        .collect();
    if pasted.is_empty() {
        return;
    }
    for predicted in status::predict(model) {
        let Some(&(index, status)) = pasted.get(&predicted.object) else {
            continue;
        };
        let mut compare = |path: &str, node: &Node, conditions: &[Condition]| {
            for (place, condition) in items(node, "conditions") {
                let text = |key: &str| condition.get(key).and_then(Node::as_str);
                let same = conditions
                    .iter()
                    .find(|one| Some(one.condition_type.as_str()) == text("type"));
                let Some(expected) = same.filter(|one| {
                    text("status") != Some(&one.status)
                        || text("reason").is_some_and(|reason| reason != one.reason)
                }) else {
                    continue;
                };
                let message = format!(
                    "the cluster said `{}: {}` ({}); these manifests come to `{}` ({})",
                    expected.condition_type,
                    text("status").unwrap_or_default(),
                    text("reason").unwrap_or_default(),
                    expected.status,
                    expected.reason
                );
                let path = format!("{path}.conditions[{place}]");
                let help = "a part of the cluster is missing here, or the status is older than the manifests";
                say(model, lint, out, (index, &path), message, help);
            }
        };
        compare("status", status, &predicted.status.conditions);
        for (place, parent) in items(status, "parents") {
            let same = predicted
                .status
                .parents
                .iter()
                .find(|one| names(parent, &one.parent_ref, &one.controller_name));
            if let Some(same) = same {
                compare(
                    &format!("status.parents[{place}]"),
                    parent,
                    &same.conditions,
                );
            }
        }
    }
}

/// The entries of a list, with their places.
fn items<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (usize, &'n Node)> {
    node.get(key)
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .enumerate()
}

/// Whether a pasted entry is about a parent.
fn names(entry: &Node, parent: &ParentRef, controller: &str) -> bool {
    let Some(reference) = entry.get("parentRef") else {
        return false;
    };
    let text = |key: &str| reference.get(key).and_then(Node::as_str);
    entry.get("controllerName").and_then(Node::as_str) == Some(controller)
        && text("name") == Some(&parent.name)
        && text("kind").unwrap_or("Gateway") == parent.kind.as_deref().unwrap_or("Gateway")
        && text("sectionName") == parent.section_name.as_deref()
        && text("namespace").is_none_or(|namespace| {
            parent
                .namespace
                .as_deref()
                .is_none_or(|own| own == namespace)
        })
}

/// Each control plane sees the objects of its own revision only; here all are seen by one.
fn several_revisions(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    const REVISION: &str = "istio.io/rev";
    let mut seen: sorted::Set<&str> = sorted::Set::new();
    for (index, object) in model.mesh.objects() {
        let Some(revision) = object.metadata.labels.get(REVISION) else {
            continue;
        };
        if seen.insert(revision) && seen.len() > 1 {
            let message = format!(
                "`{revision}` is another revision than that of objects above: in a cluster each control plane sees its own only, here one sees all"
            );
            let path = super::metadata("labels", REVISION);
            let help = "paste the objects of one revision at a time";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}
