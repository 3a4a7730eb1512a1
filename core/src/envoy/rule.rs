//! One rule as a policy of Envoy's RBAC: what is asked of the operation are permissions, what is asked of the caller,
//! its headers and tokens principals. `istio/istio: pilot/pkg/security/authz/model/model.go` (New, Generate),
//! `generator.go`.

use serde_json::{Value, json};

use super::matcher;
use crate::authz::{Alternative, Attribute, Clause, ClauseOrigin, Policy, Rule, TrustDomains};

/// The filter whose metadata are the claims. `istio/istio: pilot/pkg/xds/filters/filters.go`.
pub(super) const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";
/// The key of the claims there.
pub(super) const JWT_PAYLOAD: &str = "payload";
/// Where ztunnel's word about the caller is kept. `model/permission.go` (principalAuthenticated).
const PEER: &str = "io.istio.peer_principal";
const SPIFFE: &str = "spiffe://";

/// The two halves of a policy of RBAC have the same grammar in other words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permission,
    Principal,
}

impl Side {
    fn of(attribute: &Attribute) -> Self {
        match attribute {
            Attribute::DestinationIp
            | Attribute::DestinationPort
            | Attribute::ConnectionSni
            | Attribute::EnvoyFilterMetadata
            | Attribute::Host
            | Attribute::Method
            | Attribute::Path => Self::Permission,
            Attribute::SourcePrincipal
            | Attribute::SourceNamespace
            | Attribute::SourceServiceAccount
            | Attribute::SourceTrustDomain
            | Attribute::SourceIp
            | Attribute::RemoteIp
            | Attribute::RequestPrincipal
            | Attribute::RequestAudiences
            | Attribute::RequestPresenter
            | Attribute::RequestClaim(_)
            | Attribute::RequestHeader(_) => Self::Principal,
        }
    }

    fn and(self, list: Vec<Value>) -> Value {
        match self {
            Self::Permission => json!({ "andRules": { "rules": list } }),
            Self::Principal => json!({ "andIds": { "ids": list } }),
        }
    }

    fn or(self, list: Vec<Value>) -> Value {
        match self {
            Self::Permission => json!({ "orRules": { "rules": list } }),
            Self::Principal => json!({ "orIds": { "ids": list } }),
        }
    }

    fn not(self, inner: Value) -> Value {
        match self {
            Self::Permission => json!({ "notRule": inner }),
            Self::Principal => json!({ "notId": inner }),
        }
    }
}

/// What the values of a policy depend on.
pub(super) struct Context<'a> {
    /// The namespace of short service accounts.
    pub(super) namespace: &'a str,
    /// The mesh's trust domain and its aliases.
    pub(super) trust_domains: &'a TrustDomains<'a>,
}

/// The rule of a policy without rules. `builder/builder.go` (rbacPolicyMatchNever).
pub(super) fn never() -> Value {
    json!({
        "permissions": [{ "notRule": { "any": true } }],
        "principals": [{ "notId": { "any": true } }],
    })
}

/// A rule.
pub(super) fn render(policy: &Policy, rule: &Rule, context: &Context<'_>) -> Value {
    let side = |side| render_side(policy, rule, side, context);
    json!({ "permissions": side(Side::Permission), "principals": side(Side::Principal) })
}

/// The entries of `from` or `to`, each with all conditions of its side. Only these two have several entries, and all
/// that an entry asks is of one side.
fn render_side(policy: &Policy, rule: &Rule, side: Side, context: &Context<'_>) -> Vec<Value> {
    let mut entries: Vec<Vec<&Clause>> = vec![Vec::new()];
    let mut conditions: Vec<&Clause> = Vec::new();
    for group in &rule.groups {
        let mut clauses = group.alternatives.iter().flat_map(|entry| &entry.clauses);
        if clauses.next().map(|first| Side::of(&first.attribute)) != Some(side) {
            // Another side's, or emptied: an entry of which a TCP chain keeps nothing always matches.
            continue;
        }
        let is_condition = |entry: &Alternative| {
            let first = entry.clauses.first();
            let origin = first.and_then(|first| policy.origin(first.id));
            origin.is_some_and(|origin| origin.path.starts_with("when"))
        };
        if group.alternatives.iter().any(is_condition) {
            conditions.extend(group.alternatives.iter().flat_map(|entry| &entry.clauses));
        } else {
            entries = group.alternatives.iter().map(in_istios_order).collect();
        }
    }
    entries
        .into_iter()
        .map(|entry| {
            let clauses = entry.iter().chain(&conditions);
            let mut all: Vec<Value> = clauses
                .filter_map(|clause| {
                    render_clause(side, clause, policy.origin(clause.id)?, context)
                })
                .collect();
            if all.is_empty() {
                all.push(json!({ "any": true }));
            }
            side.and(all)
        })
        .collect()
}

