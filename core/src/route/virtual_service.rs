//! VirtualServices as written → entries, in the order in which they are written: nothing is sorted by specificity.
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRoute, TranslateRouteMatch, sourceMatchHTTP,
//! ApplyRedirect, TranslateFault), `pilot/pkg/networking/core/listener_waypoint.go` (waypointInboundRoute,
//! getTLSRouteMatch, getTCPRouteMatch).

use std::sync::Arc;

use super::action::{Action, NoBackend, Retry};
use super::backend::Backends;
use super::condition::{Condition, PathMatch};
use super::cors::{self, Cors};
use super::delegate::MatchPlace;
use super::fault::{Abort, Fault};
use super::headers::HeaderChanges;
use super::path::PathChange;
use super::precedence::is_catch_all;
use super::redirect::{Redirect, RedirectPort};
use super::shadow::covers_all;
use super::table::{Entry, Section};
use super::value::ValueMatch;
use crate::matcher::Pattern;
use crate::resource::{
    CorsPolicy, HeaderOperations, Headers, HttpFaultInjection, HttpMatchRequest, HttpRewrite,
    HttpRouteDestination, Labels, Layer4Match, ObjectIndex, Percent, StringMatch,
    VirtualServiceHttpRoute, VirtualServiceLayer4Route,
};
use crate::sorted;

/// The proxy, and the place there, for which VirtualServices are compiled.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    /// What `gateways` must name: `mesh`, or an Istio Gateway as `namespace/name`.
    pub(crate) gateway: String,
    /// The proxy's namespace.
    pub(crate) namespace: &'a str,
    /// The port that is called.
    pub(crate) port: u16,
    /// Whether the proxy terminates TLS there.
    pub(crate) tls: bool,
    /// What the proxy is.
    pub(crate) kind: PlaceKind<'a>,
}

/// What a proxy is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PlaceKind<'a> {
    /// A waypoint, for a Service of this host: it knows no labels of its own, and looks at no server name.
    Waypoint(&'a str),
    /// A gateway, with the labels of its pods.
    Gateway(&'a Labels),
}

/// A rule of a VirtualService: names completed, a delegate's in the place of the rule that delegates.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The object in which the rule stands.
    pub(crate) object: ObjectIndex,
    /// Its place there.
    pub(crate) index: usize,
    /// What it says.
    pub(crate) route: VirtualServiceHttpRoute,
    /// Of a delegate's rule, the rule that delegates to it.
    pub(crate) root: Option<Root>,
}

/// A rule that delegates.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The object in which it stands.
    pub(crate) object: ObjectIndex,
    /// Its place there.
    pub(crate) index: usize,
    /// Where each match of the merged rule comes from.
    pub(crate) matches: Vec<MatchPlace>,
}

impl Rule {
    /// The place of a match among those that are written in the rule itself.
    fn written_match(&self, index: usize) -> Option<usize> {
        match &self.root {
            Some(root) => root.matches.get(index)?.own,
            None => Some(index),
        }
    }
}

/// The entries of HTTP rules. What cannot match in this place is left out.
pub(crate) fn http(rules: &[Rule], place: &Place<'_>, backends: &dyn Backends) -> Vec<Entry> {
    let mut entries = Vec::new();
    for rule in rules {
        let action = Arc::new(action(&rule.route, place, backends));
        let entry = |match_index, conditions| Entry {
            group: 0,
            route: rule.object,
            section: Section::Http,
            rule: rule.index,
            match_index,
            conditions,
            action: Arc::clone(&action),
        };
        if rule.route.matches.is_empty() {
            entries.push(entry(None, Vec::new()));
            break;
        }
        for (match_index, written) in rule.route.matches.iter().enumerate() {
            if is_for(written, place) {
                let written_match = rule.written_match(match_index);
                entries.push(entry(written_match, conditions(written, place)));
            }
        }
    }
    entries
}

/// Whether a match can hold in a place at all.
pub(crate) fn is_for(written: &HttpMatchRequest, place: &Place<'_>) -> bool {
    if written
        .port
        .is_some_and(|port| port != 0 && port != place.port)
    {
        return false;
    }
    // `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (waypointInboundRoute): such matches are dropped.
    if matches!(place.kind, PlaceKind::Waypoint(_)) && !written.source_labels.is_empty() {
        return false;
    }
    if !written.gateways.is_empty() {
        return written.gateways.contains(&place.gateway);
    }
    let labels_fit = match place.kind {
        PlaceKind::Waypoint(_) => true,
        PlaceKind::Gateway(labels) => is_subset(&written.source_labels, labels),
    };
    labels_fit && is_namespace(written.source_namespace.as_deref(), place.namespace)
}

