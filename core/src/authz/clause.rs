//! One field of a rule, compiled: a list of values, each parsed once. Evaluating a clause allocates nothing.

use std::ops::Deref;

use ipnet::IpNet;
use serde_json::Value;

use super::attribute::{Attribute, Observed};
use crate::flow::Flow;
use crate::matcher::{Glob, PathTemplate, ServiceAccountUri, StringMatch};
use crate::trace::Truth;

/// A clause by its place in the side table of its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClauseId(pub(crate) u32);

/// One field of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    /// Its place in the side table.
    pub(crate) id: ClauseId,
    /// What it asks about.
    pub(crate) attribute: Attribute,
    /// None of the values may match.
    pub(crate) negated: bool,
    /// One of these must match.
    pub(crate) values: Values,
}

/// The values of a field. Most fields have one, which lies where it is looked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// One.
    One(Matcher),
    /// Several, or none.
    Many(Box<[Matcher]>),
}

impl Values {
    pub(super) fn new(values: Vec<Matcher>) -> Self {
        match <[Matcher; 1]>::try_from(values) {
            Ok([only]) => Self::One(only),
            Err(values) => Self::Many(values.into()),
        }
    }
}

impl Deref for Values {
    type Target = [Matcher];

    fn deref(&self) -> &[Matcher] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(values) => values,
        }
    }
}

/// One value of a field, as one kind of proxy reads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Matcher {
    /// A text; any line of a header; a claim that is a text, or a list with such a text.
    Text(StringMatch),
    /// A text, ASCII case ignored.
    TextIgnoringCase(StringMatch),
    /// There is one, be it empty.
    Present,
    /// A path template.
    PathTemplate(PathTemplate),
    /// An address or block.
    Ip(IpNet),
    /// A port.
    Port(u16),
    /// The peer's principal without its scheme.
    Principal(StringMatch),
    /// The peer's URI, which is how Envoy reads a namespace.
    PrincipalUri(Glob),
    /// The peer's namespace.
    Namespace(StringMatch),
    /// The peer's service account, in any trust domain.
    ServiceAccount {
        /// Its namespace.
        namespace: Box<str>,
        /// Its name.
        name: Box<str>,
    },
    /// The peer's service account within its URI, which is how Envoy reads it.
    ServiceAccountUri(ServiceAccountUri),
    /// The peer's trust domain.
    TrustDomain(StringMatch),
    /// Issuer and subject of a token.
    RequestPrincipal {
        /// `iss`
        issuer: StringMatch,
        /// `sub`
        subject: StringMatch,
    },
    /// Envoy's dynamic metadata, which nothing observed here can be.
    Metadata {
        /// A text of a list, as `[text]` asks for.
        in_list: bool,
        /// The text.
        text: StringMatch,
    },
}

impl Clause {
    /// Whether the request satisfies the clause.
    pub(super) fn holds(&self, flow: &Flow) -> Truth {
        let observed = self.attribute.observe(flow);
        let any = self.values.iter().any(|value| value.matches(&observed));
        Truth::from(any != self.negated)
    }
}

impl Matcher {
    #[inline]
    fn matches(&self, observed: &Observed<'_>) -> bool {
        match (self, observed) {
            (Self::Text(text), Observed::Text(seen)) => text.matches(seen),
            // Each line on its own, as Envoy 1.40 was seen to do.
            (Self::Text(text), Observed::Lines(lines)) => {
                lines.iter().any(|line| text.matches(line))
            }
            (Self::Text(text), Observed::Claim(claim)) => claim_matches(text, claim),
            (Self::TextIgnoringCase(text), Observed::Text(seen)) => {
                text.matches_ignoring_case(seen)
            }
            (Self::Present, Observed::Text(_) | Observed::Lines(_)) => true,
            (Self::PathTemplate(template), Observed::Text(path)) => template.matches(path),
            (Self::Ip(block), Observed::Ip(ip)) => block.contains(ip),
            (Self::Port(port), Observed::Port(seen)) => port == seen,
            (Self::Principal(text), Observed::Principal(peer)) => {
                text.matches(peer.without_scheme())
            }
            (Self::PrincipalUri(glob), Observed::Namespace(peer)) => glob.matches(peer.uri()),
            (Self::Namespace(text), Observed::Namespace(peer)) => peer
                .namespace_and_service_account()
                .is_some_and(|(namespace, _)| text.matches(namespace)),
            (Self::ServiceAccount { namespace, name }, Observed::ServiceAccount(peer)) => {
                peer.namespace_and_service_account() == Some((&**namespace, &**name))
            }
            (Self::ServiceAccountUri(account), Observed::ServiceAccount(peer)) => {
                account.matches(peer.uri())
            }
            (Self::TrustDomain(text), Observed::TrustDomain(peer)) => {
                text.matches(peer.trust_domain())
            }
            (
                Self::RequestPrincipal { issuer, subject },
                Observed::RequestPrincipal {
                    issuer: Some(iss),
                    subject: Some(sub),
                },
            ) => issuer.matches(iss) && subject.matches(sub),
            // A value asks for what its attribute observes; anything else is absent.
            _ => false,
        }
    }
}

/// Numbers, booleans and objects never match. `istio/istio: pilot/pkg/security/authz/matcher/metadata.go`
/// (MetadataListValueMatcher).
fn claim_matches(text: &StringMatch, claim: &Value) -> bool {
    let matches = |value: &Value| value.as_str().is_some_and(|seen| text.matches(seen));
    match claim {
        Value::Array(elements) => elements.iter().any(matches),
        single => matches(single),
    }
}