/// `model.go` (New): the fields of an entry are inserted in front of each other.
fn in_istios_order(entry: &Alternative) -> Vec<&Clause> {
    let rank = |attribute: &Attribute| match attribute {
        Attribute::SourcePrincipal | Attribute::Host => 0,
        Attribute::RequestPrincipal | Attribute::Method => 1,
        Attribute::SourceServiceAccount | Attribute::Path => 2,
        Attribute::SourceTrustDomain | Attribute::DestinationPort => 3,
        Attribute::SourceNamespace => 4,
        Attribute::RemoteIp => 5,
        _ => 6,
    };
    let mut clauses: Vec<&Clause> = entry.clauses.iter().collect();
    clauses.sort_by_key(|clause| rank(&clause.attribute));
    clauses
}

fn render_clause(
    side: Side,
    clause: &Clause,
    origin: &ClauseOrigin,
    context: &Context<'_>,
) -> Option<Value> {
    let matched = match aggregated(&clause.attribute, origin) {
        Some(matched) => matched,
        None => {
            let mut each = Vec::new();
            for value in &origin.want {
                single(&clause.attribute, value, context, &mut each);
            }
            if each.is_empty() {
                return None;
            }
            side.or(each)
        }
    };
    Some(if clause.negated {
        side.not(matched)
    } else {
        matched
    })
}

/// Attributes whose values come to one matcher. `generator.go` (extendedGenerator).
fn aggregated(attribute: &Attribute, origin: &ClauseOrigin) -> Option<Value> {
    let claim = |path: &[&str]| {
        let texts = origin.want.iter();
        let texts = texts.map(|value| json!({ "stringMatch": matcher::string(value, "") }));
        let keys = std::iter::once(JWT_PAYLOAD).chain(path.iter().copied());
        let value = matcher::text_or_list(&matcher::any_of(texts.collect()));
        Some(json!({ "metadata": matcher::metadata(JWT_FILTER, keys, &value) }))
    };
    match attribute {
        Attribute::RequestPrincipal => {
            let mut each: Vec<Value> = origin.want.iter().map(|it| request_principal(it)).collect();
            Some(match each.len() {
                1 => each.remove(0),
                _ => Side::Principal.or(each),
            })
        }
        Attribute::RequestAudiences => claim(&["aud"]),
        Attribute::RequestPresenter => claim(&["azp"]),
        Attribute::RequestClaim(path) => {
            let path: Vec<&str> = path.iter().map(|name| &**name).collect();
            claim(&path)
        }
        Attribute::EnvoyFilterMetadata => filter_metadata(&origin.name, &origin.want),
        _ => None,
    }
}

/// `generator.go` (envoyFilterGenerator): `experimental.envoy.filters.a.b[c]`, and `[v]` for a member of a list.
fn filter_metadata(key: &str, values: &[String]) -> Option<Value> {
    let key = key.strip_prefix("experimental.")?.strip_suffix(']')?;
    let (filter, key) = key.split_once('[')?;
    let each = values.iter().map(|value| {
        let member = value
            .strip_prefix('[')
            .and_then(|value| value.strip_suffix(']'));
        let text = |value| json!({ "stringMatch": matcher::string(value, "") });
        match member {
            Some(member) => json!({ "listMatch": { "oneOf": text(member) } }),
            None => text(value),
        }
    });
    let value = matcher::any_of(each.collect());
    Some(json!({ "metadata": matcher::metadata(filter, [key], &value) }))
}