/// Whether a match takes, in some place, every request that another takes.
pub(crate) fn takes_all_of(
    first: &HttpMatchRequest,
    second: &HttpMatchRequest,
    place: &Place<'_>,
) -> bool {
    let first = conditions(first, place);
    is_catch_all(&first) || covers_all(&first, &conditions(second, place))
}

fn is_subset(wanted: &Labels, labels: &Labels) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

/// The namespace of whoever routes: at a waypoint the waypoint's, never the client's.
fn is_namespace(wanted: Option<&str>, namespace: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.is_empty() || wanted == namespace)
}

fn conditions(written: &HttpMatchRequest, place: &Place<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let path = written
        .uri
        .as_ref()
        .and_then(|uri| path(uri, written.ignore_uri_case));
    conditions.extend(path.map(Condition::Path));
    conditions.extend(
        written
            .method
            .as_ref()
            .map(|m| Condition::Method(value(Some(m)))),
    );
    conditions.extend(
        written
            .authority
            .as_ref()
            .map(|authority| Condition::Authority(value(Some(authority)))),
    );
    let scheme = if place.tls { "https" } else { "http" };
    conditions.extend(
        written
            .scheme
            .as_ref()
            .map(|wanted| Condition::Scheme(value(Some(wanted)), scheme)),
    );
    for (name, wanted) in &written.headers {
        let wanted = value(wanted.as_ref());
        conditions.push(match claim(name) {
            Some(path) => Condition::Claim(path, wanted),
            None => Condition::Header(name.to_ascii_lowercase(), wanted),
        });
    }
    for (name, wanted) in &written.without_headers {
        let wanted = value(wanted.as_ref());
        conditions.push(match claim(name) {
            Some(path) => Condition::WithoutClaim(path, wanted),
            None => Condition::WithoutHeader(name.to_ascii_lowercase(), wanted),
        });
    }
    conditions.extend(
        written
            .query_params
            .iter()
            .map(|(name, wanted)| Condition::Query(name.clone(), value(wanted.as_ref()))),
    );
    conditions
}

/// `None`: whatever path.
fn path(uri: &StringMatch, ignore_case: bool) -> Option<PathMatch> {
    if let Some(exact) = &uri.exact {
        return Some(if ignore_case {
            PathMatch::ExactIgnoringCase(exact.clone())
        } else {
            PathMatch::Exact(exact.clone())
        });
    }
    if let Some(prefix) = &uri.prefix {
        return Some(if ignore_case {
            PathMatch::TextIgnoringCase(prefix.clone())
        } else {
            PathMatch::Text(prefix.clone())
        });
    }
    let regex = uri.regex.as_ref()?;
    Some(PathMatch::Regex(Pattern::new(regex)))
}

fn value(wanted: Option<&StringMatch>) -> ValueMatch {
    let Some(wanted) = wanted else {
        return ValueMatch::Present;
    };
    match (&wanted.exact, &wanted.prefix, &wanted.regex) {
        (Some(exact), _, _) => ValueMatch::Exact(exact.clone()),
        (None, Some(prefix), _) => ValueMatch::Prefix(prefix.clone()),
        (None, None, Some(regex)) => ValueMatch::regex(regex),
        (None, None, None) => ValueMatch::Present,
    }
}

const CLAIMS: &str = "@request.auth.claims";

/// The path of a claim, with `.` or `[…]` between its keys; `None`: the name is a header's.
fn claim(name: &str) -> Option<Vec<String>> {
    let start = name.get(..CLAIMS.len())?;
    if !start.eq_ignore_ascii_case(CLAIMS) {
        return None;
    }
    let rest = name.get(CLAIMS.len()..)?;
    let keys: Vec<String> = match rest.strip_prefix('.') {
        Some(dotted) => dotted.split('.').map(str::to_owned).collect(),
        None => {
            let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
            inner.split("][").map(str::to_owned).collect()
        }
    };
    keys.iter().all(|key| !key.is_empty()).then_some(keys)
}

