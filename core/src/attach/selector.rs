//! Policies without targetRefs: by selector, for a namespace, for the mesh. Ztunnels and ingress gateways enforce
//! them, waypoints never. `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`
//! (convertAuthorizationPolicy), `workloads.go` (buildWorkloadPolicies).

use super::{Reason, Row, origin};
use crate::mesh::{Mesh, Role, WorkloadIndex};
use crate::resource::{AuthorizationPolicy, Kind, Labels, Object, ObjectId, ObjectIndex, Resource};
use crate::source::FieldPath;
use crate::wire::Via;

/// The edges of each policy without targetRefs.
pub(super) fn rows(mesh: &Mesh, rows: &mut Vec<Row>) {
    for (index, object) in mesh.objects() {
        let Resource::AuthorizationPolicy(policy) = &object.resource else {
            continue;
        };
        if policy.target_ref.is_some() || !policy.target_refs.is_empty() {
            continue;
        }
        match labels(policy) {
            Some(labels) => selected(mesh, index, object, labels, rows),
            None => rows.push(unselected(mesh, index, object)),
        }
    }
}

/// The labels that a policy selects by. An empty selector counts as none: it reaches the whole namespace.
fn labels(policy: &AuthorizationPolicy) -> Option<&Labels> {
    policy
        .selector
        .as_ref()
        .map(|selector| &selector.match_labels)
        .filter(|labels| !labels.is_empty())
}

/// One edge for each workload and Gateway that the selector matches. In the root namespace it reaches all namespaces.
fn selected(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    labels: &Labels,
    rows: &mut Vec<Row>,
) {
    let everywhere = mesh.is_root(&object.id.namespace);
    let origin = origin(object, FieldPath::new().key("spec").key("selector"));
    let mut add = |to: &ObjectId, reason: Reason| {
        let reason = if object.refused {
            Reason::Invalid
        } else {
            reason
        };
        rows.push(Row::new(
            index,
            to.clone(),
            Via::Selector,
            reason,
            origin.clone(),
        ));
    };
    let workloads = if everywhere {
        mesh.select_everywhere(labels)
    } else {
        mesh.select(&object.id.namespace, labels)
    };
    for workload in workloads
        .into_iter()
        .filter_map(|index| mesh.workload(index))
    {
        let reason = if workload.capture.is_captured() {
            Reason::Accepted
        } else {
            Reason::NotCaptured
        };
        if let Some(to) = mesh.object(workload.object) {
            add(&to.id, reason);
        }
    }
    for (_, gateway) in mesh.gateways() {
        let in_reach = everywhere || gateway.namespace == object.id.namespace;
        let matches = labels
            .iter()
            .all(|(key, value)| gateway.pod_labels.get(key) == Some(value));
        if !(in_reach && matches) {
            continue;
        }
        let reason = match gateway.role {
            Role::Waypoint => Reason::IneffectiveSelector,
            Role::Ingress | Role::Sandwich => Reason::Accepted,
            Role::Remote | Role::EastWest | Role::Foreign => Reason::ForeignController,
        };
        if let Some(to) = mesh.object(gateway.object) {
            add(&to.id, reason);
        }
    }
}

/// The one edge of a policy without selector: to its namespace, or from the root namespace to the mesh.
fn unselected(mesh: &Mesh, index: ObjectIndex, object: &Object) -> Row {
    let namespace = object.id.namespace.as_str();
    let everywhere = mesh.is_root(namespace);
    let is_captured = |index: &WorkloadIndex| {
        mesh.workload(*index)
            .is_some_and(|workload| workload.capture.is_captured())
    };
    let captured = if everywhere {
        mesh.workloads()
            .any(|(_, workload)| workload.capture.is_captured())
    } else {
        mesh.workloads_in(namespace).iter().any(is_captured)
    };
    let gateway = mesh.gateways().any(|(_, gateway)| {
        gateway.role == Role::Ingress && (everywhere || gateway.namespace == namespace)
    });
    let reason = match (object.refused, captured || gateway) {
        (true, _) => Reason::Invalid,
        (false, true) => Reason::Accepted,
        (false, false) => Reason::NotCaptured,
    };
    let (to, via) = if everywhere {
        (ObjectId::new(Kind::Mesh, "", "mesh"), Via::Mesh)
    } else {
        (
            ObjectId::new(Kind::Namespace, "", namespace),
            Via::Namespace,
        )
    };
    Row::new(index, to, via, reason, origin(object, FieldPath::new()))
}
