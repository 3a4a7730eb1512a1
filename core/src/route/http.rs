//! HTTPRoutes as written → entries. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertHTTPRoute,
//! buildHTTPDestination).

use std::sync::Arc;

use super::action::{Action, Retry};
use super::backend::Backends;
use super::condition::{Condition, PathMatch};
use super::cors::Cors;
use super::headers::HeaderChanges;
use super::path::PathChange;
use super::precedence::Key;
use super::redirect::{Redirect, RedirectPort};
use super::table::{Entry, Section};
use super::value::ValueMatch;
use crate::matcher::Pattern;
use crate::resource::{
    HttpHeaderFilter, HttpPathMatch, HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter,
    HttpRouteMatch, HttpRouteRule, HttpValueMatch, ObjectIndex,
};

/// The entries of a route, in its order: one for each match of each rule.
pub(super) fn entries(
    object: ObjectIndex,
    route: &HttpRoute,
    backends: &dyn Backends,
) -> Vec<(Key, Entry)> {
    let mut entries = Vec::new();
    // The CRD's default: one rule that matches everything, without backends.
    let default = [HttpRouteRule::default()];
    let rules = route.rules.as_deref().unwrap_or(&default);
    for (rule_index, rule) in rules.iter().enumerate() {
        let action = Arc::new(action(rule, object, backends));
        let default = [HttpRouteMatch::default()];
        let matches = if rule.matches.is_empty() {
            &default
        } else {
            rule.matches.as_slice()
        };
        for (match_index, written) in matches.iter().enumerate() {
            let conditions = conditions(written);
            let entry = Entry {
                group: 0,
                route: object,
                section: Section::Rules,
                rule: rule_index,
                match_index: Some(match_index),
                action: Arc::clone(&action),
                conditions,
            };
            entries.push((Key::new(&entry), entry));
        }
    }
    entries
}

fn conditions(written: &HttpRouteMatch) -> Vec<Condition> {
    let default = HttpPathMatch::default();
    let mut conditions = vec![Condition::Path(path(
        written.path.as_ref().unwrap_or(&default),
    ))];
    conditions.extend(
        written
            .method
            .clone()
            .map(|method| Condition::Method(ValueMatch::Exact(method))),
    );
    conditions.extend(headers(&written.headers));
    conditions.extend(
        written
            .query_params
            .iter()
            .map(|query| Condition::Query(query.name.clone(), value(query))),
    );
    conditions
}

/// Header conditions. Two spellings of one name are two conditions: istiod's maps tell them apart.
pub(super) fn headers(written: &[HttpValueMatch]) -> impl Iterator<Item = Condition> {
    written
        .iter()
        .map(|header| Condition::Header(header.name.to_ascii_lowercase(), value(header)))
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
        Some("RegularExpression") => ValueMatch::regex(&written.value),
        _ => ValueMatch::Exact(written.value.clone()),
    }
}

fn action(rule: &HttpRouteRule, object: ObjectIndex, backends: &dyn Backends) -> Action {
    let mut action = Action::default();
    for written in &rule.backend_refs {
        let mut backend = backends.reference(&written.reference(), object);
        backend.weight = written.weight.unwrap_or(1);
        for filter in &written.filters {
            header_filters(
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
        add_filter(&mut action, filter, object, backends);
    }
    (action.timeout, action.retry) = timeouts(rule);
    action
}

/// Header modifiers; of several the last counts.
pub(super) fn header_filters(
    (request, response): (&Option<HttpHeaderFilter>, &Option<HttpHeaderFilter>),
    (of_request, of_response): (&mut HeaderChanges, &mut HeaderChanges),
) {
    if let Some(filter) = request {
        *of_request = HeaderChanges::new(filter);
    }
    if let Some(filter) = response {
        *of_response = HeaderChanges::new(filter);
    }
}

fn add_filter(
    action: &mut Action,
    filter: &HttpRouteFilter,
    object: ObjectIndex,
    backends: &dyn Backends,
) {
    header_filters(
        (
            &filter.request_header_modifier,
            &filter.response_header_modifier,
        ),
        (&mut action.request_headers, &mut action.response_headers),
    );
    if let Some(filter) = &filter.request_mirror {
        add_mirror(action, filter, object, backends);
    }
    if let Some(redirect) = &filter.request_redirect {
        action.redirect = Some(Redirect {
            status: redirect.status_code.unwrap_or(302),
            scheme: redirect.scheme.clone(),
            host: redirect.hostname.clone(),
            port: match (redirect.port, &redirect.scheme) {
                (Some(port), _) => RedirectPort::Number(port),
                (None, Some(_)) => RedirectPort::Keep,
                (None, None) => RedirectPort::Request,
            },
            path: redirect.path.as_ref().and_then(PathChange::redirect),
        });
    }
    if let Some(rewrite) = &filter.url_rewrite {
        action.host.clone_from(&rewrite.hostname);
        action.path = rewrite.path.as_ref().and_then(PathChange::rewrite);
    }
    if let Some(cors) = &filter.cors {
        action.cors = Some(Cors::new(cors));
    }
}

/// A mirror. One that cannot be used is left out, and the rule goes on without it.
pub(super) fn add_mirror(
    action: &mut Action,
    filter: &HttpRequestMirrorFilter,
    object: ObjectIndex,
    backends: &dyn Backends,
) {
    let percent = match (&filter.fraction, filter.percent) {
        (Some(fraction), _) => {
            f64::from(fraction.numerator) * 100.0 / f64::from(fraction.denominator.unwrap_or(100))
        }
        (None, Some(percent)) => f64::from(percent),
        (None, None) => 100.0,
    };
    let backend = backends.reference(&filter.backend_ref, object);
    let refused = backends.refusal(&filter.backend_ref, object).is_some();
    if percent > 0.0 && backend.invalid.is_none() && !refused {
        action.mirrors.push((backend, percent));
    }
}

/// Timeouts and retries: `backendRequest` is the time of a try if there are retries, else it replaces `request`.
fn timeouts(rule: &HttpRouteRule) -> (Option<String>, Option<Retry>) {
    let is_set = |time: &String| !is_zero(time);
    let written = rule.timeouts.clone().unwrap_or_default();
    let request = written.request.filter(is_set);
    let backend_request = written.backend_request.filter(is_set);
    let Some(retry) = &rule.retry else {
        return (backend_request.or(request), None);
    };
    let attempts = retry.attempts.unwrap_or(2);
    let mut retry_on: Vec<String> = [
        "connect-failure",
        "refused-stream",
        "unavailable",
        "cancelled",
    ]
    .map(str::to_owned)
    .to_vec();
    retry_on.extend(retry.codes.iter().map(ToString::to_string));
    let retry = Retry {
        attempts,
        per_try_timeout: backend_request,
        retry_on: if attempts == 0 {
            String::new()
        } else {
            retry_on.join(",")
        },
    };
    (request, Some(retry))
}

fn is_zero(duration: &str) -> bool {
    !duration.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}
