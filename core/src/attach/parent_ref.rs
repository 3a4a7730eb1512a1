//! `parentRefs` of routes: whether a route takes effect at the parents that it names.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (toInternalParentReference, referenceAllowed),
//! `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getVirtualServiceForWaypoint).

use super::{Attachments, Reason, Row, origin};
use crate::mesh::{Address, Mesh, Role};
use crate::resource::{GATEWAY_API, Kind, Object, ObjectId, ObjectIndex, ParentReference};
use crate::source::FieldPath;
use crate::wire::{Behavior, Via};

/// One edge for each parentRef of each route.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, rows: &mut Vec<Row>) {
    for (index, object) in mesh.objects() {
        let Some(route) = object.resource.as_route() else {
            continue;
        };
        for (position, parent) in route.parent_refs.iter().enumerate() {
            rows.extend(row(mesh, attachments, index, object, position, parent));
        }
    }
}

fn row(
    mesh: &Mesh,
    attachments: &Attachments,
    index: ObjectIndex,
    object: &Object,
    position: usize,
    parent: &ParentReference,
) -> Option<Row> {
    let namespace = parent.namespace.as_deref().unwrap_or(&object.id.namespace);
    let group = parent.group.as_deref().unwrap_or(GATEWAY_API);
    let kind = parent.kind.as_deref().unwrap_or("Gateway");
    let (to, reason) = match (group, kind) {
        (GATEWAY_API, "Gateway") => {
            let to = ObjectId::new(Kind::Gateway, namespace, parent.name.as_str());
            (to, gateway(mesh, namespace, &parent.name))
        }
        ("", "Service") => {
            let to = ObjectId::new(Kind::Service, namespace, parent.name.as_str());
            (to, service(mesh, attachments, object, namespace, parent))
        }
        // A group left out with `kind: Service` means Gateway API's group: an unknown kind, silently skipped.
        (_, kind) => {
            let known = Kind::of_reference(group, kind)?;
            (
                ObjectId::new(known, namespace, parent.name.as_str()),
                Reason::UnsupportedParent,
            )
        }
    };
    let reason = if object.refused {
        Reason::Invalid
    } else {
        reason
    };
    let path = FieldPath::new()
        .key("spec")
        .key("parentRefs")
        .index(position);
    let mut row = Row::new(index, to, Via::ParentRef, reason, origin(object, path));
    row.port = parent.port;
    row.section_name.clone_from(&parent.section_name);
    Some(row)
}

/// A Gateway as parent. A waypoint takes no routes, whatever the documentation says:
/// `istio/istio: pilot/pkg/config/kube/gateway/gateway_collection.go` (GatewayCollection).
fn gateway(mesh: &Mesh, namespace: &str, name: &str) -> Reason {
    let Some(gateway) = mesh
        .find_gateway(namespace, name)
        .and_then(|index| mesh.gateway(index))
    else {
        return Reason::ParentNotFound;
    };
    match (gateway.role, mesh.settings().behavior) {
        (Role::Waypoint, Behavior::Implemented) => Reason::WaypointTakesNoRoutes,
        (Role::Waypoint, Behavior::Documented) | (Role::Ingress | Role::Sandwich, _) => {
            Reason::Accepted
        }
        (Role::Remote | Role::EastWest | Role::Foreign, _) => Reason::ForeignController,
    }
}

/// A Service as parent: whether the route takes effect at the Service's waypoint, with the first reason why not.
fn service(
    mesh: &Mesh,
    attachments: &Attachments,
    route: &Object,
    namespace: &str,
    parent: &ParentReference,
) -> Reason {
    let Some((index, service)) = mesh
        .find_service(namespace, &parent.name)
        .and_then(|index| Some((index, mesh.service(index)?)))
    else {
        return Reason::NoMatchingParent;
    };
    let Some(gateway) = attachments
        .service_waypoint(index)
        .and_then(|index| mesh.gateway(index))
    else {
        // Istio accepts the route all the same; without a waypoint nothing reads it.
        return attachments
            .service_binding(index)
            .map_or(Reason::MissingUseWaypointLabel, super::Binding::reason);
    };
    if gateway.role == Role::Foreign {
        return Reason::ForeignController;
    }
    if route.id.namespace != namespace && route.id.namespace != gateway.namespace {
        return Reason::NotProducerNamespace;
    }
    if service.address == Address::Headless {
        return Reason::NoAddress;
    }
    if parent.port.is_some_and(|port| service.port(port).is_none()) {
        return Reason::NoMatchingPort;
    }
    Reason::Accepted
}
