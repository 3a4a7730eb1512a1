//! The metrics and the access log that a request leaves at each proxy, as far as manifests determine them.
//! `istio/istio: pilot/pkg/model/telemetry.go`, `telemetry_logging.go`, `istio/ztunnel: src/proxy/metrics.rs`.

use std::borrow::Cow;

use super::id;
use crate::eval::{HopOutcome, Outcome};
use crate::mesh::WorkloadInfo;
use crate::model::{Model, outbound_cluster};
use crate::resource::{Labels, ObjectIndex};
use crate::route::Answered;
use crate::sorted;
use crate::trace::Log;
use crate::wire::{Backend, Cause, HopKind, HopVerdict, Telemetry};

type Text = Cow<'static, str>;
type Fields = sorted::Map<Text, Option<Text>>;

const UNKNOWN: Text = Cow::Borrowed("unknown");

const HTTP: &[&str] = &[
    "istio_requests_total",
    "istio_request_duration_milliseconds",
    "istio_request_bytes",
    "istio_response_bytes",
];
const GRPC: &[&str] = &[
    "istio_request_messages_total",
    "istio_response_messages_total",
];
const TCP: &[&str] = &[
    "istio_tcp_connections_opened_total",
    "istio_tcp_connections_closed_total",
    "istio_tcp_sent_bytes_total",
    "istio_tcp_received_bytes_total",
];

/// What one proxy of an outcome leaves; `None`: the request does not get there.
pub(super) fn of(model: &Model, outcome: &Outcome<'_, Log>, place: usize) -> Option<Telemetry> {
    let hop = outcome.hops.get(place)?;
    if hop.verdict == HopVerdict::Skipped {
        return None;
    }
    let seen = Seen {
        model,
        outcome,
        hop,
        place,
    };
    let is_envoy = matches!(hop.kind, HopKind::Waypoint | HopKind::IngressGateway);
    let mut telemetry = Telemetry {
        metrics: seen.metrics(is_envoy),
        ..Telemetry::default()
    };
    seen.source(&mut telemetry.labels);
    seen.destination(&mut telemetry.labels);
    seen.common(is_envoy, &mut telemetry.labels);
    telemetry.access_log = if is_envoy {
        seen.envoy_log()
    } else {
        seen.ztunnel_log()
    };
    Some(telemetry)
}

/// One proxy, with the way to it.
struct Seen<'a, 'm> {
    model: &'a Model,
    outcome: &'a Outcome<'m, Log>,
    hop: &'a HopOutcome<'m, Log>,
    place: usize,
}

fn put(fields: &mut Fields, name: &'static str, value: Option<impl Into<Text>>) {
    fields.insert(Cow::Borrowed(name), value.map(Into::into));
}

/// The names of the labels of one side of a connection.
struct Side {
    workload: &'static str,
    namespace: &'static str,
    service: &'static str,
    revision: &'static str,
}

const SOURCE: Side = Side {
    workload: "source_workload",
    namespace: "source_workload_namespace",
    service: "source_canonical_service",
    revision: "source_canonical_revision",
};

const DESTINATION: Side = Side {
    workload: "destination_workload",
    namespace: "destination_workload_namespace",
    service: "destination_canonical_service",
    revision: "destination_canonical_revision",
};

