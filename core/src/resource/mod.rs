//! Objects as written: one file a kind, and the table of kinds. Input is a document, output a typed object with its
//! metadata; no default is applied and nothing is looked up here.

pub(crate) mod authorization_policy;
mod gateway;
mod http_route;
mod kinds;
mod metadata;
mod namespace;
mod policy_attachment;
mod service;
mod violation;
mod workload;

use serde::{Deserialize, Deserializer};

pub(crate) use authorization_policy::{
    Action, Attribute, AuthorizationPolicy, Condition, Operation, PolicyTargetReference, Rule,
    Source, WorkloadSelector, WrittenAlternative, WrittenClause, WrittenGroup,
};
pub(crate) use gateway::{
    AllowedRoutes, Gateway, GatewayClass, LabelSelector, Listener, RouteNamespaces,
};
pub(crate) use http_route::{
    BackendObjectReference, HttpBackendRef, HttpCorsFilter, HttpHeader, HttpHeaderFilter,
    HttpPathMatch, HttpPathModifier, HttpRequestMirrorFilter, HttpRequestRedirectFilter, HttpRoute,
    HttpRouteFilter, HttpRouteMatch, HttpRouteRule, HttpUrlRewriteFilter, HttpValueMatch,
    ParentReference,
};
pub(crate) use kinds::Kind;
pub(crate) use metadata::{Labels, Metadata, ObjectId, ObjectIndex};
pub(crate) use namespace::MetadataOnly;
pub(crate) use service::{Service, ServicePort};
pub(crate) use violation::{Violation, Violations};
pub(crate) use workload::{PodSpec, Workload};

/// A number or a name, as in `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum IntOrString {
    /// A number.
    Int(u16),
    /// A name.
    String(String),
}

/// `null` where a list or map may stand counts as absent, as it does for the API server.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
