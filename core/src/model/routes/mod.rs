//! Which routes, in which order, each proxy tries: read off the attachments, compiled for each port.

mod destination_rules;
mod export;
mod gateways;
mod names;
mod resolver;
mod virtual_services;

use self::destination_rules::DestinationRules;
pub(crate) use self::gateways::{Placed, placed as servers_of_pods};
use self::resolver::Resolver;
pub(crate) use self::virtual_services::{Written, gather as virtual_services};
use crate::attach::{Attachments, Reason};
use crate::matcher;
use crate::mesh::{GatewayIndex, GatewayInfo, Mesh, ServiceIndex, ServiceInfo};
use crate::resource::{Kind, ObjectId, ObjectIndex};
use crate::route::{
    self, Attached, GatewayPort, Group, Place, PlaceKind, Problem, Protocol, RouteTable, Rules,
};
use crate::sorted;
use crate::wire::{Behavior, Via};

/// A waypoint, a Service behind it, and a port of that.
type At = (GatewayIndex, ServiceIndex, u16);

/// The route tables of waypoints, by Service and port.
#[derive(Default)]
pub(crate) struct Routes {
    http: sorted::Map<At, RouteTable>,
    layer4: sorted::Map<At, RouteTable>,
    ingress: sorted::Map<(ObjectIndex, u16), GatewayPort>,
    problems: sorted::Map<(ObjectIndex, ParentSort), Problem>,
    at_waypoints: sorted::Set<ObjectIndex>,
}

/// What a parent of a route is, as far as istiod converts the route anew for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ParentSort {
    /// A Service or ServiceEntry: no ReferenceGrant is asked for.
    Mesh,
    /// A Gateway or ListenerSet.
    Gateway,
}

impl ParentSort {
    /// That of a parent of a kind.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Gateway | Kind::ListenerSet => Self::Gateway,
            _ => Self::Mesh,
        }
    }
}

/// What the tables of all proxies are compiled from.
struct Sources<'a> {
    mesh: &'a Mesh,
    rules: DestinationRules<'a>,
    virtual_services: Vec<Written<'a>>,
}

impl Routes {
    pub(super) fn compile(mesh: &Mesh, attachments: &Attachments) -> Self {
        let sources = Sources {
            mesh,
            rules: DestinationRules::gather(mesh),
            virtual_services: self::virtual_services::gather(mesh),
        };
        let mut routes = Self {
            problems: problems(&sources),
            ingress: gateways::compile(&sources, attachments),
            ..Self::default()
        };
        let attached = attached(mesh, attachments, &routes);
        let bound = bound(mesh, attachments);
        routes.at_waypoints = bound.values().flatten().copied().collect();
        let clusters = sources.clusters(attachments, &routes);
        let waypoints = mesh.services().flat_map(|(service, info)| {
            let waypoints = attachments.service_waypoints(service);
            waypoints.map(move |waypoint| (waypoint.gateway, service, info))
        });
        for (at, service, info) in waypoints {
            let Some(gateway) = mesh.gateway(at) else {
                continue;
            };
            let attached = attached
                .get(&service)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let virtual_services = bound.get(&service).map(Vec::as_slice).unwrap_or_default();
            for port in &info.ports {
                let protocol = Protocol::of(port);
                if protocol == Protocol::Udp {
                    continue;
                }
                let told = clusters.get(&at);
                let place = (gateway, told, port.port);
                let groups = sources.groups(info, place, (attached, virtual_services));
                let (http, layer4) = route::concatenate(groups);
                let key = (at, service, port.port);
                if protocol != Protocol::Tcp {
                    routes.http.extend(http.map(|table| (key, table)));
                }
                if protocol != Protocol::Http {
                    routes.layer4.extend(layer4.map(|table| (key, table)));
                }
            }
        }
        routes
    }

    /// What a waypoint tries for HTTP on a Service port; `None`: no route is for it, and requests go straight on.
    pub(crate) fn http(&self, at: At) -> Option<&RouteTable> {
        self.http.get(&at)
    }

    /// The same for connections that are no HTTP, or are not read.
    pub(crate) fn layer4(&self, at: At) -> Option<&RouteTable> {
        self.layer4.get(&at)
    }

    /// What an ingress gateway has on a port; `None`: it does not listen there.
    pub(crate) fn ingress(&self, gateway: ObjectIndex, port: u16) -> Option<&GatewayPort> {
        self.ingress.get(&(gateway, port))
    }

