//! Ways around a policy: requests that its author would expect it to stop, and that get through. Each is made from the
//! rules as written, taken as if every proxy read all of them, and listed only if the evaluator allows it.

use super::edit;
use crate::authz::{self, Effect, Enforcer, Lever, Policy};
use crate::eval::{self, Call, Traffic};
use crate::flow::Flow;
use crate::mesh::{Role, ServiceIndex, ServiceInfo};
use crate::model::Model;
use crate::resource::{Action, AuthorizationPolicy, Kind, ObjectIndex, Resource, Rule};
use crate::sorted;
use crate::trace::{NoTrace, Truth};
use crate::wire::{self, Request, Way};

/// For so many policies ways are looked for.
const MAX_POLICIES: usize = 200;
/// So many Services of each are tried.
const MAX_SERVICES: usize = 3;
/// So many rules of each are tried.
const MAX_RULES: usize = 4;
/// A caller whom no policy names.
const STRANGER: &str = "somewhere-else/stranger";

/// The ways around all policies.
pub(crate) fn ways(model: &Model) -> Vec<wire::WayAround> {
    let policies = model.mesh.live(Kind::AuthorizationPolicy);
    policies
        .take(MAX_POLICIES)
        .filter_map(|(index, object)| match &object.resource {
            Resource::AuthorizationPolicy(policy) => Some((index, policy)),
            _ => None,
        })
        .flat_map(|(index, policy)| of_policy(model, index, policy))
        .collect()
}

fn of_policy(
    model: &Model,
    index: ObjectIndex,
    written: &AuthorizationPolicy,
) -> Vec<wire::WayAround> {
    let Some(object) = model.mesh.object(index) else {
        return Vec::new();
    };
    let context = authz::Context {
        object: index,
        namespace: &object.id.namespace,
        name: &object.id.name,
        annotations: &object.metadata.annotations,
        settings: model.mesh.settings(),
    };
    let meant = authz::compile(written, context, Enforcer::Http);
    if meant.dry_run || meant.action == Action::Audit {
        return Vec::new();
    }
    let mut found = Vec::new();
    for service in services(model, index) {
        let Some(info) = model.mesh.service(service) else {
            continue;
        };
        for base in requests(model, &meant, written, info) {
            let mut through = |way, request: Request| {
                let known = found.iter().any(|known: &wire::WayAround| {
                    known.way == way && known.request.to.service == base.to.service
                });
                if known || !is_way(model, &meant, &request) {
                    return false;
                }
                found.push(wire::WayAround {
                    policy: object.id.to_wire(),
                    way,
                    summary: summary(model, index, info, way),
                    request,
                    verdict: wire::Verdict::Allow,
                });
                true
            };
            // Where the straight way is open, all others are no news.
            if !through(Way::NotEnforced, base.clone()) {
                for (way, request) in detours(model, info, &base) {
                    through(way, request);
                }
            }
        }
    }
    found
}

/// The policy, fully read, would stop the request; the proxies do not.
fn is_way(model: &Model, meant: &Policy, request: &Request) -> bool {
    let Ok(call) = eval::resolve(model, request) else {
        return false;
    };
    let (truth, _) = meant.matches(&flow(&call, request), &mut NoTrace);
    let expected = match meant.action {
        Action::Allow => truth == Truth::No,
        Action::Deny | Action::Custom => truth == Truth::Yes,
        Action::Audit => false,
    };
    expected && eval::evaluate::<NoTrace>(model, &call).verdict == wire::Verdict::Allow
}

/// What a proxy that sees everything would see.
fn flow(call: &Call, request: &Request) -> Flow {
    let token = request.jwt.first();
    Flow {
        peer: call.client.principal.clone(),
        source_ip: call.client.ip,
        remote_ip: call.client.ip,
        destination_ip: call.destination_ip,
        destination_port: call.port,
        sni: None,
        http: match &call.traffic {
            Traffic::Http(http) => Some(http.clone()),
            Traffic::Tls(_) | Traffic::Tcp => None,
        },
        claims: token.map(|token| {
            let mut claims = token.claims.clone();
            let issuer = token.issuer.clone().unwrap_or_default();
            claims.insert("iss".to_owned(), issuer.into());
            claims
        }),
    }
}

