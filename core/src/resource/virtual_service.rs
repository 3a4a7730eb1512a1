//! VirtualService, DestinationRule and Istio's own Gateway (`networking.istio.io`): the API that Gateway API's routes
//! came after.

use crate::decode::Decode;
use crate::sorted;

use super::Labels;
use super::service_entry::LabelsSelector;
use crate::source::FieldPath;

/// `spec` of a VirtualService.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VirtualService {
    /// The names it is for.
    pub(crate) hosts: Vec<String>,
    /// Istio Gateways, and `mesh`; absent: `mesh` alone.
    pub(crate) gateways: Vec<String>,
    /// Rules for HTTP, in their order.
    pub(crate) http: Vec<VirtualServiceHttpRoute>,
    /// Rules for TLS that is passed through.
    pub(crate) tls: Vec<VirtualServiceLayer4Route>,
    /// Rules for all other connections.
    pub(crate) tcp: Vec<VirtualServiceLayer4Route>,
    /// The namespaces that see it; absent: all.
    pub(crate) export_to: Vec<String>,
}

/// Namespace and name of the Istio Gateway that an entry of `gateways` other than `mesh` means, in a VirtualService of a
/// namespace. `istio/istio: pilot/pkg/model/config.go` (resolveGatewayName).
pub(crate) fn gateway_of<'a>(written: &'a str, own: &'a str) -> (&'a str, &'a str) {
    match (written.split_once('/'), written.split_once('.')) {
        (Some((".", name)), _) => (own, name),
        (Some((namespace, name)), _) => (namespace, name),
        // The old form, with a domain.
        (None, Some((name, rest))) => (rest.split('.').next().unwrap_or(rest), name),
        (None, None) => (own, written),
    }
}

/// `spec.http[]`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VirtualServiceHttpRoute {
    /// The rule's name.
    pub(crate) name: Option<String>,
    /// Alternatives; absent or empty: every request.
    #[serde(rename = "match")]
    pub(crate) matches: Vec<HttpMatchRequest>,
    /// Where requests go.
    pub(crate) route: Vec<HttpRouteDestination>,
    /// An answer that sends the client elsewhere.
    pub(crate) redirect: Option<HttpRedirect>,
    /// An answer without a backend.
    pub(crate) direct_response: Option<HttpDirectResponse>,
    /// A VirtualService without hosts whose rules take this one's place.
    pub(crate) delegate: Option<Delegate>,
    /// Changes to path and Host.
    pub(crate) rewrite: Option<HttpRewrite>,
    /// The time for the whole request.
    pub(crate) timeout: Option<String>,
    /// Retries; absent: the mesh's default.
    pub(crate) retries: Option<HttpRetry>,
    /// Faults to inject.
    pub(crate) fault: Option<HttpFaultInjection>,
    /// Who gets a copy.
    pub(crate) mirror: Option<Destination>,
    /// The share of requests that is copied to `mirror`; superseded by `mirrorPercentage`.
    pub(crate) mirror_percent: Option<u32>,
    /// The same, with fractions.
    pub(crate) mirror_percentage: Option<Percent>,
    /// Who gets a copy, several of them.
    pub(crate) mirrors: Vec<HttpMirrorPolicy>,
    /// Cross-origin rules.
    pub(crate) cors_policy: Option<CorsPolicy>,
    /// Changes to headers.
    pub(crate) headers: Option<Headers>,
}

/// `http[].match[]`: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpMatchRequest {
    /// A name, for routes' names only.
    pub(crate) name: Option<String>,
    /// The path.
    pub(crate) uri: Option<StringMatch>,
    /// `http` or `https`.
    pub(crate) scheme: Option<StringMatch>,
    /// The method.
    pub(crate) method: Option<StringMatch>,
    /// The Host header, with its port.
    pub(crate) authority: Option<StringMatch>,
    /// Headers by name.
    pub(crate) headers: sorted::Map<String, Option<StringMatch>>,
    /// The port of the listener.
    pub(crate) port: Option<u16>,
    /// Labels of the workload that routes.
    pub(crate) source_labels: Labels,
    /// Istio Gateways, and `mesh`; present, it takes the place of the VirtualService's own.
    pub(crate) gateways: Vec<String>,
    /// Query parameters by name.
    pub(crate) query_params: sorted::Map<String, Option<StringMatch>>,
    /// Whether the case of `uri` does not matter; regular expressions keep theirs.
    pub(crate) ignore_uri_case: bool,
    /// Headers that must not look so, by name.
    pub(crate) without_headers: sorted::Map<String, Option<StringMatch>>,
    /// Namespace of the workload that routes.
    pub(crate) source_namespace: Option<String>,
    /// A prefix of statistics' names.
    pub(crate) stat_prefix: Option<String>,
}

