//! The token check of one chain. `istio/istio: pilot/pkg/security/authn/policy_applier.go` (convertToEnvoyJwtConfig).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::rule::{JWT_FILTER, JWT_PAYLOAD};
use crate::authz::jwt::{Providers, SPACE_DELIMITED};
use crate::mesh::Mesh;
use crate::resource::request_authentication::JwtRule;
use crate::resource::{ObjectIndex, Resource};

/// The filter; `None`: there are no token rules.
pub(super) fn filter(mesh: &Mesh, tokens: &Providers) -> Option<Value> {
    let rules = tokens.rules().filter_map(|rule| written(mesh, rule));
    let providers: Map<String, Value> = (0..)
        .zip(rules)
        .map(|(index, rule): (u32, _)| (format!("origins-{index}"), provider(rule)))
        .collect();
    if providers.is_empty() {
        return None;
    }
    let optional = |name| json!({ "requiresAny": { "requirements": [{ "providerName": name }, { "allowMissing": {} }] } });
    let mut all: Vec<Value> = (0..providers.len())
        .map(|index| optional(format!("origins-{index}")))
        .collect();
    let requires = if all.len() == 1 {
        all.remove(0)
    } else {
        let mut any: Vec<Value> = (0..providers.len())
            .map(|index| json!({ "providerName": format!("origins-{index}") }))
            .collect();
        any.push(json!({ "requiresAll": { "requirements": all } }));
        json!({ "requiresAny": { "requirements": any } })
    };
    Some(json!({
        "name": JWT_FILTER,
        "typedConfig": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "bypassCorsPreflight": true,
            "providers": providers,
            "rules": [{ "match": { "prefix": "/" }, "requires": requires }],
        },
    }))
}

fn written(mesh: &Mesh, (object, place): (ObjectIndex, usize)) -> Option<&JwtRule> {
    match &mesh.object(object)?.resource {
        Resource::RequestAuthentication(policy) => policy.jwt_rules.get(place),
        _ => None,
    }
}

fn provider(rule: &JwtRule) -> Value {
    let mut space_delimited: BTreeSet<&str> = SPACE_DELIMITED.into();
    space_delimited.extend(rule.space_delimited_claims.iter().map(String::as_str));
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| {
        let empty = value.as_array().is_some_and(Vec::is_empty);
        if !empty && !value.is_null() && value != Value::Bool(false) {
            out.insert(name.to_owned(), value);
        }
    };
    set("issuer", rule.issuer.clone().into());
    set("audiences", rule.audiences.clone().into());
    set("forward", rule.forward_original_token.into());
    set(
        "forwardPayloadHeader",
        rule.output_payload_to_header.clone().into(),
    );
    set("payloadInMetadata", JWT_PAYLOAD.into());
    set(
        "normalizePayloadInMetadata",
        json!({ "spaceDelimitedClaims": space_delimited }),
    );
    set("clearRouteCache", true.into());
    let outputs = rule.output_claim_to_headers.iter();
    let outputs = outputs
        .map(|output| json!({ "headerName": output.header, "claimName": output.claim }))
        .collect::<Vec<_>>();
    set("claimToHeaders", outputs.into());
    let headers = rule.from_headers.iter().map(|header| {
        let mut out = json!({ "name": header.name });
        if let (Some(prefix), Some(fields)) = (&header.prefix, out.as_object_mut()) {
            fields.insert("valuePrefix".to_owned(), prefix.as_str().into());
        }
        out
    });
    set("fromHeaders", headers.collect::<Vec<_>>().into());
    set("fromParams", rule.from_params.clone().into());
    set("fromCookies", rule.from_cookies.clone().into());
    match (rule.jwks.as_deref(), rule.jwks_uri.as_deref()) {
        (Some(jwks), _) if !jwks.is_empty() => set("localJwks", json!({ "inlineString": jwks })),
        // istiod fetches the keys and puts them in line; what it finds no manifest shows.
        (_, uri) => {
            let uri = uri.or(rule.issuer.as_deref()).unwrap_or_default();
            let http_uri = json!({ "uri": uri, "cluster": uri, "timeout": "5s" });
            set(
                "remoteJwks",
                json!({ "httpUri": http_uri, "cacheDuration": "300s" }),
            );
        }
    }
    out.into()
}
