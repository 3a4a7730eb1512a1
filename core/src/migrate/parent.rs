//! The parents of the routes that a VirtualService becomes: each host of the mesh, and what it is bound to at gateways,
//! by port where the rules differ by it.

use serde_json::Value;

use super::convert::port_of;
use super::gateway::{Gateway, Listener, Takes};
use super::notes::Notes;
use super::object;
use super::rule::{AtGateway, Target, wants};
use crate::mesh::{Mesh, ServiceIndex, ServiceInfo};
use crate::model::{Model, WrittenVirtualService};
use crate::resource::{
    self, HttpMatchRequest, Kind, Layer4Match, ObjectId, ServicePort, gateway_of,
};
use crate::route::{self, Place, PlaceKind, Protocol, Section, ServerKind};
use crate::sorted;
use crate::source::{Diagnostics, FieldPath};

/// A parent of routes.
pub(super) struct Parent<'a> {
    /// The end of the route's name; empty for the first.
    pub(super) suffix: String,
    /// `parentRefs`
    pub(super) references: Vec<Value>,
    /// `hostnames` of HTTPRoutes; those of TLSRoutes are their rules'.
    pub(super) hostnames: Vec<String>,
    /// What `gateways` of a match must name.
    gateway: String,
    /// Where it is, for what depends on it.
    pub(super) target: Target,
    /// The port that is called, where a destination names none.
    pub(super) called: u16,
    /// The only port that it is for.
    port: Option<u16>,
    /// The proxy, if the manifests tell of it.
    place: Option<Place<'a>>,
    /// The listeners at a gateway, if the manifests tell of them.
    listeners: Vec<&'a Listener>,
    takes: &'static [Takes],
}

impl Parent<'_> {
    /// Whether it has routes of a kind.
    pub(super) fn takes(&self, kind: Takes) -> bool {
        self.takes.contains(&kind)
    }

    /// Whether a match can hold here. Waypoints know nothing of a source, which is not for here but for a note.
    pub(super) fn is_for(&self, one: &HttpMatchRequest) -> bool {
        match &self.place {
            Some(place) if self.target != Target::Mesh => route::match_is_for(one, place),
            _ => self.is_for_port(one.port, &one.gateways),
        }
    }

    /// Whether a match here takes every request that one behind it takes. A waypoint drops matches of a source.
    pub(super) fn hides(&self, first: &HttpMatchRequest, second: &HttpMatchRequest) -> bool {
        self.place.as_ref().is_some_and(|place| {
            route::match_is_for(first, place) && route::takes_all_of(first, second, place)
        })
    }

    /// The same of `tls` and `tcp`.
    pub(super) fn is_for_layer4(&self, one: &Layer4Match, section: Section) -> bool {
        match &self.place {
            Some(place) => route::layer4_is_for(one, section, place),
            None => self.is_for_port(one.port, &one.gateways),
        }
    }

    /// Whether connections that ask for a name come to one of its listeners.
    pub(super) fn takes_name(&self, namespace: &str, name: &str) -> bool {
        let name = [name.to_owned()];
        let mut listeners = self.listeners.iter();
        self.listeners.is_empty() || listeners.any(|one| one.serves(namespace, &name))
    }

    fn is_for_port(&self, port: Option<u16>, gateways: &[String]) -> bool {
        let wanted = port.filter(|&port| port != 0).zip(self.port);
        wanted.is_none_or(|(wanted, own)| wanted == own)
            && (gateways.is_empty() || gateways.contains(&self.gateway))
    }
}

