//! Which routes, in which order, a waypoint tries for each Service port: read off the attachments.

use std::collections::BTreeMap;

use crate::attach::Attachments;
use crate::mesh::{Mesh, ServiceIndex};
use crate::resource::{BackendObjectReference, Kind, ObjectId};
use crate::route::{self, Attached, Backend, Backends, Invalid, Protocol, RouteTable, Rules};
use crate::wire::{Behavior, Via};

/// The route tables of waypoints, by Service and port.
#[derive(Default)]
pub(crate) struct Routes {
    http: BTreeMap<(ServiceIndex, u16), RouteTable>,
}

impl Routes {
    pub(super) fn compile(mesh: &Mesh, attachments: &Attachments) -> Self {
        let mut routes = Self::default();
        let attached = attached(mesh, attachments);
        for (service, of_service) in attached {
            let Some(info) = mesh.service(service) else {
                continue;
            };
            let gateway = attachments
                .service_waypoint(service)
                .and_then(|gateway| mesh.gateway(gateway));
            let Some(gateway) = gateway else { continue };
            for port in &info.ports {
                if matches!(Protocol::of(port), Protocol::Tcp | Protocol::Udp) {
                    continue;
                }
                let for_port: Vec<Attached<'_>> = of_service
                    .iter()
                    .filter(|route| route.port.is_none_or(|only| only == port.port))
                    .copied()
                    .collect();
                let groups = route::at_waypoint(
                    &for_port,
                    &gateway.namespace,
                    &info.host,
                    &Resolver { mesh },
                );
                if let Some(table) = route::concatenate(groups) {
                    routes.http.insert((service, port.port), table);
                }
            }
        }
        routes
    }

    /// What a waypoint tries for HTTP on a Service port; `None`: no route is for it, and requests go straight on.
    pub(crate) fn http(&self, service: ServiceIndex, port: u16) -> Option<&RouteTable> {
        self.http.get(&(service, port))
    }
}

/// The HTTPRoutes in effect, by Service.
fn attached<'a>(
    mesh: &'a Mesh,
    attachments: &Attachments,
) -> BTreeMap<ServiceIndex, Vec<Attached<'a>>> {
    let mut by_service: BTreeMap<ServiceIndex, Vec<Attached<'a>>> = BTreeMap::new();
    let mut of_waypoints: Vec<(ObjectId, Attached<'a>)> = Vec::new();
    for row in attachments
        .rows()
        .iter()
        .filter(|row| row.via == Via::ParentRef && row.is_attached())
    {
        let Some(object) = mesh.object(row.from).filter(|_| mesh.is_live(row.from)) else {
            continue;
        };
        let Some(rules) = Rules::of(&object.resource) else {
            continue;
        };
        let attached = Attached {
            object: row.from,
            namespace: &object.id.namespace,
            name: &object.id.name,
            created: object.metadata.creation_timestamp.as_deref(),
            port: row.port,
            rules,
        };
        match row.to.kind {
            Kind::Service => {
                if let Some(service) = mesh.find_service(&row.to.namespace, &row.to.name) {
                    by_service.entry(service).or_default().push(attached);
                }
            }
            Kind::Gateway => of_waypoints.push((row.to.clone(), attached)),
            _ => {}
        }
    }
    if mesh.settings().behavior == Behavior::Documented {
        // As the documentation says: a route of the whole waypoint is for every Service that has none of its own.
        for (service, _) in mesh.services() {
            let gateway = attachments
                .service_waypoint(service)
                .and_then(|gateway| mesh.gateway(gateway));
            let id = gateway
                .and_then(|gateway| mesh.object(gateway.object))
                .map(|object| &object.id);
            if by_service.contains_key(&service) {
                continue;
            }
            let routes: Vec<_> = of_waypoints
                .iter()
                .filter(|(to, _)| Some(to) == id)
                .map(|(_, route)| *route)
                .collect();
            if !routes.is_empty() {
                by_service.insert(service, routes);
            }
        }
    }
    by_service
}

/// Finds backends for routes at a waypoint, where no ReferenceGrant is asked for.
struct Resolver<'a> {
    mesh: &'a Mesh,
}

impl Backends for Resolver<'_> {
    fn reference(&self, reference: &BackendObjectReference, namespace: &str) -> Backend {
        let namespace = reference.namespace.as_deref().unwrap_or(namespace);
        let is_service = reference.kind.as_deref().unwrap_or("Service") == "Service"
            && reference.group.as_deref().unwrap_or_default().is_empty();
        let object = ObjectId::new(Kind::Service, namespace, reference.name.as_str()).to_wire();
        if !is_service {
            return Backend::new(object, None, reference.port, Some(Invalid::UnknownKind));
        }
        let service = self.mesh.find_service(namespace, &reference.name);
        let invalid = match service.and_then(|service| self.mesh.service(service)) {
            None => Some(Invalid::BackendNotFound),
            Some(service)
                if reference
                    .port
                    .is_none_or(|port| service.port(port).is_none()) =>
            {
                Some(Invalid::NoSuchPort)
            }
            Some(_) => None,
        };
        Backend::new(object, service, reference.port, invalid)
    }
}
