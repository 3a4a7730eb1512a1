//! GRPCRoute (`gateway.networking.k8s.io`).

use crate::decode::Decode;

use super::http_route::{BackendRef, HttpRequestMirrorFilter};
use super::{HttpHeaderFilter, HttpValueMatch, ParentReference};

/// `spec` of a GRPCRoute.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GrpcRoute {
    /// What it attaches to.
    pub(crate) parent_refs: Vec<ParentReference>,
    /// Hostnames; they count at gateways only.
    pub(crate) hostnames: Vec<String>,
    /// Rules.
    pub(crate) rules: Vec<GrpcRouteRule>,
    /// Not modelled.
    pub(crate) use_default_gateways: Option<super::NotModelled>,
}

/// `spec.rules[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GrpcRouteRule {
    /// The rule's name.
    pub(crate) name: Option<String>,
    /// Alternatives; absent or empty: every call.
    pub(crate) matches: Vec<GrpcRouteMatch>,
    /// Filters.
    pub(crate) filters: Vec<GrpcRouteFilter>,
    /// Backends.
    pub(crate) backend_refs: Vec<GrpcBackendRef>,
    /// Istio does not implement it.
    pub(crate) session_persistence: Option<super::NotModelled>,
}

/// `matches[]`: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct GrpcRouteMatch {
    /// Service and method; absent: every one.
    pub(crate) method: Option<GrpcMethodMatch>,
    /// Headers.
    pub(crate) headers: Vec<HttpValueMatch>,
}

/// `matches[].method`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct GrpcMethodMatch {
    /// `Exact` (default) or `RegularExpression`.
    #[serde(rename = "type")]
    pub(crate) match_type: Option<String>,
    /// The service.
    pub(crate) service: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
}

/// `filters[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GrpcRouteFilter {
    /// Which of the fields below counts.
    #[serde(rename = "type")]
    pub(crate) filter_type: String,
    /// Changes to request headers.
    pub(crate) request_header_modifier: Option<HttpHeaderFilter>,
    /// Changes to response headers.
    pub(crate) response_header_modifier: Option<HttpHeaderFilter>,
    /// A copy of each call.
    pub(crate) request_mirror: Option<HttpRequestMirrorFilter>,
    /// Istio takes none: the route is dropped.
    pub(crate) extension_ref: Option<super::NotModelled>,
}

/// `backendRefs[]` of a GRPCRoute.
pub(crate) type GrpcBackendRef = BackendRef<GrpcRouteFilter>;