/// Each host of the mesh, and each gateway.
pub(super) fn all<'a>(
    model: &'a Model,
    gateways: &'a [Gateway],
    written: &'a WrittenVirtualService<'_>,
    out: &mut Diagnostics,
) -> Vec<Parent<'a>> {
    let mut parents = Vec::new();
    let mut notes = Notes::of(model, out, written.object, FieldPath::new().key("spec"));
    // A short and a long name may mean one Service.
    let mut seen: sorted::Set<ServiceIndex> = sorted::Set::new();
    for (index, name) in written.gateways.iter().enumerate() {
        let at = format!("gateways[{index}]");
        if name == "mesh" {
            for (position, host) in written.hosts.iter().enumerate() {
                let index = model.mesh.service_of_host(host, written.namespace);
                if index.is_some_and(|index| !seen.insert(index)) {
                    continue;
                }
                match index.and_then(|index| model.mesh.service(index)) {
                    Some(service) => parents.extend(of_service(&model.mesh, written, service)),
                    // Beside the mesh there are gateways, where a host need not be one of the mesh.
                    None if written.gateways.len() > 1 && !host.starts_with('*') => {}
                    None => notes.lost(
                        &format!("hosts[{position}]"),
                        format!("`{host}` is no Service or ServiceEntry that could be a parent"),
                        "name each Service by itself",
                    ),
                }
            }
            continue;
        }
        let Some(hostnames) = hostnames(written, &mut notes) else {
            continue;
        };
        let before = parents.len();
        match gateways.iter().find(|gateway| gateway.called == *name) {
            Some(gateway) => {
                parents.extend(of_gateway(&model.mesh, written, gateway, &hostnames));
                if parents.len() == before {
                    let message =
                        format!("`{name}` has no server for these hosts; no route is made for it");
                    notes.differs(&at, message, "name hosts that it serves");
                }
            }
            None => parents.push(elsewhere(
                model,
                written,
                (name, &at),
                &hostnames,
                &mut notes,
            )),
        }
    }
    // The first keeps the VirtualService's name.
    if let Some(first) = parents.first_mut() {
        first.suffix.clear();
    }
    parents
}

