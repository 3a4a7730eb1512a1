//! HTTPRoute (`gateway.networking.k8s.io`), and the references that all routes share.

use crate::decode::Decode;

/// `spec` of an HTTPRoute, as written: the CRD's defaults are applied where routes are compiled.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRoute {
    /// What it attaches to.
    pub(crate) parent_refs: Vec<ParentReference>,
    /// Hostnames; they count at gateways only.
    pub(crate) hostnames: Vec<String>,
    /// Rules; absent: one that matches everything and has no backend.
    pub(crate) rules: Option<Vec<HttpRouteRule>>,
    /// Not modelled.
    pub(crate) use_default_gateways: Option<super::NotModelled>,
}

/// `spec.parentRefs[]` of every route kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ParentReference {
    /// The group; absent: Gateway API's, also beside `kind: Service`.
    pub(crate) group: Option<String>,
    /// The kind; absent: Gateway.
    pub(crate) kind: Option<String>,
    /// The namespace; absent: the route's.
    pub(crate) namespace: Option<String>,
    /// The name.
    pub(crate) name: String,
    /// The listener.
    pub(crate) section_name: Option<String>,
    /// The listener's or Service's port.
    pub(crate) port: Option<u16>,
}

/// `spec.rules[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRouteRule {
    /// The rule's name.
    pub(crate) name: Option<String>,
    /// Alternatives; absent or empty: every request.
    pub(crate) matches: Vec<HttpRouteMatch>,
    /// Filters.
    pub(crate) filters: Vec<HttpRouteFilter>,
    /// Backends.
    pub(crate) backend_refs: Vec<HttpBackendRef>,
    /// Timeouts.
    pub(crate) timeouts: Option<HttpRouteTimeouts>,
    /// Retries.
    pub(crate) retry: Option<HttpRouteRetry>,
    /// Istio does not implement it.
    pub(crate) session_persistence: Option<super::NotModelled>,
}

/// `matches[]`: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRouteMatch {
    /// The path; absent: prefix `/`.
    pub(crate) path: Option<HttpPathMatch>,
    /// Headers.
    pub(crate) headers: Vec<HttpValueMatch>,
    /// Query parameters.
    pub(crate) query_params: Vec<HttpValueMatch>,
    /// The method.
    pub(crate) method: Option<String>,
}

/// `matches[].path`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpPathMatch {
    /// `PathPrefix` (default), `Exact`, `RegularExpression`.
    #[serde(rename = "type")]
    pub(crate) match_type: Option<String>,
    /// The value; absent: `/`.
    pub(crate) value: Option<String>,
}

/// `matches[].headers[]` and `matches[].queryParams[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpValueMatch {
    /// `Exact` (default) or `RegularExpression`.
    #[serde(rename = "type")]
    pub(crate) match_type: Option<String>,
    /// Name of the header or parameter.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
}

/// `filters[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRouteFilter {
    /// Which of the fields below counts.
    #[serde(rename = "type")]
    pub(crate) filter_type: String,
    /// Changes to request headers.
    pub(crate) request_header_modifier: Option<HttpHeaderFilter>,
    /// Changes to response headers.
    pub(crate) response_header_modifier: Option<HttpHeaderFilter>,
    /// A copy of each request.
    pub(crate) request_mirror: Option<HttpRequestMirrorFilter>,
    /// An answer that sends the client elsewhere.
    pub(crate) request_redirect: Option<HttpRequestRedirectFilter>,
    /// Changes to path and Host.
    pub(crate) url_rewrite: Option<HttpUrlRewriteFilter>,
    /// Cross-origin rules.
    pub(crate) cors: Option<HttpCorsFilter>,
    /// Istio takes none: the route is dropped.
    pub(crate) extension_ref: Option<super::NotModelled>,
    /// Istio takes none: the route is dropped.
    pub(crate) external_auth: Option<super::NotModelled>,
}

/// `requestHeaderModifier`, `responseHeaderModifier`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpHeaderFilter {
    /// Replace all lines of a header.
    pub(crate) set: Vec<HttpHeader>,
    /// Add a line.
    pub(crate) add: Vec<HttpHeader>,
    /// Take a header away.
    pub(crate) remove: Vec<String>,
}

