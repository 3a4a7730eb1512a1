//! RequestAuthentications as the token filter. `istio/istio: pilot/pkg/security/authn/policy_applier.go`
//! (convertToEnvoyJwtConfig).

use serde_json::{Map, Value, json};

use crate::authz::jwt::{Location, Provider, Providers};

/// The filter, and the place of its results.
pub(super) const NAME: &str = "envoy.filters.http.jwt_authn";
pub(super) const PAYLOAD: &str = "payload";

/// The filter; `None`: there is no rule.
pub(super) fn filter(rules: &Providers) -> Option<Value> {
    let names: Vec<String> = (0..rules.iter().count())
        .map(|index| format!("origins-{index}"))
        .collect();
    let providers: Map<String, Value> = names
        .iter()
        .zip(rules.iter())
        .map(|(name, rule)| (name.clone(), provider(rule)))
        .collect();
    let alone = |name: &String| json!({ "provider_name": name });
    let or_missing = |name: &String| json!({ "requires_any": { "requirements": [alone(name), { "allow_missing": {} }] } });
    let requires = match names.as_slice() {
        [] => return None,
        [only] => or_missing(only),
        several => {
            let each: Vec<Value> = several.iter().map(or_missing).collect();
            let mut any: Vec<Value> = several.iter().map(alone).collect();
            any.push(json!({ "requires_all": { "requirements": each } }));
            json!({ "requires_any": { "requirements": any } })
        }
    };
    Some(json!({
        "name": NAME,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": [{ "match": { "prefix": "/" }, "requires": requires }],
            "bypass_cors_preflight": true,
        },
    }))
}

fn provider(rule: &Provider) -> Value {
    let mut config = json!({
        "payload_in_metadata": PAYLOAD,
        "normalize_payload_in_metadata": { "space_delimited_claims": rule.space_delimited },
        "clear_route_cache": true,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(fields) = config.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    };
    if !rule.issuer.is_empty() {
        set("issuer", rule.issuer.as_str().into());
    }
    if !rule.audiences.is_empty() {
        set("audiences", json!(rule.audiences));
    }
    if rule.forward {
        set("forward", true.into());
    }
    if let Some(header) = &rule.payload_header {
        set("forward_payload_header", header.as_str().into());
    }
    if !rule.claim_headers.is_empty() {
        let outputs = rule.claim_headers.iter();
        let outputs = outputs
            .map(|output| json!({ "header_name": output.header, "claim_name": output.claim }));
        set("claim_to_headers", outputs.collect());
    }
    let mut headers = Vec::new();
    let mut params = Vec::new();
    let mut cookies = Vec::new();
    for place in rule.places.iter() {
        match &place.location {
            Location::Header(name) => {
                headers.push(json!({ "name": name, "value_prefix": place.prefix }))
            }
            Location::Param(name) => params.push(name.as_str()),
            Location::Cookie(name) => cookies.push(name.as_str()),
        }
    }
    // Where none are written, Envoy knows the usual ones.
    if !rule.looks_where_usual() {
        set("from_headers", headers.into());
        set("from_params", params.into());
        set("from_cookies", cookies.into());
    }
    match &rule.jwks {
        Some(jwks) => set("local_jwks", json!({ "inline_string": jwks })),
        // istiod fetches the keys and writes them inline; here nothing is fetched.
        None => set(
            "remote_jwks",
            json!({
                "http_uri": {
                    "uri": rule.jwks_uri.as_deref().unwrap_or(&rule.issuer),
                    "cluster": rule.jwks_uri.as_deref().unwrap_or(&rule.issuer),
                    "timeout": "5s",
                },
                "cache_duration": "300s",
            }),
        ),
    }
    config
}
