//! BackendTLSPolicy (`gateway.networking.k8s.io`) and XBackendTrafficPolicy (`gateway.networking.x-k8s.io`): how gateways
//! and waypoints reach a Service. Only where they attach is modelled.

use crate::decode::Decode;

/// `spec` of both kinds.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BackendPolicy {
    /// What they are for, in their own namespace.
    pub(crate) target_refs: Vec<BackendPolicyTarget>,
}

/// `spec.targetRefs[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BackendPolicyTarget {
    /// The group; empty: core.
    pub(crate) group: String,
    /// The kind.
    pub(crate) kind: String,
    /// The name.
    pub(crate) name: String,
    /// The name of a port; absent: all of them.
    pub(crate) section_name: Option<String>,
}
