//! Mesh and attachments as nodes and edges. Nothing is decided here.

use crate::mesh::{Capture, DATAPLANE_MODE, Role};
use crate::model::Model;
use crate::resource::{Kind, Object, ObjectId, ObjectIndex, Resource};
use crate::sorted;
use crate::source::Origin;
use crate::wire;

/// What a node is drawn for.
enum Drawn<'m> {
    /// An object.
    Written(ObjectIndex),
    /// What an object refers to, and is none.
    Absent(&'m ObjectId),
}

/// The graph of a model, sorted by ids; without diagnostics.
pub(crate) fn draw(model: &Model) -> (Vec<wire::Node>, Vec<wire::Edge>) {
    let folded = folded_pods(model);
    let mut drawn: sorted::Map<String, Drawn<'_>> = model
        .mesh
        .drawn()
        .filter(|(index, _)| !folded.contains(index))
        .map(|(index, object)| (object.id.text(), Drawn::Written(index)))
        .collect();
    let mut edges = Vec::with_capacity(model.attachments.rows().len());
    for (row, status, reason) in model.effects() {
        let Some(from) = model.mesh.object(row.from) else {
            continue;
        };
        let to = row.to.text();
        if !drawn.contains_key(&to) {
            drawn.insert(to.clone(), Drawn::Absent(&row.to));
        }
        edges.push(wire::Edge {
            from: from.id.text(),
            to,
            via: row.via,
            status,
            reason: Some(reason.name_of(row.via).to_owned()),
            message: reason.sentence(row.via, &from.id, &row.to),
            port: row.port,
            section_name: row.section_name.clone(),
            inherited_from: row.inherited_from.as_deref().map(ObjectId::text),
            range: model.documents.range(&row.origin),
            file: model.documents.file(row.origin.document).map(str::to_owned),
        });
    }
    let mut nodes = Vec::with_capacity(drawn.len());
    for (id, drawn) in drawn {
        let node = match drawn {
            Drawn::Written(index) => written(model, index),
            Drawn::Absent(object) => Some(absent(model, object)),
        };
        nodes.extend(node.map(|node| wire::Node { id, ..node }));
    }
    (nodes, edges)
}

/// Pods and ReplicaSets that another workload stands for.
fn folded_pods(model: &Model) -> sorted::Set<ObjectIndex> {
    model
        .mesh
        .objects()
        .filter(|(index, _)| {
            model
                .mesh
                .workload_of(*index)
                .and_then(|workload| model.mesh.workload(workload))
                .is_some_and(|workload| workload.object != *index)
        })
        .map(|(index, _)| index)
        .collect()
}

fn written(model: &Model, index: ObjectIndex) -> Option<wire::Node> {
    let object = model.mesh.object(index)?;
    let id = &object.id;
    let (capture, capture_reason) = capture(model, index, id).unzip();
    let policy = object.resource.as_policy();
    Some(wire::Node {
        file: model.documents.file(object.document).map(str::to_owned),
        range: endpoint(model, object).or_else(|| model.documents.range_of_object(object.document)),
        role: role(model, id).map(|role| role.name().to_owned()),
        capture: capture.map(|capture| capture.name().to_owned()),
        capture_reason,
        attachment: policy
            .map(|policy| policy.attachment(model.mesh.is_root(&id.namespace)))
            .or_else(|| id.kind.feature().map(|feature| feature.attachment))
            .map(|attachment| attachment.name().to_owned()),
        ..node(id)
    })
}

/// Whether ztunnel captures what a workload sends and gets, and why.
fn capture(model: &Model, index: ObjectIndex, id: &ObjectId) -> Option<(Capture, String)> {
    let workload = model.mesh.workload(model.mesh.workload_of(index)?)?;
    let namespace = &id.namespace;
    let is_own = workload.labels.get(DATAPLANE_MODE).map(String::as_str) == Some("ambient");
    let why = match workload.capture {
        Capture::Captured if matches!(id.kind, Kind::WorkloadEntry | Kind::Endpoint) => {
            "It says itself that a ztunnel stands in front of it.".to_owned()
        }
        Capture::Captured if is_own => format!("Its label `{DATAPLANE_MODE}: ambient` enrols it."),
        Capture::Captured => {
            format!("The label `{DATAPLANE_MODE}: ambient` of Namespace `{namespace}` enrols it.")
        }
        Capture::OutboundOnly => {
            "ztunnel carries what it sends; an annotation keeps it from what it gets.".to_owned()
        }
        Capture::HostNetwork => {
            "It shares its node's network, which ztunnel leaves alone.".to_owned()
        }
        Capture::Sidecar => "It has, or will have, a sidecar, which wins over ambient.".to_owned(),
        Capture::OptedOut => format!("Its label `{DATAPLANE_MODE}: none` opts out."),
        Capture::ExcludedNamespace => {
            format!("Istio's CNI leaves Namespace `{namespace}` alone.")
        }
        Capture::NotEnrolled if matches!(id.kind, Kind::WorkloadEntry | Kind::Endpoint) => {
            "Nothing says that a ztunnel stands in front of it.".to_owned()
        }
        Capture::NotEnrolled => format!(
            "Neither it nor Namespace `{namespace}` has the label `{DATAPLANE_MODE}: ambient`."
        ),
    };
    Some((workload.capture, why))
}

/// Where an endpoint stands in its ServiceEntry.
fn endpoint(model: &Model, object: &Object) -> Option<wire::Range> {
    let Resource::Endpoint(endpoint) = &object.resource else {
        return None;
    };
    model.documents.range(&Origin {
        document: object.document,
        path: endpoint.path(),
    })
}

/// A node that some object refers to and the manifests do not hold.
fn absent(model: &Model, id: &ObjectId) -> wire::Node {
    let exists = match id.kind {
        // Namespaces are implied by what lives in them, the mesh by itself.
        Kind::Namespace | Kind::Mesh => true,
        Kind::GatewayClass => model.mesh.controller(&id.name).is_some(),
        _ => false,
    };
    wire::Node {
        missing: !exists,
        ..node(id)
    }
}

/// What a node says of any object, but its id.
fn node(id: &ObjectId) -> wire::Node {
    let object = id.to_wire();
    let feature = id.kind.feature();
    wire::Node {
        kind: object.kind,
        namespace: object.namespace,
        name: object.name,
        feature_status: feature
            .and_then(|feature| feature.status)
            .map(|status| status.name().to_owned()),
        attachment: feature.map(|feature| feature.attachment.name().to_owned()),
        ..wire::Node::default()
    }
}

fn role(model: &Model, id: &ObjectId) -> Option<Role> {
    match id.kind {
        Kind::Gateway => {
            let gateway = model.mesh.find_gateway(&id.namespace, &id.name)?;
            model.mesh.gateway(gateway).map(|gateway| gateway.role)
        }
        _ => None,
    }
}