    /// The ports on which an ingress gateway listens.
    pub(crate) fn ingress_ports(&self, gateway: ObjectIndex) -> impl Iterator<Item = u16> {
        self.ingress
            .starting_at(&(gateway, 0))
            .map(|(at, _)| *at)
            .take_while(move |(at, _)| *at == gateway)
            .map(|(_, port)| port)
    }

    /// The labels of a subset of a host, as the proxies of a namespace know it.
    pub(crate) fn subset(
        &self,
        mesh: &Mesh,
        host: &str,
        namespace: &str,
        name: &str,
    ) -> Option<crate::resource::Labels> {
        let root = &mesh.settings().root_namespace;
        DestinationRules::gather(mesh)
            .subset(host, Some(namespace), namespace, root, name)
            .cloned()
    }

    /// Every table for HTTP, of waypoints and of ingress gateways.
    pub(crate) fn http_tables(&self) -> impl Iterator<Item = &RouteTable> {
        let at_gateways = self.ingress.values().flat_map(GatewayPort::http_tables);
        self.http.values().chain(at_gateways)
    }

    /// The VirtualServices that some waypoint uses.
    pub(crate) fn virtual_services_at_waypoints(&self) -> impl Iterator<Item = ObjectIndex> {
        self.at_waypoints.iter().copied()
    }

    /// Whether istiod drops a route as a whole, for parents of a sort.
    pub(crate) fn is_dropped(&self, route: ObjectIndex, parent: ParentSort) -> bool {
        self.problem(route, parent)
            .is_some_and(|problem| problem.drops.is_some())
    }

    /// What istiod cannot convert of a route for parents of a sort.
    pub(crate) fn problem(&self, route: ObjectIndex, parent: ParentSort) -> Option<&Problem> {
        self.problems.get(&(route, parent))
    }

    /// The routes that istiod drops as a whole, also where no ReferenceGrant is asked for.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = (ObjectIndex, &Problem, &str)> {
        self.problems
            .iter()
            .filter_map(|(&(object, parent), problem)| {
                let message = problem.drops.as_deref()?;
                (parent == ParentSort::Mesh).then_some((object, problem, message))
            })
    }
}

