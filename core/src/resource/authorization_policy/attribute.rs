//! What a field of a rule or a `when` key asks about: one name for both, and the syntax of their values.

use crate::matcher::{self, PathTemplate};

/// Something that a policy can ask of a request: every field of `source` and `operation`, every `when` key. What a
/// proxy makes of it is said in `authz::attribute`, by exhaustive `match` methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `principals`, `source.principal`
    SourcePrincipal,
    /// `namespaces`, `source.namespace`
    SourceNamespace,
    /// `serviceAccounts`, `source.serviceAccount`
    SourceServiceAccount,
    /// `trustDomains`, `source.trustDomain`
    SourceTrustDomain,
    /// `ipBlocks`, `source.ip`
    SourceIp,
    /// `remoteIpBlocks`, `remote.ip`
    RemoteIp,
    /// `requestPrincipals`, `request.auth.principal`
    RequestPrincipal,
    /// `request.auth.audiences`
    RequestAudiences,
    /// `request.auth.presenter`
    RequestPresenter,
    /// `request.auth.claims[a][b]`: the way down to a claim.
    RequestClaim(Box<[Box<str>]>),
    /// `request.headers[name]`: the name in lower case.
    RequestHeader(Box<str>),
    /// `hosts`
    Host,
    /// `methods`
    Method,
    /// `paths`
    Path,
    /// `ports`, `destination.port`
    DestinationPort,
    /// `destination.ip`
    DestinationIp,
    /// `connection.sni`
    ConnectionSni,
    /// `experimental.envoy.filters.<filter>[key]`: Envoy's dynamic metadata.
    EnvoyFilterMetadata {
        /// `envoy.filters.<filter>`
        filter: Box<str>,
        /// The key.
        key: Box<str>,
    },
}

/// Why a value cannot stand where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// It is empty.
    Empty,
    /// It is neither an address nor a CIDR block.
    IpBlock,
    /// It is not a port.
    Port,
    /// It is not `name` or `namespace/name`.
    ServiceAccount,
    /// It has a `*` where none may be.
    Wildcard,
    /// It is longer than 320 characters.
    TooLong,
    /// It is a path template that is none.
    PathTemplate(matcher::PathTemplateError),
}

impl ValueError {
    /// What is wrong, to be said of the value.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::IpBlock => "is neither an IP address nor a CIDR block",
            Self::Port => "is not a port between 0 and 65535",
            Self::ServiceAccount => "is neither `serviceAccount` nor `namespace/serviceAccount`",
            Self::Wildcard => "has a `*` where none is allowed",
            Self::TooLong => "is longer than 320 characters",
            Self::PathTemplate(error) => error.sentence(),
        }
    }
}

impl Attribute {
    /// Reads a `when` key; `None`: there is no such key.
    /// `istio/istio: pilot/pkg/security/authz/model/model.go` (New), `util.go` (extractNameInNestedBrackets).
    pub(crate) fn from_when_key(key: &str) -> Option<Self> {
        Some(match key {
            "source.principal" => Self::SourcePrincipal,
            "source.namespace" => Self::SourceNamespace,
            "source.serviceAccount" => Self::SourceServiceAccount,
            "source.trustDomain" => Self::SourceTrustDomain,
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::RequestAudiences,
            "request.auth.presenter" => Self::RequestPresenter,
            "destination.port" => Self::DestinationPort,
            "destination.ip" => Self::DestinationIp,
            "connection.sni" => Self::ConnectionSni,
            _ => {
                if let Some(brackets) = key.strip_prefix("request.headers") {
                    Self::RequestHeader(in_brackets(brackets)?.to_ascii_lowercase().into())
                } else if let Some(brackets) = key.strip_prefix("request.auth.claims") {
                    Self::RequestClaim(nested(in_brackets(brackets)?))
                } else if key.starts_with("experimental.envoy.filters.") {
                    let path = key.strip_prefix("experimental.")?;
                    let (filter, brackets) = path.split_at_checked(path.find('[')?)?;
                    Self::EnvoyFilterMetadata {
                        filter: filter.into(),
                        key: in_brackets(brackets)?.into(),
                    }
                } else {
                    return None;
                }
            }
        })
    }

    /// Whether a value may stand in a field or behind a `when` key.
    /// `istio/istio: pkg/config/security/security.go` (ValidateAttribute and the checks below it).
    pub(crate) fn check_value(&self, value: &str) -> Result<(), ValueError> {
        let or = |holds: bool, error| if holds { Ok(()) } else { Err(error) };
        or(!value.is_empty(), ValueError::Empty)?;
        match self {
            Self::SourceIp | Self::RemoteIp | Self::DestinationIp => or(
                matcher::parse_ip_block(value).is_some(),
                ValueError::IpBlock,
            ),
            Self::DestinationPort => or(parse_port(value).is_some(), ValueError::Port),
            Self::SourceServiceAccount => check_service_account(value),
            Self::SourceTrustDomain => or(
                match value.matches('*').count() {
                    0 => true,
                    1 => value.starts_with('*') || value.ends_with('*'),
                    _ => false,
                },
                ValueError::Wildcard,
            ),
            Self::Path => PathTemplate::check(value).map_err(ValueError::PathTemplate),
            Self::SourcePrincipal
            | Self::SourceNamespace
            | Self::RequestPrincipal
            | Self::RequestAudiences
            | Self::RequestPresenter
            | Self::RequestClaim(_)
            | Self::RequestHeader(_)
            | Self::Host
            | Self::Method
            | Self::ConnectionSni
            | Self::EnvoyFilterMetadata { .. } => Ok(()),
        }
    }
}

