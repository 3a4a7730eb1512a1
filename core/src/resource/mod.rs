//! Objects as written: one file a kind, and the table of kinds. Input is a document, output a typed object with its
//! metadata; no default is applied and nothing is looked up here.

pub(crate) mod authorization_policy;
mod gateway;
mod http_route;
pub(crate) mod jwks;
mod kinds;
mod metadata;
pub(crate) mod peer_authentication;
mod policy_attachment;
mod read;
pub(crate) mod request_authentication;
mod service;
mod violation;
mod workload;

use serde::{Deserialize, Deserializer};

use crate::source;

pub(crate) use authorization_policy::{
    Action, Attribute, AuthorizationPolicy, PolicyTargetReference, Rule, WorkloadSelector,
    WrittenClause, WrittenGroup,
};
pub(crate) use gateway::{Gateway, GatewayClass, Listener, RouteNamespaces};
pub(crate) use http_route::{
    BackendObjectReference, HttpCorsFilter, HttpHeader, HttpHeaderFilter, HttpPathMatch,
    HttpPathModifier, HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter, HttpRouteMatch,
    HttpRouteRule, HttpValueMatch, ParentReference,
};
pub(crate) use kinds::Kind;
pub(crate) use metadata::{Labels, Metadata, ObjectId, ObjectIndex};
pub(crate) use peer_authentication::PeerAuthentication;
pub(crate) use read::{LINTS, read};
pub(crate) use request_authentication::RequestAuthentication;
pub(crate) use service::{Service, ServicePort};
pub(crate) use violation::Violations;
pub(crate) use workload::Workload;

#[cfg(test)]
pub(crate) use workload::PodSpec;

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

/// An object with its type.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Kind, namespace, name.
    pub(crate) id: ObjectId,
    /// `metadata`
    pub(crate) metadata: Metadata,
    /// The document that holds it.
    pub(crate) document: source::DocumentId,
    /// Validation refuses it: it is absent for everything, and the graph shows what it would have had.
    pub(crate) refused: bool,
    /// What it says.
    pub(crate) resource: Resource,
}

/// What an object says, by kind. Adding a variant makes every `match` on it ask for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Resource {
    /// Namespace, ServiceAccount: the metadata says it all.
    MetadataOnly,
    /// A Service.
    Service(Service),
    /// A Pod, or the pod template of a controller.
    Workload(Workload),
    /// A Gateway API Gateway.
    Gateway(Gateway),
    /// A GatewayClass.
    GatewayClass(GatewayClass),
    /// An HTTPRoute.
    HttpRoute(HttpRoute),
    /// An AuthorizationPolicy.
    AuthorizationPolicy(AuthorizationPolicy),
    /// A RequestAuthentication.
    RequestAuthentication(RequestAuthentication),
    /// A PeerAuthentication.
    PeerAuthentication(PeerAuthentication),
}

impl Resource {
    /// What the API server or Istio's webhook would say about it.
    fn validate(&self, metadata: &Metadata) -> Violations {
        match self {
            Self::AuthorizationPolicy(policy) => {
                authorization_policy::validate(policy, &metadata.annotations)
            }
            Self::RequestAuthentication(policy) => {
                request_authentication::validate(policy, &metadata.annotations)
            }
            Self::PeerAuthentication(policy) => {
                peer_authentication::validate(policy, &metadata.annotations)
            }
            Self::HttpRoute(_)
            | Self::MetadataOnly
            | Self::Service(_)
            | Self::Workload(_)
            | Self::Gateway(_)
            | Self::GatewayClass(_) => Violations::default(),
        }
    }

    /// `targetRef` and `targetRefs`; `None`: it is of no kind that has them.
    pub(crate) fn targets(
        &self,
    ) -> Option<(Option<&PolicyTargetReference>, &[PolicyTargetReference])> {
        match self {
            Self::AuthorizationPolicy(policy) => {
                Some((policy.target_ref.as_ref(), &policy.target_refs))
            }
            Self::RequestAuthentication(policy) => {
                Some((policy.target_ref.as_ref(), &policy.target_refs))
            }
            Self::PeerAuthentication(_)
            | Self::HttpRoute(_)
            | Self::MetadataOnly
            | Self::Service(_)
            | Self::Workload(_)
            | Self::Gateway(_)
            | Self::GatewayClass(_) => None,
        }
    }

    /// The workload, if it is one.
    pub(crate) fn as_workload(&self) -> Option<&Workload> {
        match self {
            Self::Workload(workload) => Some(workload),
            _ => None,
        }
    }
}
