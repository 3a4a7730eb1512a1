//! GRPCRoutes as written → entries: a gRPC method is the path `/service/method`.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertGRPCRoute, createGRPCURIMatch,
//! buildGRPCDestination). Nothing asks for a content type, so plain HTTP to such a path is taken too.

use std::sync::Arc;

use super::action::Action;
use super::backend::Backends;
use super::condition::{Condition, PathMatch};
use super::http;
use super::precedence::Key;
use super::table::{Entry, Section};
use crate::matcher::Pattern;
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
                group: 0,
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
