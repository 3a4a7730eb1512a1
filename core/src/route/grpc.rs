//! GRPCRoutes as written → entries: a gRPC method is the path `/service/method`.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertGRPCRoute, createGRPCURIMatch,
//! buildGRPCDestination). Nothing asks for a content type, so plain HTTP to such a path is taken too.

use std::sync::Arc;

use super::action::Action;
use super::backend::Backends;
use super::condition::{Condition, PathMatch};
use super::http::{self, Dropped};
use super::precedence::Key;
use super::table::{Entry, Section};
use super::value::Pattern;
use crate::resource::{GrpcMethodMatch, GrpcRoute, GrpcRouteMatch, GrpcRouteRule, ObjectIndex};

/// The entries of a route, in its order. Without rules it has none: the CRD fills nothing in.
pub(super) fn entries(
    object: ObjectIndex,
    route: &GrpcRoute,
    backends: &dyn Backends,
) -> Vec<(Key, Entry)> {
    let mut entries = Vec::new();
    for (rule_index, rule) in route.rules.iter().enumerate() {
        let action = Arc::new(action(rule, object, backends));
        let default = [GrpcRouteMatch::default()];
        let matches = if rule.matches.is_empty() {
            &default
        } else {
            rule.matches.as_slice()
        };
        for (match_index, written) in matches.iter().enumerate() {
            let mut conditions: Vec<Condition> = written
                .method
                .iter()
                .map(|method| Condition::Path(path(method)))
                .collect();
            conditions.extend(http::headers(&written.headers));
            let entry = Entry {
                route: object,
                section: Section::Rules,
                rule: rule_index,
                match_index: (!rule.matches.is_empty()).then_some(match_index),
                action: Arc::clone(&action),
                conditions,
            };
            entries.push((Key::new(&entry), entry));
        }
    }
    entries
}

fn path(method: &GrpcMethodMatch) -> PathMatch {
    let regex = |text: String| PathMatch::Regex(Pattern::new(&text));
    let is_regex = method.match_type.as_deref() == Some("RegularExpression");
    match (method.service.as_deref(), method.method.as_deref()) {
        (Some(service), Some(method)) if is_regex => regex(format!("/{service}/{method}")),
        (Some(service), Some(method)) => PathMatch::Exact(format!("/{service}/{method}")),
        (Some(service), None) if is_regex => regex(format!("/{service}/.+")),
        // The `/` behind counts for the length, not for what matches.
        (Some(service), None) => PathMatch::Prefix(format!("/{service}/")),
        (None, method) => regex(format!("/[^/]+/{}", method.unwrap_or_default())),
    }
}

fn action(rule: &GrpcRouteRule, object: ObjectIndex, backends: &dyn Backends) -> Action {
    let mut action = Action::default();
    for written in &rule.backend_refs {
        let mut backend = backends.reference(&written.reference(), object);
        backend.weight = written.weight.unwrap_or(1);
        for filter in &written.filters {
            http::header_filters(
                (
                    &filter.request_header_modifier,
                    &filter.response_header_modifier,
                ),
                (&mut backend.headers, &mut backend.response_headers),
            );
        }
        action.backends.push(backend);
    }
    for filter in &rule.filters {
        http::header_filters(
            (
                &filter.request_header_modifier,
                &filter.response_header_modifier,
            ),
            (&mut action.request_headers, &mut action.response_headers),
        );
        if let Some(mirror) = &filter.request_mirror {
            http::add_mirror(&mut action, mirror, object, backends);
        }
    }
    action
}

const FILTERS: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
];

/// Whether istiod drops the whole route. Unlike an HTTPRoute's, a mirror that cannot be used is reason enough.
pub(super) fn check(
    route: &GrpcRoute,
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Option<Dropped> {
    route.rules.iter().enumerate().find_map(|(position, rule)| {
        let at = format!("spec.rules[{position}]");
        let no_method = rule.matches.iter().position(|written| {
            written
                .method
                .as_ref()
                .is_some_and(|method| method.service.is_none() && method.method.is_none())
        });
        if let Some(index) = no_method {
            return Some(Dropped {
                path: format!("{at}.matches[{index}].method"),
                message:
                    "a method match names neither service nor method, so the whole route is dropped"
                        .to_owned(),
            });
        }
        let mut filters = rule.filters.iter().enumerate();
        let of_filter = filters.find_map(|(index, filter)| {
            let at = format!("{at}.filters[{index}]");
            let headers = [
                &filter.request_header_modifier,
                &filter.response_header_modifier,
            ];
            let mirror = filter
                .request_mirror
                .as_ref()
                .map(|mirror| &mirror.backend_ref);
            http::unsupported(&filter.filter_type, FILTERS, &at)
                .or_else(|| http::bad_header(headers, &at))
                .or_else(|| {
                    let path = format!("{at}.requestMirror.backendRef");
                    http::problem(mirror?, &path).or_else(|| {
                        let invalid = backends.reference(mirror?, object).invalid?;
                        // A port that a Service does not have is found out by nobody.
                        invalid.is_condition().then(|| Dropped {
                            path,
                            message: format!(
                                "the mirror cannot be used ({}), so the whole route is dropped",
                                invalid.name()
                            ),
                        })
                    })
                })
        });
        of_filter.or_else(|| {
            let counted = rule.backend_refs.iter().enumerate();
            counted
                .filter(|(_, backend)| backend.weight != Some(0))
                .find_map(|(index, backend)| {
                    let at = format!("{at}.backendRefs[{index}]");
                    http::problem(&backend.reference(), &at).or_else(|| {
                        let mut filters = backend.filters.iter().enumerate();
                        filters.find_map(|(index, filter)| {
                            let at = format!("{at}.filters[{index}]");
                            http::unsupported(&filter.filter_type, http::BACKEND_FILTERS, &at)
                        })
                    })
                })
        })
    })
}
