//! All VirtualServices of a model as Gateway API's objects: routes for each parent, a Service for each subset, a Gateway for
//! each of Istio's own.

use serde_json::{Map, Value};

use super::gateway::{self, Gateway, Takes};
use super::notes::Notes;
use super::parent::{self, Parent};
use super::rule::{self, Target};
use super::{document, object};
use crate::mesh::Mesh;
use crate::model::{Model, WrittenVirtualService, virtual_services};
use crate::resource::{
    self, Destination, HttpMatchRequest, IntOrString, Kind, Labels, ObjectId, Resource,
};
use crate::route::Section;
use crate::sorted;
use crate::source::{Diagnostics, FieldPath};

/// What was made.
pub(super) struct Converted {
    /// The objects.
    pub(super) documents: Vec<Value>,
    /// The VirtualServices and Gateways that they replace.
    pub(super) replaced: Vec<ObjectId>,
    /// What is to be said.
    pub(super) notes: Diagnostics,
    /// Services that stand for subsets: namespace and name, to the Service and its subset.
    pub(super) subsets: sorted::Map<(String, String), MadeOf>,
    /// What Istio's own Gateways became.
    pub(super) gateways: Vec<Gateway>,
}

/// The subset that a Service stands for.
pub(super) struct MadeOf {
    /// The name of the Service.
    pub(super) service: String,
    /// The name of the subset.
    pub(super) subset: String,
    /// Its labels; `None`: no DestinationRule defines it.
    labels: Option<Labels>,
}

/// Where destinations lead; collects the Services that subsets need.
pub(super) struct Destinations<'a> {
    model: &'a Model,
    /// The namespace of the route.
    namespace: &'a str,
    /// The port that is called, where a destination names none.
    called: u16,
    subsets: &'a mut sorted::Map<(String, String), MadeOf>,
}

impl Destinations<'_> {
    /// A destination as a reference to a backend. `at`: where it stands.
    pub(super) fn reference(
        &mut self,
        destination: &Destination,
        at: &str,
        notes: &mut Notes<'_>,
    ) -> Map<String, Value> {
        let mesh = &self.model.mesh;
        let port = port_of(mesh, self.namespace, destination).unwrap_or(self.called);
        let suffix = format!(".svc.{}", mesh.settings().cluster_domain);
        let parts = destination
            .host
            .strip_suffix(&suffix)
            .and_then(|name| name.split_once('.'));
        let subset = destination
            .subset
            .as_deref()
            .filter(|name| !name.is_empty());
        let mut out = Map::new();
        let mut put = |key: &str, value: &str| out.insert(key.to_owned(), value.into());
        match parts {
            Some((name, namespace)) if !namespace.contains('.') => {
                let name = match subset {
                    Some(subset) => self.subset((namespace, name), subset, at, notes),
                    None => name.to_owned(),
                };
                put("name", &name);
                if namespace != self.namespace {
                    put("namespace", namespace);
                }
            }
            _ => {
                put("group", "networking.istio.io");
                put("kind", "Hostname");
                put("name", &destination.host);
                if subset.is_some() {
                    notes.lost(
                        &format!("{at}.subset"),
                        format!(
                            "only a Service has a subset in another Service; all of `{}` is meant",
                            destination.host
                        ),
                        "write a ServiceEntry for the endpoints of the subset",
                    );
                }
            }
        }
        out.insert("port".to_owned(), port.into());
        out
    }

    /// The name of the Service that a subset becomes.
    fn subset(
        &mut self,
        (namespace, service): (&str, &str),
        subset: &str,
        at: &str,
        notes: &mut Notes<'_>,
    ) -> String {
        let mesh = &self.model.mesh;
        let mut key = (namespace.to_owned(), format!("{service}-{subset}"));
        let is_another = |made_of: &MadeOf| {
            (made_of.service.as_str(), made_of.subset.as_str()) != (service, subset)
        };
        while mesh.find_service(namespace, &key.1).is_some()
            || self.subsets.get(&key).is_some_and(is_another)
        {
            key.1.push_str("-subset");
        }
        if self.subsets.get(&key).is_none() {
            let known = mesh
                .find_service(namespace, service)
                .and_then(|index| mesh.service(index));
            let labels = known.and_then(|known| {
                let routes = &self.model.routes;
                routes.subset(mesh, &known.host, namespace, subset)
            });
            let made_of = MadeOf {
                service: service.to_owned(),
                subset: subset.to_owned(),
                labels,
            };
            self.subsets.insert(key.clone(), made_of);
        }
        if self
            .subsets
            .get(&key)
            .is_none_or(|made| made.labels.is_none())
        {
            notes.differs(
                &format!("{at}.subset"),
                format!("no DestinationRule defines the subset `{subset}` of `{service}`; the backend `{}` is not there either", key.1),
                "define the subset, or leave it out",
            );
        }
        key.1
    }
}