fn action(rule: &VirtualServiceHttpRoute, place: &Place<'_>, backends: &dyn Backends) -> Action {
    let (request_headers, response_headers) = header_changes(rule.headers.as_ref());
    let mut action = Action {
        without_backend: NoBackend::Envoy,
        redirect: rule.redirect.as_ref().map(|written| Redirect {
            status: match written.redirect_code {
                None | Some(0) => 301,
                Some(status) => status,
            },
            scheme: filled(written.scheme.as_ref()),
            host: filled(written.authority.as_ref()),
            port: match (written.port, written.derive_port.as_deref()) {
                (Some(port), _) => RedirectPort::Number(port),
                (None, Some("FROM_REQUEST_PORT")) => RedirectPort::Request,
                (None, _) => RedirectPort::Keep,
            },
            path: filled(written.prefix_rewrite.as_ref())
                .map(PathChange::Matched)
                .or_else(|| filled(written.uri.as_ref()).map(PathChange::Full)),
        }),
        direct_response: rule.direct_response.as_ref().map(|answer| answer.status),
        fault: rule.fault.as_ref().map(fault).unwrap_or_default(),
        cors: rule.cors_policy.as_ref().map(cors_policy),
        request_headers,
        response_headers,
        timeout: rule
            .timeout
            .clone()
            .filter(|time| time.bytes().any(|byte| matches!(byte, b'1'..=b'9'))),
        retry: rule.retries.as_ref().map(|retries| Retry {
            attempts: retries.attempts,
            per_try_timeout: retries.per_try_timeout.clone(),
            retry_on: filled(retries.retry_on.as_ref()).unwrap_or_else(|| RETRY_ON.to_owned()),
        }),
        ..Action::default()
    };
    if let Some(rewrite) = &rule.rewrite {
        (action.path, action.host) = self::rewrite(rewrite);
    }
    for written in &rule.route {
        let mut backend = backends.destination(&written.destination, place.port);
        backend.weight = weight(written, &rule.route);
        (backend.headers, backend.response_headers) = header_changes(written.headers.as_ref());
        action.backends.push(backend);
    }
    add_mirrors(&mut action, rule, place, backends);
    action
}

/// The weight as written. Left out it is 1 of a single destination, and 0 of several.
fn weight(destination: &HttpRouteDestination, all: &[HttpRouteDestination]) -> u32 {
    destination.weight.unwrap_or(u32::from(all.len() == 1))
}

/// `istio/istio: pilot/pkg/networking/core/route/retry/retry.go` (DefaultPolicy).
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,503";

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn header_changes(headers: Option<&Headers>) -> (HeaderChanges, HeaderChanges) {
    let changes = |operations: Option<&HeaderOperations>| {
        operations.map_or_else(HeaderChanges::default, |operations| {
            let pairs = |map: &sorted::Map<String, String>| {
                map.iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            };
            HeaderChanges::of(
                &operations.remove,
                pairs(&operations.set),
                pairs(&operations.add),
            )
        })
    };
    let headers = headers.map(|headers| (headers.request.as_ref(), headers.response.as_ref()));
    let (request, response) = headers.unwrap_or_default();
    (changes(request), changes(response))
}

fn rewrite(written: &HttpRewrite) -> (Option<PathChange>, Option<String>) {
    let path = match (&written.uri_regex_rewrite, filled(written.uri.as_ref())) {
        (Some(regex), _) => Some(PathChange::regex(&regex.pattern, &regex.rewrite)),
        (None, uri) => uri.map(PathChange::Matched),
    };
    (path, filled(written.authority.as_ref()))
}

fn fault(written: &HttpFaultInjection) -> Fault {
    let share = |percentage: Option<Percent>| percentage.map_or(0.0, |percent| percent.value);
    let delay = written.delay.as_ref().and_then(|delay| {
        let percent = match delay.percentage {
            Some(percentage) => percentage.value,
            None => f64::from(delay.percent.unwrap_or(0)),
        };
        Some((delay.fixed_delay.clone()?, percent))
    });
    let abort = written.abort.as_ref().and_then(|abort| {
        let answer = match (abort.http_status, abort.grpc_status.as_deref()) {
            (Some(status), _) => Abort::Http(status),
            (None, name) => Abort::Grpc(grpc_status(name?)?),
        };
        Some((answer, share(abort.percentage)))
    });
    Fault {
        delay: delay.filter(|(_, percent)| *percent > 0.0),
        abort: abort.filter(|(_, percent)| *percent > 0.0),
    }
}

fn grpc_status(name: &str) -> Option<u16> {
    let place = crate::resource::GRPC_STATUSES
        .iter()
        .position(|known| *known == name)?;
    u16::try_from(place).ok()
}

fn cors_policy(written: &CorsPolicy) -> Cors {
    let exact = |origin: &String| ValueMatch::Exact(origin.clone());
    let origins = if written.allow_origins.is_empty() {
        written.allow_origin.iter().map(exact).collect()
    } else {
        let origins = written.allow_origins.iter();
        origins.map(|origin| value(Some(origin))).collect()
    };
    Cors {
        origins,
        headers: cors::headers(
            &written.allow_methods,
            &written.allow_headers,
            written.max_age.as_deref().and_then(seconds),
            written.allow_credentials == Some(true),
        ),
        expose: written.expose_headers.join(","),
        forwards_unmatched: written.unmatched_preflights.as_deref() != Some("IGNORE"),
    }
}