/// A port as policies write it: decimal, in quotes.
pub(crate) fn parse_port(text: &str) -> Option<u16> {
    // Go's ParseUint takes no sign.
    if text.starts_with('+') {
        return None;
    }
    text.parse().ok()
}

/// Namespace and name of a service account as policies write it; the namespace is absent in the short form.
pub(crate) fn split_service_account(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, text),
    }
}

fn check_service_account(value: &str) -> Result<(), ValueError> {
    if value.contains('*') {
        return Err(ValueError::Wildcard);
    }
    if value.len() > 320 {
        return Err(ValueError::TooLong);
    }
    match split_service_account(value) {
        (Some(""), _) | (_, "") => Err(ValueError::ServiceAccount),
        (_, name) if name.contains('/') => Err(ValueError::ServiceAccount),
        _ => Ok(()),
    }
}

/// `[a]` → `a`
fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?
        .strip_suffix(']')
        .filter(|name| !name.is_empty())
}

/// `a][b` → `a`, `b`; brackets that do not pair up belong to one name.
fn nested(inner: &str) -> Box<[Box<str>]> {
    let names: Vec<&str> = inner.split("][").collect();
    if names.iter().any(|name| name.contains(['[', ']'])) {
        [inner.into()].into()
    } else {
        names.into_iter().map(Box::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_keys() {
        let claim = |path: &[&str]| {
            Some(Attribute::RequestClaim(
                path.iter().map(|name| Box::from(*name)).collect(),
            ))
        };
        for (key, expected) in [
            ("source.ip", Some(Attribute::SourceIp)),
            ("source.IP", None),
            ("destination.user", None),
            ("request.headers", None),
            ("request.headers[]", None),
            (
                "request.headers[X-User]",
                Some(Attribute::RequestHeader("x-user".into())),
            ),
            ("request.auth.claims[groups]", claim(&["groups"])),
            ("request.auth.claims[a][b]", claim(&["a", "b"])),
            ("request.auth.claims[x/y.z]", claim(&["x/y.z"])),
            ("request.auth.claims[a[b]]", claim(&["a[b]"])),
            ("experimental.envoy.filters.x", None),
            (
                "experimental.envoy.filters.x[k]",
                Some(Attribute::EnvoyFilterMetadata {
                    filter: "envoy.filters.x".into(),
                    key: "k".into(),
                }),
            ),
        ] {
            assert_eq!(Attribute::from_when_key(key), expected, "{key}");
        }
    }

    #[test]
    fn values() {
        use Attribute::{DestinationPort, Path, SourceIp, SourceServiceAccount, SourceTrustDomain};
        let long = "a".repeat(321);
        for (attribute, value, expected) in [
            (Attribute::Host, "", Err(ValueError::Empty)),
            (Attribute::Host, "*", Ok(())),
            (DestinationPort, "0", Ok(())),
            (DestinationPort, "65535", Ok(())),
            (DestinationPort, "65536", Err(ValueError::Port)),
            (DestinationPort, "+80", Err(ValueError::Port)),
            (DestinationPort, "http", Err(ValueError::Port)),
            (SourceIp, "10.0.0.0/8", Ok(())),
            (SourceIp, "10.0.0.0/33", Err(ValueError::IpBlock)),
            (SourceServiceAccount, "sleep", Ok(())),
            (SourceServiceAccount, "default/sleep", Ok(())),
            (
                SourceServiceAccount,
                "/sleep",
                Err(ValueError::ServiceAccount),
            ),
            (
                SourceServiceAccount,
                "default/",
                Err(ValueError::ServiceAccount),
            ),
            (
                SourceServiceAccount,
                "a/b/c",
                Err(ValueError::ServiceAccount),
            ),
            (SourceServiceAccount, "default/*", Err(ValueError::Wildcard)),
            (SourceServiceAccount, &long, Err(ValueError::TooLong)),
            (SourceServiceAccount, &long[1..], Ok(())),
            (SourceTrustDomain, "*", Ok(())),
            (SourceTrustDomain, "td*", Ok(())),
            (SourceTrustDomain, "*td", Ok(())),
            (SourceTrustDomain, "**", Err(ValueError::Wildcard)),
            (SourceTrustDomain, "t*d", Err(ValueError::Wildcard)),
            (
                Path,
                "/{*}.txt",
                Err(ValueError::PathTemplate(
                    matcher::PathTemplateError::StrayBrace,
                )),
            ),
        ] {
            assert_eq!(
                attribute.check_value(value),
                expected,
                "{attribute:?} {value}"
            );
        }
    }
}
