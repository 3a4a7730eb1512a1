//! Istio's own traffic API beside waypoints: which Service a VirtualService or DestinationRule is for, which Istio
//! Gateway a VirtualService is bound to, and which workloads an Istio Gateway is.
//! `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getVirtualServiceForWaypoint),
//! `pilot/pkg/model/push_context.go` (VirtualServicesForGateway, destinationRule).

use super::parent_ref::at_waypoint;
use super::{Attachments, Reason, Row, backend_ref, origin};
use crate::matcher::hosts_intersect;
use crate::mesh::{Mesh, Role, ServiceIndex};
use crate::resource::{
    DestinationRule, IstioGateway, Kind, Object, ObjectId, ObjectIndex, Resource, VirtualService,
    gateway_of,
};
use crate::sorted;
use crate::source::FieldPath;
use crate::wire::{Behavior, EdgeStatus, Via};

/// The edges of VirtualServices, DestinationRules and Istio Gateways. `parents` are the edges of routes to their
/// parents; `rows` has those to their backends already.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, parents: &[Row], rows: &mut Vec<Row>) {
    let routes = Routes::new(mesh, parents);
    for (index, object) in mesh.drawn() {
        if let Resource::VirtualService(service) = &object.resource {
            gateways(mesh, index, object, service, rows);
            if service.is_for_mesh() {
                hosts(mesh, attachments, &routes, (index, object, service), rows);
            }
        }
    }
    if mesh.settings().behavior == Behavior::Documented {
        keep_the_oldest(mesh, rows);
    }
    let from_gateways = behind_gateways(rows);
    for (index, object) in mesh.live(Kind::DestinationRule) {
        if let Resource::DestinationRule(rule) = &object.resource {
            destination_rule(
                mesh,
                attachments,
                &from_gateways,
                (index, object, rule),
                rows,
            );
        }
    }
    for (index, object) in mesh.live(Kind::IstioGateway) {
        if let Resource::IstioGateway(gateway) = &object.resource {
            selected(mesh, index, object, gateway, rows);
        }
    }
}

fn spec(key: &'static str) -> FieldPath {
    FieldPath::new().key("spec").key(key)
}

/// One edge for each entry of `gateways` but `mesh`.
fn gateways(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    service: &VirtualService,
    rows: &mut Vec<Row>,
) {
    for (position, written) in service.gateways.iter().enumerate() {
        if written == "mesh" {
            continue;
        }
        let (namespace, name) = gateway_of(written, &object.id.namespace);
        let classic = ObjectId::new(Kind::IstioGateway, namespace, name);
        let modern = ObjectId::new(Kind::Gateway, namespace, name);
        let (to, reason) = if object.refused {
            (classic, Reason::Invalid)
        } else if mesh.find(&classic).is_some() {
            (classic, Reason::Accepted)
        } else if mesh.find(&modern).is_some() {
            (modern, Reason::UnsupportedParent)
        } else {
            (classic, Reason::ReferencedResourceNotFound)
        };
        let origin = origin(object, spec("gateways").index(position));
        rows.push(Row::new(index, to, Via::Gateways, reason, origin));
    }
}

/// One edge for each host of a VirtualService for the mesh; a wildcard has one for each Service with a waypoint.
fn hosts(
    mesh: &Mesh,
    attachments: &Attachments,
    routes: &Routes<'_>,
    (index, object, service): (ObjectIndex, &Object, &VirtualService),
    rows: &mut Vec<Row>,
) {
    for (position, host) in service.hosts.iter().enumerate() {
        let origin = origin(object, spec("hosts").index(position));
        let targets = targets(mesh, attachments, host, &object.id.namespace);
        if targets.is_empty() {
            let (to, _) = backend_ref::of_host(mesh, host, &object.id.namespace);
            let reason = Reason::ReferencedResourceNotFound;
            rows.push(Row::new(index, to, Via::Host, reason, origin));
            continue;
        }
        for (target, to) in targets {
            let admitted = if object.refused {
                Err(Reason::Invalid)
            } else {
                at_waypoint(mesh, attachments, target, &object.id.namespace)
            };
            let reason = admitted
                .and_then(|()| exported(mesh, attachments, target, object, &service.export_to))
                .and_then(|()| routes.leave(mesh, attachments, target, object, service))
                .err()
                .unwrap_or(Reason::Accepted);
            rows.push(Row::new(index, to, Via::Host, reason, origin.clone()));
        }
    }
}

