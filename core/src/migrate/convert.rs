//! All VirtualServices of a model as Gateway API's objects: an HTTPRoute for each parent, a Service for each subset.

use serde_json::{Map, Value, json};

use super::notes::Notes;
use super::rule::{self, Target};
use crate::mesh::{Mesh, ServiceIndex, ServiceInfo};
use crate::model::{Model, WrittenVirtualService, virtual_services};
use crate::resource::{
    Destination, HttpMatchRequest, Kind, Labels, ObjectId, Resource, ServicePort,
    VirtualServiceLayer4Route,
};
use crate::route::{Protocol, VirtualServiceRule};
use crate::sorted;
use crate::source::{Diagnostics, FieldPath};

/// What was made.
pub(super) struct Converted {
    /// The objects.
    pub(super) documents: Vec<Value>,
    /// The VirtualServices that they replace.
    pub(super) replaced: Vec<ObjectId>,
    /// What is to be said.
    pub(super) notes: Diagnostics,
    /// Services that stand for subsets: namespace and name, to the Service and its subset.
    pub(super) subsets: sorted::Map<(String, String), (String, String)>,
}

/// Where destinations lead; collects the Services that subsets need.
pub(super) struct Destinations<'a> {
    mesh: &'a Mesh,
    /// The namespace of the route.
    namespace: &'a str,
    /// The port that is called, where a destination names none.
    called: u16,
    subsets: &'a mut sorted::Map<(String, String), (String, String)>,
}

impl Destinations<'_> {
    /// A destination as a reference to a backend.
    pub(super) fn reference(&mut self, destination: &Destination) -> Map<String, Value> {
        let port = port_of(self.mesh, self.namespace, destination).unwrap_or(self.called);
        let suffix = format!(".svc.{}", self.mesh.settings().cluster_domain);
        let parts = destination
            .host
            .strip_suffix(&suffix)
            .and_then(|name| name.split_once('.'));
        let mut out = Map::new();
        match parts {
            Some((name, namespace)) if !namespace.contains('.') => {
                let name = match destination
                    .subset
                    .as_deref()
                    .filter(|name| !name.is_empty())
                {
                    Some(subset) => {
                        let made = format!("{name}-{subset}");
                        self.subsets.insert(
                            (namespace.to_owned(), made.clone()),
                            (name.to_owned(), subset.to_owned()),
                        );
                        made
                    }
                    None => name.to_owned(),
                };
                out.insert("name".to_owned(), json!(name));
                if namespace != self.namespace {
                    out.insert("namespace".to_owned(), json!(namespace));
                }
            }
            _ => {
                out.insert("group".to_owned(), json!("networking.istio.io"));
                out.insert("kind".to_owned(), json!("Hostname"));
                out.insert("name".to_owned(), json!(destination.host));
            }
        }
        out.insert("port".to_owned(), json!(port));
        out
    }
}

/// The port that a destination means: its own, else the only one that its Service has. `None`: the one that is called.
/// `istio/istio: pilot/pkg/networking/core/route/route.go` (GetDestinationCluster).
fn port_of(mesh: &Mesh, namespace: &str, destination: &Destination) -> Option<u16> {
    let named = destination.port.and_then(|port| port.number);
    named.filter(|&port| port != 0).or_else(|| {
        let service = mesh.service(mesh.service_of_host(&destination.host, namespace)?)?;
        match service.ports.as_slice() {
            [only] => Some(only.port),
            _ => None,
        }
    })
}

/// Converts all.
pub(super) fn all(model: &Model) -> Converted {
    let mut converted = Converted {
        documents: Vec::new(),
        replaced: Vec::new(),
        notes: Diagnostics::default(),
        subsets: sorted::Map::new(),
    };
    for written in virtual_services(&model.mesh) {
        one(model, &written, &mut converted);
    }
    for (index, object) in model.mesh.live(Kind::VirtualService) {
        let mut notes = Notes {
            model,
            out: &mut converted.notes,
            object: index,
            rule: FieldPath::new().key("spec"),
        };
        if matches!(&object.resource, Resource::VirtualService(service) if !service.export_to.is_empty())
        {
            notes.differs(
                "exportTo",
                "a route is not exported: it is in effect for all clients, if it is of the namespace of its Service or of the waypoint, and for none in another",
                "put it there, and tell clients apart by AuthorizationPolicies",
            );
        }
    }
    // What others delegated to has no use of its own any more.
    let delegates = model.mesh.live(Kind::VirtualService).filter(|(_, object)| {
        matches!(&object.resource, Resource::VirtualService(service) if service.is_delegate())
    });
    converted
        .replaced
        .extend(delegates.map(|(_, object)| object.id.clone()));
    let services: Vec<Value> = converted
        .subsets
        .iter()
        .filter_map(|((namespace, made), (name, subset))| {
            service(model, namespace, (made, name, subset))
        })
        .collect();
    converted.documents.splice(0..0, services);
    converted
}