/// The whole seconds of a duration.
pub(crate) fn seconds(duration: &str) -> Option<String> {
    Some(f64::floor(crate::resource::duration(duration)?).to_string())
}

fn add_mirrors(
    action: &mut Action,
    rule: &VirtualServiceHttpRoute,
    place: &Place<'_>,
    backends: &dyn Backends,
) {
    let single = rule.mirror.as_ref().map(|destination| {
        let percent = match (rule.mirror_percentage, rule.mirror_percent) {
            (Some(percentage), _) => percentage.value,
            (None, Some(percent)) => f64::from(percent),
            (None, None) => 100.0,
        };
        (destination, percent)
    });
    let several = rule.mirrors.iter().map(|mirror| {
        let percent = mirror
            .percentage
            .map_or(100.0, |percentage| percentage.value);
        (&mirror.destination, percent)
    });
    for (destination, percent) in single.into_iter().chain(several) {
        let backend = backends.destination(destination, place.port);
        // A copy to a cluster that is not there goes nowhere.
        if percent > 0.0 && backend.invalid.is_none() {
            action.mirrors.push((backend, percent));
        }
    }
}

/// The entries of rules for connections. What cannot match in this place is left out.
pub(crate) fn layer4(
    object: ObjectIndex,
    section: Section,
    rules: &[VirtualServiceLayer4Route],
    place: &Place<'_>,
    backends: &dyn Backends,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (rule, written) in rules.iter().enumerate() {
        let found = written.route.iter().map(|destination| {
            let mut backend = backends.destination(&destination.destination, place.port);
            backend.weight = weight(destination, &written.route);
            backend
        });
        let action = Arc::new(Action {
            without_backend: NoBackend::Envoy,
            ..Action::to(found.collect())
        });
        let entry = |match_index, conditions| Entry {
            group: 0,
            route: object,
            section,
            rule,
            match_index,
            conditions,
            action: Arc::clone(&action),
        };
        if written.matches.is_empty() {
            entries.push(entry(None, Vec::new()));
        }
        for (match_index, written) in written.matches.iter().enumerate() {
            if let Some(conditions) = layer4_conditions(written, section, place) {
                entries.push(entry(Some(match_index), conditions));
            }
        }
    }
    entries
}

/// Whether a match can hold in a place at all.
pub(crate) fn layer4_is_for(written: &Layer4Match, section: Section, place: &Place<'_>) -> bool {
    layer4_conditions(written, section, place).is_some()
}

/// `None`: the match cannot hold here. A waypoint knows neither labels nor a namespace of the source, and takes a server
/// name for the Service's own host only.
fn layer4_conditions(
    written: &Layer4Match,
    section: Section,
    place: &Place<'_>,
) -> Option<Vec<Condition>> {
    let port_fits = written
        .port
        .is_none_or(|port| port == 0 || port == place.port);
    let gateway_fits = written.gateways.is_empty() || written.gateways.contains(&place.gateway);
    if !port_fits || !gateway_fits {
        return None;
    }
    match place.kind {
        PlaceKind::Waypoint(host) => {
            let knows_source = !written.source_labels.is_empty()
                || written
                    .source_namespace
                    .as_ref()
                    .is_some_and(|namespace| !namespace.is_empty());
            let is_host = section != Section::Tls
                || matches!(written.sni_hosts.as_slice(), [only] if only == host);
            (!knows_source && is_host).then(Vec::new)
        }
        PlaceKind::Gateway(_) if section == Section::Tls => {
            Some(vec![Condition::Sni(written.sni_hosts.clone())])
        }
        PlaceKind::Gateway(_) => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_by_dots_or_brackets() {
        for (name, expected) in [
            ("x-user", None),
            ("@request.auth.claims.sub", Some(vec!["sub"])),
            ("@request.auth.claims.a.b", Some(vec!["a", "b"])),
            ("@request.auth.claims[a.b][c]", Some(vec!["a.b", "c"])),
            ("@request.auth.claims", None),
            ("@request.auth.claims[]", None),
        ] {
            let found = claim(name);
            assert_eq!(
                found
                    .as_ref()
                    .map(|keys| keys.iter().map(String::as_str).collect()),
                expected,
                "{name}"
            );
        }
    }
}
