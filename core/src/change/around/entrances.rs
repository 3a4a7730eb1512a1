//! Requests through ingress gateways of either API whose routes lead to a Service.

use super::Trial;
use super::protected::Protected;
use crate::mesh::ServiceIndex;
use crate::model::Model;
use crate::route::{Condition, Entry, PathMatch, ValueMatch};
use crate::wire::{self, HeaderValue, HttpRequest, Request, Way};

/// So many requests are tried.
const MAX_ENTRANCES: usize = 24;
/// Stands for whatever a host's wildcard leaves open.
const ANY_LABEL: &str = "any";

/// The request, sent to each host and rule of each gateway that leads to the Service.
pub(super) fn of(model: &Model, service: ServiceIndex, base: &Request) -> Vec<Trial> {
    let mut trials = Vec::new();
    for gateway in model.mesh.ingresses() {
        let Some(object) = model.mesh.object(gateway.object) else {
            continue;
        };
        for number in model.routes.ingress_ports(gateway.object) {
            let port = model.routes.ingress(gateway.object, number);
            for host in port.into_iter().flat_map(|port| port.virtual_hosts()) {
                let entries = host.routes.entries().iter();
                let leading = entries.filter(|entry| {
                    let mut backends = entry.action.backends();
                    backends.any(|backend| backend.service == Some(service))
                });
                for http in leading.flat_map(|entry| sent(entry, &host.name, base)) {
                    let request = Request {
                        from: wire::Source {
                            gateway: Some(object.id.qualified_name()),
                            ip: base.from.ip.clone(),
                            ..wire::Source::default()
                        },
                        to: wire::Destination {
                            host: http.host.clone(),
                            port: Some(number),
                            ..wire::Destination::default()
                        },
                        http: Some(HttpRequest { host: None, ..http }),
                        ..base.clone()
                    };
                    trials.push(Trial {
                        way: Way::Ingress,
                        request,
                        peer: gateway.principal.clone(),
                        summary: summary(model, service, &object.id.qualified_name()),
                    });
                }
            }
        }
    }
    trials.truncate(MAX_ENTRANCES);
    trials
}

fn summary(model: &Model, service: ServiceIndex, gateway: &str) -> String {
    let name = Protected::Service(service).name(model);
    match model.attachments.service_waypoint(service) {
        Some(_) => format!(
            "the ingress gateway `{gateway}` goes past the waypoint of {name}, which has no `istio.io/ingress-use-waypoint: \"true\"`"
        ),
        None => format!(
            "the ingress gateway `{gateway}` leads to {name}, and nothing behind it enforces the policy"
        ),
    }
}

/// What a client of the gateway sends: the policy's own path behind what the rule asks for, where a rewrite may take the
/// front off; else that path as it is; else what the rule asks for.
fn sent(entry: &Entry, host: &str, base: &Request) -> Vec<HttpRequest> {
    let Some(own) = &base.http else {
        return Vec::new();
    };
    let mut fitting = own.clone();
    fit(entry, &mut fitting);
    fitting.host = Some(host.replacen('*', ANY_LABEL, 1));
    if host == "*" {
        fitting.host = Some(format!("{ANY_LABEL}.example"));
    }
    let front = fitting.path.trim_end_matches('/');
    let mut paths = vec![
        own.path.clone(),
        format!("{front}{}", own.path),
        fitting.path.clone(),
    ];
    paths.dedup();
    let request = |path| HttpRequest {
        path,
        ..fitting.clone()
    };
    paths.into_iter().map(request).collect()
}

/// Changes a request so that a rule takes it, as far as its conditions name what they want.
pub(super) fn fit(entry: &Entry, http: &mut HttpRequest) {
    let wanted = |value: &ValueMatch| match value {
        ValueMatch::Exact(text) | ValueMatch::Prefix(text) => Some(text.clone()),
        ValueMatch::Present => Some(ANY_LABEL.to_owned()),
        ValueMatch::Regex(_) => None,
    };
    for condition in &entry.conditions {
        match condition {
            Condition::Path(
                PathMatch::Exact(path)
                | PathMatch::Prefix(path)
                | PathMatch::ExactIgnoringCase(path)
                | PathMatch::Text(path)
                | PathMatch::TextIgnoringCase(path),
            ) => http.path.clone_from(path),
            Condition::Method(value) => {
                if let Some(method) = wanted(value) {
                    http.method = method;
                }
            }
            Condition::Header(name, value) => {
                if let Some(value) = wanted(value) {
                    http.headers.insert(name.clone(), HeaderValue::One(value));
                }
            }
            Condition::Query(name, value) => {
                if let Some(value) = wanted(value) {
                    let separator = if http.path.contains('?') { '&' } else { '?' };
                    http.path.push_str(&format!("{separator}{name}={value}"));
                }
            }
            // No one value is the one that fits.
            Condition::Path(PathMatch::Regex(_))
            | Condition::Authority(_)
            | Condition::Scheme(..)
            | Condition::WithoutHeader(..)
            | Condition::Claim(..)
            | Condition::WithoutClaim(..)
            | Condition::Sni(_) => {}
        }
    }
}