/// The Service that a subset becomes: the selector narrower by the subset's labels.
fn service(
    model: &Model,
    namespace: &str,
    (made, name, subset): (&str, &str, &str),
) -> Option<Value> {
    let mesh = &model.mesh;
    let index = mesh.find_service(namespace, name)?;
    let Resource::Service(written) = &mesh.object(mesh.service(index)?.object)?.resource else {
        return None;
    };
    let host = &mesh.service(index)?.host;
    let labels = model.routes.subset(mesh, host, namespace, subset)?;
    let mut selector: Labels = written.selector.clone();
    selector.extend(labels);
    let ports: Vec<Value> = written
        .ports
        .iter()
        .map(|port| {
            let mut out = Map::new();
            out.extend(
                port.name
                    .as_ref()
                    .map(|name| ("name".to_owned(), json!(name))),
            );
            out.insert("port".to_owned(), json!(port.port));
            out.extend(
                port.app_protocol
                    .as_ref()
                    .map(|protocol| ("appProtocol".to_owned(), json!(protocol))),
            );
            out.extend(port.target_port.as_ref().map(|target| {
                let target = match target {
                    crate::resource::IntOrString::Int(number) => json!(number),
                    crate::resource::IntOrString::String(name) => json!(name),
                };
                ("targetPort".to_owned(), target)
            }));
            Value::Object(out)
        })
        .collect();
    Some(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": made, "namespace": namespace },
        "spec": { "selector": selector, "ports": ports },
    }))
}

/// A parent of the routes that a VirtualService becomes.
struct Parent {
    /// The end of the route's name; empty for the first.
    suffix: String,
    /// `parentRefs[]`
    reference: Map<String, Value>,
    hostnames: Vec<String>,
    /// What `gateways` of a match must name.
    gateway: String,
    target: Target,
    called: u16,
    /// The only port that it is for.
    port: Option<u16>,
    /// What the port speaks, where the rules differ by it.
    protocol: Option<Protocol>,
}

fn one(model: &Model, written: &WrittenVirtualService<'_>, converted: &mut Converted) {
    let Some(object) = model.mesh.object(written.object) else {
        return;
    };
    converted.replaced.push(object.id.clone());
    for parent in parents(model, written, converted) {
        if parent.protocol.is_none_or(reads_http) {
            http(model, written, &parent, converted);
        }
        if parent.protocol != Some(Protocol::Http) {
            layer4(model, written, &parent, converted);
        }
    }
}

fn reads_http(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Auto)
}

/// Each host of the mesh, by port if the rules differ by it, and each gateway.
fn parents(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    converted: &mut Converted,
) -> Vec<Parent> {
    let mut parents = Vec::new();
    let mut notes = Notes {
        model,
        out: &mut converted.notes,
        object: written.object,
        rule: FieldPath::new().key("spec"),
    };
    // A short and a long name may mean one Service.
    let mut seen: sorted::Set<ServiceIndex> = sorted::Set::new();
    for (index, gateway) in written.gateways.iter().enumerate() {
        if gateway == "mesh" {
            for (position, host) in written.hosts.iter().enumerate() {
                let index = model.mesh.service_of_host(host, written.namespace);
                if index.is_some_and(|index| !seen.insert(index)) {
                    continue;
                }
                match index.and_then(|index| model.mesh.service(index)) {
                    Some(service) => parents.extend(of_service(&model.mesh, written, service)),
                    None => notes.lost(
                        &format!("hosts[{position}]"),
                        format!("`{host}` is no Service or ServiceEntry that could be a parent"),
                        "name each Service by itself",
                    ),
                }
            }
            continue;
        }
        let (namespace, name) = gateway
            .split_once('/')
            .unwrap_or((written.namespace, gateway));
        notes.differs(
            &format!("gateways[{index}]"),
            format!("`{gateway}` must be a Gateway of Gateway API, with listeners for these hosts"),
            "create it beside the old one; its class is `istio`",
        );
        parents.extend(of_gateway(&model.mesh, written, gateway, (namespace, name)));
    }
    // The first keeps the VirtualService's name.
    if let Some(first) = parents.first_mut() {
        first.suffix.clear();
    }
    parents
}