/// How a text must look; with none of its fields: it must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct StringMatch {
    /// It is this.
    pub(crate) exact: Option<String>,
    /// It begins with this.
    pub(crate) prefix: Option<String>,
    /// The whole of it matches.
    pub(crate) regex: Option<String>,
}

/// `redirect`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRedirect {
    /// The whole path.
    pub(crate) uri: Option<String>,
    /// What stands in place of the matched prefix.
    pub(crate) prefix_rewrite: Option<String>,
    /// The host.
    pub(crate) authority: Option<String>,
    /// The port.
    pub(crate) port: Option<u16>,
    /// `FROM_PROTOCOL_DEFAULT` or `FROM_REQUEST_PORT`.
    pub(crate) derive_port: Option<String>,
    /// The scheme.
    pub(crate) scheme: Option<String>,
    /// The status; absent: 301.
    pub(crate) redirect_code: Option<u16>,
}

/// `directResponse`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(default)]
pub(crate) struct HttpDirectResponse {
    /// The status.
    pub(crate) status: u16,
    /// The body, which no rule reads.
    pub(crate) body: Option<super::NotModelled>,
}

/// `delegate`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Delegate {
    /// The VirtualService.
    pub(crate) name: String,
    /// Its namespace; absent: the root's.
    pub(crate) namespace: Option<String>,
}

/// `rewrite`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRewrite {
    /// What stands in place of the matched prefix, or of the whole path.
    pub(crate) uri: Option<String>,
    /// The Host.
    pub(crate) authority: Option<String>,
    /// A substitution in the path.
    pub(crate) uri_regex_rewrite: Option<RegexRewrite>,
}

/// `rewrite.uriRegexRewrite`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct RegexRewrite {
    /// The pattern.
    #[serde(rename = "match")]
    pub(crate) pattern: String,
    /// The substitution.
    pub(crate) rewrite: String,
}

/// `retries`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRetry {
    /// How often.
    pub(crate) attempts: u32,
    /// The time of one try.
    pub(crate) per_try_timeout: Option<String>,
    /// On what, separated by commas.
    pub(crate) retry_on: Option<String>,
    /// Which endpoints are tried; no rule reads it.
    pub(crate) retry_remote_localities: Option<super::NotModelled>,
    /// Which endpoints are tried; no rule reads it.
    pub(crate) retry_ignore_previous_hosts: Option<super::NotModelled>,
    /// Time between tries; no rule reads it.
    pub(crate) backoff: Option<String>,
}

/// `fault`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(default)]
pub(crate) struct HttpFaultInjection {
    /// Requests wait.
    pub(crate) delay: Option<FaultDelay>,
    /// Requests are answered.
    pub(crate) abort: Option<FaultAbort>,
}

/// `fault.delay`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FaultDelay {
    /// The share of requests; absent: none.
    pub(crate) percentage: Option<Percent>,
    /// The same as a number; superseded by `percentage`.
    pub(crate) percent: Option<u32>,
    /// How long.
    pub(crate) fixed_delay: Option<String>,
    /// Istio does not implement it.
    pub(crate) exponential_delay: Option<super::NotModelled>,
}

/// `fault.abort`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FaultAbort {
    /// The share of requests; absent: none.
    pub(crate) percentage: Option<Percent>,
    /// The HTTP status.
    pub(crate) http_status: Option<u16>,
    /// The gRPC status, by its name.
    pub(crate) grpc_status: Option<String>,
    /// Istio does not implement it.
    pub(crate) http2_error: Option<super::NotModelled>,
}

/// A share in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Decode)]
#[serde(default)]
pub(crate) struct Percent {
    /// From 0 to 100.
    pub(crate) value: f64,
}

/// `corsPolicy`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CorsPolicy {
    /// Origins, exactly; superseded by `allowOrigins`.
    pub(crate) allow_origin: Vec<String>,
    /// Origins.
    pub(crate) allow_origins: Vec<StringMatch>,
    /// Methods.
    pub(crate) allow_methods: Vec<String>,
    /// Request headers.
    pub(crate) allow_headers: Vec<String>,
    /// Response headers, which only answers of backends have.
    pub(crate) expose_headers: Vec<String>,
    /// How long a preflight's answer holds.
    pub(crate) max_age: Option<String>,
    /// Whether credentials may be sent.
    pub(crate) allow_credentials: Option<bool>,
    /// What becomes of preflights of other origins: `FORWARD` (default) or `IGNORE`.
    pub(crate) unmatched_preflights: Option<String>,
}

