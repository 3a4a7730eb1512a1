//! Ingress gateways: listeners of Gateway API and servers of Istio's own, with the routes that are bound to each.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (HTTPRouteCollection, TLSRouteCollection),
//! `conversion.go` (hostnameAllowedByIsolation), `pilot/pkg/model/gateway.go` (mergeGateways).

use super::Sources;
use crate::attach::{self, Attachments, ListenerState, Row, Wanted};
use crate::matcher;
use crate::mesh::{GatewayInfo, Ingress, Mesh, Role};
use crate::resource::{Kind, Listener, ObjectIndex, Resource};
use crate::route::{
    self, Attached, Bound, GatewayPort, Place, PlaceKind, Rules, Server, ServerHost, ServerKind,
};
use crate::sorted;
use crate::wire::Via;

/// What each ingress gateway has, by port.
pub(super) fn compile(
    sources: &Sources<'_>,
    attachments: &Attachments,
) -> sorted::Map<(ObjectIndex, u16), GatewayPort> {
    let mut ports = sorted::Map::new();
    let by_parent = parents(sources.mesh, attachments);
    for (_, gateway) in sources
        .mesh
        .gateways()
        .filter(|(_, gateway)| matches!(gateway.role, Role::Ingress | Role::Sandwich))
    {
        for (port, servers) in of_gateway_api(sources, attachments, gateway, &by_parent) {
            ports.insert((gateway.object, port), GatewayPort::new(&servers));
        }
    }
    for (index, _) in sources.mesh.live(Kind::IstioGateway) {
        if let Some(ingress) = sources.mesh.ingress(index) {
            for (port, servers) in of_istio(sources, &ingress) {
                ports.insert((index, port), GatewayPort::new(&servers));
            }
        }
    }
    ports
}

/// The attached parentRefs of routes, by the Gateway or ListenerSet.
fn parents<'a>(
    mesh: &Mesh,
    attachments: &'a Attachments,
) -> sorted::Map<ObjectIndex, Vec<&'a Row>> {
    let mut by_parent: sorted::Map<ObjectIndex, Vec<&Row>> = sorted::Map::new();
    for row in attachments.rows() {
        let is_listener = matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet);
        if row.via == Via::ParentRef && row.is_attached() && is_listener {
            let parent = mesh.find(&row.to).filter(|_| mesh.is_live(row.from));
            if let Some(parent) = parent {
                by_parent.entry(parent).or_default().push(row);
            }
        }
    }
    by_parent
}

/// The servers of a Gateway and of the ListenerSets that are attached to it, by port.
fn of_gateway_api(
    sources: &Sources<'_>,
    attachments: &Attachments,
    gateway: &GatewayInfo,
    by_parent: &sorted::Map<ObjectIndex, Vec<&Row>>,
) -> sorted::Map<u16, Vec<Server>> {
    let mesh = sources.mesh;
    let own = mesh.object(gateway.object).map(|object| &object.id);
    let sets = attachments.rows().iter().filter(|row| {
        let is_set = mesh
            .object(row.from)
            .is_some_and(|object| object.id.kind == Kind::ListenerSet);
        is_set && row.via == Via::ParentRef && row.is_attached() && Some(&row.to) == own
    });
    let holders = std::iter::once(gateway.object).chain(sets.map(|row| row.from));
    let states: Vec<&ListenerState> = holders
        .flat_map(|holder| attachments.listeners().of(holder))
        .collect();
    let mut by_port: sorted::Map<u16, Vec<Server>> = sorted::Map::new();
    for state in &states {
        let Some(listener) = attach::written_listener(mesh, state) else {
            continue;
        };
        let Some(kind) = kind(listener).filter(|_| state.is_valid) else {
            continue;
        };
        let rivals: Vec<&str> = states
            .iter()
            .filter(|other| other.holder == state.holder && other.position != state.position)
            .filter(|other| other.takes_routes)
            .filter_map(|other| attach::written_listener(mesh, other))
            .filter(|other| other.port == listener.port && other.protocol == listener.protocol)
            .map(|other| other.hostname.as_deref().unwrap_or_default())
            .filter(|hostname| !hostname.is_empty())
            .collect();
        let rows = by_parent.get(&state.holder).map(Vec::as_slice);
        let bound = bound(
            sources,
            attachments,
            gateway,
            (state, listener),
            (rows.unwrap_or_default(), &rivals),
        );
        let name = listener.hostname.clone().filter(|name| !name.is_empty());
        by_port.entry(listener.port).or_default().push(Server {
            kind,
            hosts: vec![ServerHost {
                namespace: None,
                name: name.unwrap_or_else(|| "*".to_owned()),
            }],
            https_redirect: false,
            bound,
        });
    }
    by_port
}

fn kind(listener: &Listener) -> Option<ServerKind> {
    let passes = listener
        .tls
        .as_ref()
        .is_some_and(|tls| tls.mode.as_deref() == Some("Passthrough"));
    match listener.protocol.as_str() {
        "HTTP" => Some(ServerKind::Http),
        "HTTPS" if !passes => Some(ServerKind::Https),
        "HTTPS" | "TLS" if passes => Some(ServerKind::Passthrough),
        "TLS" => Some(ServerKind::TlsTerminated),
        "TCP" => Some(ServerKind::Tcp),
        _ => None,
    }
}