/// A gateway, by port of its servers if the rules differ by it.
fn of_gateway(
    mesh: &Mesh,
    written: &WrittenVirtualService<'_>,
    gateway: &str,
    (namespace, name): (&str, &str),
) -> Vec<Parent> {
    let object = mesh.find(&ObjectId::new(Kind::IstioGateway, namespace, name));
    let ports: sorted::Set<u16> = match object.and_then(|at| mesh.object(at)) {
        Some(object) => match &object.resource {
            Resource::IstioGateway(own) => own
                .servers
                .iter()
                .map(|server| server.port.number)
                .collect(),
            _ => sorted::Set::new(),
        },
        None => sorted::Set::new(),
    };
    let hostnames = written.hosts.iter().filter(|host| *host != "*");
    let hostnames: Vec<String> = hostnames.cloned().collect();
    let parent = |port: u16, is_named: bool| {
        let mut reference = Map::new();
        reference.insert("name".to_owned(), json!(name));
        if namespace != written.namespace {
            reference.insert("namespace".to_owned(), json!(namespace));
        }
        let mut suffix = name.to_owned();
        if is_named {
            reference.insert("port".to_owned(), json!(port));
            suffix = format!("{name}-{port}");
        }
        Parent {
            suffix,
            reference,
            hostnames: hostnames.clone(),
            gateway: gateway.to_owned(),
            target: Target::Gateway,
            called: port,
            port: (is_named || ports.len() == 1).then_some(port),
            protocol: None,
        }
    };
    if ports.len() > 1 && (matches_ports(written) || calls_ports(mesh, written)) {
        ports.iter().map(|port| parent(*port, true)).collect()
    } else {
        vec![parent(ports.iter().next().copied().unwrap_or(80), false)]
    }
}

fn matches_ports(written: &WrittenVirtualService<'_>) -> bool {
    let http = written.http.iter().flat_map(|rule| &rule.route.matches);
    http.filter_map(|one| one.port).any(|port| port != 0)
}

/// Whether a destination means the port that is called.
fn calls_ports(mesh: &Mesh, written: &WrittenVirtualService<'_>) -> bool {
    written
        .destinations()
        .any(|to| port_of(mesh, written.namespace, to).is_none())
}

fn of_service(
    mesh: &Mesh,
    written: &WrittenVirtualService<'_>,
    service: &ServiceInfo,
) -> Vec<Parent> {
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
        let mut reference = Map::new();
        let (group, kind) = if is_entry {
            ("networking.istio.io", "ServiceEntry")
        } else {
            ("", "Service")
        };
        reference.insert("group".to_owned(), json!(group));
        reference.insert("kind".to_owned(), json!(kind));
        reference.insert("name".to_owned(), json!(service.name));
        if service.namespace != written.namespace {
            reference.insert("namespace".to_owned(), json!(service.namespace));
        }
        reference.extend(port.map(|port| ("port".to_owned(), json!(port))));
        let suffix = match port {
            Some(port) => format!("{}-{port}", service.name),
            None => service.name.clone(),
        };
        Parent {
            suffix,
            reference,
            hostnames: Vec::new(),
            gateway: "mesh".to_owned(),
            target: Target::Mesh,
            called: port
                .or(http.first().copied())
                .or(service.ports.first().map(|port| port.port))
                .unwrap_or_default(),
            port,
            protocol,
        }
    };
    if by_port {
        service
            .ports
            .iter()
            .map(|port| parent(Some(port)))
            .collect()
    } else {
        vec![parent(None)]
    }
}

fn metadata(written: &WrittenVirtualService<'_>, parent: &Parent, part: Option<usize>) -> Value {
    let mut name = written.name.to_owned();
    if !parent.suffix.is_empty() {
        name = format!("{name}-{}", parent.suffix);
    }
    if let Some(part) = part {
        name = format!("{name}-{part:02}");
    }
    json!({ "name": name, "namespace": written.namespace })
}

fn http(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    parent: &Parent,
    converted: &mut Converted,
) {
    let mut rules = Vec::new();
    for rule in &written.http {
        let matches: Vec<(usize, &HttpMatchRequest)> = rule
            .route
            .matches
            .iter()
            .enumerate()
            .filter(|(_, one)| is_for(one, parent))
            .collect();
        let inapplicable = matches.is_empty() && !rule.route.matches.is_empty();
        if inapplicable {
            continue;
        }
        let mut destinations = Destinations {
            mesh: &model.mesh,
            namespace: written.namespace,
            called: parent.called,
            subsets: &mut converted.subsets,
        };
        let mut notes = notes(model, rule, &mut converted.notes);
        rules.extend(rule::convert(
            &rule.route,
            &matches,
            parent.target,
            &mut destinations,
            &mut notes,
        ));
        if rule.route.matches.is_empty() {
            break;
        }
    }
    let parts = parts(rules);
    let several = parts.len() > 1;
    for (number, rules) in (1..).zip(parts) {
        let mut spec = Map::new();
        spec.insert("parentRefs".to_owned(), json!([parent.reference]));
        if !parent.hostnames.is_empty() {
            spec.insert("hostnames".to_owned(), json!(parent.hostnames));
        }
        spec.insert("rules".to_owned(), rules.into());
        // Of equal matches the lesser name's goes first.
        let part = several.then_some(number);
        converted.documents.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": metadata(written, parent, part), "spec": spec,
        }));
    }
}

