//! The table of attributes: which layer each belongs to, and what a request has of it. The clause and its explanation
//! ask the same [`observe`](Attribute::observe).

use std::net::IpAddr;

use serde_json::Value;

use crate::flow::{Flow, Http, Principal};
pub(crate) use crate::resource::Attribute;

/// What a proxy has to understand to know an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Every proxy knows it.
    Connection,
    /// Waypoints and gateways know it of every connection; ztunnel does not.
    Envoy,
    /// Waypoints and gateways know it where they speak HTTP.
    Http,
}

/// What a request has of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Observed<'a> {
    /// Nothing: positive forms fail, negative ones hold.
    Nothing,
    /// One text.
    Text(&'a str),
    /// The lines of a header.
    Lines(&'a [String]),
    /// An address.
    Ip(IpAddr),
    /// A port.
    Port(u16),
    /// The peer, asked for its principal.
    Principal(&'a Principal),
    /// The peer, asked for its namespace.
    Namespace(&'a Principal),
    /// The peer, asked for its service account.
    ServiceAccount(&'a Principal),
    /// The peer, asked for its trust domain.
    TrustDomain(&'a Principal),
    /// Issuer and subject of the verified token.
    RequestPrincipal {
        /// `iss`, if it is a text.
        issuer: Option<&'a str>,
        /// `sub`, if it is a text.
        subject: Option<&'a str>,
    },
    /// A claim of the verified token.
    Claim(&'a Value),
}

impl Attribute {
    /// The layer it belongs to. `istio/istio: pilot/pkg/security/authz/model/generator.go` ("HTTP only"),
    /// `pilot/pkg/serviceregistry/ambient/authorization.go` (httpOperations, httpSources, l4WhenAttributes).
    pub(crate) fn layer(&self) -> Layer {
        match self {
            Self::SourcePrincipal
            | Self::SourceNamespace
            | Self::SourceServiceAccount
            | Self::SourceIp
            | Self::DestinationPort
            | Self::DestinationIp => Layer::Connection,
            Self::SourceTrustDomain
            | Self::RemoteIp
            | Self::ConnectionSni
            | Self::EnvoyFilterMetadata { .. } => Layer::Envoy,
            Self::RequestPrincipal
            | Self::RequestAudiences
            | Self::RequestPresenter
            | Self::RequestClaim(_)
            | Self::RequestHeader(_)
            | Self::Host
            | Self::Method
            | Self::Path => Layer::Http,
        }
    }

    /// What the request has of it.
    #[inline]
    pub(crate) fn observe<'a>(&self, flow: &'a Flow) -> Observed<'a> {
        let http = flow.http.as_ref();
        let text = |read: fn(&Http) -> &str| {
            http.map_or(Observed::Nothing, |http| Observed::Text(read(http)))
        };
        let ip = |ip: Option<IpAddr>| ip.map_or(Observed::Nothing, Observed::Ip);
        let peer = |part: fn(&'a Principal) -> Observed<'a>| {
            flow.peer.as_ref().map_or(Observed::Nothing, part)
        };
        match self {
            Self::SourcePrincipal => peer(Observed::Principal),
            Self::SourceNamespace => peer(Observed::Namespace),
            Self::SourceServiceAccount => peer(Observed::ServiceAccount),
            Self::SourceTrustDomain => peer(Observed::TrustDomain),
            Self::SourceIp => ip(flow.source_ip),
            Self::RemoteIp => ip(flow.remote_ip),
            Self::DestinationIp => ip(flow.destination_ip),
            Self::DestinationPort => Observed::Port(flow.destination_port),
            Self::ConnectionSni => flow
                .sni
                .as_deref()
                .map_or(Observed::Nothing, Observed::Text),
            Self::Host => text(|http| &http.authority),
            Self::Method => text(|http| &http.method),
            Self::Path => text(Http::path_only),
            Self::RequestHeader(name) => match http.map(|http| http.header(name)) {
                None | Some([]) => Observed::Nothing,
                Some(lines) => Observed::Lines(lines),
            },
            Self::RequestPrincipal => {
                let claim = |name| claim(flow, [name]).and_then(Value::as_str);
                match (claim("iss"), claim("sub")) {
                    (None, None) => Observed::Nothing,
                    (issuer, subject) => Observed::RequestPrincipal { issuer, subject },
                }
            }
            Self::RequestAudiences => observed_claim(flow, ["aud"]),
            Self::RequestPresenter => observed_claim(flow, ["azp"]),
            Self::RequestClaim(path) => observed_claim(flow, path.iter().map(|name| &**name)),
            // Dynamic metadata comes from filters that manifests do not show.
            Self::EnvoyFilterMetadata { .. } => Observed::Nothing,
        }
    }
}

fn claim<'a, 'p>(flow: &'a Flow, path: impl IntoIterator<Item = &'p str>) -> Option<&'a Value> {
    let mut path = path.into_iter();
    let mut value = flow.claims.as_ref()?.get(path.next()?)?;
    for name in path {
        value = value.as_object()?.get(name)?;
    }
    Some(value)
}

fn observed_claim<'a, 'p>(flow: &'a Flow, path: impl IntoIterator<Item = &'p str>) -> Observed<'a> {
    claim(flow, path).map_or(Observed::Nothing, Observed::Claim)
}

impl Observed<'_> {
    /// As an explanation shows it beside what the policy wants: `null` for nothing.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => text.into(),
            Self::Lines([line]) => line.as_str().into(),
            Self::Lines(lines) => lines.into(),
            Self::Ip(ip) => ip.to_string().into(),
            Self::Port(port) => port.to_string().into(),
            Self::Principal(peer) => peer.without_scheme().into(),
            Self::Namespace(peer) => peer
                .namespace_and_service_account()
                .map(|(namespace, _)| namespace)
                .into(),
            Self::ServiceAccount(peer) => peer
                .namespace_and_service_account()
                .map(|(namespace, account)| format!("{namespace}/{account}"))
                .into(),
            Self::TrustDomain(peer) => peer.trust_domain().into(),
            Self::RequestPrincipal {
                issuer: Some(issuer),
                subject: Some(subject),
            } => format!("{issuer}/{subject}").into(),
            Self::RequestPrincipal { .. } => Value::Null,
            Self::Claim(value) => value.clone(),
        }
    }
}
