//! What waypoints are configured with.

use serde::{Deserialize, Serialize};

use super::{Diagnostic, ObjectRef};

/// The answer of `POST /v1/envoy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyConfiguration {
    /// The chains of waypoints that have policies or token rules.
    pub chains: Vec<EnvoyChain>,
    /// Findings about the manifests.
    pub diagnostics: Vec<Diagnostic>,
}

/// The filters of one chain of a waypoint, in their order, as JSON of Envoy's API. The provider of a `CUSTOM` policy
/// and a remote key set appear as clusters of their own names: what they are is in no manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyChain {
    /// The waypoint.
    pub waypoint: ObjectRef,
    /// What is addressed; absent: workloads, at their own addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ObjectRef>,
    /// The fields of its HTTP connection manager that say how paths are normalized.
    pub connection_manager: serde_json::Value,
    /// The filters where it speaks HTTP.
    pub http_filters: Vec<serde_json::Value>,
    /// The filters where it sees bytes.
    pub network_filters: Vec<serde_json::Value>,
}