/// The routes that one listener takes. `rivals`: hostnames of other listeners of its port and protocol.
fn bound(
    sources: &Sources<'_>,
    attachments: &Attachments,
    gateway: &GatewayInfo,
    (state, listener): (&ListenerState, &Listener),
    (rows, rivals): (&[&Row], &[&str]),
) -> Vec<Bound> {
    let mesh = sources.mesh;
    let resolver = sources.resolver(&gateway.namespace, true);
    let mut routes: Vec<(Attached<'_>, &[String])> = Vec::new();
    for row in rows {
        let Some(object) = mesh.object(row.from) else {
            continue;
        };
        let (Some(route), Some(rules)) = (object.resource.as_route(), Rules::of(&object.resource))
        else {
            continue;
        };
        let wanted = Wanted {
            kind: route.kind,
            namespace: &object.id.namespace,
            hostnames: route.hostnames,
            section_name: row.section_name.as_deref(),
            port: row.port,
        };
        let takes = attachments.listeners().takes(mesh, state, &wanted);
        let problem = rules.problem(row.from, &resolver);
        if !takes || problem.is_some_and(|problem| problem.drops.is_some()) {
            continue;
        }
        let attached = Attached {
            object: row.from,
            namespace: &object.id.namespace,
            name: &object.id.name,
            created: object.metadata.creation_timestamp.as_deref(),
            port: None,
            rules,
        };
        routes.push((attached, route.hostnames));
    }
    let own = listener.hostname.as_deref().unwrap_or_default();
    let holder = mesh
        .object(state.holder)
        .map(|object| object.id.qualified_name());
    let name = format!("{}/{}", holder.unwrap_or_default(), listener.name);
    route::at_listener(
        &routes,
        (&name, &gateway.namespace),
        Some(own).filter(|own| !own.is_empty()),
        &|hostname| is_left_to(own, rivals, hostname),
        &resolver,
    )
}

/// Whether no other listener is the more specific one for a route's hostname.
fn is_left_to(own: &str, rivals: &[&str], hostname: &str) -> bool {
    if !own.is_empty() && !own.starts_with('*') {
        return true;
    }
    if !own.is_empty() && !matcher::hosts_intersect(hostname, own) {
        return false;
    }
    let is_within = |rival: &str| matcher::narrower_host(hostname, rival) == Some(hostname);
    !rivals
        .iter()
        .any(|rival| own.len() <= rival.len() && is_within(rival))
}

/// The servers of all Istio Gateways that the same pods are, by port.
fn of_istio(sources: &Sources<'_>, ingress: &Ingress) -> sorted::Map<u16, Vec<Server>> {
    let mesh = sources.mesh;
    let mut by_port: sorted::Map<u16, Vec<Server>> = sorted::Map::new();
    for (_, object) in mesh.live(Kind::IstioGateway) {
        let Resource::IstioGateway(gateway) = &object.resource else {
            continue;
        };
        let is_of_pods = gateway
            .selector
            .iter()
            .all(|(key, value)| ingress.labels.get(key) == Some(value));
        if !is_of_pods {
            continue;
        }
        let name = format!("{}/{}", object.id.namespace, object.id.name);
        for written in &gateway.servers {
            let Some(kind) = server_kind(written) else {
                continue;
            };
            let port = written.port.number;
            let place = Place {
                gateway: name.clone(),
                namespace: &ingress.namespace,
                port,
                tls: matches!(kind, ServerKind::Https | ServerKind::TlsTerminated),
                kind: PlaceKind::Gateway(&ingress.labels),
            };
            let resolver = sources.resolver(&ingress.namespace, false);
            let mut bound: Vec<Bound> = sources
                .virtual_services
                .iter()
                .filter(|service| service.is_at_gateway(&name, &ingress.namespace))
                .map(|service| Bound {
                    hosts: service.hosts.clone(),
                    namespace: service.namespace.to_owned(),
                    group: service.group(&place, &resolver),
                })
                .collect();
            bound.sort_by(|left, right| left.group.key().cmp(&right.group.key()));
            let hosts = written
                .hosts
                .iter()
                .map(|host| server_host(host, &object.id.namespace));
            by_port.entry(port).or_default().push(Server {
                kind,
                hosts: hosts.collect(),
                https_redirect: written.tls.as_ref().is_some_and(|tls| tls.https_redirect),
                bound,
            });
        }
    }
    by_port
}

/// `istio/istio: pkg/config/gateway/gateway.go` (IsHTTPServer, IsPassThroughServer).
fn server_kind(server: &crate::resource::Server) -> Option<ServerKind> {
    let mode = server
        .tls
        .as_ref()
        .map(|tls| tls.mode.as_deref().unwrap_or("PASSTHROUGH"));
    let passes = matches!(mode, Some("PASSTHROUGH" | "AUTO_PASSTHROUGH"));
    match server.port.protocol.to_ascii_uppercase().as_str() {
        "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" => Some(ServerKind::Http),
        "UDP" => None,
        _ if passes => Some(ServerKind::Passthrough),
        "HTTPS" if mode.is_some() => Some(ServerKind::Https),
        _ if mode.is_some() => Some(ServerKind::TlsTerminated),
        _ => Some(ServerKind::Tcp),
    }
}

/// `namespace/name`; without a namespace, or with `*`, VirtualServices of any are meant, with `.` those of the
/// Gateway's. `istio/istio: pilot/pkg/model/gateway.go` (sanitizeServerHostNamespace).
fn server_host(written: &str, namespace: &str) -> ServerHost {
    match written.split_once('/') {
        None | Some(("*", _)) => ServerHost {
            namespace: None,
            name: written.rsplit('/').next().unwrap_or(written).to_owned(),
        },
        Some((".", name)) => ServerHost {
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        },
        Some((only, name)) => ServerHost {
            namespace: Some(only.to_owned()),
            name: name.to_owned(),
        },
    }
}