/// `headers`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Headers {
    /// Of requests.
    pub(crate) request: Option<HeaderOperations>,
    /// Of answers.
    pub(crate) response: Option<HeaderOperations>,
}

/// `headers.request`, `headers.response`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HeaderOperations {
    /// Replace all lines of a header.
    pub(crate) set: sorted::Map<String, String>,
    /// Add a line.
    pub(crate) add: sorted::Map<String, String>,
    /// Take a header away.
    pub(crate) remove: Vec<String>,
}

/// `spec.tls[]`, `spec.tcp[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(default)]
pub(crate) struct VirtualServiceLayer4Route {
    /// Alternatives; absent or empty: every connection, which `tls` may not have.
    #[serde(rename = "match")]
    pub(crate) matches: Vec<Layer4Match>,
    /// Where connections go.
    pub(crate) route: Vec<HttpRouteDestination>,
}

/// `match[]` of `tls` and `tcp`: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Layer4Match {
    /// Server names; in `tls` only.
    pub(crate) sni_hosts: Vec<String>,
    /// Addresses called.
    pub(crate) destination_subnets: Vec<String>,
    /// The port of the listener.
    pub(crate) port: Option<u16>,
    /// Addresses of clients; Istio does not implement it.
    pub(crate) source_subnet: Option<super::NotModelled>,
    /// Labels of the workload that routes.
    pub(crate) source_labels: Labels,
    /// Istio Gateways, and `mesh`.
    pub(crate) gateways: Vec<String>,
    /// Namespace of the workload that routes.
    pub(crate) source_namespace: Option<String>,
}

/// `route[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpRouteDestination {
    /// The destination.
    pub(crate) destination: Destination,
    /// Its share; of a single destination it does not count.
    pub(crate) weight: Option<u32>,
    /// Changes for this destination alone; in `http` only.
    pub(crate) headers: Option<Headers>,
}

/// `mirrors[]`
#[derive(Clone, Debug, Default, PartialEq, Decode)]
#[serde(default)]
pub(crate) struct HttpMirrorPolicy {
    /// The destination.
    pub(crate) destination: Destination,
    /// The share of requests; absent: all.
    pub(crate) percentage: Option<Percent>,
}

/// A destination by host name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Destination {
    /// The host; a name without dots is completed with the VirtualService's namespace.
    pub(crate) host: String,
    /// A subset that a DestinationRule defines.
    pub(crate) subset: Option<String>,
    /// The port; absent: the Service's only one.
    pub(crate) port: Option<PortSelector>,
}

/// `port` of a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct PortSelector {
    /// The number.
    pub(crate) number: Option<u16>,
}

/// The names of gRPC's statuses, by their numbers.
pub(crate) const GRPC_STATUSES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl VirtualService {
    /// Whether it is a part of other VirtualServices, which delegate to it.
    pub(crate) fn is_delegate(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether it is for traffic inside the mesh.
    pub(crate) fn is_for_mesh(&self) -> bool {
        self.gateways.is_empty() || self.gateways.iter().any(|gateway| gateway == "mesh")
    }

    /// Every destination, mirrors too, each with its path.
    pub(crate) fn destinations(&self) -> Vec<(FieldPath, &Destination)> {
        let mut found = Vec::new();
        for (position, route) in self.http.iter().enumerate() {
            let path = FieldPath::new().key("spec").key("http").index(position);
            for (position, one) in route.route.iter().enumerate() {
                let path = path.clone().key("route").index(position).key("destination");
                found.push((path, &one.destination));
            }
            found.extend(
                route
                    .mirror
                    .iter()
                    .map(|one| (path.clone().key("mirror"), one)),
            );
            for (position, one) in route.mirrors.iter().enumerate() {
                let path = path
                    .clone()
                    .key("mirrors")
                    .index(position)
                    .key("destination");
                found.push((path, &one.destination));
            }
        }
        for (key, routes) in [("tls", &self.tls), ("tcp", &self.tcp)] {
            for (position, route) in routes.iter().enumerate() {
                let path = FieldPath::new().key("spec").key(key).index(position);
                for (position, one) in route.route.iter().enumerate() {
                    let path = path.clone().key("route").index(position).key("destination");
                    found.push((path, &one.destination));
                }
            }
        }
        found
    }
}

/// `spec` of a DestinationRule.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DestinationRule {
    /// The host it is for.
    pub(crate) host: String,
    /// Named parts of the host's workloads.
    pub(crate) subsets: Vec<Subset>,
    /// Not modelled.
    pub(crate) traffic_policy: Option<super::NotModelled>,
    /// The namespaces that see it; absent: all.
    pub(crate) export_to: Vec<String>,
    /// The workloads whose proxies honour it; present, it is none of a waypoint's.
    pub(crate) workload_selector: Option<super::NotModelled>,
}

