//! Ways around policies.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

use super::{Diagnostic, ObjectRef, Request, Verdict};

/// The answer of `POST /v1/ways-around`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaysAround {
    /// By policy.
    pub ways: Vec<WayAround>,
    /// Findings about the manifests.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// A request that one would expect a policy to stop, and that gets through.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WayAround {
    /// The policy.
    pub policy: ObjectRef,
    /// The sort of way.
    pub way: Way,
    /// One plain sentence.
    pub summary: String,
    /// The witness: it can be put among the sample requests as it is.
    pub request: Request,
    /// Its verdict, evaluated.
    pub verdict: Verdict,
}

/// How a request gets around a policy.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// Straight on, for no waypoint stands there.
    NoWaypoint,
    /// Straight on, for a label asks for a waypoint that does not exist or does not admit the namespace.
    MissingWaypoint,
    /// Straight on, for the waypoint that a label asks for serves other traffic (`istio.io/waypoint-for`).
    WaypointForOthers,
    /// Straight on, for the workloads are not in the mesh and no ztunnel stands there.
    NotCaptured,
    /// Straight on, for only ztunnels enforce the policy, and what it says of HTTP is lost on them.
    HttpAtZtunnel,
    /// Straight on, for only ztunnels would enforce the policy, and they ask no external authorizer.
    CustomAtZtunnel,
    /// Straight on, through a waypoint, whose identity is all that the policy's ztunnel gets to see.
    BehindWaypoint,
    /// Straight on, for another reason.
    NotEnforced,
    /// To the pod's own address, past the Service and its waypoint.
    DirectToPod,
    /// From a client that no ztunnel carries to the waypoint.
    OutsideTheMesh,
    /// From a pod that is not in the mesh, so that no proxy learns whose it is.
    IdentityUnseen,
    /// Through an ingress gateway that does not use the waypoint.
    Ingress,
    /// Through another Service in front of the same workloads, or one whose route leads to them.
    OtherService,
}