/// The Services whose name a host states.
fn targets(
    mesh: &Mesh,
    attachments: &Attachments,
    host: &str,
    namespace: &str,
) -> Vec<(ServiceIndex, ObjectId)> {
    let (named, found) = backend_ref::of_host(mesh, host, namespace);
    let service = mesh.service_of(&named).filter(|_| found);
    let mut targets: Vec<_> = service
        .map(|service| (service, named))
        .into_iter()
        .collect();
    // Either side may be a wildcard.
    let overlapping = mesh.services().filter(|(index, service)| {
        (host.starts_with('*') || service.host.starts_with('*'))
            && attachments.service_waypoint(*index).is_some()
            && hosts_intersect(host, &service.host)
    });
    for (index, service) in overlapping {
        let to = mesh.object(service.object).map(|object| object.id.clone());
        if let Some(to) = to.filter(|to| targets.iter().all(|(_, other)| other != to)) {
            targets.push((index, to));
        }
    }
    targets
}

/// Whether `exportTo` shows an object to the waypoint of a Service.
fn exported(
    mesh: &Mesh,
    attachments: &Attachments,
    target: ServiceIndex,
    object: &Object,
    export_to: &[String],
) -> Result<(), Reason> {
    let waypoint = attachments
        .service_waypoint(target)
        .and_then(|gateway| mesh.gateway(gateway));
    let seen = export_to.is_empty()
        || waypoint.is_some_and(|waypoint| {
            export_to.iter().any(|to| match to.as_str() {
                "*" => true,
                "." => waypoint.namespace == object.id.namespace,
                namespace => namespace == waypoint.namespace,
            })
        });
    if seen {
        Ok(())
    } else {
        Err(Reason::NotProducerNamespace)
    }
}

/// HTTPRoutes and GRPCRoutes in effect, by Service.
struct Routes<'m>(sorted::Map<ServiceIndex, Vec<(&'m Object, Option<u16>)>>);

impl<'m> Routes<'m> {
    fn new(mesh: &'m Mesh, parents: &[Row]) -> Self {
        let mut by_service: sorted::Map<ServiceIndex, Vec<_>> = sorted::Map::new();
        for row in parents.iter().filter(|row| row.is_attached()) {
            let Some(object) = mesh.object(row.from).filter(|object| {
                matches!(object.id.kind, Kind::HttpRoute | Kind::GrpcRoute)
                    && mesh.is_live(row.from)
            }) else {
                continue;
            };
            if let Some(service) = mesh.service_of(&row.to) {
                by_service
                    .entry(service)
                    .or_default()
                    .push((object, row.port));
            }
        }
        Self(by_service)
    }

    /// Whether the routes of a Service leave a VirtualService anything. The documentation says that they never do; the
    /// code puts the routes of the waypoint's namespace, and elsewhere older ones, first, and what none of them matches
    /// still falls to the VirtualService.
    fn leave(
        &self,
        mesh: &Mesh,
        attachments: &Attachments,
        service: ServiceIndex,
        object: &Object,
        written: &VirtualService,
    ) -> Result<(), Reason> {
        let routes = self.0.get(&service).map(Vec::as_slice).unwrap_or_default();
        let namespace = attachments
            .service_waypoint(service)
            .and_then(|gateway| mesh.gateway(gateway))
            .map(|gateway| gateway.namespace.as_str());
        let only_http = written.tls.is_empty() && written.tcp.is_empty();
        // What is exported to the waypoint's namespace alone comes before everything else.
        let private = match written.export_to.as_slice() {
            [only] if only == "." => Some(object.id.namespace.as_str()) == namespace,
            [only] => Some(only.as_str()) == namespace,
            _ => false,
        };
        let first = |route: &Object| {
            let age = |object: &Object| object.metadata.creation_timestamp.clone();
            Some(route.id.namespace.as_str()) == namespace
                || age(route).is_some_and(|route| age(object).is_some_and(|own| route < own))
        };
        let ports: sorted::Set<u16> = mesh
            .service(service)
            .map(|service| service.ports.iter().map(|port| port.port).collect())
            .unwrap_or_default();
        let mut taken = sorted::Set::new();
        for (_, port) in routes
            .iter()
            .filter(|(route, _)| first(route) && takes_everything(&route.resource))
        {
            match port {
                Some(port) => {
                    taken.insert(*port);
                }
                None => taken.extend(ports.iter().copied()),
            }
        }
        let shadowed = match mesh.settings().behavior {
            Behavior::Documented => !routes.is_empty(),
            Behavior::Implemented => {
                !routes.is_empty()
                    && only_http
                    && !private
                    && ports.iter().all(|port| taken.contains(port))
            }
        };
        if shadowed {
            Err(Reason::ShadowedByRoute)
        } else {
            Ok(())
        }
    }
}