impl Seen<'_, '_> {
    fn metrics(&self, is_envoy: bool) -> Vec<Cow<'static, str>> {
        let http = self.hop.flow.http.as_ref().filter(|_| is_envoy);
        let (names, more) = match http {
            Some(http) if http.grpc => (HTTP, GRPC),
            Some(_) => (HTTP, &[][..]),
            None => (TCP, &[][..]),
        };
        let names = names.iter().chain(more);
        names.map(|name| Cow::Borrowed(*name)).collect()
    }

    /// Whoever sends to this proxy: the proxy before that made a connection of its own, else the client.
    fn source(&self, labels: &mut Fields) {
        let of_this_way =
            |hop: &&HopOutcome<'_, Log>| hop.share.is_none() || hop.share == self.hop.share;
        let before = self.outcome.hops.iter().take(self.place).rev();
        let before = before.filter(of_this_way);
        let envoy = before
            .clone()
            .find(|hop| matches!(hop.kind, HopKind::Waypoint | HopKind::IngressGateway));
        let principal = self.hop.flow.peer.as_ref().map(ToString::to_string);
        put(
            labels,
            "source_principal",
            principal.map_or(UNKNOWN, Text::Owned).into(),
        );
        let client = self
            .outcome
            .hops
            .first()
            .filter(|hop| hop.kind == HopKind::SourceZtunnel)
            .and_then(|hop| hop.proxy);
        match envoy.and_then(|hop| hop.proxy) {
            Some(gateway) => named(self.model, gateway, &SOURCE, labels),
            None => match client {
                Some(client) => named(self.model, client, &SOURCE, labels),
                None => unknown(&SOURCE, None, labels),
            },
        }
    }

    /// The Service that was chosen, and the workload if there is only one.
    fn destination(&self, labels: &mut Fields) {
        let is_ztunnel = self.hop.kind == HopKind::DestinationZtunnel;
        let answered = self.hop.response.is_some();
        let backend = self.backend().filter(|_| !answered);
        let host = backend.map(|backend| self.model.backend_host(&backend.object));
        let unanswered = (!answered).then_some(());
        put(labels, "destination_service", host.clone());
        put(
            labels,
            "destination_service_name",
            backend.map(|backend| backend.object.name.clone()),
        );
        put(
            labels,
            "destination_service_namespace",
            backend.and_then(|backend| backend.object.namespace.clone()),
        );
        if is_ztunnel {
            if let Some(workload) = self.hop.proxy {
                named(self.model, workload, &DESTINATION, labels);
            }
        } else {
            // The proxy that answers by itself reaches no workload.
            let value = unanswered.is_none().then_some(UNKNOWN);
            unknown(&DESTINATION, value, labels);
        }
    }

    /// The only backend that can be chosen.
    fn backend(&self) -> Option<&Backend> {
        let backends = if self.hop.backends.is_empty() {
            &self.outcome.backends
        } else {
            &self.hop.backends
        };
        match backends.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn common(&self, is_envoy: bool, labels: &mut Fields) {
        let reporter = match self.hop.kind {
            HopKind::Waypoint => "waypoint",
            HopKind::DestinationZtunnel => "destination",
            HopKind::Client | HopKind::SourceZtunnel | HopKind::IngressGateway => "source",
        };
        put(labels, "reporter", Some(reporter));
        let protocol = match &self.hop.flow.http {
            Some(http) if is_envoy && http.grpc => "grpc",
            Some(_) if is_envoy => "http",
            _ => "tcp",
        };
        put(labels, "request_protocol", Some(protocol));
        let mutual = match self.hop.kind {
            HopKind::IngressGateway => None,
            _ if self.hop.flow.peer.is_some() => Some("mutual_tls"),
            _ => Some("unknown"),
        };
        put(labels, "connection_security_policy", mutual);
        put(labels, "response_flags", self.flags());
        if is_envoy && self.hop.flow.http.is_some() {
            put(labels, "response_code", self.status());
            if let Some(response) = &self.hop.response
                && let Some(status) = response.grpc_status
            {
                put(labels, "grpc_response_status", Some(status.to_string()));
            }
        }
    }

    /// What the proxy answers; a backend's answer nobody knows.
    fn status(&self) -> Option<String> {
        let response = self.hop.response.as_ref()?;
        response.status.map(|status| status.to_string())
    }

    fn flags(&self) -> Option<&'static str> {
        if self.hop.kind == HopKind::DestinationZtunnel {
            return Some(if self.hop.verdict == HopVerdict::Deny {
                "DENY"
            } else {
                "-"
            });
        }
        match (self.hop.answered, &self.hop.response) {
            (Some(Answered::NoRoute | Answered::NoHost), _) => Some("NR"),
            (Some(Answered::NoBackend), _) => {
                // A rule without any backend is a direct response of istiod's.
                let backends = !self.hop.backends.is_empty();
                Some(if backends { "NC" } else { "-" })
            }
            (Some(Answered::Fault), _) => Some("FI"),
            (_, Some(_)) => Some("-"),
            (_, None) => None,
        }
    }

    fn envoy_log(&self) -> Fields {
        let mut fields = Fields::new();
        if let Some(http) = &self.hop.flow.http {
            put(&mut fields, "method", Some(http.method.clone()));
            // The path as it came; the authority as it goes.
            put(&mut fields, "path", Some(http.path.clone()));
            let sent = self
                .outcome
                .request
                .as_ref()
                .filter(|_| self.hop.response.is_none());
            let authority = sent.unwrap_or(http).authority.clone();
            put(&mut fields, "authority", Some(authority));
            put(&mut fields, "response_code", self.status());
        }
        put(&mut fields, "response_flags", self.flags());
        put(&mut fields, "response_code_details", self.details());
        put(&mut fields, "route_name", self.route_name());
        put(&mut fields, "upstream_cluster", self.cluster());
        fields
    }

    fn details(&self) -> Option<Text> {
        let by = self.hop.by.filter(|_| self.hop.verdict == HopVerdict::Deny);
        if let Some(by) = by {
            let policy = by.policy.and_then(|policy| id(self.model, policy));
            return match (by.cause, policy, by.rule) {
                (Cause::Authorization, Some(policy), Some(rule)) => Some(Cow::Owned(format!(
                    "rbac_access_denied_matched_policy[ns[{}]-policy[{}]-rule[{rule}]]",
                    policy.namespace, policy.name
                ))),
                (Cause::Default, _, _) => {
                    Some(Cow::Borrowed("rbac_access_denied_matched_policy[none]"))
                }
                _ => None,
            };
        }
        let details = match (self.hop.answered, &self.hop.response) {
            (Some(Answered::NoRoute | Answered::NoHost), _) => "route_not_found",
            (Some(Answered::Redirect | Answered::DirectResponse | Answered::HttpsRedirect), _) => {
                "direct_response"
            }
            (Some(Answered::NoBackend), _) if self.hop.backends.is_empty() => "direct_response",
            (Some(Answered::NoBackend), _) => "cluster_not_found",
            (Some(Answered::Fault), _) => "fault_filter_abort",
            (Some(Answered::Preflight), _) => "cors_response",
            (None, None) if self.hop.flow.http.is_some() => "via_upstream",
            _ => return None,
        };
        Some(Cow::Borrowed(details))
    }

    /// The rule's name, else the route's with the rule's place; `default` where no route is for the port.
    fn route_name(&self) -> Option<Text> {
        let Some(taken) = self.hop.route else {
            let straight = self.hop.table.is_none() && self.hop.response.is_none();
            return straight.then_some(Cow::Borrowed("default"));
        };
        self.model.route_name(taken.entry).map(Cow::Owned)
    }

    /// The cluster of the only backend, by the name under which its statistics stand: with `;` behind it.
    fn cluster(&self) -> Option<String> {
        let backend = self.backend().filter(|_| self.hop.response.is_none())?;
        let host = self.model.backend_host(&backend.object);
        let subset = backend.subset.as_deref();
        let to = (host.as_str(), backend.port?);
        let mesh = &self.model.mesh;
        let waypoint = mesh
            .gateways()
            .find(|(_, gateway)| Some(gateway.object) == self.hop.proxy)
            .filter(|_| self.hop.kind == HopKind::Waypoint);
        let cluster = match waypoint {
            Some((waypoint, gateway)) => {
                let service = mesh.service_of_host(&host, &gateway.namespace);
                self.model.waypoint_cluster(waypoint, service, to, subset)
            }
            None => outbound_cluster(to, subset),
        };
        Some(format!("{cluster};"))
    }

    fn ztunnel_log(&self) -> Fields {
        let mut fields = Fields::new();
        let outbound = self.hop.kind == HopKind::SourceZtunnel;
        put(
            &mut fields,
            "direction",
            Some(if outbound { "outbound" } else { "inbound" }),
        );
        put(
            &mut fields,
            "src.identity",
            self.hop.flow.peer.as_ref().map(ToString::to_string),
        );
        let service = self
            .backend()
            .map(|backend| self.model.backend_host(&backend.object));
        put(&mut fields, "dst.service", service);
        let workload = self.hop.proxy.and_then(|proxy| id(self.model, proxy));
        let (name, namespace) = match outbound {
            true => ("src.workload", "src.namespace"),
            false => ("dst.workload", "dst.namespace"),
        };
        put(&mut fields, name, workload.map(|id| id.name.clone()));
        put(
            &mut fields,
            namespace,
            workload.map(|id| id.namespace.clone()),
        );
        if self.hop.verdict == HopVerdict::Deny {
            put(
                &mut fields,
                "error",
                Some("connection closed due to policy rejection"),
            );
        }
        fields
    }
}

