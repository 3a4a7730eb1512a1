//! The metrics and the access log that a request leaves at each proxy, as far as manifests determine them.
//! `istio/istio: pilot/pkg/model/telemetry.go`, `telemetry_logging.go`, `istio/ztunnel: src/proxy/metrics.rs`.

use std::borrow::Cow;

use super::id;
use crate::authz::Deciding;
use crate::eval::{HopOutcome, Outcome, destinations_of_backend};
use crate::flow::Principal;
use crate::mesh::{Address, Capture, Mesh, ServiceInfo, WorkloadIndex};
use crate::model::{Chain, Model, outbound_cluster};
use crate::resource::ObjectIndex;
use crate::route::Answered;
use crate::sorted;
use crate::trace::Log;
use crate::wire::{Backend, Cause, HopKind, HopVerdict, Telemetry};

type Text = Cow<'static, str>;
type Fields = sorted::Map<Text, Option<Text>>;
/// In the order in which they come to mind; of two of one name the later counts.
type Unsorted = Vec<(Text, Option<Text>)>;

/// So many labels at most has what a proxy tells.
const MOST_LABELS: usize = 24;

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

const FAILED: &[&str] = &["istio_tcp_connections_failed_total"];

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
    match (hop.answered, hop.kind) {
        (Some(Answered::NoPort), HopKind::SourceZtunnel) => return Some(seen.early_deny()),
        (Some(Answered::NoPort), _) => return Some(unmatched()),
        (Some(Answered::NoWaypoint), _) => return None,
        _ => {}
    }
    let is_envoy = is_envoy(hop.kind);
    let mut labels = Unsorted::with_capacity(MOST_LABELS);
    seen.source(&mut labels);
    seen.destination(&mut labels);
    seen.common(is_envoy, &mut labels);
    let labels = sorted(labels);
    Some(Telemetry {
        metrics: seen.metrics(is_envoy),
        access_log: if is_envoy {
            seen.envoy_log()
        } else {
            seen.ztunnel_log(&labels)
        },
        labels,
    })
}

/// What comes in order costs a map least.
fn sorted(mut fields: Unsorted) -> Fields {
    fields.sort_by(|(left, _), (right, _)| left.cmp(right));
    fields.into_iter().collect()
}

/// One proxy, with the way to it.
struct Seen<'a, 'm> {
    model: &'a Model,
    outcome: &'a Outcome<'m, Log>,
    hop: &'a HopOutcome<'m, Log>,
    place: usize,
}

fn put(fields: &mut Unsorted, name: &'static str, value: Option<impl Into<Text>>) {
    fields.push((Cow::Borrowed(name), value.map(Into::into)));
}

/// The names of the labels of one side of a connection.
struct Side {
    workload: &'static str,
    namespace: &'static str,
    service: &'static str,
    revision: &'static str,
    app: &'static str,
    version: &'static str,
    principal: &'static str,
}

const SOURCE: Side = Side {
    workload: "source_workload",
    namespace: "source_workload_namespace",
    service: "source_canonical_service",
    revision: "source_canonical_revision",
    app: "source_app",
    version: "source_version",
    principal: "source_principal",
};

const DESTINATION: Side = Side {
    workload: "destination_workload",
    namespace: "destination_workload_namespace",
    service: "destination_canonical_service",
    revision: "destination_canonical_revision",
    app: "destination_app",
    version: "destination_version",
    principal: "destination_principal",
};

/// A Service, as labels tell of it.
struct Addressed {
    host: String,
    name: String,
    namespace: Option<String>,
}

impl From<&ServiceInfo> for Addressed {
    fn from(service: &ServiceInfo) -> Self {
        Self {
            host: service.host.clone(),
            name: service.name.clone(),
            namespace: Some(service.namespace.clone()),
        }
    }
}

/// What is known of one end of a connection.
enum End<K> {
    /// This.
    Known(K),
    /// The proxy itself has nothing to say.
    Unknown,
    /// The manifests do not determine it.
    Undetermined,
}