/// As documented, a host has one VirtualService: of several the oldest, by name where ages are equal.
fn keep_the_oldest(mesh: &Mesh, rows: &mut [Row]) {
    let age = |row: &Row| {
        let object = mesh.object(row.from)?;
        let created = object.metadata.creation_timestamp.clone();
        Some((created, object.id.clone()))
    };
    let mut oldest: sorted::Map<ObjectId, _> = sorted::Map::new();
    for row in rows
        .iter()
        .filter(|row| row.via == Via::Host && row.is_attached())
    {
        let first = oldest.entry(row.to.clone()).or_insert_with(|| age(row));
        *first = first.clone().min(age(row));
    }
    for row in rows.iter_mut() {
        if row.via == Via::Host && row.is_attached() && oldest.get(&row.to) != Some(&age(row)) {
            row.reason = Reason::ShadowedByOlder;
            row.status = row.reason.status(row.via);
        }
    }
}

/// Whether some rule of a route matches every request.
fn takes_everything(resource: &Resource) -> bool {
    match resource {
        Resource::HttpRoute(route) => route.rules.as_ref().is_none_or(|rules| {
            rules.iter().any(|rule| {
                rule.matches.is_empty()
                    || rule.matches.iter().any(|one| {
                        let path = one.path.as_ref().is_none_or(|path| {
                            path.value.as_deref().unwrap_or("/") == "/"
                                && path.match_type.as_deref().unwrap_or("PathPrefix")
                                    == "PathPrefix"
                        });
                        path && one.headers.is_empty()
                            && one.query_params.is_empty()
                            && one.method.is_none()
                    })
            })
        }),
        Resource::GrpcRoute(route) => route.rules.iter().any(|rule| {
            rule.matches.is_empty()
                || rule
                    .matches
                    .iter()
                    .any(|one| one.method.is_none() && one.headers.is_empty())
        }),
        _ => false,
    }
}

/// What gateways send requests to: backends of whatever is attached to one.
fn behind_gateways(rows: &[Row]) -> sorted::Set<ObjectId> {
    let attached = |row: &&Row| row.status == EdgeStatus::Attached;
    let at_gateways: sorted::Set<ObjectIndex> = rows
        .iter()
        .filter(attached)
        .filter(|row| {
            row.via == Via::Gateways
                || row.via == Via::ParentRef
                    && matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet)
        })
        .map(|row| row.from)
        .collect();
    rows.iter()
        .filter(attached)
        .filter(|row| row.via == Via::BackendRef && at_gateways.contains(&row.from))
        .map(|row| row.to.clone())
        .collect()
}

/// The edges of a DestinationRule. Waypoints and gateways read it, ztunnels do not.
fn destination_rule(
    mesh: &Mesh,
    attachments: &Attachments,
    from_gateways: &sorted::Set<ObjectId>,
    (index, object, rule): (ObjectIndex, &Object, &DestinationRule),
    rows: &mut Vec<Row>,
) {
    let origin = origin(object, spec("host"));
    let targets = targets(mesh, attachments, &rule.host, &object.id.namespace);
    if targets.is_empty() {
        let (to, _) = backend_ref::of_host(mesh, &rule.host, &object.id.namespace);
        let reason = Reason::ReferencedResourceNotFound;
        rows.push(Row::new(index, to, Via::Host, reason, origin));
        return;
    }
    for (target, to) in targets {
        let reason = match at_waypoint(mesh, attachments, target, &object.id.namespace) {
            Ok(()) => Reason::Accepted,
            Err(_) if from_gateways.contains(&to) => Reason::Accepted,
            Err(Reason::NotProducerNamespace) if mesh.is_root(&object.id.namespace) => {
                Reason::Accepted
            }
            Err(reason) => reason,
        };
        rows.push(Row::new(index, to, Via::Host, reason, origin.clone()));
    }
}

/// The workloads that an Istio Gateway is, in whatever namespace, and the Gateways whose pods it borrows.
fn selected(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    gateway: &IstioGateway,
    rows: &mut Vec<Row>,
) {
    if gateway.selector.is_empty() {
        return;
    }
    let origin = origin(object, spec("selector"));
    let workloads = mesh
        .select_everywhere(&gateway.selector)
        .into_iter()
        .filter_map(|index| mesh.workload(index))
        .map(|workload| workload.object);
    let gateways = mesh
        .gateways()
        .filter(|(_, info)| {
            matches!(info.role, Role::Ingress | Role::Sandwich)
                && gateway
                    .selector
                    .iter()
                    .all(|(key, value)| info.pod_labels.get(key) == Some(value))
        })
        .map(|(_, info)| info.object);
    for to in workloads.chain(gateways).filter_map(|at| mesh.object(at)) {
        rows.push(Row::new(
            index,
            to.id.clone(),
            Via::Selector,
            Reason::Accepted,
            origin.clone(),
        ));
    }
}
