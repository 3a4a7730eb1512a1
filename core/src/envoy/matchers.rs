//! One field of a rule as Envoy's permissions and principals say it.
//! `istio/istio: pilot/pkg/security/authz/model/generator.go`, `pilot/pkg/security/authz/matcher/*.go`.

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::authz::{Attribute, Clause, Matcher};
use crate::matcher::StringMatch;

/// Envoy's two halves of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// What is wanted.
    Permission,
    /// Who wants it.
    Principal,
}

impl Side {
    /// Where an attribute belongs.
    pub(super) fn of(attribute: &Attribute) -> Self {
        match attribute {
            Attribute::Host
            | Attribute::Method
            | Attribute::Path
            | Attribute::DestinationPort
            | Attribute::DestinationIp
            | Attribute::ConnectionSni
            | Attribute::EnvoyFilterMetadata { .. } => Self::Permission,
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

    pub(super) fn all(self, terms: Vec<Value>) -> Value {
        match self {
            Self::Permission => json!({ "and_rules": { "rules": terms } }),
            Self::Principal => json!({ "and_ids": { "ids": terms } }),
        }
    }

    fn any(self, terms: Vec<Value>) -> Value {
        match self {
            // What no value can match.
            _ if terms.is_empty() => self.not(json!({ "any": true })),
            Self::Permission => json!({ "or_rules": { "rules": terms } }),
            Self::Principal => json!({ "or_ids": { "ids": terms } }),
        }
    }

    fn not(self, term: Value) -> Value {
        match self {
            Self::Permission => json!({ "not_rule": term }),
            Self::Principal => json!({ "not_id": term }),
        }
    }
}

/// A clause.
pub(super) fn clause(clause: &Clause) -> Value {
    let side = Side::of(&clause.attribute);
    let claim = |path: &[&str]| claim(path, &clause.values);
    let positive = match &clause.attribute {
        Attribute::RequestAudiences => claim(&["aud"]),
        Attribute::RequestPresenter => claim(&["azp"]),
        Attribute::RequestClaim(path) => {
            claim(&path.iter().map(|name| &**name).collect::<Vec<_>>())
        }
        Attribute::EnvoyFilterMetadata { filter, key } => {
            filter_metadata(filter, key, &clause.values)
        }
        attribute => side.any(
            clause
                .values
                .iter()
                .map(|value| self::value(attribute, value))
                .collect(),
        ),
    };
    if clause.negated {
        side.not(positive)
    } else {
        positive
    }
}

/// One value of a field.
fn value(attribute: &Attribute, value: &Matcher) -> Value {
    let side = Side::of(attribute);
    match value {
        Matcher::Present => {
            json!({ "header": { "name": header(attribute), "present_match": true } })
        }
        Matcher::TextIgnoringCase(text) => header_matcher(attribute, string(text, true)),
        Matcher::Text(text) => match attribute {
            Attribute::Path => json!({ "url_path": { "path": string(text, false) } }),
            Attribute::ConnectionSni => json!({ "requested_server_name": string(text, false) }),
            _ => header_matcher(attribute, string(text, false)),
        },
        Matcher::PathTemplate(template) => json!({
            "uri_template": {
                "name": "uri-template",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
                    "path_template": template.uri_template(),
                },
            },
        }),
        Matcher::Ip(block) => match attribute {
            Attribute::DestinationIp => json!({ "destination_ip": cidr(block) }),
            Attribute::RemoteIp => json!({ "remote_ip": cidr(block) }),
            _ => json!({ "direct_remote_ip": cidr(block) }),
        },
        Matcher::Port(port) => json!({ "destination_port": port }),
        Matcher::Principal(text) => peer(principal(text)),
        Matcher::PrincipalUri(glob) => {
            let pieces: Vec<String> = glob.pieces().map(quote).collect();
            peer(regex(pieces.join(".*")))
        }
        Matcher::ServiceAccountUri(account) => peer(regex(format!(
            "spiffe://.+/ns/{}/(.+/|)sa/{}(/.+)?",
            quote(account.namespace()),
            quote(account.name())
        ))),
        Matcher::TrustDomain(text) => peer(trust_domain(text)),
        Matcher::RequestPrincipal { issuer, subject } => side.all(vec![
            metadata(&["iss"], json!({ "string_match": string(issuer, false) })),
            metadata(&["sub"], json!({ "string_match": string(subject, false) })),
        ]),
        // Only ztunnels read an identity so; metadata is asked for all values at once.
        Matcher::Namespace(_) | Matcher::ServiceAccount { .. } | Matcher::Metadata { .. } => {
            side.not(json!({ "any": true }))
        }
    }
}

/// The header that Envoy keeps an attribute in.
fn header(attribute: &Attribute) -> &str {
    match attribute {
        Attribute::Method => ":method",
        Attribute::RequestHeader(name) => name,
        _ => ":authority",
    }
}

fn header_matcher(attribute: &Attribute, string: Value) -> Value {
    json!({ "header": { "name": header(attribute), "string_match": string } })
}

/// A claim that is a text, or a list with such a text. `istio/istio: pilot/pkg/security/authz/matcher/metadata.go`
/// (MetadataListValueMatcher).
fn claim(path: &[&str], values: &[Matcher]) -> Value {
    let texts = values.iter().filter_map(|value| match value {
        Matcher::Text(text) => Some(json!({ "string_match": string(text, false) })),
        _ => None,
    });
    let value = one_of(texts.collect());
    metadata(
        path,
        json!({ "or_match": { "value_matchers": [{ "list_match": { "one_of": value } }, value] } }),
    )
}

/// What a filter left behind. `istio/istio: pilot/pkg/security/authz/model/generator.go` (envoyFilterGenerator).
fn filter_metadata(filter: &str, key: &str, values: &[Matcher]) -> Value {
    let texts = values.iter().filter_map(|value| match value {
        Matcher::Metadata { in_list, text } => {
            let matcher = json!({ "string_match": string(text, false) });
            Some(match in_list {
                true => json!({ "list_match": { "one_of": matcher } }),
                false => matcher,
            })
        }
        _ => None,
    });
    json!({ "metadata": { "filter": filter, "path": [{ "key": key }], "value": one_of(texts.collect()) } })
}

/// One of several matchers of a value; of one, that one.
fn one_of(mut matchers: Vec<Value>) -> Value {
    match matchers.pop() {
        Some(only) if matchers.is_empty() => only,
        last => {
            matchers.extend(last);
            json!({ "or_match": { "value_matchers": matchers } })
        }
    }
}

fn metadata(path: &[&str], value: Value) -> Value {
    json!({ "metadata": payload(path, value) })
}

/// A place in what a token says.
pub(super) fn payload(path: &[&str], value: Value) -> Value {
    let path: Vec<Value> = std::iter::once(&super::jwt_authn::PAYLOAD)
        .chain(path)
        .map(|name| json!({ "key": name }))
        .collect();
    json!({ "filter": super::jwt_authn::NAME, "path": path, "value": value })
}

/// Behind the tunnel the peer is known by what the listener in front left. `istio/istio:
/// pilot/pkg/security/authz/model/principal.go` (principalAuthenticated), `pilot/pkg/xds/filters/filters.go`
/// (ConnectAuthorityFilter).
fn peer(string: Value) -> Value {
    json!({ "filter_state": { "key": "io.istio.peer_principal", "string_match": string } })
}

fn principal(text: &StringMatch) -> Value {
    match text {
        StringMatch::Exact(exact) => json!({ "exact": format!("spiffe://{exact}") }),
        StringMatch::Prefix(prefix) => json!({ "prefix": format!("spiffe://{prefix}") }),
        StringMatch::Suffix(suffix) => regex(format!("spiffe://.*{}", quote(suffix))),
        StringMatch::NotEmpty => regex(".+".to_owned()),
    }
}

fn trust_domain(text: &StringMatch) -> Value {
    match text {
        StringMatch::Exact(exact) => json!({ "prefix": format!("spiffe://{exact}/") }),
        StringMatch::Prefix(prefix) => regex(format!("spiffe://{}[^/]*/.*", quote(prefix))),
        StringMatch::Suffix(suffix) => regex(format!("spiffe://[^/]*{}/.*", quote(suffix))),
        StringMatch::NotEmpty => json!({ "prefix": "spiffe://" }),
    }
}

fn string(text: &StringMatch, ignore_case: bool) -> Value {
    let mut matcher = match text {
        StringMatch::Exact(exact) => json!({ "exact": exact }),
        StringMatch::Prefix(prefix) => json!({ "prefix": prefix }),
        StringMatch::Suffix(suffix) => json!({ "suffix": suffix }),
        StringMatch::NotEmpty => regex(".+".to_owned()),
    };
    if let Some(fields) = matcher.as_object_mut().filter(|_| ignore_case) {
        fields.insert("ignore_case".to_owned(), true.into());
    }
    matcher
}

fn regex(regex: String) -> Value {
    json!({ "safe_regex": { "regex": regex } })
}

fn cidr(block: &IpNet) -> Value {
    json!({ "address_prefix": block.network(), "prefix_len": block.prefix_len() })
}

/// A text as a regular expression that matches itself.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}
