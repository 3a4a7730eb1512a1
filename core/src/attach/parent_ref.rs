//! `parentRefs` of routes: whether a route takes effect at the parents that it names.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (toInternalParentReference, referenceAllowed),
//! `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getVirtualServiceForWaypoint).

use super::listener::Wanted;
use super::{Attachments, Binding, Reason, Row, origin, use_waypoint};
use crate::mesh::{Address, INGRESS_CONTROLLER, MESH_CONTROLLER, Mesh, Role, ServiceIndex};
use crate::resource::{
    GATEWAY_API, ISTIO_NETWORKING, Kind, Object, ObjectId, ObjectIndex, ParentReference, Route,
};
use crate::source::FieldPath;
use crate::wire::{Behavior, Via};

/// One edge for each parentRef of each route.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, rows: &mut Vec<Row>) {
    for (index, object) in mesh.drawn() {
        let Some(route) = object.resource.as_route() else {
            continue;
        };
        for (position, parent) in route.parent_refs.iter().enumerate() {
            rows.push(row(
                mesh,
                attachments,
                (index, object, route),
                position,
                parent,
            ));
        }
    }
}

/// The object that a parentRef names, and whether its group is the one of its kind. A group left out with
/// `kind: Service` means Gateway API's group: an unknown kind, silently skipped.
fn parent_of(parent: &ParentReference, namespace: &str) -> (ObjectId, bool) {
    let namespace = parent.namespace.as_deref().unwrap_or(namespace);
    let group = parent.group.as_deref().unwrap_or(GATEWAY_API);
    let kind = parent.kind.as_deref().unwrap_or("Gateway");
    let known = matches!(
        (group, kind),
        (GATEWAY_API, "Gateway" | "ListenerSet")
            | ("", "Service")
            | (ISTIO_NETWORKING, "ServiceEntry")
    );
    let to = ObjectId::of_reference(group, kind, namespace, &parent.name);
    (to, known)
}

/// A route with its place.
type Holder<'a> = (ObjectIndex, &'a Object, Route<'a>);

fn row(
    mesh: &Mesh,
    attachments: &Attachments,
    holder: Holder<'_>,
    position: usize,
    parent: &ParentReference,
) -> Row {
    let (index, object, route) = holder;
    let (to, known) = parent_of(parent, &object.id.namespace);
    let reason = if object.refused {
        Reason::Invalid
    } else if route.kind == Kind::UdpRoute {
        Reason::UnsupportedKind
    } else if !known {
        Reason::UnsupportedParent
    } else {
        let wanted = Wanted::new(object, route, parent);
        match to.kind {
            Kind::Gateway => gateway(mesh, attachments, &to, &wanted),
            Kind::ListenerSet => listener_set(mesh, attachments, &to, &wanted),
            _ => service(mesh, attachments, object, &to, parent.port),
        }
    };
    let path = FieldPath::new()
        .key("spec")
        .key("parentRefs")
        .index(position);
    let mut row = Row::new(index, to, Via::ParentRef, reason, origin(object, path));
    row.port = parent.port;
    row.section_name.clone_from(&parent.section_name);
    row
}

/// A Gateway as parent. A waypoint takes no routes, whatever the documentation says:
/// `istio/istio: pilot/pkg/config/kube/gateway/gateway_collection.go` (GatewayCollection).
fn gateway(mesh: &Mesh, attachments: &Attachments, to: &ObjectId, wanted: &Wanted<'_>) -> Reason {
    let Some(gateway) = mesh
        .find_gateway(&to.namespace, &to.name)
        .and_then(|index| mesh.gateway(index))
    else {
        return Reason::ParentNotFound;
    };
    match (gateway.role, mesh.settings().behavior) {
        // What ztunnel feeds may be another controller's.
        (Role::Sandwich, _) if !mesh.is_ingress(gateway) => Reason::ForeignController,
        (Role::Waypoint, Behavior::Implemented) => Reason::WaypointTakesNoRoutes,
        (Role::Waypoint, Behavior::Documented) => Reason::Accepted,
        (Role::Ingress | Role::Sandwich, _) => {
            attachments.listeners().admit(mesh, gateway.object, wanted)
        }
        (Role::Remote | Role::EastWest | Role::Foreign, _) => Reason::ForeignController,
    }
}

/// A ListenerSet as parent. Its listeners are no listeners of its Gateway to a route, nor the other way round.
fn listener_set(
    mesh: &Mesh,
    attachments: &Attachments,
    to: &ObjectId,
    wanted: &Wanted<'_>,
) -> Reason {
    let Some(index) = mesh.find(to) else {
        return Reason::ParentNotFound;
    };
    match attachments.listeners().set(index) {
        Some(Reason::Accepted) => attachments.listeners().admit(mesh, index, wanted),
        Some(Reason::ForeignController) => Reason::ForeignController,
        _ => Reason::ParentNotAccepted,
    }
}

/// A Service or ServiceEntry as parent.
fn service(
    mesh: &Mesh,
    attachments: &Attachments,
    route: &Object,
    to: &ObjectId,
    port: Option<u16>,
) -> Reason {
    let Some(index) = mesh.service_of(to) else {
        return Reason::NoMatchingParent;
    };
    if is_elsewhere(mesh, index) {
        return Reason::ForeignController;
    }
    if let Err(reason) = at_waypoint(mesh, attachments, index, &route.id.namespace) {
        return reason;
    }
    let service = mesh.service(index);
    if port.is_some_and(|port| service.is_none_or(|service| service.port(port).is_none())) {
        return Reason::NoMatchingPort;
    }
    Reason::Accepted
}

/// Whether the waypoint that labels name is one that another controller configures, also where it does not serve. Of a
/// class that is not there nobody can tell. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
/// (waypointManagedByAnotherController).
pub(crate) fn is_elsewhere(mesh: &Mesh, index: ServiceIndex) -> bool {
    let controller = mesh
        .service(index)
        .and_then(|service| use_waypoint::named_gateway(mesh, service))
        .and_then(|gateway| mesh.controller_of(gateway));
    controller.is_some_and(|name| !matches!(name, MESH_CONTROLLER | INGRESS_CONTROLLER))
}

/// Whether what a namespace says about a Service's traffic takes effect at the Service's waypoint, with the first
/// reason why not. Istio accepts routes all the same; without a waypoint nothing reads them.
pub(super) fn at_waypoint(
    mesh: &Mesh,
    attachments: &Attachments,
    index: ServiceIndex,
    namespace: &str,
) -> Result<(), Reason> {
    let service = mesh.service(index).ok_or(Reason::NoMatchingParent)?;
    let gateway = attachments
        .service_waypoint(index)
        .and_then(|index| mesh.gateway(index))
        .ok_or_else(|| {
            attachments
                .service_binding(index)
                .map_or(Reason::MissingUseWaypointLabel, Binding::reason)
        })?;
    if gateway.role == Role::Foreign {
        Err(Reason::ForeignController)
    } else if namespace != service.namespace && namespace != gateway.namespace {
        Err(Reason::NotProducerNamespace)
    } else if service.address == Address::Headless {
        Err(Reason::NoAddress)
    } else {
        Ok(())
    }
}