impl<K> End<K> {
    fn of(known: Option<K>) -> Self {
        known.map_or(Self::Undetermined, Self::Known)
    }

    /// A value of it.
    fn value<V: Into<Text>>(&self, of: impl Fn(&K) -> Option<V>) -> Option<Text> {
        match self {
            Self::Known(known) => of(known).map(Into::into),
            Self::Unknown => Some(UNKNOWN),
            Self::Undetermined => None,
        }
    }
}

impl Seen<'_, '_> {
    fn metrics(&self, is_envoy: bool) -> Vec<Cow<'static, str>> {
        let http = self.hop.flow.http.as_ref().filter(|_| is_envoy);
        let (names, more) = match http {
            Some(http) if http.grpc => (HTTP, GRPC),
            Some(_) => (HTTP, &[][..]),
            None if matches!(self.flags(), Some("DENY" | "CONNECT")) => (TCP, FAILED),
            None => (TCP, &[][..]),
        };
        let names = names.iter().chain(more);
        names.map(|name| Cow::Borrowed(*name)).collect()
    }

    /// A ztunnel that finds nowhere to send a connection logs that, and counts nothing.
    /// `istio/ztunnel: src/proxy/outbound.rs` (proxy_to), `src/proxy/metrics.rs` (log_early_deny).
    fn early_deny(&self) -> Telemetry {
        let flow = &self.hop.flow;
        let address = flow.destination_ip.map(|ip| {
            let address = std::net::SocketAddr::new(ip, flow.destination_port);
            format!("no healthy upstream: {address}")
        });
        let mut log = Unsorted::new();
        put(&mut log, "direction", Some("outbound"));
        put(&mut log, "error", address);
        only_logged(log)
    }

    /// Whoever sends to this proxy: the proxy before that made a connection of its own, else the client. The principal is
    /// that of the certificate.
    fn source(&self, labels: &mut Unsorted) {
        // What a gateway tells of it tells as the source.
        let own = self.hop.proxy.filter(|_| self.is_gateway());
        let source = own.or_else(|| self.sender()).or_else(|| self.client());
        let source = source.and_then(|object| party(self.model, object));
        self.side(&SOURCE, &End::of(source), labels);
        if self.is_gateway() {
            put(labels, SOURCE.principal, self.hidden_principal());
            return;
        }
        let principal = self.hop.flow.peer.as_ref().filter(|_| self.is_mutual());
        let principal = principal.map_or(UNKNOWN, |peer| Text::Owned(peer.to_string()));
        put(labels, SOURCE.principal, Some(principal));
    }

    /// A gateway takes both principals from the TLS that it speaks itself, which through a tunnel is none; with a sidecar
    /// it is mutual.
    /// `istio/proxy: source/extensions/filters/http/istio_stats/istio_stats.cc` (populatePeerInfo).
    fn hidden_principal(&self) -> Option<Text> {
        let mesh = &self.model.mesh;
        let behind = self.destinations();
        let speaks_tls = behind.iter().any(|workload| {
            let workload = mesh.workload(*workload);
            workload.is_some_and(|workload| workload.capture == Capture::Sidecar)
        });
        (!speaks_tls).then_some(UNKNOWN)
    }

    fn is_gateway(&self) -> bool {
        self.hop.kind == HopKind::IngressGateway
    }

    /// The Envoy that sent the request here; `None`: the client did.
    fn sender(&self) -> Option<ObjectIndex> {
        let before = self.outcome.hops.iter().take(self.place).rev();
        before
            .filter(|hop| hop.share.is_none() || hop.share == self.hop.share)
            .filter(|hop| is_envoy(hop.kind))
            .filter_map(|hop| hop.proxy)
            .find(|proxy| principal(&self.model.mesh, *proxy) == self.hop.flow.peer.as_ref())
    }

    fn client(&self) -> Option<ObjectIndex> {
        let first = self.outcome.hops.first()?;
        first.proxy.filter(|_| first.kind == HopKind::SourceZtunnel)
    }

    /// What comes behind this proxy.
    fn behind(&self, kind: HopKind) -> impl Iterator<Item = &HopOutcome<'_, Log>> {
        let behind = self.outcome.hops.iter().skip(self.place + 1);
        behind.filter(move |hop| hop.kind == kind)
    }

    /// The Service that was chosen, and the workload if there is only one. A gateway tells of the workload's namespace, a
    /// waypoint of its own, as if they were the Service's.
    /// `istio/proxy: source/extensions/filters/http/istio_stats/istio_stats.cc` (populatePeerInfo).
    fn destination(&self, labels: &mut Unsorted) {
        let service = self.service();
        let party = match self.hop.response {
            // The proxy that answers by itself reaches no workload.
            Some(_) if is_envoy(self.hop.kind) => End::Unknown,
            _ => End::of(self.reached().and_then(|object| party(self.model, object))),
        };
        let namespace = match (self.hop.kind, &party) {
            (HopKind::Waypoint, _) => {
                let own = self.hop.proxy.and_then(|proxy| id(self.model, proxy));
                own.map(|own| Text::Owned(own.namespace.clone()))
            }
            (HopKind::IngressGateway, End::Undetermined) => {
                let waypoint = self.behind(HopKind::Waypoint).next();
                let waypoint = waypoint.and_then(|hop| id(self.model, hop.proxy?));
                service.value(|service| {
                    let namespace = service.namespace.clone();
                    namespace.filter(|own| waypoint.is_none_or(|other| other.namespace == *own))
                })
            }
            (HopKind::IngressGateway, party) => party.value(|party| Some(party.namespace.clone())),
            _ => service.value(|service| service.namespace.clone()),
        };
        for (name, value) in [
            (
                "destination_service",
                service.value(|service| Some(service.host.clone())),
            ),
            (
                "destination_service_name",
                service.value(|service| Some(service.name.clone())),
            ),
            ("destination_service_namespace", namespace),
        ] {
            put(labels, name, value);
        }
        self.side(&DESTINATION, &party, labels);
        let principal = if self.is_gateway() {
            self.hidden_principal()
        } else {
            party.value(|party| party.principal.clone())
        };
        put(labels, DESTINATION.principal, principal);
    }

    /// Labels of a workload, or of the pods of a Gateway. Envoy's `app` and `version` are not known.
    fn side(&self, side: &Side, party: &End<Party>, labels: &mut Unsorted) {
        let service = party.value(|party| Some(party.service.clone()));
        let revision = party.value(|party| Some(party.revision.clone()));
        let is_ztunnel = !is_envoy(self.hop.kind);
        for (name, value) in [
            (
                side.workload,
                party.value(|party| Some(party.workload.clone())),
            ),
            (
                side.namespace,
                party.value(|party| Some(party.namespace.clone())),
            ),
            (side.app, service.clone().filter(|_| is_ztunnel)),
            (side.version, revision.clone().filter(|_| is_ztunnel)),
            (side.service, service),
            (side.revision, revision),
        ] {
            put(labels, name, value);
        }
    }

    /// The Service that the labels name. A ztunnel's is the one that is called, whatever a waypoint makes of it; the one in
    /// front of a pod is told it by the client's ztunnel, and else guesses one that leads to the port: it has them in no
    /// order. An Envoy's is that of the cluster, which an answer of its own has not.
    /// `istio/ztunnel: src/proxy/outbound.rs` (build_request, build_forwarded), `src/proxy.rs` (guess_inbound_service),
    /// `istio/istio: pilot/pkg/model/telemetry.go` (disableHostHeaderFallback).
    fn service(&self) -> End<Addressed> {
        let mesh = &self.model.mesh;
        let chosen = || {
            End::of(self.backend().map(|backend| Addressed {
                host: self.model.backend_host(&backend.object),
                name: backend.object.name.clone(),
                namespace: backend.object.namespace.clone(),
            }))
        };
        match (self.hop.kind, self.hop.chain) {
            (HopKind::SourceZtunnel, _) => match self.behind(HopKind::Waypoint).next() {
                Some(waypoint) => match waypoint.chain {
                    Some(Chain::Waypoint(_, Some(service))) => {
                        End::of(mesh.service(service).map(Addressed::from))
                    }
                    _ => End::Unknown,
                },
                None => match self.called() {
                    Some(service) => End::Known(service.into()),
                    None => End::Unknown,
                },
            },
            (HopKind::DestinationZtunnel, Some(Chain::Ztunnel(workload))) => {
                let first = self.outcome.hops.first();
                let is_told = self.sender().is_none()
                    && first.is_some_and(|first| first.kind == HopKind::SourceZtunnel);
                let told = self.called().filter(|_| is_told);
                if let Some(told) = told.filter(|told| told.workloads.contains(&workload)) {
                    return End::Known(told.into());
                }
                let leads_here = |service: &ServiceInfo| {
                    let pod = mesh.workload(workload);
                    service.workloads.contains(&workload)
                        && service.ports.iter().any(|port| {
                            pod.and_then(|pod| pod.target_port(service, port.port))
                                == Some(self.hop.flow.destination_port)
                        })
                };
                let mut found = mesh.services().filter(|(_, service)| leads_here(service));
                match (found.next(), found.next()) {
                    (None, _) => End::Unknown,
                    (Some((_, only)), None) => End::Known(only.into()),
                    _ => End::Undetermined,
                }
            }
            _ if self.hop.response.is_some() => match self.hop.answered {
                Some(Answered::Fault | Answered::Preflight) => chosen(),
                Some(_) => End::Unknown,
                // The route is looked for before policies are, and not told of here.
                None => End::Undetermined,
            },
            _ => chosen(),
        }
    }

    /// The Service that the client calls by its VIP. To a ztunnel, a pod's own address is that of no Service.
    fn called(&self) -> Option<&ServiceInfo> {
        let mesh = &self.model.mesh;
        let backend = self.backend()?;
        let host = self.model.backend_host(&backend.object);
        let namespace = backend.object.namespace.as_deref().unwrap_or_default();
        let service = mesh.service(mesh.service_of_host(&host, namespace)?)?;
        matches!(service.address, Address::Vip(_)).then_some(service)
    }

    /// The only workload, or waypoint, to which this proxy can make a connection.
    fn reached(&self) -> Option<ObjectIndex> {
        let mesh = &self.model.mesh;
        if self.hop.kind == HopKind::DestinationZtunnel {
            return self.hop.proxy;
        }
        if self.hop.kind != HopKind::Waypoint {
            let mut waypoints = self.behind(HopKind::Waypoint);
            if let Some(first) = waypoints.next() {
                let is_only = waypoints.all(|other| other.proxy == first.proxy);
                return first
                    .proxy
                    .filter(|_| is_only && self.hop.kind == HopKind::SourceZtunnel);
            }
        }
        match self.destinations().as_slice() {
            [only] => Some(mesh.workload(*only)?.object),
            // A pod that is called at its own address.
            [] if self.hop.route.is_none() => {
                let mut ends = self.behind(HopKind::DestinationZtunnel);
                ends.next().filter(|_| ends.next().is_none())?.proxy
            }
            _ => None,
        }
    }

    /// The workloads to which the route, or the Service that is called, leads.
    fn destinations(&self) -> Vec<WorkloadIndex> {
        let mesh = &self.model.mesh;
        if let Some(taken) = self.hop.route {
            let backends = taken.entry.action.backends();
            let usable = backends.filter(|backend| backend.invalid.is_none());
            let all = usable.flat_map(|backend| destinations_of_backend(mesh, backend));
            return all.map(|destination| destination.workload).collect();
        }
        let service = self.backend().and_then(|backend| {
            let host = self.model.backend_host(&backend.object);
            let namespace = backend.object.namespace.as_deref().unwrap_or_default();
            mesh.service(mesh.service_of_host(&host, namespace)?)
        });
        service.map_or_else(Vec::new, |service| service.workloads.clone())
    }

    /// Whether the connection is one of mutual TLS: a ztunnel's, if something in the mesh is behind it.
    fn is_mutual(&self) -> bool {
        let in_mesh =
            self.hop.kind != HopKind::SourceZtunnel || self.outcome.hops.len() > self.place + 1;
        in_mesh && self.hop.flow.peer.is_some()
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

    fn common(&self, is_envoy: bool, labels: &mut Unsorted) {
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
            HopKind::IngressGateway => "unknown",
            _ if self.is_mutual() => "mutual_tls",
            HopKind::Waypoint => "none",
            _ => "unknown",
        };
        put(labels, "connection_security_policy", Some(mutual));
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

    /// What the proxy answers, or has from one behind it; a backend's answer nobody knows.
    fn status(&self) -> Option<String> {
        let answer = self.hop.response.as_ref();
        let response = answer.or(self.outcome.response.as_ref())?;
        response.status.map(|status| status.to_string())
    }

    fn flags(&self) -> Option<&'static str> {
        match self.hop.kind {
            HopKind::DestinationZtunnel if self.hop.verdict == HopVerdict::Deny => {
                return Some("DENY");
            }
            HopKind::DestinationZtunnel => return Some("-"),
            HopKind::SourceZtunnel => return self.source_flags(),
            HopKind::Client | HopKind::Waypoint | HopKind::IngressGateway => {}
        }
        let answers = |hop: &HopOutcome<'_, Log>| hop.response.is_some();
        if !answers(self.hop) && self.behind(HopKind::Waypoint).any(answers) {
            return self.outcome.response.as_ref().map(|_| "-");
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

    /// The connection is refused by the ztunnel that it is made to. A waypoint takes each.
    /// `istio/ztunnel: src/proxy/metrics.rs` (extract_failure_reason).
    fn source_flags(&self) -> Option<&'static str> {
        let refuses = |hop: &HopOutcome<'_, Log>| hop.verdict == HopVerdict::Deny;
        let refused = self.behind(HopKind::DestinationZtunnel).any(refuses);
        if !refused || self.behind(HopKind::Waypoint).next().is_some() {
            return Some("-");
        }
        // By one of several workloads, or by the handshake.
        let all = self.behind(HopKind::DestinationZtunnel).all(|hop| {
            let by_policy = |by: Deciding| by.policy.is_some() || by.cause == Cause::Default;
            refuses(hop) && hop.by.is_some_and(by_policy)
        });
        all.then_some("CONNECT")
    }

    fn envoy_log(&self) -> Fields {
        let mut fields = Unsorted::new();
        if let Some(http) = &self.hop.flow.http {
            put(&mut fields, "method", Some(http.method.clone()));
            // The path as it came; the authority as it goes.
            put(&mut fields, "path", Some(http.path.clone()));
            let next = self.behind(HopKind::Waypoint).next();
            let sent = match next {
                Some(waypoint) => waypoint.flow.http.as_ref(),
                None => self.outcome.request.as_ref(),
            };
            let sent = sent.filter(|_| self.hop.response.is_none());
            let authority = sent.unwrap_or(http).authority.clone();
            put(&mut fields, "authority", Some(authority));
            put(&mut fields, "response_code", self.status());
        }
        put(&mut fields, "response_flags", self.flags());
        put(&mut fields, "response_code_details", self.details());
        put(&mut fields, "route_name", self.route_name());
        put(&mut fields, "upstream_cluster", self.cluster());
        sorted(fields)
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

    /// Of what the labels tell, too; identities where there is mutual TLS.
    fn ztunnel_log(&self, labels: &Fields) -> Fields {
        let mut fields = Unsorted::new();
        let outbound = self.hop.kind == HopKind::SourceZtunnel;
        put(
            &mut fields,
            "direction",
            Some(if outbound { "outbound" } else { "inbound" }),
        );
        for (name, label) in [
            ("src.workload", SOURCE.workload),
            ("src.namespace", SOURCE.namespace),
            ("src.identity", SOURCE.principal),
            ("dst.workload", DESTINATION.workload),
            ("dst.namespace", DESTINATION.namespace),
            ("dst.identity", DESTINATION.principal),
            ("dst.service", "destination_service"),
        ] {
            let value = labels.get(label).cloned().flatten();
            let hidden = name.ends_with("identity") && !self.is_mutual() || value == Some(UNKNOWN);
            put(&mut fields, name, value.filter(|_| !hidden));
        }
        if self.hop.verdict == HopVerdict::Deny {
            put(
                &mut fields,
                "error",
                Some("connection closed due to policy rejection"),
            );
        }
        sorted(fields)
    }
}

/// What a listener logs of a connection that no filter chain takes; there is none to count it.
/// `istio/istio: pilot/pkg/networking/core/accesslog.go` (listenerAccessLogFilter).
fn unmatched() -> Telemetry {
    let mut log = Unsorted::new();
    put(&mut log, "response_flags", Some("NR"));
    put(
        &mut log,
        "response_code_details",
        Some("filter_chain_not_found"),
    );
    only_logged(log)
}

fn only_logged(log: Unsorted) -> Telemetry {
    Telemetry {
        access_log: sorted(log),
        ..Telemetry::default()
    }
}

fn is_envoy(kind: HopKind) -> bool {
    matches!(kind, HopKind::Waypoint | HopKind::IngressGateway)
}

/// The identity of the pods of a Gateway.
fn principal(mesh: &Mesh, gateway: ObjectIndex) -> Option<&Principal> {
    match mesh.ingress(gateway) {
        Some(ingress) => ingress.principal.as_ref(),
        None => Some(&mesh.gateway(mesh.gateway_of(gateway)?)?.principal),
    }
}

/// A workload, or the pods of a Gateway, as labels tell of it.
struct Party {
    workload: String,
    namespace: String,
    service: String,
    revision: String,
    principal: Option<String>,
}

/// `istio/istio: pkg/kube/labels/labels.go` (CanonicalService).
fn party(model: &Model, object: ObjectIndex) -> Option<Party> {
    let mesh = &model.mesh;
    let pod = mesh.workload_of(object).and_then(|pod| mesh.workload(pod));
    let (workload, namespace, labels, principal) = if let Some(pod) = pod {
        let name = id(model, object)?.name.clone();
        (name, &pod.namespace, &pod.labels, Some(&pod.principal))
    } else if let Some(ingress) = mesh.ingress(object) {
        let principal = ingress.principal.as_ref();
        let name = ingress.workload.clone()?;
        (name, &ingress.namespace, &ingress.labels, principal)
    } else {
        let gateway = mesh.gateway(mesh.gateway_of(object)?)?;
        let principal = Some(&gateway.principal);
        let name = gateway.deployment.clone();
        (name, &gateway.namespace, &gateway.pod_labels, principal)
    };
    let first = |keys: &[&str]| keys.iter().find_map(|key| labels.get(*key).cloned());
    let service = first(&[
        "service.istio.io/canonical-name",
        "app.kubernetes.io/name",
        "app",
    ]);
    let revision = first(&[
        "service.istio.io/canonical-revision",
        "app.kubernetes.io/version",
        "version",
    ]);
    Some(Party {
        service: service.unwrap_or_else(|| workload.clone()),
        workload,
        namespace: namespace.clone(),
        revision: revision.unwrap_or_else(|| "latest".to_owned()),
        principal: principal.map(ToString::to_string),
    })
}
