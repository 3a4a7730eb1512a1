//! How finished each kind is at waypoints, and how it attaches: one table, which nodes of the graph, the reference page
//! and findings read. Statuses are those of Istio's documentation of waypoints; where the code is further, the note says
//! so. `istio/istio: pkg/config/schema/gatewayapi/minimumversions.go`, `istio/api: label/labels.yaml`.

use super::Kind;

/// How finished a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FeatureStatus {
    /// Ready for production, and kept.
    Stable,
    /// Usable in production; details may change.
    Beta,
    /// To be tried; it may change or go.
    Alpha,
}

impl FeatureStatus {
    /// As the documentation writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stable => "Stable",
            Self::Beta => "Beta",
            Self::Alpha => "Alpha",
        }
    }
}

/// How objects of a kind say what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attachment {
    /// `spec.parentRefs`
    ParentRefs,
    /// `spec.targetRefs`; without them a selector, the namespace or the mesh.
    TargetRefs,
    /// `spec.selector`, the namespace or the mesh.
    Selector,
    /// Neither: a policy for its namespace.
    Namespace,
    /// Neither, in the root namespace: for the mesh.
    Mesh,
    /// The name of a host.
    Host,
}

impl Attachment {
    /// As the documentation writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ParentRefs => "parentRefs",
            Self::TargetRefs => "targetRefs",
            Self::Selector => "selector",
            Self::Namespace => "namespace",
            Self::Mesh => "mesh",
            Self::Host => "host",
        }
    }
}

/// One row: a kind, how it attaches, how finished it is.
#[derive(Debug)]
pub(crate) struct Feature {
    /// The kind.
    pub(crate) kind: Kind,
    /// How it attaches.
    pub(crate) attachment: Attachment,
    /// Its status at waypoints; `None`: waypoints do not support it.
    pub(crate) status: Option<FeatureStatus>,
    /// What to know about it.
    pub(crate) note: &'static str,
}

const fn row(
    kind: Kind,
    attachment: Attachment,
    status: Option<FeatureStatus>,
    note: &'static str,
) -> Feature {
    Feature {
        kind,
        attachment,
        status,
        note,
    }
}

/// Every kind that attaches to something, in the order of the reference page.
pub(crate) static FEATURES: &[Feature] = &[
    row(
        Kind::HttpRoute,
        Attachment::ParentRefs,
        Some(FeatureStatus::Stable),
        "At a waypoint its parent is a Service or ServiceEntry. The documentation also names the waypoint itself; the code takes no routes there.",
    ),
    row(
        Kind::GrpcRoute,
        Attachment::ParentRefs,
        Some(FeatureStatus::Stable),
        "As HTTPRoute; both are merged and sorted together.",
    ),
    row(
        Kind::TlsRoute,
        Attachment::ParentRefs,
        Some(FeatureStatus::Alpha),
        "Stable in Istio; Alpha because Gateway API long had it in its experimental channel. In the standard channel since 1.5.",
    ),
    row(
        Kind::TcpRoute,
        Attachment::ParentRefs,
        Some(FeatureStatus::Alpha),
        "As TLSRoute. In the standard channel since 1.6.",
    ),
    row(
        Kind::UdpRoute,
        Attachment::ParentRefs,
        None,
        "Istio does not read it.",
    ),
    row(
        Kind::ListenerSet,
        Attachment::ParentRefs,
        None,
        "Ingress gateways take it if `allowedListeners` admits it; waypoints never do.",
    ),
    row(
        Kind::AuthorizationPolicy,
        Attachment::TargetRefs,
        Some(FeatureStatus::Stable),
        "HTTP attributes too. Without `targetRefs` ztunnels and ingress gateways enforce it, waypoints do not.",
    ),
    row(
        Kind::RequestAuthentication,
        Attachment::TargetRefs,
        Some(FeatureStatus::Beta),
        "Without `targetRefs` only ingress gateways read it: ztunnels check no tokens.",
    ),
    row(
        Kind::PeerAuthentication,
        Attachment::Selector,
        None,
        "For ztunnels; waypoints always speak mutual TLS inside the mesh.",
    ),
    row(
        Kind::WasmPlugin,
        Attachment::TargetRefs,
        Some(FeatureStatus::Alpha),
        "Its effect on requests is not modelled.",
    ),
    row(
        Kind::TrafficExtension,
        Attachment::TargetRefs,
        Some(FeatureStatus::Alpha),
        "The successor of WasmPlugin, with Lua beside WebAssembly. Its effect on requests is not modelled.",
    ),
    row(
        Kind::Telemetry,
        Attachment::TargetRefs,
        None,
        "Without `targetRefs` waypoints read it too. It has no effect on verdicts.",
    ),
    row(
        Kind::BackendTlsPolicy,
        Attachment::TargetRefs,
        None,
        "How gateways and waypoints originate TLS to a Service. Of several for one port the oldest counts.",
    ),
    row(
        Kind::BackendTrafficPolicy,
        Attachment::TargetRefs,
        None,
        "Istio reads it behind a flag that is off by default.",
    ),
    row(
        Kind::VirtualService,
        Attachment::Host,
        Some(FeatureStatus::Alpha),
        "At waypoints it works in part and will go no further; with Istio's own Gateways it is supported in full.",
    ),
    row(
        Kind::DestinationRule,
        Attachment::Host,
        None,
        "Supported at waypoints without subsets, which Gateway API's routes cannot name.",
    ),
    row(
        Kind::EnvoyFilter,
        Attachment::TargetRefs,
        None,
        "Not supported with waypoints. One that targets a waypoint is applied all the same, and may break with any release.",
    ),
];

impl Kind {
    /// Its row in the table.
    pub(crate) fn feature(self) -> Option<&'static Feature> {
        FEATURES.iter().find(|feature| feature.kind == self)
    }
}

/// Labels by which objects of the mesh are enrolled, with their status.
pub(crate) static LABELS: &[(&str, FeatureStatus, &str)] = &[
    (
        "istio.io/dataplane-mode",
        FeatureStatus::Stable,
        "On a namespace or pod: ztunnel captures its traffic.",
    ),
    (
        "istio.io/use-waypoint",
        FeatureStatus::Stable,
        "On a namespace, Service, ServiceEntry, pod or WorkloadEntry: the name of its waypoint.",
    ),
    (
        "istio.io/use-waypoint-namespace",
        FeatureStatus::Beta,
        "Beside `istio.io/use-waypoint`, on the same object: the waypoint's namespace.",
    ),
    (
        "istio.io/waypoint-for",
        FeatureStatus::Stable,
        "On a waypoint: which traffic it serves, `service`, `workload`, `all` or `none`.",
    ),
    (
        "istio.io/ingress-use-waypoint",
        FeatureStatus::Beta,
        "On a namespace, Service or ServiceEntry: ingress gateways go through its waypoint too.",
    ),
    (
        "istio.io/use-waypoint-canary",
        FeatureStatus::Alpha,
        "A second waypoint, which gets a share of the connections.",
    ),
];
