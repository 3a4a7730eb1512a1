//! HTTPRoutes as written → the table that a waypoint searches for one Service port.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (mergeHTTPRoutes), `conversion.go`
//! (convertHTTPRoute), `pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointInboundHTTPRouteConfig).

use std::collections::BTreeMap;

use super::action::{Action, Backend, Redirect};
use super::condition::{Condition, PathMatch, Pattern, ValueMatch};
use super::path::PathChange;
use super::precedence::{Key, is_catch_all};
use super::table::{Entry, RouteTable};
use crate::resource::{
    BackendObjectReference, HttpPathMatch, HttpRoute, HttpRouteFilter, HttpRouteMatch,
    HttpRouteRule, HttpValueMatch, ObjectIndex,
};

/// A route that is attached to a Service, with what its place in the order depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attached<'a> {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// When it was made; absent counts as oldest.
    pub(crate) created: Option<&'a str>,
    /// The port that its parentRef names.
    pub(crate) port: Option<u16>,
    /// What it says.
    pub(crate) route: &'a HttpRoute,
}

/// Why a whole route is dropped, and the field that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// From the object's root.
    pub(crate) path: String,
    /// One plain sentence.
    pub(crate) message: String,
}

/// Compiles the routes attached to one Service port. `None`: none of them is for it, and requests go straight to the
/// Service. `waypoint_namespace`: routes that live there come before all others.
pub(crate) fn compile(
    routes: &[Attached<'_>],
    waypoint_namespace: &str,
    resolve: &dyn Fn(&BackendObjectReference, &str) -> Option<Backend>,
) -> Option<RouteTable> {
    // One group for each namespace and parentRef port: merged and sorted inside, never against each other.
    let mut groups: BTreeMap<(&str, Option<u16>), Vec<Attached<'_>>> = BTreeMap::new();
    for route in routes.iter().filter(|route| check(route.route).is_none()) {
        groups
            .entry((route.namespace, route.port))
            .or_default()
            .push(*route);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by_key(|route| (route.created, route.namespace, route.name));
    }
    groups.sort_by_key(|group| {
        let first = group.first();
        let namespace = first.map(|route| route.namespace);
        let created = first.map(|route| route.created);
        // The name that istiod generates: `namespace~port~host`, which is before `namespace~host`.
        let port = first
            .and_then(|route| route.port)
            .map(|port| port.to_string());
        (
            namespace != Some(waypoint_namespace),
            created,
            namespace,
            port.is_none(),
            port,
        )
    });
    if groups.is_empty() {
        return None;
    }
    let mut table = RouteTable::default();
    for group in groups {
        let mut entries: Vec<(Key, Entry)> = Vec::new();
        for route in group {
            add(&route, resolve, &mut table.actions, &mut entries);
        }
        entries.sort_by_key(|(key, _)| *key);
        for (_, entry) in entries {
            let ends = is_catch_all(&entry.conditions);
            table.entries.push(entry);
            if ends {
                return Some(table);
            }
        }
    }
    Some(table)
}

/// The entries of one route, in its order.
fn add(
    route: &Attached<'_>,
    resolve: &dyn Fn(&BackendObjectReference, &str) -> Option<Backend>,
    actions: &mut Vec<Action>,
    entries: &mut Vec<(Key, Entry)>,
) {
    // The CRD's default: one rule that matches everything, without backends.
    let default = [HttpRouteRule::default()];
    let rules = route.route.rules.as_deref().unwrap_or(&default);
    for (rule_index, rule) in rules.iter().enumerate() {
        let default = [HttpRouteMatch::default()];
        let matches = if rule.matches.is_empty() {
            &default
        } else {
            rule.matches.as_slice()
        };
        for (match_index, written) in matches.iter().enumerate() {
            let conditions = conditions(written);
            let entry = Entry {
                route: route.object,
                rule: rule_index,
                match_index,
                action: actions.len(),
                conditions,
            };
            actions.push(action(rule, &entry.conditions, route.namespace, resolve));
            entries.push((Key::new(&entry.conditions), entry));
        }
    }
}

fn conditions(written: &HttpRouteMatch) -> Vec<Condition> {
    let default = HttpPathMatch::default();
    let mut conditions = vec![Condition::Path(path(
        written.path.as_ref().unwrap_or(&default),
    ))];
    conditions.extend(written.method.clone().map(Condition::Method));
    conditions.extend(
        written
            .headers
            .iter()
            .map(|header| Condition::Header(header.name.to_ascii_lowercase(), value(header))),
    );
    conditions.extend(
        written
            .query_params
            .iter()
            .map(|query| Condition::Query(query.name.clone(), value(query))),
    );
    conditions
}

fn path(written: &HttpPathMatch) -> PathMatch {
    let value = written.value.as_deref().unwrap_or("/");
    match written.match_type.as_deref() {
        Some("Exact") => PathMatch::Exact(value.to_owned()),
        Some("RegularExpression") => PathMatch::Regex(Pattern::new(value)),
        // The CRD's default, and its only other value.
        _ if value == "/" => PathMatch::Prefix("/".to_owned()),
        _ => PathMatch::Prefix(value.strip_suffix('/').unwrap_or(value).to_owned()),
    }
}

fn value(written: &HttpValueMatch) -> ValueMatch {
    match written.match_type.as_deref() {
        Some("RegularExpression") if written.value == "*" => ValueMatch::Present,
        Some("RegularExpression") => ValueMatch::Regex(Pattern::new(&written.value)),
        _ => ValueMatch::Exact(written.value.clone()),
    }
}

fn action(
    rule: &HttpRouteRule,
    conditions: &[Condition],
    namespace: &str,
    resolve: &dyn Fn(&BackendObjectReference, &str) -> Option<Backend>,
) -> Action {
    let mut action = Action::default();
    for written in &rule.backend_refs {
        let Some(mut backend) = resolve(&written.reference(), namespace) else {
            continue;
        };
        backend.weight = written.weight.unwrap_or(1);
        for filter in &written.filters {
            if let Some(changes) = &filter.request_header_modifier {
                backend.headers.extend(changes);
            }
        }
        action.backends.push(backend);
    }
    for filter in &rule.filters {
        add_filter(&mut action, filter, conditions, namespace, resolve);
    }
    action
}

fn add_filter(
    action: &mut Action,
    filter: &HttpRouteFilter,
    conditions: &[Condition],
    namespace: &str,
    resolve: &dyn Fn(&BackendObjectReference, &str) -> Option<Backend>,
) {
    if let Some(changes) = &filter.request_header_modifier {
        action.request_headers.extend(changes);
    }
    if let Some(changes) = &filter.response_header_modifier {
        action.response_headers.extend(changes);
    }
    if let Some(mirror) = &filter.request_mirror {
        let copies = mirror.percent != Some(0)
            && mirror
                .fraction
                .as_ref()
                .is_none_or(|fraction| fraction.numerator > 0);
        action.mirrors.extend(
            resolve(&mirror.backend_ref, namespace)
                .filter(|backend| copies && backend.invalid.is_none()),
        );
    }
    if let Some(redirect) = &filter.request_redirect {
        action.redirect = Some(Redirect {
            status: redirect.status_code.unwrap_or(302),
            scheme: redirect.scheme.clone(),
            host: redirect.hostname.clone(),
            port: redirect.port,
            path: redirect
                .path
                .as_ref()
                .and_then(|path| PathChange::new(path, conditions)),
        });
    }
    if let Some(rewrite) = &filter.url_rewrite {
        action.host.clone_from(&rewrite.hostname);
        action.path = rewrite
            .path
            .as_ref()
            .and_then(|path| PathChange::new(path, conditions));
    }
    if let Some(cors) = &filter.cors {
        action.cors = Some(cors.clone());
    }
}

/// Whether istiod drops the whole route, all rules of it, because of something that it cannot convert.
pub(crate) fn check(route: &HttpRoute) -> Option<Dropped> {
    let rules = route.rules.iter().flatten().enumerate();
    rules.into_iter().find_map(|(position, rule)| {
        let at = format!("spec.rules[{position}]");
        let filters = rule
            .filters
            .iter()
            .enumerate()
            .map(|(index, filter)| (format!("{at}.filters[{index}]"), filter));
        filters
            .into_iter()
            .find_map(|(path, filter)| unsupported(filter).map(|name| dropped(path, name)))
            .or_else(|| {
                rule.backend_refs
                    .iter()
                    .enumerate()
                    .find_map(|(index, backend)| {
                        let at = format!("{at}.backendRefs[{index}]");
                        backend_problem(backend, &at)
                    })
            })
    })
}

fn backend_problem(backend: &crate::resource::HttpBackendRef, at: &str) -> Option<Dropped> {
    let is_service = backend.kind.as_deref().unwrap_or("Service") == "Service"
        && backend.group.as_deref().unwrap_or_default().is_empty();
    if is_service && backend.name.contains('.') {
        let message = format!(
            "`{}` is a host name where a Service's name is wanted, so the whole route is dropped",
            backend.name
        );
        return Some(Dropped {
            path: format!("{at}.name"),
            message,
        });
    }
    if is_service && backend.port.is_none() {
        let message = format!(
            "backend `{}` has no port, so the whole route is dropped",
            backend.name
        );
        return Some(Dropped {
            path: at.to_owned(),
            message,
        });
    }
    backend
        .filters
        .iter()
        .enumerate()
        .find_map(|(index, filter)| {
            let name = filter.filter_type.as_str();
            let takes = matches!(name, "RequestHeaderModifier" | "ResponseHeaderModifier");
            (!takes).then(|| dropped(format!("{at}.filters[{index}]"), name.to_owned()))
        })
}

fn unsupported(filter: &HttpRouteFilter) -> Option<String> {
    let supported = [
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestMirror",
        "RequestRedirect",
        "URLRewrite",
        "CORS",
    ];
    (!supported.contains(&filter.filter_type.as_str())).then(|| filter.filter_type.clone())
}

fn dropped(path: String, filter: String) -> Dropped {
    Dropped {
        path,
        message: format!("Istio takes no filter `{filter}` here, so the whole route is dropped"),
    }
}
