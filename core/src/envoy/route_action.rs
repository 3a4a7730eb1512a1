//! What becomes of a request, as Envoy's route action. `istio/istio: pilot/pkg/networking/core/route/route.go`
//! (TranslateRoute, applyHTTPRouteDestination, processDestination, processWeightedDestination, ApplyRedirect,
//! TranslateFault, TranslateCORSPolicy).

use serde_json::{Map, Value, json};

use super::matchers::quote;
use super::route_match;
use crate::mesh::GatewayIndex;
use crate::model::Model;
use crate::resource::duration;
use crate::route::{
    ALLOW_CREDENTIALS, Abort, Action, Backend, Cors, Entry, Fault, HeaderChanges, NoBackend,
    PathChange, PathMatch, Redirect, RedirectPort, Retry,
};

/// The filters that routes configure, and under which names they do. `istio/istio:
/// pilot/pkg/networking/core/listener_builder.go` (buildHTTPConnectionManager): faults before cross-origin rules.
pub(super) fn filters() -> [Value; 2] {
    [(FAULT, FAULT_TYPE), (CORS, CORS_FILTER_TYPE)]
        .map(|(name, kind)| json!({ "name": name, "typed_config": { "@type": kind } }))
}

const FAULT: &str = "envoy.filters.http.fault";
const FAULT_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";
const CORS: &str = "envoy.filters.http.cors";
const CORS_FILTER_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors";
const CORS_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy";

/// A route without its name and match.
pub(super) fn route(model: &Model, waypoint: GatewayIndex, entry: &Entry, port: u16) -> Value {
    let action = &*entry.action;
    let mut route = Fields::default();
    route.headers(&[&action.request_headers], &[&action.response_headers]);
    if let Some(redirect) = &action.redirect {
        route.set("redirect", self::redirect(redirect, port));
    } else if let Some(status) = action.direct_response {
        route.set("direct_response", json!({ "status": status }));
    } else if action.without_backend == NoBackend::GatewayApi && action.lacks_backends() {
        // `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertHTTPRoute).
        route.set("direct_response", json!({ "status": 500 }));
    } else {
        let clusters = Clusters { model, waypoint };
        let only = action.only_backend();
        if let Some(only) = only {
            route.headers(
                &[&action.request_headers, &only.headers],
                &[&action.response_headers, &only.response_headers],
            );
        }
        route.set("route", clusters.route(action, only, entry.path()));
    }
    let mut filters = Fields::default();
    if let Some(fault) = self::fault(&action.fault) {
        filters.set(FAULT, fault);
    }
    if let Some(cors) = &action.cors {
        filters.set(CORS, self::cors(cors));
    }
    if !filters.0.is_empty() {
        route.set("typed_per_filter_config", filters.0.into());
    }
    route.0.into()
}

/// The fields of one message.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Changes to headers; those of the later lists behind those of the earlier.
    fn headers(&mut self, request: &[&HeaderChanges], response: &[&HeaderChanges]) {
        for (kind, changes) in [("request", request), ("response", response)] {
            let add: Vec<Value> = changes
                .iter()
                .flat_map(|changes| written(changes))
                .collect();
            let remove: Vec<&str> = changes
                .iter()
                .flat_map(|changes| &changes.remove)
                .map(String::as_str)
                .collect();
            if !add.is_empty() {
                self.set(&format!("{kind}_headers_to_add"), add.into());
            }
            if !remove.is_empty() {
                self.set(&format!("{kind}_headers_to_remove"), json!(remove));
            }
        }
    }
}

fn written(changes: &HeaderChanges) -> impl Iterator<Item = Value> + use<'_> {
    changes.write.iter().map(|(name, value, joins)| {
        let append = if *joins {
            "APPEND_IF_EXISTS_OR_ADD"
        } else {
            "OVERWRITE_IF_EXISTS_OR_ADD"
        };
        json!({ "header": { "key": name, "value": value }, "append_action": append })
    })
}

/// Where requests go.
struct Clusters<'m> {
    model: &'m Model,
    waypoint: GatewayIndex,
}

