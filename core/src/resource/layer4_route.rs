//! TLSRoute, TCPRoute and UDPRoute (`gateway.networking.k8s.io`): routes below HTTP.

use crate::decode::Decode;

use super::{BackendObjectReference, ParentReference};

/// `spec` of a TLSRoute.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TlsRoute {
    /// What it attaches to.
    pub(crate) parent_refs: Vec<ParentReference>,
    /// Names that clients send as SNI.
    pub(crate) hostnames: Vec<String>,
    /// Rules.
    pub(crate) rules: Vec<Layer4Rule>,
    /// Not modelled.
    pub(crate) use_default_gateways: Option<super::NotModelled>,
}

/// `spec` of a TCPRoute, and of a UDPRoute.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TcpRoute {
    /// What it attaches to.
    pub(crate) parent_refs: Vec<ParentReference>,
    /// Rules.
    pub(crate) rules: Vec<Layer4Rule>,
    /// Not modelled.
    pub(crate) use_default_gateways: Option<super::NotModelled>,
}

/// `spec.rules[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Layer4Rule {
    /// The rule's name.
    pub(crate) name: Option<String>,
    /// Backends.
    pub(crate) backend_refs: Vec<Layer4BackendRef>,
}

/// `backendRefs[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Layer4BackendRef {
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
}

impl Layer4BackendRef {
    /// The reference without its weight. (`flatten` would hide unknown fields.)
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
