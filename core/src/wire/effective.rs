//! What affects an object, and what it affects.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

use super::{Diagnostic, EdgeStatus, HopKind, Via};

/// The answer of `POST /v1/effective`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Effective {
    /// One entry for each object asked about, sorted by id.
    pub results: Vec<EffectiveObject>,
    /// Findings.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// One object, in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveObject {
    /// Its id in the graph.
    pub object: String,
    /// What acts on traffic to it, in the order in which it acts; then what names it without effect.
    pub affected_by: Vec<Influence>,
    /// What it acts on, sorted by id.
    pub affects: Vec<Influence>,
}

/// One object acting on the traffic of another.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Influence {
    /// Id of the other object.
    pub object: String,
    /// The proxy that acts; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<HopKind>,
    /// What is done there.
    pub phase: Phase,
    /// Through which sort of reference.
    pub via: Via,
    /// Id of what the reference points at: the object itself, its waypoint, its namespace, the mesh, …
    pub scope: String,
    /// What becomes of the reference.
    pub status: EdgeStatus,
    /// Why.
    pub reason: String,
    /// One plain sentence.
    pub message: String,
}

/// What is done to traffic, in the order in which one proxy does it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The waypoint itself: traffic goes through it.
    Enrolment,
    /// Mutual TLS is asked for.
    Mtls,
    /// An external authorizer is asked.
    Custom,
    /// Tokens are checked.
    Authentication,
    /// Requests are marked.
    Audit,
    /// What matches is refused.
    Deny,
    /// What matches may pass; if there is any, nothing else may.
    Allow,
    /// Something that is not modelled: WebAssembly, Lua, patches.
    Extension,
    /// A route is chosen.
    Route,
    /// How the chosen destination is reached.
    Destination,
    /// Metrics, logs and traces are made.
    Telemetry,
    /// Traffic is delivered.
    Delivery,
}
