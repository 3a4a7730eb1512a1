//! What one proxy sees of a request: addresses, peer, SNI, HTTP, token. Plain data, made by `eval` for each hop;
//! policies and routes are evaluated against it and nothing else.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::sorted;

/// A SPIFFE identity of the mesh, `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Principal {
    uri: String,
}

impl Principal {
    /// The identity of a service account.
    pub(crate) fn new(trust_domain: &str, namespace: &str, service_account: &str) -> Self {
        Self {
            uri: format!("spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}"),
        }
    }

    /// The whole URI, with its scheme.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// The URI without `spiffe://`, as policies write it.
    pub(crate) fn without_scheme(&self) -> &str {
        self.uri.strip_prefix("spiffe://").unwrap_or(&self.uri)
    }

    /// The trust domain.
    pub(crate) fn trust_domain(&self) -> &str {
        self.without_scheme().split('/').next().unwrap_or_default()
    }

    /// Namespace and service account, if the identity has Istio's five-part form.
    pub(crate) fn namespace_and_service_account(&self) -> Option<(&str, &str)> {
        let mut parts = self.without_scheme().split('/').skip(1);
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some("ns"), Some(namespace), Some("sa"), Some(account), None) => {
                Some((namespace, account))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// The text is not a SPIFFE URI with a trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotSpiffe;

impl FromStr for Principal {
    type Err = NotSpiffe;

    fn from_str(text: &str) -> Result<Self, NotSpiffe> {
        match text.strip_prefix("spiffe://") {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(Self {
                uri: text.to_owned(),
            }),
            _ => Err(NotSpiffe),
        }
    }
}

/// An HTTP request as a proxy sees it, after path normalization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Http {
    /// The method, as sent.
    pub(crate) method: String,
    /// Path and query, normalized.
    pub(crate) path: String,
    /// Host header or `:authority`, as sent, with its port.
    pub(crate) authority: String,
    /// Header lines by lower-case name, without Host.
    pub(crate) headers: sorted::Map<String, Vec<String>>,
    /// It is a gRPC call: what a proxy answers itself is then a gRPC status.
    pub(crate) grpc: bool,
}

impl Http {
    /// The path without query and fragment, which is what policies and routes match.
    pub(crate) fn path_only(&self) -> &str {
        let mut bytes = self.path.bytes();
        let end = bytes.position(|byte| matches!(byte, b'?' | b'#'));
        end.and_then(|end| self.path.get(..end))
            .unwrap_or(&self.path)
    }

    /// The query without its `?`; empty where there is none.
    pub(crate) fn query(&self) -> &str {
        let without_fragment = self.path.split('#').next().unwrap_or_default();
        without_fragment
            .split_once('?')
            .map_or("", |(_, query)| query)
    }

    /// The scheme: what a proxy in front says that it was, else that of the connection.
    /// `envoyproxy/envoy: source/common/http/conn_manager_utility.cc` (mutateRequestHeaders, getScheme).
    pub(crate) fn scheme(&self, of_connection: &'static str) -> &'static str {
        match self.header("x-forwarded-proto") {
            [said] if said.eq_ignore_ascii_case("https") => "https",
            [said] if said.eq_ignore_ascii_case("http") => "http",
            _ => of_connection,
        }
    }

    /// The lines of a header, `name` in lower case; empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &[String] {
        self.headers
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// What one proxy sees of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    /// The identity behind the connection; `None`: plaintext.
    pub(crate) peer: Option<Principal>,
    /// The address of the connection to this proxy, where manifests or the request tell it.
    pub(crate) source_ip: Option<IpAddr>,
    /// The original client's address as this proxy derives it (`x-forwarded-for`, trusted hops).
    pub(crate) remote_ip: Option<IpAddr>,
    /// The address called: a VIP at a waypoint, a pod at a ztunnel.
    pub(crate) destination_ip: Option<IpAddr>,
    /// The port called: a Service port at a waypoint, a container port at a ztunnel.
    pub(crate) destination_port: u16,
    /// The server name of TLS that is passed through.
    pub(crate) sni: Option<String>,
    /// The HTTP request; `None` where this proxy sees bytes.
    pub(crate) http: Option<Http>,
    /// The claims of the token that this proxy verified.
    pub(crate) claims: Option<serde_json::Map<String, serde_json::Value>>,
}
