//! Policies without targetRefs: by selector, for a namespace, for the mesh. Ztunnels and ingress gateways enforce
//! them, each only some kinds, waypoints none but Telemetry. `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go`
//! (convertAuthorizationPolicy), `workloads.go` (buildWorkloadPolicies, fetchPeerAuthentications).

use super::{Attachments, Reason, Row, origin, telemetry};
use crate::mesh::{Capture, GatewayInfo, Mesh, Role};
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
    /// With a selector, in the root namespace.
    from_root: FromRoot,
}

/// What a selector in the root namespace reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FromRoot {
    /// All namespaces.
    Everywhere,
    /// Nothing.
    Nothing,
    /// What is in the root namespace: `istio/istio: pilot/pkg/model/telemetry.go` (applicableTelemetries).
    ItsOwn,
}

/// The edges of each policy without targetRefs.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, rows: &mut Vec<Row>) {
    let telemetries = telemetry::read_of_each_namespace(mesh);
    for (index, object) in mesh.drawn() {
        let (Some(policy), Some(reach)) = (object.resource.as_policy(), reach(object.id.kind))
        else {
            continue;
        };
        // Validation refuses both at once; each is drawn then.
        if policy.has_targets() && !(object.refused && policy.labels().is_some()) {
            continue;
        }
        match policy.labels() {
            Some(labels) => selected(
                mesh,
                index,
                object,
                (policy.selector_field, labels),
                reach,
                rows,
            ),
            None => {
                let mut row = unselected(mesh, attachments, index, object, reach);
                if object.id.kind == Kind::Telemetry
                    && row.is_attached()
                    && telemetries.get(object.id.namespace.as_str()) != Some(&index)
                {
                    row.reason = Reason::ShadowedByOlder;
                    row.status = row.reason.status(row.via);
                }
                rows.push(row);
            }
        }
    }
}

/// Where a kind reaches; `None`: it is no policy.
fn reach(kind: Kind) -> Option<Reach> {
    let (ztunnels, gateways, from_root) = match kind {
        Kind::AuthorizationPolicy => (true, true, FromRoot::Everywhere),
        Kind::PeerAuthentication => (true, false, FromRoot::Nothing),
        Kind::Telemetry => (false, true, FromRoot::ItsOwn),
        Kind::RequestAuthentication
        | Kind::WasmPlugin
        | Kind::TrafficExtension
        | Kind::EnvoyFilter => (false, true, FromRoot::Everywhere),
        _ => return None,
    };
    Some(Reach {
        ztunnels,
        gateways,
        from_root,
    })
}

/// One edge for each workload and Gateway that the selector matches. In the root namespace it reaches all namespaces,
/// for most kinds.
fn selected(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    (field, labels): (&'static str, &Labels),
    reach: Reach,
    rows: &mut Vec<Row>,
) {
    let is_root = mesh.is_root(&object.id.namespace);
    let everywhere = is_root && reach.from_root != FromRoot::ItsOwn;
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
    for (place, workload) in workloads
        .into_iter()
        .filter_map(|index| Some((index, mesh.workload(index)?)))
    {
        let reason = if is_root && reach.from_root == FromRoot::Nothing {
            Reason::RootSelector
        } else if mesh.instance_of(workload).is_some_and(is_waypoint) {
            Reason::IneffectiveSelector
        } else if reach.gateways && mesh.is_router(place) {
            Reason::Accepted
        } else if workload.capture == Capture::Sidecar {
            Reason::LeftToSidecar
        } else if !reach.ztunnels {
            Reason::NotEnforcedByZtunnel
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
    for ingress in mesh.ingresses().filter(|ingress| ingress.stands_for_pods) {
        let in_reach = everywhere || ingress.namespace == object.id.namespace;
        let has = |(key, value)| ingress.labels.get(key) == Some(value);
        if in_reach
            && labels.iter().all(has)
            && let Some(to) = mesh.object(ingress.object)
        {
            add(&to.id, Reason::Accepted);
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

fn is_waypoint(gateway: &GatewayInfo) -> bool {
    gateway.role == Role::Waypoint
}

/// Who is in reach of a policy without selector and targetRefs.
pub(crate) struct InReach {
    /// Workloads that a ztunnel captures.
    pub(crate) captured: bool,
    /// Workloads with a sidecar.
    sidecars: bool,
    /// Ingress gateways, of either API.
    pub(crate) gateways: bool,
}

/// Those of its namespace, or of all if that is the root namespace.
pub(crate) fn in_reach(mesh: &Mesh, namespace: &str) -> InReach {
    let everywhere = mesh.is_root(namespace);
    let any = |capture| mesh.has_captured((!everywhere).then_some(namespace), capture);
    let gateways = mesh
        .ingresses()
        .any(|ingress| everywhere || ingress.namespace == namespace);
    InReach {
        captured: any(Capture::Captured),
        sidecars: any(Capture::Sidecar),
        gateways,
    }
}

/// The one edge of a policy without selector: to its namespace, or from the root namespace to the mesh.
fn unselected(
    mesh: &Mesh,
    attachments: &Attachments,
    index: ObjectIndex,
    object: &Object,
    reach: Reach,
) -> Row {
    let namespace = object.id.namespace.as_str();
    let everywhere = mesh.is_root(namespace);
    let around = in_reach(mesh, namespace);
    let gateway = reach.gateways && around.gateways;
    let waypoint = object.id.kind == Kind::Telemetry
        && (telemetry::is_searched(mesh, attachments, namespace)
            || everywhere && telemetry::waypoints(mesh).next().is_some());
    let reason = if object.refused {
        Reason::Invalid
    } else if gateway || waypoint || (reach.ztunnels && around.captured) {
        Reason::Accepted
    } else if around.sidecars {
        Reason::LeftToSidecar
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
