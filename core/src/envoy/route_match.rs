//! The conditions of an entry as Envoy's route match. `istio/istio: pilot/pkg/networking/core/route/route.go`
//! (TranslateRouteMatch, translateHeaderMatch, translateQueryParamMatch), `pilot/pkg/networking/util/util.go`
//! (ConvertToEnvoyMatch).

use serde_json::{Map, Value, json};

use super::matchers;
use crate::route::{Condition, PathMatch, ValueMatch};

/// All conditions together; without one about the path, every path.
pub(super) fn of(conditions: &[Condition]) -> Value {
    let mut path = ("prefix", json!("/"));
    let mut case_sensitive = true;
    let mut headers = Vec::new();
    let mut query = Vec::new();
    let mut claims = Vec::new();
    for condition in conditions {
        match condition {
            Condition::Path(wanted) => {
                path = self::path(wanted);
                case_sensitive = !matches!(
                    wanted,
                    PathMatch::ExactIgnoringCase(_) | PathMatch::TextIgnoringCase(_)
                );
            }
            Condition::Method(wanted) => headers.push(named(":method", wanted)),
            Condition::Authority(wanted) => headers.push(named(":authority", wanted)),
            Condition::Scheme(wanted, _) => headers.push(named(":scheme", wanted)),
            Condition::Header(name, wanted) => headers.push(named(name, wanted)),
            Condition::WithoutHeader(name, wanted) => headers.push(without(name, wanted)),
            Condition::Query(name, wanted) => query.push(named(name, wanted)),
            Condition::Claim(path, wanted) => claims.push(claim(path, wanted, false)),
            Condition::WithoutClaim(path, wanted) => claims.push(claim(path, wanted, true)),
            // No part of HTTP: a filter chain's.
            Condition::Sni(_) => {}
        }
    }
    let mut route_match = Map::new();
    route_match.insert(path.0.to_owned(), path.1);
    for (field, list) in [
        ("headers", headers),
        ("query_parameters", query),
        ("dynamic_metadata", claims),
    ] {
        if !list.is_empty() {
            route_match.insert(field.to_owned(), list.into());
        }
    }
    if !case_sensitive {
        route_match.insert("case_sensitive".to_owned(), false.into());
    }
    route_match.into()
}

fn path(wanted: &PathMatch) -> (&'static str, Value) {
    match wanted {
        PathMatch::Exact(path) | PathMatch::ExactIgnoringCase(path) => ("path", json!(path)),
        PathMatch::Prefix(root) if root == "/" => ("prefix", json!(root)),
        PathMatch::Prefix(path) => ("path_separated_prefix", json!(separated(path))),
        PathMatch::Regex(pattern) => ("safe_regex", json!({ "regex": pattern.text() })),
        PathMatch::Text(prefix) | PathMatch::TextIgnoringCase(prefix) => ("prefix", json!(prefix)),
    }
}

/// A prefix of whole path elements, which Envoy takes without a `/` at its end.
pub(super) fn separated(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}

/// How a text must look; `None`: it must be there.
pub(super) fn string(wanted: &ValueMatch) -> Option<Value> {
    match wanted {
        ValueMatch::Exact(exact) => Some(json!({ "exact": exact })),
        ValueMatch::Prefix(prefix) => Some(json!({ "prefix": prefix })),
        ValueMatch::Regex(pattern) => Some(json!({ "safe_regex": { "regex": pattern.text() } })),
        ValueMatch::Present => None,
    }
}

fn named(name: &str, wanted: &ValueMatch) -> Value {
    match string(wanted) {
        Some(string) => json!({ "name": name, "string_match": string }),
        None => json!({ "name": name, "present_match": true }),
    }
}

fn without(name: &str, wanted: &ValueMatch) -> Value {
    let mut inverted = named(name, wanted);
    if let Some(fields) = inverted.as_object_mut() {
        fields.insert("invert_match".to_owned(), true.into());
        if *wanted != ValueMatch::Present {
            fields.insert("treat_missing_header_as_empty".to_owned(), true.into());
        }
    }
    inverted
}

/// `istio/istio: pilot/pkg/security/authz/model/util.go` (MetadataMatcherForJWTClaims).
fn claim(path: &[String], wanted: &ValueMatch, inverted: bool) -> Value {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let value = match string(wanted) {
        Some(string) => json!({ "string_match": string }),
        None => json!({ "present_match": true }),
    };
    let mut matcher = matchers::payload(
        &path,
        json!({ "or_match": { "value_matchers": [value, { "list_match": { "one_of": value } }] } }),
    );
    if let Some(fields) = matcher.as_object_mut().filter(|_| inverted) {
        fields.insert("invert".to_owned(), true.into());
    }
    matcher
}
