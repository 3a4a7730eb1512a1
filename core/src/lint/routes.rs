//! Lints about routes: what is accepted and never used, and what is not accepted.

use super::{Row, blamed, first_written, row, say};
use crate::attach::{self, Reason};
use crate::mesh::ServiceIndex;
use crate::model::Model;
use crate::resource::{Kind, ObjectIndex};
use crate::route::Protocol;
use crate::sorted;
use crate::source::{Diagnostics, Lint, lint};
use crate::wire::Via;

lint!(
    ROUTE_HOSTNAMES_ON_MESH = "WP0232",
    "route-hostnames-on-mesh",
    Info
);
lint!(
    ROUTE_PROTOCOL_MISMATCH = "WP0233",
    "route-protocol-mismatch",
    Warning
);
lint!(ROUTE_NOT_ACCEPTED = "WP0234", "route-not-accepted", Error);
lint!(ROUTE_NO_PARENTS = "WP0235", "route-no-parents", Warning);
lint!(
    BACKEND_PORT_MISSING = "WP0236",
    "backend-port-missing",
    Error
);
lint!(UNREACHABLE_ROUTE = "WP0237", "unreachable-route", Warning);
lint!(
    PARENT_REFS_NEED_EXPERIMENTAL = "WP0248",
    "parentrefs-need-experimental",
    Warning
);

pub(super) static CHECKS: &[Row] = &[
    row(&ROUTE_HOSTNAMES_ON_MESH, route_hostnames_on_mesh),
    row(&ROUTE_PROTOCOL_MISMATCH, route_protocol_mismatch),
    row(&ROUTE_NOT_ACCEPTED, route_not_accepted),
    row(&ROUTE_NO_PARENTS, route_no_parents),
    row(&BACKEND_PORT_MISSING, backend_port_missing),
    row(&UNREACHABLE_ROUTE, unreachable_route),
    row(
        &PARENT_REFS_NEED_EXPERIMENTAL,
        parent_refs_need_experimental,
    ),
];

/// The edges of each route to its parents.
fn parents(model: &Model) -> sorted::Map<ObjectIndex, Vec<&attach::Row>> {
    let mut parents: sorted::Map<ObjectIndex, Vec<&attach::Row>> = sorted::Map::new();
    for row in model.attachments.rows() {
        if row.via == Via::ParentRef && model.mesh.is_live(row.from) {
            parents.entry(row.from).or_default().push(row);
        }
    }
    parents
}

fn is_service(row: &attach::Row) -> bool {
    matches!(row.to.kind, Kind::Service | Kind::ServiceEntry)
}

fn route_hostnames_on_mesh(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (route, rows) in parents(model) {
        let Some(object) = model.mesh.object(route) else {
            continue;
        };
        let http = matches!(object.id.kind, Kind::HttpRoute | Kind::GrpcRoute);
        let hostnames = object
            .resource
            .as_route()
            .is_some_and(|route| !route.hostnames.is_empty());
        if http && hostnames && rows.iter().all(|row| is_service(row)) {
            let message = "waypoints ignore `hostnames`: the Service that is called decides, whatever the Host header says".to_owned();
            let help = "leave `hostnames` out, or match a header";
            say(model, lint, out, (route, "spec.hostnames"), message, help);
        }
    }
}

/// The ports of a Service that a reference is about.
fn ports<'m>(
    model: &'m Model,
    row: &'m attach::Row,
) -> impl Iterator<Item = &'m crate::resource::ServicePort> {
    model
        .mesh
        .service_of(&row.to)
        .and_then(|service| model.mesh.service(service))
        .into_iter()
        .flat_map(|service| &service.ports)
        .filter(|port| row.port.is_none_or(|only| only == port.port))
}

fn route_protocol_mismatch(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (route, rows) in parents(model) {
        let Some(kind) = model.mesh.object(route).map(|object| object.id.kind) else {
            continue;
        };
        for row in rows
            .into_iter()
            .filter(|row| row.is_attached() && is_service(row))
        {
            let mut protocols = ports(model, row).map(Protocol::of).peekable();
            let fits = |protocol: Protocol| match kind {
                Kind::HttpRoute | Kind::GrpcRoute => {
                    matches!(protocol, Protocol::Http | Protocol::Auto)
                }
                _ => matches!(protocol, Protocol::Tcp | Protocol::Auto),
            };
            if protocols.peek().is_some() && !protocols.any(fits) {
                let message = format!(
                    "no port of {} `{}` speaks what a {} is for, so it is never used",
                    row.to.kind_name(),
                    row.to.qualified_name(),
                    kind.name()
                );
                let at = first_written(model, row, &["port", "name"]);
                out.report(lint, at, message).help(
                    "name the port after its protocol (`http`, `grpc`, `tcp`), or set `appProtocol`",
                );
            }
        }
    }
}