impl Clusters<'_> {
    fn route(&self, action: &Action, only: Option<&Backend>, path: Option<&PathMatch>) -> Value {
        let mut route = Fields::default();
        if action.without_backend == NoBackend::GatewayApi {
            route.set(
                "cluster_not_found_response_code",
                "INTERNAL_SERVER_ERROR".into(),
            );
        }
        match only {
            Some(only) => route.set("cluster", self.name(only).into()),
            None => {
                let clusters: Vec<Value> = action
                    .backends()
                    .map(|backend| self.weighted(backend))
                    .collect();
                route.set("weighted_clusters", json!({ "clusters": clusters }));
            }
        }
        if let Some((field, value)) = action
            .path
            .as_ref()
            .and_then(|change| rewrite(change, path))
        {
            route.set(field, value);
        }
        let host = action.host.as_deref().or(action.request_headers.host());
        let host = host.or_else(|| only.and_then(|only| only.headers.host()));
        if let Some(host) = host {
            route.set("host_rewrite_literal", host.into());
        }
        let mirrors: Vec<Value> = action
            .mirrors
            .iter()
            .map(|(mirror, percent)| {
                json!({
                    "cluster": self.name(mirror),
                    "runtime_fraction": { "default_value": millionths(*percent) },
                    "trace_sampled": false,
                    "disable_shadow_host_suffix_append": true,
                })
            })
            .collect();
        if !mirrors.is_empty() {
            route.set("request_mirror_policies", mirrors.into());
        }
        let timeout = action.timeout.as_deref().and_then(duration);
        route.set("timeout", format!("{}s", timeout.unwrap_or(0.0)).into());
        if let Some(retry) = self::retry(action.retry.as_ref()) {
            route.set("retry_policy", retry);
        }
        route.0.into()
    }

    fn name(&self, backend: &Backend) -> String {
        // A reference that istiod makes no host of.
        if backend.invalid.is_some_and(|invalid| !invalid.has_host()) {
            return "UnknownService".to_owned();
        }
        let host = self.model.backend_host(&backend.object);
        let subset = backend.subset.as_ref().map(|subset| subset.name.as_str());
        let to = (host.as_str(), backend.port.unwrap_or_default());
        self.model
            .waypoint_cluster(self.waypoint, backend.service, to, subset)
    }

    fn weighted(&self, backend: &Backend) -> Value {
        let mut cluster = Fields::default();
        cluster.set("name", self.name(backend).into());
        cluster.set("weight", backend.weight.into());
        cluster.headers(&[&backend.headers], &[&backend.response_headers]);
        if let Some(host) = backend.headers.host() {
            cluster.set("host_rewrite_literal", host.into());
        }
        cluster.0.into()
    }
}

/// A rewritten path. What Gateway API replaces as a whole, and a prefix that it removes, are substitutions:
/// `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (createRewriteFilter).
fn rewrite(change: &PathChange, path: Option<&PathMatch>) -> Option<(&'static str, Value)> {
    let substitution = |regex: &str, with: &str| {
        let rewrite = json!({ "pattern": { "regex": regex }, "substitution": with });
        ("regex_rewrite", rewrite)
    };
    match change {
        PathChange::Full(full) => Some(substitution("/.*", full)),
        PathChange::Matched(replacement) => Some(("prefix_rewrite", json!(replacement))),
        PathChange::RemovePrefix => {
            let prefix = match path {
                Some(PathMatch::Prefix(prefix)) => route_match::separated(prefix),
                _ => "",
            };
            Some(substitution(&format!("^{}(/?)(.*)", quote(prefix)), r"/\2"))
        }
        PathChange::Regex(Some(regex), with) => Some(substitution(regex.as_str(), with)),
        PathChange::Regex(None, _) => None,
    }
}