/// The port that a destination means: its own, else the only one that its Service has. `None`: the one that is called.
/// `istio/istio: pilot/pkg/networking/core/route/route.go` (GetDestinationCluster).
pub(super) fn port_of(mesh: &Mesh, namespace: &str, destination: &Destination) -> Option<u16> {
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
    let mut notes = Diagnostics::default();
    let gateways = gateway::all(model, &mut notes);
    let mut converted = Converted {
        documents: gateways.iter().flat_map(Gateway::documents).collect(),
        replaced: Vec::new(),
        notes,
        subsets: sorted::Map::new(),
        gateways: Vec::new(),
    };
    for written in virtual_services(&model.mesh) {
        one(model, &gateways, &written, &mut converted);
    }
    for (index, object) in model.mesh.live(Kind::VirtualService) {
        let path = FieldPath::new().key("spec");
        let mut notes = Notes::of(model, &mut converted.notes, index, path);
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
    let written = gateways.iter().map(|gateway| gateway.written);
    let written = written.filter_map(|written| model.mesh.object(written));
    converted
        .replaced
        .extend(written.map(|object| object.id.clone()));
    converted.gateways = gateways;
    without_policies(model, &mut converted);
    let services: Vec<Value> = converted
        .subsets
        .iter()
        .filter_map(|((namespace, name), made_of)| service(model, (namespace, name), made_of))
        .collect();
    converted.documents.splice(0..0, services);
    converted
}

/// Notes what DestinationRules ask for of subsets: the Services that these become are no hosts of theirs.
fn without_policies(model: &Model, converted: &mut Converted) {
    let mesh = &model.mesh;
    for (index, object) in mesh.live(Kind::DestinationRule) {
        let Resource::DestinationRule(rule) = &object.resource else {
            continue;
        };
        let Some(host) = mesh
            .resolve_host(&rule.host, &object.id.namespace)
            .and_then(|index| mesh.service(index))
        else {
            continue;
        };
        let path = FieldPath::new().key("spec");
        let mut notes = Notes::of(model, &mut converted.notes, index, path);
        for (position, subset) in rule.subsets.iter().enumerate() {
            let is_it = |(namespace, made_of): (&String, &MadeOf)| {
                (namespace, &made_of.service, &made_of.subset)
                    == (&host.namespace, &host.name, &subset.name)
            };
            let mut made = converted.subsets.iter();
            let made = made.find(|((namespace, _), made_of)| is_it((namespace, *made_of)));
            let Some(((_, name), _)) = made else {
                continue;
            };
            let own = format!("subsets[{position}].trafficPolicy");
            let policies = [
                (subset.traffic_policy.is_some(), own.as_str()),
                (rule.traffic_policy.is_some(), "trafficPolicy"),
            ];
            for (_, at) in policies.iter().filter(|(is_there, _)| *is_there) {
                notes.lost(
                    at,
                    format!("the Service `{name}`, which the subset becomes, is no host of this rule: none of this holds for it"),
                    "write a DestinationRule for that Service too",
                );
            }
        }
    }
}

/// The labels that lead requests for a Service to a waypoint.
const WAYPOINT_LABELS: &[&str] = &[
    "istio.io/use-waypoint",
    "istio.io/use-waypoint-namespace",
    "istio.io/ingress-use-waypoint",
];

/// The Service that a subset becomes: the selector narrower by the subset's labels.
fn service(model: &Model, (namespace, made): (&str, &str), made_of: &MadeOf) -> Option<Value> {
    let mesh = &model.mesh;
    let index = mesh.find_service(namespace, &made_of.service)?;
    let found = mesh.object(mesh.service(index)?.object)?;
    let Resource::Service(written) = &found.resource else {
        return None;
    };
    let mut selector: Labels = written.selector.clone();
    selector.extend(made_of.labels.clone()?);
    let texts = |labels: &mut dyn Iterator<Item = (&String, &String)>| {
        let map = labels.map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        Value::Object(map.collect())
    };
    let ports = written.ports.iter().map(|port| {
        let mut out = vec![("port", port.port.into())];
        out.extend(port.name.as_deref().map(|name| ("name", name.into())));
        let protocol = port.app_protocol.as_deref();
        out.extend(protocol.map(|protocol| ("appProtocol", protocol.into())));
        out.extend(port.target_port.as_ref().map(|target| {
            let target = match target {
                IntOrString::Int(number) => (*number).into(),
                IntOrString::String(name) => name.as_str().into(),
            };
            ("targetPort", target)
        }));
        object(out)
    });
    let mut labels = found
        .metadata
        .labels
        .iter()
        .filter(|(key, _)| WAYPOINT_LABELS.contains(&key.as_str()))
        .peekable();
    let mut metadata = vec![("name", made.into()), ("namespace", namespace.into())];
    if labels.peek().is_some() {
        metadata.push(("labels", texts(&mut labels)));
    }
    Some(object(vec![
        ("apiVersion", "v1".into()),
        ("kind", "Service".into()),
        ("metadata", object(metadata)),
        (
            "spec",
            object(vec![
                ("selector", texts(&mut selector.iter())),
                ("ports", Value::Array(ports.collect())),
            ]),
        ),
    ]))
}

fn one(
    model: &Model,
    gateways: &[Gateway],
    written: &WrittenVirtualService<'_>,
    converted: &mut Converted,
) {
    let Some(object) = model.mesh.object(written.object) else {
        return;
    };
    converted.replaced.push(object.id.clone());
    for parent in parent::all(model, gateways, written, &mut converted.notes) {
        if parent.takes(Takes::Http) {
            http(model, written, &parent, converted);
        }
        if parent.takes(Takes::Tls) {
            layer4(model, written, &parent, Section::Tls, converted);
        }
        if parent.takes(Takes::Tcp) {
            layer4(model, written, &parent, Section::Tcp, converted);
        }
    }
}

/// The name of a part of the routes for a parent.
fn name(written: &WrittenVirtualService<'_>, parent: &Parent<'_>, part: Option<usize>) -> String {
    let mut name = written.name.to_owned();
    if !parent.suffix.is_empty() {
        name = format!("{name}-{}", parent.suffix);
    }
    if let Some(part) = part {
        name = format!("{name}-{part:02}");
    }
    name
}

fn http(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    parent: &Parent<'_>,
    converted: &mut Converted,
) {
    let mut rules = Vec::new();
    let mut earlier: Vec<&HttpMatchRequest> = Vec::new();
    for rule in &written.http {
        let mut notes = Notes::of_rule(model, &mut converted.notes, rule);
        let mut matches: Vec<(usize, &HttpMatchRequest)> = Vec::new();
        let here = rule.route.matches.iter().enumerate();
        for (index, one) in here.filter(|(_, one)| parent.is_for(one)) {
            // A route tries what is more specific first, wherever it stands.
            if earlier.iter().any(|first| parent.hides(first, one)) {
                notes.differs(
                    &format!("match[{index}]"),
                    "an earlier match takes all of its requests, which Gateway API would give to this one where it is more specific; it is left out",
                    "put it before the other, if it is meant to be taken",
                );
                continue;
            }
            earlier.push(one);
            matches.push((index, one));
        }
        let inapplicable = matches.is_empty() && !rule.route.matches.is_empty();
        if inapplicable {
            continue;
        }
        let mut destinations = Destinations {
            model,
            namespace: written.namespace,
            called: parent.called,
            subsets: &mut converted.subsets,
        };
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
        let mut spec = vec![("parentRefs", Value::Array(parent.references.clone()))];
        if !parent.hostnames.is_empty() {
            spec.push(("hostnames", parent.hostnames.clone().into()));
        }
        spec.push(("rules", rules.into()));
        // Of equal matches the lesser name's goes first.
        let name = name(written, parent, several.then_some(number));
        let kind = ("v1", "HTTPRoute");
        converted
            .documents
            .push(document(kind, (written.namespace, &name), spec));
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

/// `tls` and `tcp`. A route has one rule, so that each rule becomes a route: of connections with a server name all, of
/// others the first, which takes them all.
fn layer4(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    parent: &Parent<'_>,
    section: Section,
    converted: &mut Converted,
) {
    let (kind, rules) = match section {
        Section::Tls => ("TLSRoute", &written.tls),
        _ => ("TCPRoute", &written.tcp),
    };
    let mut made: Vec<(Vec<String>, Vec<Value>)> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let path = FieldPath::new()
            .key("spec")
            .key(section.name())
            .index(index);
        let mut notes = Notes::of(model, &mut converted.notes, written.object, path);
        let mut names: Vec<String> = Vec::new();
        let mut applies = rule.matches.is_empty();
        for (position, one) in rule.matches.iter().enumerate() {
            let of_source = [
                (!one.source_labels.is_empty(), "sourceLabels"),
                (one.source_namespace.is_some(), "sourceNamespace"),
            ];
            let of_source = of_source.iter().filter(|(is_there, _)| *is_there);
            // At a gateway Istio does not look at them.
            for (_, field) in of_source.filter(|_| parent.target == Target::Mesh) {
                notes.lost(
                    &format!("match[{position}].{field}"),
                    "Gateway API does not match by the source; the match is left out",
                    "tell the connections apart by something else",
                );
            }
            if !parent.is_for_layer4(one, section) {
                continue;
            }
            applies = true;
            if !one.destination_subnets.is_empty() {
                notes.lost(
                    &format!("match[{position}].destinationSubnets"),
                    "Gateway API does not match by the address that is called; the rule takes connections to every one",
                    "tell the connections apart by their ports or server names",
                );
            }
            for (number, name) in one.sni_hosts.iter().enumerate() {
                let lower = name.to_ascii_lowercase();
                let at_sni = format!("match[{position}].sniHosts[{number}]");
                if lower == "*" || resource::is_gateway_hostname(&lower) {
                    if !parent.takes_name(written.namespace, &lower) {
                        notes.differs(
                            &at_sni,
                            format!("no server names `{name}`, which did not count; a listener takes connections for its own hostname only"),
                            "add it to the hosts of the server",
                        );
                    }
                    names.push(lower);
                } else {
                    notes.lost(
                        &at_sni,
                        format!("`{name}` is no hostname to Gateway API; it is left out"),
                        "name hosts, of which the first label may be `*`",
                    );
                }
            }
        }
        if !applies || section == Section::Tls && names.is_empty() && !rule.matches.is_empty() {
            continue;
        }
        if names.iter().any(|name| name == "*") {
            names.clear();
        }
        if section == Section::Tcp && !made.is_empty() {
            notes.lost(
                "",
                "a TCPRoute has one rule, which takes all connections; this rule, which stands behind one, is left out",
                "give it a port of its own",
            );
            continue;
        }
        let mut destinations = Destinations {
            model,
            namespace: written.namespace,
            called: parent.called,
            subsets: &mut converted.subsets,
        };
        let several = rule.route.len() > 1;
        let backends = rule.route.iter().enumerate().map(|(number, one)| {
            let at = format!("route[{number}].destination");
            let mut out = destinations.reference(&one.destination, &at, &mut notes);
            if several {
                out.insert("weight".to_owned(), one.weight.unwrap_or(0).into());
            }
            Value::Object(out)
        });
        made.push((names, backends.collect()));
    }
    let several = made.len() > 1;
    for (number, (names, backends)) in (1..).zip(made) {
        let mut spec = vec![("parentRefs", Value::Array(parent.references.clone()))];
        if !names.is_empty() {
            spec.push(("hostnames", names.into()));
        }
        let rule = object(vec![("backendRefs", backends.into())]);
        spec.push(("rules", Value::Array(vec![rule])));
        let name = name(written, parent, several.then_some(number));
        converted
            .documents
            .push(document(("v1", kind), (written.namespace, &name), spec));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
