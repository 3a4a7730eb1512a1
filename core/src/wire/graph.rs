//! The attachment graph.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

use super::{Diagnostic, Range};

/// The answer of `POST /v1/graph`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    /// Objects, sorted by id.
    pub nodes: Vec<Node>,
    /// References between them, accepted or not.
    pub edges: Vec<Edge>,
    /// Findings.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// The answer of `POST /v1/analyze`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// Findings.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// One object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `Kind/namespace/name`, or `Kind//name` for what has no namespace; `Host/name` for a host name that no object owns,
    /// `Endpoint/namespace/<ServiceEntry>@<address>` for an endpoint that a ServiceEntry writes out.
    pub id: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Of a Gateway: `waypoint`, `sandwich`, `ingress`, `remote`, `eastWest`, `foreign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of a workload: whether ztunnel captures its traffic, `captured`, or `outboundOnly`, or why not: `hostNetwork`,
    /// `sidecar`, `optedOut`, `excludedNamespace`, `notEnrolled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// What makes it so, the label and its object, in a plain sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_reason: Option<String>,
    /// `Stable`, `Beta`, `Alpha`, as Istio's documentation lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_status: Option<String>,
    /// How this object attaches: `parentRefs`, `targetRefs`, `selector`, `host`; a policy without selector and targetRefs
    /// by its `namespace` or, in the root namespace, to the `mesh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<String>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where the object stands in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Manifests refer to it but do not hold it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// What holds a reference.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// Policy to its target.
    TargetRef,
    /// Route (or ListenerSet) to its parent.
    ParentRef,
    /// Policy or classic Gateway to a workload or Gateway that its selector matches.
    Selector,
    /// Policy without selector and targetRefs to its Namespace.
    Namespace,
    /// The same in the root namespace, to the mesh.
    Mesh,
    /// `istio.io/use-waypoint`, to the Gateway.
    UseWaypoint,
    /// `istio.io/use-waypoint-canary`, to the Gateway.
    UseWaypointCanary,
    /// Route to where it sends requests.
    BackendRef,
    /// Service or ServiceEntry to its workloads.
    Membership,
    /// DestinationRule or VirtualService to the Service whose name it states.
    Host,
    /// VirtualService to a classic Gateway.
    Gateways,
}

impl Via {
    /// As the contract writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TargetRef => "targetRef",
            Self::ParentRef => "parentRef",
            Self::Selector => "selector",
            Self::Namespace => "namespace",
            Self::Mesh => "mesh",
            Self::UseWaypoint => "useWaypoint",
            Self::UseWaypointCanary => "useWaypointCanary",
            Self::BackendRef => "backendRef",
            Self::Membership => "membership",
            Self::Host => "host",
            Self::Gateways => "gateways",
        }
    }
}

/// What becomes of a reference.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum EdgeStatus {
    /// It takes effect there.
    Attached,
    /// The API server or a controller refuses it.
    Rejected,
    /// Nothing refuses it, and yet it has no effect there.
    Ignored,
    /// An ALLOW policy that a ztunnel cannot express: it denies instead.
    FailSafeDeny,
}

/// One reference, from the object that holds it to the object it points at.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Id of the object that holds the reference, label or selector.
    pub from: String,
    /// Id of the object it points at.
    pub to: String,
    /// What holds the reference.
    pub via: Via,
    /// What becomes of it.
    pub status: EdgeStatus,
    /// The condition reason of Gateway API or Istio where one exists, else one of this project's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One plain sentence.
    pub message: String,
    /// The port that the reference names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The section that the reference names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
    /// The object whose label is inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherited_from: Option<String>,
    /// Where the reference stands in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A kind, or a label, at waypoints: how it attaches and how finished it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// The kind, or the label.
    pub name: String,
    /// How it attaches: `parentRefs`, `targetRefs`, `selector`, `host`, `label`.
    pub attachment: String,
    /// `Stable`, `Beta`, `Alpha`; absent: waypoints do not support it, or Istio's documentation gives it no status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What to know about it.
    pub note: String,
}

/// The forms of a graph that other tools read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum GraphFormat {
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz digraph.
    Dot,
    /// A drawing.
    Svg,
}

/// A place where Istio's documentation and its code differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What it is about.
    pub topic: String,
    /// What the documentation, or a status, says.
    pub documented: String,
    /// Where it says so.
    pub documentation: String,
    /// What the code does.
    pub implemented: String,
    /// Where it does so.
    pub code: String,
    /// Whether `settings.behavior: documented` answers as the documentation says.
    pub switched: bool,
    /// Code of the finding that tells at the place.
    pub lint: String,
}