/// `spec.subsets[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subset {
    /// The name, which VirtualServices use.
    pub(crate) name: String,
    /// Labels of its workloads.
    pub(crate) labels: Labels,
    /// Not modelled.
    pub(crate) traffic_policy: Option<super::NotModelled>,
}

/// `spec` of Istio's own Gateway.
#[derive(Clone, Debug, Default, Decode)]
#[serde(default)]
pub(crate) struct IstioGateway {
    /// Labels of the gateway's pods.
    pub(crate) selector: Labels,
    /// What it listens on.
    pub(crate) servers: Vec<Server>,
}

/// `spec.servers[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Server {
    /// The port.
    pub(crate) port: ServerPort,
    /// Names that it serves: `namespace/name`, where `.` is the Gateway's own namespace and `*` every one.
    pub(crate) hosts: Vec<String>,
    /// What it does with TLS.
    pub(crate) tls: Option<ServerTls>,
    /// The server's name.
    pub(crate) name: Option<String>,
    /// The address that it is bound to.
    pub(crate) bind: Option<String>,
    /// No rule reads it.
    pub(crate) default_endpoint: Option<super::NotModelled>,
}

/// `servers[].port`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServerPort {
    /// The number.
    pub(crate) number: u16,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
    pub(crate) protocol: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// No rule reads it.
    pub(crate) target_port: Option<super::NotModelled>,
}

/// `servers[].tls`; certificates are not looked at.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServerTls {
    /// `PASSTHROUGH` (default), `SIMPLE`, `MUTUAL`, `AUTO_PASSTHROUGH`, `ISTIO_MUTUAL`, `OPTIONAL_MUTUAL`.
    pub(crate) mode: Option<String>,
    /// Whether plain HTTP is answered with a redirect to https.
    pub(crate) https_redirect: bool,
    /// No rule reads it.
    pub(crate) server_certificate: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) private_key: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) ca_certificates: Option<super::NotModelled>,
    /// The Secret of its certificate, in the namespace of the gateway's pods.
    pub(crate) credential_name: Option<String>,
    /// Several of them, instead.
    pub(crate) credential_names: Vec<String>,
    /// No rule reads it.
    pub(crate) subject_alt_names: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) verify_certificate_spki: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) verify_certificate_hash: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) min_protocol_version: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) max_protocol_version: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) cipher_suites: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) ca_crl: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) ca_cert_credential_name: Option<super::NotModelled>,
    /// No rule reads it.
    pub(crate) tls_certificates: Option<super::NotModelled>,
}

/// `spec` of an EnvoyFilter.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvoyFilter {
    /// Labels of the workloads it is for.
    pub(crate) workload_selector: Option<LabelsSelector>,
    /// Targets.
    pub(crate) target_refs: Vec<super::PolicyTargetReference>,
    /// Patches.
    pub(crate) config_patches: Vec<EnvoyConfigPatch>,
    /// Not modelled.
    pub(crate) priority: Option<super::NotModelled>,
}

/// `spec.configPatches[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvoyConfigPatch {
    /// Not modelled.
    pub(crate) apply_to: Option<super::NotModelled>,
    /// Where.
    #[serde(rename = "match")]
    pub(crate) matches: EnvoyConfigMatch,
    /// Not modelled.
    pub(crate) patch: Option<super::NotModelled>,
}

/// `spec.configPatches[].match`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvoyConfigMatch {
    /// The sort of proxy and the direction; absent: `ANY`.
    pub(crate) context: Option<String>,
    /// Not modelled.
    pub(crate) proxy: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) listener: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) route_configuration: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) cluster: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) waypoint: Option<super::NotModelled>,
}

impl EnvoyFilter {
    /// Whether some patch is of a context that waypoints have: they are patched as sidecars are.
    /// `istio/istio: pilot/pkg/networking/core/listener_builder.go` (patchListeners).
    pub(crate) fn patches_waypoints(&self) -> bool {
        let mut contexts = self
            .config_patches
            .iter()
            .map(|patch| &patch.matches.context);
        self.config_patches.is_empty()
            || contexts.any(|context| !matches!(context.as_deref(), Some("GATEWAY" | "WAYPOINT")))
    }
}