/// As many rules as an HTTPRoute takes. `kubernetes-sigs/gateway-api: apis/v1/httproute_types.go` (HTTPRouteSpec).
fn parts(rules: Vec<Value>) -> Vec<Vec<Value>> {
    let matches = |rule: &Value| {
        let list = rule.get("matches").and_then(Value::as_array);
        list.map_or(1, Vec::len)
    };
    let mut parts: Vec<Vec<Value>> = Vec::new();
    for rule in rules {
        match parts.last_mut() {
            Some(last)
                if last.len() < 16
                    && last.iter().chain([&rule]).map(matches).sum::<usize>() < 128 =>
            {
                last.push(rule);
            }
            _ => parts.push(vec![rule]),
        }
    }
    parts
}

fn is_for(one: &HttpMatchRequest, parent: &Parent) -> bool {
    takes_port(one.port, parent)
        && (one.gateways.is_empty() || one.gateways.contains(&parent.gateway))
}

fn takes_port(wanted: Option<u16>, parent: &Parent) -> bool {
    match (wanted.filter(|&port| port != 0), parent.port) {
        (Some(wanted), Some(port)) => wanted == port,
        _ => true,
    }
}

fn notes<'a>(model: &'a Model, rule: &VirtualServiceRule, out: &'a mut Diagnostics) -> Notes<'a> {
    Notes {
        model,
        out,
        object: rule.object,
        rule: FieldPath::new().key("spec").key("http").index(rule.index),
    }
}

/// `tls` and `tcp`: the first rule for the port, since a TCPRoute and a TLSRoute have one.
fn layer4(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    parent: &Parent,
    converted: &mut Converted,
) {
    for (field, kind, rules) in [
        ("tls", "TLSRoute", &written.tls),
        ("tcp", "TCPRoute", &written.tcp),
    ] {
        let mut left = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| fits(rule, parent));
        let Some((index, rule)) = left.next() else {
            continue;
        };
        let mut notes = Notes {
            model,
            out: &mut converted.notes,
            object: written.object,
            rule: FieldPath::new().key("spec").key(field),
        };
        for (other, _) in left {
            notes.lost(
                &format!("[{other}]"),
                format!("a {kind} has one rule, and rule {index} is it"),
                "write a route for each parent, or a listener for each server name",
            );
        }
        let mut destinations = Destinations {
            mesh: &model.mesh,
            namespace: written.namespace,
            called: parent.called,
            subsets: &mut converted.subsets,
        };
        let several = rule.route.len() > 1;
        let backends: Vec<Value> = rule
            .route
            .iter()
            .map(|one| {
                let mut out = destinations.reference(&one.destination);
                if several {
                    out.insert("weight".to_owned(), json!(one.weight.unwrap_or(0)));
                }
                Value::Object(out)
            })
            .collect();
        let mut spec = Map::new();
        spec.insert("parentRefs".to_owned(), json!([parent.reference]));
        let names: Vec<&String> = rule.matches.iter().flat_map(|one| &one.sni_hosts).collect();
        if !names.is_empty() {
            spec.insert("hostnames".to_owned(), json!(names));
        }
        spec.insert("rules".to_owned(), json!([{ "backendRefs": backends }]));
        converted.documents.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": metadata(written, parent, None), "spec": spec,
        }));
    }
}

fn fits(rule: &VirtualServiceLayer4Route, parent: &Parent) -> bool {
    rule.matches.is_empty()
        || rule.matches.iter().any(|one| {
            takes_port(one.port, parent)
                && (one.gateways.is_empty() || one.gateways.contains(&parent.gateway))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_at_most_sixteen_rules_and_a_hundred_and_twenty_seven_matches() {
        let rule = |matches: usize| json!({ "matches": vec![json!({}); matches] });
        for (rules, lengths) in [
            (vec![rule(1); 16], vec![16]),
            (vec![json!({}); 17], vec![16, 1]),
            (vec![rule(60), rule(60), rule(7), rule(1)], vec![3, 1]),
        ] {
            let found: Vec<usize> = parts(rules).iter().map(Vec::len).collect();
            assert_eq!(found, lengths);
        }
    }
}
