//! Ways around policies.

use serde::{Deserialize, Serialize};

use super::{Diagnostic, ObjectRef, Request, Verdict};

/// The answer of `POST /v1/ways-around`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaysAround {
    /// By policy.
    pub ways: Vec<WayAround>,
    /// Findings about the manifests.
    pub diagnostics: Vec<Diagnostic>,
}

/// A request that one would expect a policy to stop, and that gets through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// No proxy on the straight way enforces the policy, or what it would take to.
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
