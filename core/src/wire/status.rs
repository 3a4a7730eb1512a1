//! The `status` that istiod would write.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

use super::Diagnostic;

/// The answer of `POST /v1/status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statuses {
    /// The objects on which istiod writes a status, sorted by id.
    pub results: Vec<ObjectStatus>,
    /// Findings.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// One object with its status.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStatus {
    /// Its id in the graph.
    pub object: String,
    /// What istiod would write, in the shape of the object's own `status`.
    pub status: Status,
}

/// `status`, as far as istiod writes it; times and generations are a cluster's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Conditions of the object as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Of a route: one entry for each parent that Istio knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<RouteParentStatus>,
    /// Of a Gateway or ListenerSet: one entry for each listener.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerStatus>,
    /// Of a BackendTLSPolicy: one entry for each target, then one for each Gateway from which requests get there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<PolicyAncestorStatus>,
}

/// What becomes of a policy for what stands above its targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAncestorStatus {
    /// The target, or the Gateway.
    pub ancestor_ref: ParentRef,
    /// Who writes.
    pub controller_name: String,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The type: `Accepted`, `ResolvedRefs`, `istio.io/WaypointBound`, …
    #[serde(rename = "type")]
    pub condition_type: String,
    /// `True` or `False`.
    pub status: String,
    /// Why, in one word of upstream's.
    pub reason: String,
    /// Why, in a sentence of ours; istiod words it otherwise.
    pub message: String,
}

/// What becomes of a route at one parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteParentStatus {
    /// The parent, as the route writes it.
    pub parent_ref: ParentRef,
    /// Who writes.
    pub controller_name: String,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A parent, as a route writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
    /// The port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// What becomes of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// How many routes are attached to it.
    pub attached_routes: u32,
    /// The kinds of routes that it takes.
    pub supported_kinds: Vec<RouteKind>,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A kind of routes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteKind {
    /// The group.
    pub group: String,
    /// The kind.
    pub kind: String,
}