/// The hosts as a route has them; none: every host. `None`: no host is left.
fn hostnames(written: &WrittenVirtualService<'_>, notes: &mut Notes<'_>) -> Option<Vec<String>> {
    if written.hosts.iter().any(|host| host == "*") {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    for (position, host) in written.hosts.iter().enumerate() {
        let lower = host.to_ascii_lowercase();
        if resource::is_gateway_hostname(&lower) {
            found.push(lower);
        } else {
            notes.lost(
                &format!("hosts[{position}]"),
                format!("`{host}` is no hostname to Gateway API; it is left out"),
                "name hosts, of which the first label may be `*`",
            );
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A gateway that the manifests do not hold, or that is one of Gateway API's already.
fn elsewhere<'a>(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    (called, at): (&str, &str),
    hostnames: &[String],
    notes: &mut Notes<'_>,
) -> Parent<'a> {
    let (namespace, name) = gateway_of(called, written.namespace);
    let modern = ObjectId::new(Kind::Gateway, namespace, name);
    if model.mesh.find(&modern).is_some() {
        let message = format!(
            "`{called}` is a Gateway of Gateway API, at which a VirtualService has no effect; the route has"
        );
        notes.differs(at, message, "leave it out where that is not wanted");
    } else {
        let message =
            format!("`{called}` must be a Gateway of Gateway API, with listeners for these hosts");
        notes.differs(
            at,
            message,
            "create it beside the old one; its class is `istio`",
        );
    }
    Parent {
        suffix: name.to_owned(),
        references: vec![object(reference(namespace, name, written))],
        hostnames: hostnames.to_vec(),
        gateway: called.to_owned(),
        target: Target::Gateway(AtGateway::default()),
        called: 80,
        port: None,
        place: None,
        listeners: Vec::new(),
        takes: &[Takes::Http, Takes::Tls, Takes::Tcp],
    }
}

fn reference<'a>(
    namespace: &str,
    name: &str,
    written: &WrittenVirtualService<'_>,
) -> Vec<(&'a str, Value)> {
    let mut reference = vec![("name", name.into())];
    if namespace != written.namespace {
        reference.push(("namespace", namespace.into()));
    }
    reference
}

/// A gateway, by what its listeners carry, and by port where the rules differ by it.
fn of_gateway<'a>(
    mesh: &Mesh,
    written: &WrittenVirtualService<'_>,
    gateway: &'a Gateway,
    hostnames: &[String],
) -> Vec<Parent<'a>> {
    let mut parents = Vec::new();
    let kinds: [(&'static [Takes], bool); 3] = [
        (&[Takes::Http], !written.http.is_empty()),
        (&[Takes::Tls], !written.tls.is_empty()),
        (&[Takes::Tcp], !written.tcp.is_empty()),
    ];
    for (takes, _) in kinds.into_iter().filter(|(_, has_rules)| *has_rules) {
        let wanted = |one: &&Listener| {
            takes.contains(&one.takes())
                && !one.redirects
                && one.serves(written.namespace, &written.hosts)
        };
        let listeners: Vec<&Listener> = gateway.listeners.iter().filter(wanted).collect();
        let ports: sorted::Set<u16> = listeners.iter().map(|one| one.port).collect();
        let by_port = ports.len() > 1
            && (matches_ports(written) || matches_scheme(written) || calls_ports(mesh, written));
        let groups: Vec<Vec<&Listener>> = if by_port {
            let of_port = |port: &u16| {
                let all = listeners.iter().copied();
                all.filter(|one| one.port == *port).collect()
            };
            ports.iter().map(of_port).collect()
        } else {
            vec![listeners]
        };
        for group in groups {
            let Some(first) = group.first() else {
                continue;
            };
            let all_end_tls = group.iter().all(|one| one.kind.ends_tls());
            let none_ends_tls = group.iter().all(|one| !one.kind.ends_tls());
            let usual_ports = group.iter().all(|one| {
                let usual = if one.kind == ServerKind::Https {
                    443
                } else {
                    80
                };
                one.port == usual
            });
            let name = &gateway.id.name;
            let is_served = |host: &&String| {
                let one = [(*host).clone()];
                group.iter().any(|own| own.serves(written.namespace, &one))
            };
            parents.push(Parent {
                suffix: if by_port {
                    format!("{name}-{}", first.port)
                } else {
                    name.clone()
                },
                references: references(written, gateway, (takes, by_port), &group, hostnames),
                hostnames: hostnames.iter().filter(is_served).cloned().collect(),
                gateway: gateway.called.clone(),
                target: Target::Gateway(AtGateway {
                    ends_tls: (all_end_tls || none_ends_tls).then_some(all_end_tls),
                    usual_ports,
                    knows_source: true,
                }),
                called: first.port,
                port: (ports.len() == 1 || by_port).then_some(first.port),
                place: Some(Place {
                    gateway: gateway.called.clone(),
                    namespace: &gateway.ingress.namespace,
                    port: first.port,
                    tls: all_end_tls,
                    kind: PlaceKind::Gateway(&gateway.ingress.labels),
                }),
                listeners: group,
                takes,
            });
        }
    }
    parents
}

/// The whole Gateway, or its port, where nothing else of it would take the route as well; else each listener.
fn references(
    written: &WrittenVirtualService<'_>,
    gateway: &Gateway,
    (takes, by_port): (&[Takes], bool),
    group: &[&Listener],
    hostnames: &[String],
) -> Vec<Value> {
    let id = &gateway.id;
    let whole = || reference(&id.namespace, &id.name, written);
    let is_other = |one: &&Listener| {
        let is_in_group = group.iter().any(|wanted| wanted.name == one.name);
        // A listener that ends TLS takes TLSRoutes as well.
        let takes_kind = takes.contains(&one.takes())
            || takes.contains(&Takes::Tls) && one.kind == ServerKind::TlsTerminated;
        let is_open = if one.redirects {
            written.namespace == id.namespace
        } else {
            one.is_open_to(written.namespace)
        };
        let is_named = takes.contains(&Takes::Tcp)
            || hostnames.is_empty()
            || one.serves(written.namespace, hostnames);
        !is_in_group && takes_kind && is_open && is_named
    };
    let others: Vec<&Listener> = gateway.listeners.iter().filter(is_other).collect();
    let port = group.first().map(|one| one.port).filter(|_| by_port);
    if others.is_empty() && !by_port {
        return vec![object(whole())];
    }
    if let Some(port) = port.filter(|port| others.iter().all(|one| one.port != *port)) {
        let mut reference = whole();
        reference.push(("port", port.into()));
        return vec![object(reference)];
    }
    let sections = group.iter().map(|one| {
        let mut reference = whole();
        reference.push(("sectionName", one.name.as_str().into()));
        object(reference)
    });
    sections.collect()
}

