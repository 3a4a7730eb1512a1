//! Policies without targetRefs: by selector, for a namespace, for the mesh. Ztunnels and ingress gateways enforce
//! them, each only some kinds, waypoints none. `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`
//! (convertAuthorizationPolicy), `workloads.go` (buildWorkloadPolicies, fetchPeerAuthentications).

use super::{Reason, Row, origin};
use crate::mesh::{Mesh, Role, WorkloadIndex};
use crate::resource::{Kind, Labels, Object, ObjectId, ObjectIndex};
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
    for (index, object) in mesh.drawn() {
        let (Some(policy), Some(reach)) = (object.resource.as_policy(), reach(object.id.kind))
        else {
            continue;
        };
        if policy.target_ref.is_some() || !policy.target_refs.is_empty() {
            continue;
        }
        // An empty selector counts as none: it reaches the whole namespace.
        match policy.selector.filter(|labels| !labels.is_empty()) {
            Some(labels) => selected(
                mesh,
                index,
                object,
                (policy.selector_field, labels),
                reach,
                rows,
            ),
            None => rows.push(unselected(mesh, index, object, reach)),
        }
    }
}

/// Where a kind reaches; `None`: it is no policy.
fn reach(kind: Kind) -> Option<Reach> {
    let (ztunnels, gateways, selects_from_root) = match kind {
        Kind::AuthorizationPolicy => (true, true, true),
        Kind::PeerAuthentication => (true, false, false),
        Kind::RequestAuthentication
        | Kind::WasmPlugin
        | Kind::TrafficExtension
        | Kind::Telemetry
        | Kind::EnvoyFilter => (false, true, true),
        _ => return None,
    };
    Some(Reach {
        ztunnels,
        gateways,
        selects_from_root,
    })
}

/// One edge for each workload and Gateway that the selector matches. In the root namespace it reaches all namespaces.
fn selected(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    (field, labels): (&str, &Labels),
    reach: Reach,
    rows: &mut Vec<Row>,
) {
    let everywhere = mesh.is_root(&object.id.namespace);
    let origin = origin(object, FieldPath::new().key("spec").key(field));
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

/// Who is in reach of a policy without selector and targetRefs.
pub(crate) struct InReach {
    /// Workloads that a ztunnel captures.
    pub(crate) captured: bool,
    /// Ingress gateways, of either API.
    pub(crate) gateways: bool,
}

/// Those of its namespace, or of all if that is the root namespace.
pub(crate) fn in_reach(mesh: &Mesh, namespace: &str) -> InReach {
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
    let gateways = mesh
        .ingresses()
        .any(|ingress| everywhere || ingress.namespace == namespace);
    InReach { captured, gateways }
}

/// The one edge of a policy without selector: to its namespace, or from the root namespace to the mesh.
fn unselected(mesh: &Mesh, index: ObjectIndex, object: &Object, reach: Reach) -> Row {
    let namespace = object.id.namespace.as_str();
    let everywhere = mesh.is_root(namespace);
    let around = in_reach(mesh, namespace);
    let gateway = reach.gateways && around.gateways;
    let waypoint = object.id.kind == Kind::Telemetry
        && mesh
            .gateways()
            .any(|(_, gateway)| gateway.role == Role::Waypoint);
    let reason = if object.refused {
        Reason::Invalid
    } else if gateway || waypoint || (reach.ztunnels && around.captured) {
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