fn route_not_accepted(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows() {
        let gateway = matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet);
        let help = match row.reason {
            Reason::NoMatchingParent if gateway => "name a port and section that a listener has",
            Reason::NoMatchingListenerHostname => {
                "name a hostname that a listener serves, or leave `hostnames` out"
            }
            Reason::NotAllowedByListeners => {
                "admit the route's namespace and kind by `allowedRoutes` of the listener"
            }
            Reason::NotAllowed => "admit the namespace by `allowedListeners` of the Gateway",
            Reason::ListenersNotValid => "give the ListenerSet a listener that does not conflict",
            _ => continue,
        };
        let Some(object) = model
            .mesh
            .object(row.from)
            .filter(|_| row.via == Via::ParentRef)
        else {
            continue;
        };
        let sentence = row.reason.sentence(row.via, &object.id, &row.to);
        out.report(lint, blamed(model, row, row.reason), sentence)
            .resource(&object.id)
            .help(help);
    }
}

fn route_no_parents(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in model.mesh.objects() {
        let bare = object
            .resource
            .as_route()
            .is_some_and(|route| route.parent_refs.is_empty());
        if bare && model.mesh.is_live(index) {
            let message = format!(
                "{} `{}` has no `parentRefs`, so it attaches to nothing",
                object.id.kind_name(),
                object.id.qualified_name()
            );
            let help = "name the Service (`group: \"\"`, `kind: Service`) or the ingress Gateway";
            say(model, lint, out, (index, "metadata.name"), message, help);
        }
    }
}

fn backend_port_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows() {
        let Some(port) = row
            .port
            .filter(|_| row.via == Via::BackendRef && row.is_attached())
        else {
            continue;
        };
        let missing = model
            .mesh
            .service_of(&row.to)
            .and_then(|service| model.mesh.service(service))
            .is_some_and(|service| service.port(port).is_none());
        if missing {
            let is_route = model
                .mesh
                .object(row.from)
                .is_some_and(|object| object.resource.as_route().is_some());
            let message = format!(
                "{} `{}` has no port {port}: its share is answered with {}",
                row.to.kind_name(),
                row.to.qualified_name(),
                if is_route {
                    "500, and `ResolvedRefs` stays True"
                } else {
                    "503"
                }
            );
            let at = first_written(model, row, &["port"]);
            out.report(lint, at, message)
                .help("name one of its ports; it is the Service's port, not the container's");
        }
    }
}

/// Of several TCPRoutes for one port the first takes everything.
/// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointNetworkFilters).
fn unreachable_route(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut taken: sorted::Set<(ServiceIndex, u16)> = sorted::Set::new();
    let mut rows: Vec<_> = parents(model)
        .into_iter()
        .filter_map(|(route, rows)| {
            let object = model.mesh.object(route)?;
            let created = object.metadata.creation_timestamp.as_deref();
            let age = (created, &object.id);
            (object.id.kind == Kind::TcpRoute).then_some((age, rows))
        })
        .collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    for (_, rows) in rows {
        for row in rows
            .into_iter()
            .filter(|row| row.is_attached() && is_service(row))
        {
            let Some(service) = model.mesh.service_of(&row.to) else {
                continue;
            };
            let mut own = ports(model, row)
                .map(|port| (service, port.port))
                .peekable();
            let any = own.peek().is_some();
            let new: Vec<_> = own.filter(|port| !taken.contains(port)).collect();
            if any && new.is_empty() {
                let message = format!(
                    "another TCPRoute of {} `{}` came first and takes every connection",
                    row.to.kind_name(),
                    row.to.qualified_name()
                );
                out.report(lint, blamed(model, row, row.reason), message)
                    .help("keep one TCPRoute for each port, with all of the backends");
            }
            taken.extend(new);
        }
    }
}

fn parent_refs_need_experimental(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (_, rows) in parents(model) {
        for (place, row) in rows.iter().enumerate() {
            let is_alike = |other: &&&attach::Row| {
                let told_apart = other.section_name.is_some() && row.section_name.is_some();
                other.to == row.to && (!told_apart || other.section_name == row.section_name)
            };
            if rows.iter().take(place).any(|other| is_alike(&other)) {
                let message = format!(
                    "two parentRefs name {} `{}` and are not told apart by `sectionName`, which Gateway API's standard channel refuses",
                    row.to.kind_name(),
                    row.to.qualified_name()
                );
                out.report(lint, blamed(model, row, row.reason), message)
                    .help("write one route for each port, or install the experimental channel");
            }
        }
    }
}