/// Labels of a workload, or of the pods of a Gateway.
fn named(model: &Model, object: ObjectIndex, side: &Side, labels: &mut Fields) {
    let Some(name) = id(model, object) else {
        return;
    };
    let pod: Option<&WorkloadInfo> = model
        .mesh
        .workload_of(object)
        .and_then(|workload| model.mesh.workload(workload));
    let none = Labels::new();
    let of_pod = pod.map_or(&none, |pod| &pod.labels);
    let first = |keys: &[&str]| keys.iter().find_map(|key| of_pod.get(*key).cloned());
    // `istio/istio: pkg/kube/labels/labels.go` (CanonicalService).
    let canonical = first(&[
        "service.istio.io/canonical-name",
        "app.kubernetes.io/name",
        "app",
    ]);
    let revision = first(&[
        "service.istio.io/canonical-revision",
        "app.kubernetes.io/version",
        "version",
    ]);
    let workload = Some(name.name.clone());
    put(labels, side.workload, workload.clone());
    put(labels, side.namespace, Some(name.namespace.clone()));
    put(labels, side.service, canonical.or(workload));
    put(
        labels,
        side.revision,
        revision.map_or(Cow::Borrowed("latest"), Text::Owned).into(),
    );
}

/// Labels of a side that is not known: to the proxy, or to the manifests.
fn unknown(side: &Side, value: Option<Text>, labels: &mut Fields) {
    for name in [side.workload, side.namespace, side.service, side.revision] {
        put(labels, name, value.clone());
    }
}