fn redirect(redirect: &Redirect, port: u16) -> Value {
    let mut action = Fields::default();
    let scheme = redirect.scheme.as_deref();
    if let Some(host) = &redirect.host {
        action.set("host_redirect", json!(host));
    }
    match &redirect.path {
        Some(PathChange::Full(full)) => action.set("path_redirect", json!(full)),
        Some(PathChange::Matched(prefix)) => action.set("prefix_rewrite", json!(prefix)),
        Some(PathChange::RemovePrefix | PathChange::Regex(..)) | None => {}
    }
    if let Some(scheme) = scheme {
        action.set("scheme_redirect", json!(scheme));
    }
    let port = match redirect.port {
        RedirectPort::Keep => None,
        RedirectPort::Request => Some(port),
        RedirectPort::Number(port) => Some(port),
    };
    // The scheme's own is not written; a waypoint is called in plain HTTP.
    let own = match scheme.unwrap_or("http") {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    if let Some(port) = port.filter(|&port| Some(port) != own) {
        action.set("port_redirect", port.into());
    }
    let code = match redirect.status {
        302 => "FOUND",
        303 => "SEE_OTHER",
        307 => "TEMPORARY_REDIRECT",
        308 => "PERMANENT_REDIRECT",
        _ => "MOVED_PERMANENTLY",
    };
    action.set("response_code", code.into());
    action.0.into()
}

fn fault(fault: &Fault) -> Option<Value> {
    let mut config = Fields::default();
    if let Some((time, percent)) = &fault.delay {
        let time = format!("{}s", duration(time).unwrap_or(0.0));
        let delay = json!({ "fixed_delay": time, "percentage": millionths(*percent) });
        config.set("delay", delay);
    }
    if let Some((abort, percent)) = &fault.abort {
        let (field, status) = match abort {
            Abort::Http(status) => ("http_status", status),
            Abort::Grpc(status) => ("grpc_status", status),
        };
        config.set(
            "abort",
            json!({ field: status, "percentage": millionths(*percent) }),
        );
    }
    if config.0.is_empty() {
        return None;
    }
    config.set("@type", FAULT_TYPE.into());
    Some(config.0.into())
}

/// `istio/istio: pilot/pkg/networking/core/route/route.go` (translatePercentToFractionalPercent).
fn millionths(percent: f64) -> Value {
    json!({ "numerator": (percent * 10_000.0) as u32, "denominator": "MILLION" })
}

fn cors(cors: &Cors) -> Value {
    let origins: Vec<Value> = cors
        .origins
        .iter()
        .filter_map(route_match::string)
        .collect();
    let mut policy = Fields::default();
    policy.set("@type", CORS_TYPE.into());
    policy.set("allow_origin_string_match", origins.into());
    policy.set(
        "forward_not_matching_preflights",
        cors.forwards_unmatched.into(),
    );
    let all = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    policy.set("filter_enabled", all);
    for (header, field) in [
        ("access-control-allow-methods", "allow_methods"),
        ("access-control-allow-headers", "allow_headers"),
        ("access-control-max-age", "max_age"),
    ] {
        if let Some(value) = cors.headers.get(header) {
            policy.set(field, json!(value));
        }
    }
    if !cors.expose.is_empty() {
        policy.set("expose_headers", json!(cors.expose));
    }
    if cors.headers.contains_key(ALLOW_CREDENTIALS) {
        policy.set("allow_credentials", true.into());
    }
    policy.0.into()
}

/// `istio/istio: pilot/pkg/networking/core/route/retry/retry.go` (ConvertPolicy). `None`: nothing is tried again.
pub(super) fn retry(retry: Option<&Retry>) -> Option<Value> {
    let default = Retry {
        attempts: 2,
        per_try_timeout: None,
        retry_on: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
            .to_owned(),
    };
    let retry = retry.unwrap_or(&default);
    if retry.attempts == 0 {
        return None;
    }
    let parts = retry.retry_on.split(',').map(str::trim);
    let (codes, mut words): (Vec<&str>, Vec<&str>) = parts
        .filter(|part| !part.is_empty())
        .partition(|part| part.parse::<u16>().is_ok());
    let codes: Vec<u16> = codes.iter().filter_map(|code| code.parse().ok()).collect();
    if !codes.is_empty() && !words.contains(&"retriable-status-codes") {
        words.push("retriable-status-codes");
    }
    let mut policy = Fields::default();
    policy.set("retry_on", words.join(",").into());
    policy.set("num_retries", retry.attempts.into());
    policy.set("host_selection_retry_max_attempts", 5.into());
    policy.set(
        "retry_host_predicate",
        json!([{
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate" },
        }]),
    );
    if !codes.is_empty() {
        policy.set("retriable_status_codes", json!(codes));
    }
    if let Some(time) = retry.per_try_timeout.as_deref().and_then(duration) {
        policy.set("per_try_timeout", format!("{time}s").into());
    }
    Some(policy.0.into())
}
