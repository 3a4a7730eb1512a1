//! EndpointSlice (`discovery.k8s.io`): who is behind a Service that selects nobody.

use crate::decode::Decode;

/// An EndpointSlice; it has no `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct EndpointSlice {
    /// The endpoints.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// `endpoints[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Endpoint {
    /// Its addresses.
    pub(crate) addresses: Vec<String>,
    /// The object that has them.
    pub(crate) target_ref: Option<TargetReference>,
}

/// `endpoints[].targetRef`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct TargetReference {
    /// Its kind.
    pub(crate) kind: String,
    /// Its name; it is in the namespace of the slice.
    pub(crate) name: String,
}