fn matches<'a>(
    written: &'a WrittenVirtualService<'_>,
) -> impl Iterator<Item = &'a HttpMatchRequest> {
    written.http.iter().flat_map(|rule| &rule.route.matches)
}

fn matches_ports(written: &WrittenVirtualService<'_>) -> bool {
    let layer4 = written.tls.iter().chain(&written.tcp);
    let layer4 = layer4.flat_map(|rule| &rule.matches).map(|one| one.port);
    let mut ports = matches(written).map(|one| one.port).chain(layer4).flatten();
    ports.any(|port| port != 0)
}

/// Whether a match tells http and https apart.
fn matches_scheme(written: &WrittenVirtualService<'_>) -> bool {
    let mut schemes = matches(written).filter_map(|one| one.scheme.as_ref());
    schemes.any(|scheme| wants(scheme, "http") != wants(scheme, "https"))
}

/// Whether a destination means the port that is called.
fn calls_ports(mesh: &Mesh, written: &WrittenVirtualService<'_>) -> bool {
    written
        .destinations()
        .any(|to| port_of(mesh, written.namespace, to).is_none())
}

fn reads_http(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Auto)
}

/// A Service, by port if the rules differ by it.
fn of_service<'a>(
    mesh: &Mesh,
    written: &'a WrittenVirtualService<'_>,
    service: &'a ServiceInfo,
) -> Vec<Parent<'a>> {
    let http: Vec<u16> = service
        .ports
        .iter()
        .filter(|port| reads_http(Protocol::of(port)))
        .map(|port| port.port)
        .collect();
    let by_port = matches_ports(written)
        || !written.tcp.is_empty()
        || !written.tls.is_empty()
        || http.len() > 1 && calls_ports(mesh, written);
    let is_entry = mesh
        .object(service.object)
        .is_some_and(|object| object.id.kind == Kind::ServiceEntry);
    let parent = |port: Option<&ServicePort>| {
        let protocol = port.map(Protocol::of);
        let port = port.map(|port| port.port);
        let (group, kind) = if is_entry {
            ("networking.istio.io", "ServiceEntry")
        } else {
            ("", "Service")
        };
        let mut reference = reference(&service.namespace, &service.name, written);
        reference.extend([("group", group.into()), ("kind", kind.into())]);
        reference.extend(port.map(|port| ("port", port.into())));
        let called = port
            .or(http.first().copied())
            .or(service.ports.first().map(|port| port.port))
            .unwrap_or_default();
        Parent {
            suffix: match port {
                Some(port) => format!("{}-{port}", service.name),
                None => service.name.clone(),
            },
            references: vec![object(reference)],
            hostnames: Vec::new(),
            gateway: "mesh".to_owned(),
            target: Target::Mesh,
            called,
            port,
            place: Some(Place {
                gateway: "mesh".to_owned(),
                namespace: written.namespace,
                port: called,
                tls: false,
                kind: PlaceKind::Waypoint(&service.host),
            }),
            listeners: Vec::new(),
            takes: match protocol {
                None => &[Takes::Http, Takes::Tls, Takes::Tcp],
                Some(Protocol::Http) => &[Takes::Http],
                Some(protocol) if reads_http(protocol) => &[Takes::Http, Takes::Tls, Takes::Tcp],
                Some(_) => &[Takes::Tls, Takes::Tcp],
            },
        }
    };
    if by_port {
        let ports = service.ports.iter();
        ports.map(|port| parent(Some(port))).collect()
    } else {
        vec![parent(None)]
    }
}