impl Sources<'_> {
    fn resolver<'a>(&'a self, proxy_namespace: &'a str, needs_grant: bool) -> Resolver<'a> {
        Resolver {
            mesh: self.mesh,
            rules: &self.rules,
            proxy_namespace,
            needs_grant,
            clusters: None,
        }
    }

    /// The Services for which each waypoint has clusters: its own; what routes of these send requests to, be they in
    /// effect or in a namespace where they have none; and what the mesh's VirtualServices that name the host of one as
    /// it is send requests to.
    /// `istio/istio: pilot/pkg/networking/core/waypoint.go` (filterWaypointOutboundServices),
    /// `pilot/pkg/model/push_context.go` (initVirtualServices).
    fn clusters(
        &self,
        attachments: &Attachments,
        routes: &Routes,
    ) -> sorted::Map<GatewayIndex, sorted::Set<ServiceIndex>> {
        let mut clusters: sorted::Map<GatewayIndex, sorted::Set<ServiceIndex>> = sorted::Map::new();
        // Any other host is one of a Service of the waypoint's, so that its VirtualService is among those that name one.
        let is_wildcard =
            |written: &Written<'_>| written.hosts.iter().any(|host| host.starts_with('*'));
        if !self.virtual_services.iter().any(is_wildcard) {
            return clusters;
        }
        let mut referenced: Vec<(ServiceIndex, ServiceIndex)> = Vec::new();
        for row in attachments.rows() {
            let converted = row.is_attached() || row.reason == Reason::NotProducerNamespace;
            if row.via != Via::ParentRef
                || !converted
                || routes.is_dropped(row.from, ParentSort::Mesh)
            {
                continue;
            }
            let Some(object) = self
                .mesh
                .object(row.from)
                .filter(|_| self.mesh.is_live(row.from))
            else {
                continue;
            };
            let Some(rules) = Rules::of(&object.resource) else {
                continue;
            };
            let resolver = self.resolver(&object.id.namespace, false);
            let route = Attached::new(row.from, object, None, rules);
            for &service in self.mesh.services_of(&row.to) {
                let backends = route::backends(&route, &resolver);
                let known = backends
                    .iter()
                    .filter_map(|backend| resolver.named(backend));
                referenced.extend(known.map(|backend| (service, backend)));
            }
        }
        for (service, info) in self.mesh.services() {
            referenced.push((service, service));
            for written in self.virtual_services.iter().filter(|written| {
                written.gateways.iter().any(|gateway| gateway == "mesh")
                    && written.hosts.contains(&info.host)
            }) {
                let resolver = self.resolver(written.namespace, false);
                let known = written
                    .destinations()
                    .filter_map(|destination| resolver.find(&destination.host));
                referenced.extend(known.map(|backend| (service, backend)));
            }
        }
        for (service, backend) in referenced {
            for waypoint in attachments.service_waypoints(service) {
                clusters
                    .entry(waypoint.gateway)
                    .or_default()
                    .insert(backend);
            }
        }
        clusters
    }

    /// All that a waypoint, which is told of some clusters, has for one port of a Service.
    fn groups(
        &self,
        service: &ServiceInfo,
        (gateway, told, port): (&GatewayInfo, Option<&sorted::Set<ServiceIndex>>, u16),
        (attached, virtual_services): (&[Attached<'_>], &[ObjectIndex]),
    ) -> Vec<Group> {
        let resolver = self.resolver(&gateway.namespace, false);
        let namespace = &gateway.namespace;
        let mut groups = route::at_waypoint(attached, namespace, &service.host, port, &resolver);
        let place = Place {
            gateway: "mesh".to_owned(),
            namespace,
            port,
            tls: false,
            kind: PlaceKind::Waypoint(&service.host),
        };
        let of_service = self
            .virtual_services
            .iter()
            .filter(|written| virtual_services.contains(&written.object))
            .filter(|written| {
                let mut hosts = written.hosts.iter();
                hosts.any(|host| matcher::hosts_intersect(host, &service.host))
            });
        let resolver = Resolver {
            clusters: told,
            ..resolver
        };
        groups.extend(of_service.map(|written| written.group(&place, &resolver)));
        groups
    }
}

/// What istiod cannot convert of each route, for each sort of parents.
fn problems(sources: &Sources<'_>) -> sorted::Map<(ObjectIndex, ParentSort), Problem> {
    let mut problems = sorted::Map::new();
    for (index, object) in sources.mesh.objects() {
        let Some(rules) = Rules::of(&object.resource).filter(|_| sources.mesh.is_live(index))
        else {
            continue;
        };
        for parent in [ParentSort::Mesh, ParentSort::Gateway] {
            let needs_grant = parent == ParentSort::Gateway;
            let resolver = sources.resolver(&object.id.namespace, needs_grant);
            let problem = rules.problem(index, &resolver);
            problems.extend(problem.map(|problem| ((index, parent), problem)));
        }
    }
    problems
}

/// The VirtualServices that waypoints use, by Service. Whether routes of the Service leave them anything is seen when
/// requests are routed, unless the documentation has its way.
fn bound(mesh: &Mesh, attachments: &Attachments) -> sorted::Map<ServiceIndex, Vec<ObjectIndex>> {
    let implemented = mesh.settings().behavior == Behavior::Implemented;
    let mut by_service: sorted::Map<ServiceIndex, Vec<ObjectIndex>> = sorted::Map::new();
    for row in attachments.rows().iter().filter(|row| row.via == Via::Host) {
        let used = row.is_attached() || (implemented && row.reason == Reason::ShadowedByRoute);
        let is_virtual_service = mesh
            .object(row.from)
            .is_some_and(|object| object.id.kind == Kind::VirtualService);
        if used && is_virtual_service && mesh.is_live(row.from) {
            for &service in mesh.services_of(&row.to) {
                by_service.entry(service).or_default().push(row.from);
            }
        }
    }
    by_service
}

/// The routes in effect, by Service.
fn attached<'a>(
    mesh: &'a Mesh,
    attachments: &Attachments,
    routes: &Routes,
) -> sorted::Map<ServiceIndex, Vec<Attached<'a>>> {
    let mut by_service: sorted::Map<ServiceIndex, Vec<Attached<'a>>> = sorted::Map::new();
    let mut of_waypoints: Vec<(ObjectId, Attached<'a>)> = Vec::new();
    for row in attachments
        .rows()
        .iter()
        .filter(|row| row.via == Via::ParentRef && row.is_attached())
    {
        let dropped = routes.is_dropped(row.from, ParentSort::Mesh);
        let counts = mesh.is_live(row.from) && !dropped;
        let Some(object) = mesh.object(row.from).filter(|_| counts) else {
            continue;
        };
        let Some(rules) = Rules::of(&object.resource) else {
            continue;
        };
        let attached = Attached::new(row.from, object, row.port, rules);
        match row.to.kind {
            Kind::Service | Kind::ServiceEntry => {
                for &service in mesh.services_of(&row.to) {
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