/// `generator.go` (requestPrincipalGenerator).
fn request_principal(value: &str) -> Value {
    let split = value.rsplit_once('/');
    let (issuer, subject) = if value == "*" {
        (matcher::not_empty(), matcher::not_empty())
    } else if let Some(end) = value.strip_prefix('*') {
        match split {
            Some(("*", subject)) => (matcher::not_empty(), matcher::exact(subject)),
            Some((issuer, subject)) => {
                let end = issuer.strip_prefix('*').unwrap_or(issuer);
                (matcher::suffix(end), matcher::exact(subject))
            }
            None => (matcher::not_empty(), matcher::suffix(end)),
        }
    } else if let Some(start) = value.strip_suffix('*') {
        match split {
            Some((issuer, "*")) => (matcher::exact(issuer), matcher::not_empty()),
            Some((issuer, subject)) => {
                let start = subject.strip_suffix('*').unwrap_or(subject);
                (matcher::exact(issuer), matcher::prefix(start))
            }
            None => (matcher::prefix(start), matcher::not_empty()),
        }
    } else {
        let (issuer, subject) = split.unwrap_or((value, ""));
        (matcher::exact(issuer), matcher::exact(subject))
    };
    let claim = |name, text: Value| {
        let value = json!({ "stringMatch": text });
        json!({ "metadata": matcher::metadata(JWT_FILTER, [JWT_PAYLOAD, name], &value) })
    };
    Side::Principal.and(vec![claim("iss", issuer), claim("sub", subject)])
}

/// The matchers of one value; none for what validation refuses.
fn single(attribute: &Attribute, value: &str, context: &Context<'_>, out: &mut Vec<Value>) {
    let peer = |text: Value| json!({ "filterState": { "key": PEER, "stringMatch": text } });
    match attribute {
        Attribute::SourcePrincipal => {
            let values = context.trust_domains.expand_principal(value);
            out.extend(
                values
                    .iter()
                    .map(|value| peer(matcher::string(value, SPIFFE))),
            );
        }
        Attribute::SourceTrustDomain => {
            let values = context.trust_domains.expand_trust_domain(value);
            out.extend(values.iter().map(|value| peer(trust_domain(value))));
        }
        Attribute::SourceNamespace => {
            let literals: Vec<String> = value.split('*').map(matcher::quote).collect();
            out.push(peer(matcher::regex(&format!(
                ".*/ns/{}/.*",
                literals.join(".*")
            ))));
        }
        Attribute::SourceServiceAccount => {
            let (namespace, name) = value.split_once('/').unwrap_or((context.namespace, value));
            out.push(peer(matcher::regex(&format!(
                "spiffe://.+/ns/{}/(.+/|)sa/{}(/.+)?",
                matcher::quote(namespace),
                matcher::quote(name)
            ))));
        }
        Attribute::SourceIp => {
            out.extend(matcher::cidr(value).map(|block| json!({ "directRemoteIp": block })));
        }
        Attribute::RemoteIp => {
            out.extend(matcher::cidr(value).map(|block| json!({ "remoteIp": block })));
        }
        Attribute::DestinationIp => {
            out.extend(matcher::cidr(value).map(|block| json!({ "destinationIp": block })));
        }
        Attribute::DestinationPort => {
            let port = value.parse::<u16>().ok();
            out.extend(port.map(|port| json!({ "destinationPort": port })));
        }
        Attribute::ConnectionSni => {
            out.push(json!({ "requestedServerName": matcher::string(value, "") }));
        }
        Attribute::RequestHeader(name) => {
            out.push(json!({ "header": matcher::header(name, value, false) }));
        }
        Attribute::Host => {
            out.push(json!({ "header": matcher::header(":authority", value, true) }))
        }
        Attribute::Method => {
            out.push(json!({ "header": matcher::header(":method", value, false) }));
        }
        Attribute::Path if crate::matcher::PathTemplate::is_template(value) => {
            let template = value.replace("{**}", "**").replace("{*}", "*");
            out.push(json!({ "uriTemplate": {
                "name": "uri-template",
                "typedConfig": {
                    "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
                    "pathTemplate": template,
                },
            } }));
        }
        Attribute::Path => {
            out.push(json!({ "urlPath": { "path": matcher::string(value, "") } }));
        }
        Attribute::RequestPrincipal
        | Attribute::RequestAudiences
        | Attribute::RequestPresenter
        | Attribute::RequestClaim(_)
        | Attribute::EnvoyFilterMetadata => {}
    }
}

/// `generator.go` (srcTrustDomainGenerator).
fn trust_domain(value: &str) -> Value {
    match value.split_once('*') {
        _ if value == "*" => matcher::prefix(SPIFFE),
        None => matcher::prefix(&format!("{SPIFFE}{value}/")),
        Some((start, end)) => {
            let (start, end) = (matcher::quote(start), matcher::quote(end));
            matcher::regex(&format!("{SPIFFE}{start}[^/]*{end}/.*"))
        }
    }
}