/// The Services that a reader of the policy takes it to protect.
fn services(model: &Model, policy: ObjectIndex) -> Vec<ServiceIndex> {
    let mut out = sorted::Set::new();
    let namespace = model.mesh.object(policy).map(|object| &object.id.namespace);
    for row in model.attachments.of(policy) {
        match row.to.kind {
            Kind::Service | Kind::ServiceEntry => out.extend(model.mesh.service_of(&row.to)),
            Kind::Gateway => {
                let gateway = model.mesh.find_gateway(&row.to.namespace, &row.to.name);
                let all = model.mesh.service_objects().map(|(index, _)| index);
                out.extend(all.filter(|service| {
                    gateway.is_some() && model.attachments.service_waypoint(*service) == gateway
                }));
            }
            Kind::Namespace => out.extend(
                model
                    .mesh
                    .service_objects()
                    .filter(|(_, info)| Some(&info.namespace) == namespace)
                    .map(|(index, _)| index),
            ),
            _ => {
                let workload = model.mesh.find(&row.to);
                let workload = workload.and_then(|object| model.mesh.workload_of(object));
                let served = model.mesh.service_objects().filter(|(_, info)| {
                    workload.is_some_and(|workload| info.workloads.contains(&workload))
                });
                out.extend(served.map(|(index, _)| index));
            }
        }
    }
    out.into_iter().take(MAX_SERVICES).collect()
}

/// Requests of a client in the mesh that the policy is there to stop.
fn requests(
    model: &Model,
    meant: &Policy,
    written: &AuthorizationPolicy,
    service: &ServiceInfo,
) -> Vec<Request> {
    let Some(port) = service.ports.first() else {
        return Vec::new();
    };
    let base = Request {
        from: wire::Source {
            service_account: Some(STRANGER.to_owned()),
            ..wire::Source::default()
        },
        to: wire::Destination {
            service: Some(format!("{}/{}", service.namespace, service.name)),
            port: Some(port.port),
            ..wire::Destination::default()
        },
        http: Some(wire::HttpRequest::default()),
        ..Request::default()
    };
    match meant.action {
        Action::Allow => vec![base],
        _ => {
            let rules = written.rules.iter().flatten().take(MAX_RULES);
            rules.map(|rule| matching(model, &base, rule)).collect()
        }
    }
}

/// The request, changed so that the first alternative of every part of a rule holds.
fn matching(model: &Model, base: &Request, rule: &Rule) -> Request {
    let mut request = base.clone();
    for group in rule.groups() {
        let Some(first) = group.alternatives.first() else {
            continue;
        };
        for clause in &first.clauses {
            let Some(attribute) = &clause.attribute else {
                continue;
            };
            let lever = Lever {
                attribute,
                want: clause.values,
                path: &clause.path,
                match_one: !clause.negated,
            };
            // What the request is already, it stays: a stranger is in none of the namespaces that are excepted.
            let edits = edit::of(&model.mesh, &request, &lever);
            if let Some(edit) = edits.first().filter(|_| !clause.negated) {
                edit.apply(&mut request);
            }
        }
    }
    request
}

/// The same request on other ways.
fn detours(model: &Model, service: &ServiceInfo, base: &Request) -> Vec<(Way, Request)> {
    let mut out = Vec::new();
    let workloads = service.workloads.iter().take(1);
    for workload in workloads.filter_map(|index| model.mesh.workload(*index)) {
        let port = base.to.port.and_then(|port| {
            let target = service.port(port)?.target_port.as_ref();
            workload.target_port(port, target)
        });
        if let Some(object) = model.mesh.object(workload.object) {
            let mut request = base.clone();
            request.to = wire::Destination {
                workload: Some(object.id.qualified_name()),
                port,
                ..wire::Destination::default()
            };
            out.push((Way::DirectToPod, request));
        }
    }
    let from = |source: wire::Source| Request {
        from: source,
        ..base.clone()
    };
    out.push((
        Way::OutsideTheMesh,
        from(wire::Source {
            outside: Some(true),
            ..wire::Source::default()
        }),
    ));
    let ingress = model
        .mesh
        .gateways()
        .find(|(_, info)| info.role == Role::Ingress);
    let ingress = ingress.and_then(|(_, info)| model.mesh.object(info.object));
    if let Some(gateway) = ingress {
        out.push((
            Way::Ingress,
            from(wire::Source {
                gateway: Some(gateway.id.qualified_name()),
                ..wire::Source::default()
            }),
        ));
    }
    out
}

fn summary(model: &Model, policy: ObjectIndex, service: &ServiceInfo, way: Way) -> String {
    let name = format!("`{}/{}`", service.namespace, service.name);
    match way {
        Way::NotEnforced => {
            let at_ztunnel = model.policies.at_ztunnel(policy);
            match at_ztunnel.map(Policy::effect) {
                Some(Effect::Nothing) => {
                    "only ztunnels enforce the policy, and they know nothing of HTTP: nothing of it is left".to_owned()
                }
                Some(_) => format!("no ztunnel in front of {name} enforces what the policy says"),
                None => format!("no waypoint in front of {name} enforces the policy"),
            }
        }
        Way::DirectToPod => {
            format!("a caller of the pod's own address goes past the waypoint of {name}")
        }
        Way::OutsideTheMesh => {
            format!("a caller outside the mesh goes past the waypoint of {name}")
        }
        Way::Ingress => format!(
            "the ingress gateway goes past the waypoint of {name}, which has no `istio.io/ingress-use-waypoint: \"true\"`"
        ),
    }
}