/// A header line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpHeader {
    /// The name.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
}

/// `requestMirror`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRequestMirrorFilter {
    /// Who gets the copy.
    pub(crate) backend_ref: BackendObjectReference,
    /// The share of requests that is copied.
    pub(crate) percent: Option<u32>,
    /// The same as a fraction.
    pub(crate) fraction: Option<Fraction>,
}

/// `requestMirror.fraction`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Fraction {
    /// Numerator.
    pub(crate) numerator: u32,
    /// Denominator; absent: 100.
    pub(crate) denominator: Option<u32>,
}

/// `requestRedirect`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRequestRedirectFilter {
    /// The new scheme.
    pub(crate) scheme: Option<String>,
    /// The new host.
    pub(crate) hostname: Option<String>,
    /// The new path.
    pub(crate) path: Option<HttpPathModifier>,
    /// The new port.
    pub(crate) port: Option<u16>,
    /// The status; absent: 302.
    pub(crate) status_code: Option<u16>,
}

/// `urlRewrite`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpUrlRewriteFilter {
    /// The new Host.
    pub(crate) hostname: Option<String>,
    /// The new path.
    pub(crate) path: Option<HttpPathModifier>,
}

/// `path` of redirects and rewrites
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpPathModifier {
    /// `ReplaceFullPath` or `ReplacePrefixMatch`.
    #[serde(rename = "type")]
    pub(crate) modifier_type: String,
    /// The whole path.
    pub(crate) replace_full_path: Option<String>,
    /// What stands in place of the matched prefix.
    pub(crate) replace_prefix_match: Option<String>,
}

/// `cors`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpCorsFilter {
    /// Origins.
    pub(crate) allow_origins: Vec<String>,
    /// Whether credentials may be sent.
    pub(crate) allow_credentials: Option<bool>,
    /// Methods.
    pub(crate) allow_methods: Vec<String>,
    /// Request headers.
    pub(crate) allow_headers: Vec<String>,
    /// Response headers.
    pub(crate) expose_headers: Vec<String>,
    /// Seconds; absent: 5.
    pub(crate) max_age: Option<u32>,
}

/// `backendRefs[]` of an HTTPRoute.
pub(crate) type HttpBackendRef = BackendRef<HttpRouteFilter>;

/// `backendRefs[]` of a route that filters.
#[derive(Clone, Debug, Default, Decode)]
#[serde(default, bound(deserialize = "F: Default + Deserialize<'de>"))]
pub(crate) struct BackendRef<F> {
    /// The group; absent: core.
    pub(crate) group: Option<String>,
    /// The kind; absent: Service.
    pub(crate) kind: Option<String>,
    /// The name.
    pub(crate) name: String,
    /// The namespace; absent: the route's.
    pub(crate) namespace: Option<String>,
    /// The port; required for a Service.
    pub(crate) port: Option<u16>,
    /// The weight; absent: 1.
    pub(crate) weight: Option<u32>,
    /// Filters for this backend alone.
    pub(crate) filters: Vec<F>,
}

impl<F> BackendRef<F> {
    /// The reference without weight and filters. (`flatten` would hide unknown fields.)
    pub(crate) fn reference(&self) -> BackendObjectReference {
        BackendObjectReference {
            group: self.group.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            port: self.port,
        }
    }
}

/// A reference to a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BackendObjectReference {
    /// The group; absent: core.
    pub(crate) group: Option<String>,
    /// The kind; absent: Service.
    pub(crate) kind: Option<String>,
    /// The name.
    pub(crate) name: String,
    /// The namespace; absent: the route's.
    pub(crate) namespace: Option<String>,
    /// The port; required for a Service.
    pub(crate) port: Option<u16>,
}

/// `timeouts`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpRouteTimeouts {
    /// For the whole request.
    pub(crate) request: Option<String>,
    /// For one try.
    pub(crate) backend_request: Option<String>,
}

/// `retry`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct HttpRouteRetry {
    /// Further statuses that are tried again.
    pub(crate) codes: Vec<u16>,
    /// How often; absent: 2.
    pub(crate) attempts: Option<u32>,
    /// Time between tries.
    pub(crate) backoff: Option<String>,
}
