//! Policies without targetRefs: by selector, for a namespace, for the mesh. Ztunnels and ingress gateways enforce
//! them, each only some kinds, waypoints none. `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`
//! (convertAuthorizationPolicy), `workloads.go` (buildWorkloadPolicies, fetchPeerAuthentications).

use super::{Reason, Row, origin};
use crate::mesh::{Mesh, Role, WorkloadIndex};
use crate::resource::{Kind, Labels, Object, ObjectId, ObjectIndex, Resource, WorkloadSelector};
use crate::source::FieldPath;
use crate::wire::Via;

/// Where a kind of policy without targetRefs can take effect.
#[derive(Clone, Copy)]
struct Reach {
    /// In front of workloads.
    ztunnels: bool,
    /// At ingress gateways.
    gateways: bool,
    /// With a selector, in the root namespace: everywhere, instead of nowhere.
    selects_from_root: bool,
}

/// The edges of each policy without targetRefs.
pub(super) fn rows(mesh: &Mesh, rows: &mut Vec<Row>) {
    for (index, object) in mesh.objects() {
        let Some((selector, reach)) = selector(&object.resource) else {
            continue;
        };
        let targets = object.resource.targets().unwrap_or_default();
        if targets.0.is_some() || !targets.1.is_empty() {
            continue;
        }
        match labels(selector) {
            Some(labels) => selected(mesh, index, object, labels, reach, rows),
            None => rows.push(unselected(mesh, index, object, reach)),
        }
    }
}

/// The selector of a policy, and where its kind reaches; `None`: it is no policy.
fn selector(resource: &Resource) -> Option<(Option<&WorkloadSelector>, Reach)> {
    let (selector, ztunnels, gateways, selects_from_root) = match resource {
        Resource::AuthorizationPolicy(policy) => (&policy.selector, true, true, true),
        Resource::RequestAuthentication(policy) => (&policy.selector, false, true, true),
        Resource::PeerAuthentication(policy) => (&policy.selector, true, false, false),
        Resource::MetadataOnly
        | Resource::Service(_)
        | Resource::Workload(_)
        | Resource::Gateway(_)
        | Resource::GatewayClass(_)
        | Resource::HttpRoute(_) => return None,
    };
    let reach = Reach {
        ztunnels,
        gateways,
        selects_from_root,
    };
    Some((selector.as_ref(), reach))
}

/// The labels that a policy selects by. An empty selector counts as none: it reaches the whole namespace.
fn labels(selector: Option<&WorkloadSelector>) -> Option<&Labels> {
    selector
        .map(|selector| &selector.match_labels)
        .filter(|labels| !labels.is_empty())
}

/// One edge for each workload and Gateway that the selector matches. In the root namespace it reaches all namespaces.
fn selected(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    labels: &Labels,
    reach: Reach,
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
        let reason = if !reach.ztunnels {
            Reason::NotEnforcedByZtunnel
        } else if everywhere && !reach.selects_from_root {
            Reason::RootSelector
        } else if workload.capture.is_captured() {
            Reason::Accepted
        } else {
            Reason::NotCaptured
        };
        if let Some(to) = mesh.object(workload.object) {
            add(&to.id, reason);
        }
    }
    if !reach.gateways {
        return;
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
fn unselected(mesh: &Mesh, index: ObjectIndex, object: &Object, reach: Reach) -> Row {
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
    let gateway = reach.gateways
        && mesh.gateways().any(|(_, gateway)| {
            gateway.role == Role::Ingress && (everywhere || gateway.namespace == namespace)
        });
    let reason = if object.refused {
        Reason::Invalid
    } else if gateway || (reach.ztunnels && captured) {
        Reason::Accepted
    } else if reach.ztunnels {
        Reason::NotCaptured
    } else {
        Reason::NotEnforcedByZtunnel
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
