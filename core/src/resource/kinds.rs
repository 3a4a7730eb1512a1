//! The table of kinds: which `apiVersion` and `kind` become which type.

use super::{Resource, Workload, workload};
use crate::decode::Decode;
use crate::source::{DecodeError, FieldPath, Node, decode};

/// One kind that the engine knows.
pub(super) struct Row {
    /// The API group; empty: core.
    pub(super) group: &'static str,
    /// The versions that are, or were, served; all of them parse to one type.
    pub(super) versions: &'static [&'static str],
    /// The kind.
    pub(super) kind: Kind,
    /// How a document becomes a resource.
    pub(super) decode: DecodeObject,
    /// Whether the type lists every field of the API, so that another one is a mistake.
    pub(super) lists_all_fields: bool,
}

type DecodeObject = fn(&Node, &mut Vec<FieldPath>) -> Result<Resource, DecodeError>;

/// A row of a kind that is, or holds, pods: its type names the fields that matter only.
const fn pods(
    group: &'static str,
    versions: &'static [&'static str],
    kind: Kind,
    decode: DecodeObject,
) -> Row {
    Row {
        group,
        versions,
        kind,
        decode,
        lists_all_fields: false,
    }
}

/// A row of a kind that has no part in ambient: it is known, and that is all.
const fn inert(group: &'static str, versions: &'static [&'static str], kind: Kind) -> Row {
    Row {
        group,
        versions,
        kind,
        decode: METADATA_ONLY,
        lists_all_fields: false,
    }
}

const CONTROLLER: DecodeObject =
    |node, unknown| whole::<workload::Controller>(node, unknown).map(workload);

/// Every kind that the engine knows.
pub(super) const KINDS: &[Row] = &[
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::Namespace,
        decode: METADATA_ONLY,
        lists_all_fields: false,
    },
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::ServiceAccount,
        decode: METADATA_ONLY,
        lists_all_fields: false,
    },
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::Service,
        decode: |node, unknown| spec(node, unknown).map(Resource::Service),
        lists_all_fields: false,
    },
    pods("", &["v1"], Kind::Pod, |node, unknown| {
        whole::<workload::Pod>(node, unknown).map(workload)
    }),
    pods("", &["v1"], Kind::ReplicationController, CONTROLLER),
    pods("apps", &["v1"], Kind::Deployment, CONTROLLER),
    pods("apps", &["v1"], Kind::StatefulSet, CONTROLLER),
    pods("apps", &["v1"], Kind::DaemonSet, CONTROLLER),
    pods("apps", &["v1"], Kind::ReplicaSet, CONTROLLER),
    pods("batch", &["v1"], Kind::Job, CONTROLLER),
    pods(
        "batch",
        &["v1", "v1beta1"],
        Kind::CronJob,
        |node, unknown| whole::<workload::CronJob>(node, unknown).map(workload),
    ),
    Row {
        group: "discovery.k8s.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::EndpointSlice,
        decode: |node, unknown| whole(node, unknown).map(Resource::EndpointSlice),
        lists_all_fields: false,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::GatewayClass,
        decode: |node, unknown| spec(node, unknown).map(Resource::GatewayClass),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::Gateway,
        decode: |node, unknown| spec(node, unknown).map(Resource::Gateway),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::HttpRoute,
        decode: |node, unknown| spec(node, unknown).map(Resource::HttpRoute),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha2"],
        kind: Kind::GrpcRoute,
        decode: |node, unknown| spec(node, unknown).map(Resource::GrpcRoute),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha3", "v1alpha2"],
        kind: Kind::TlsRoute,
        decode: |node, unknown| spec(node, unknown).map(Resource::TlsRoute),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha2"],
        kind: Kind::TcpRoute,
        decode: |node, unknown| spec(node, unknown).map(Resource::TcpRoute),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1alpha2"],
        kind: Kind::UdpRoute,
        decode: |node, unknown| spec(node, unknown).map(Resource::UdpRoute),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha1"],
        kind: Kind::ListenerSet,
        decode: |node, unknown| spec(node, unknown).map(Resource::ListenerSet),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::ReferenceGrant,
        decode: |node, unknown| spec(node, unknown).map(Resource::ReferenceGrant),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha3"],
        kind: Kind::BackendTlsPolicy,
        decode: |node, unknown| spec(node, unknown).map(Resource::BackendTlsPolicy),
        lists_all_fields: false,
    },
    Row {
        group: "gateway.networking.x-k8s.io",
        versions: &["v1alpha1"],
        kind: Kind::BackendTrafficPolicy,
        decode: |node, unknown| spec(node, unknown).map(Resource::BackendTrafficPolicy),
        lists_all_fields: false,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::AuthorizationPolicy,
        decode: |node, unknown| spec(node, unknown).map(Resource::AuthorizationPolicy),
        lists_all_fields: true,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::RequestAuthentication,
        decode: |node, unknown| spec(node, unknown).map(Resource::RequestAuthentication),
        lists_all_fields: true,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::PeerAuthentication,
        decode: |node, unknown| spec(node, unknown).map(Resource::PeerAuthentication),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::ServiceEntry,
        decode: |node, unknown| spec(node, unknown).map(Resource::ServiceEntry),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::WorkloadEntry,
        decode: |node, unknown| spec(node, unknown).map(Resource::WorkloadEntry),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::VirtualService,
        decode: |node, unknown| spec(node, unknown).map(Resource::VirtualService),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::DestinationRule,
        decode: |node, unknown| spec(node, unknown).map(Resource::DestinationRule),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::IstioGateway,
        decode: |node, unknown| spec(node, unknown).map(Resource::IstioGateway),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: &["v1alpha3"],
        kind: Kind::EnvoyFilter,
        decode: |node, unknown| spec(node, unknown).map(Resource::EnvoyFilter),
        lists_all_fields: true,
    },
    inert(ISTIO_NETWORKING, NETWORKING_VERSIONS, Kind::Sidecar),
    inert(ISTIO_NETWORKING, NETWORKING_VERSIONS, Kind::WorkloadGroup),
    inert(
        ISTIO_NETWORKING,
        &["v1", "v1beta1", "v1alpha3"],
        Kind::ProxyConfig,
    ),
    Row {
        group: "extensions.istio.io",
        versions: &["v1alpha1"],
        kind: Kind::WasmPlugin,
        decode: |node, unknown| spec(node, unknown).map(Resource::WasmPlugin),
        lists_all_fields: true,
    },
    Row {
        group: "extensions.istio.io",
        versions: &["v1alpha1"],
        kind: Kind::TrafficExtension,
        decode: |node, unknown| spec(node, unknown).map(Resource::TrafficExtension),
        lists_all_fields: false,
    },
    Row {
        group: "telemetry.istio.io",
        versions: &["v1", "v1alpha1"],
        kind: Kind::Telemetry,
        decode: |node, unknown| spec(node, unknown).map(Resource::Telemetry),
        lists_all_fields: true,
    },
];

/// The group of Gateway API.
pub(crate) const GATEWAY_API: &str = "gateway.networking.k8s.io";
/// The group of Istio's traffic kinds.
pub(crate) const ISTIO_NETWORKING: &str = "networking.istio.io";
const NETWORKING_VERSIONS: &[&str] = &["v1", "v1beta1", "v1alpha3"];
const METADATA_ONLY: DecodeObject = |_, _| Ok(Resource::MetadataOnly);

fn workload(written: impl Into<Workload>) -> Resource {
    Resource::Workload(written.into())
}

/// Decodes `spec`; absent, it is as if it were empty.
fn spec<T: Decode + Default>(node: &Node, unknown: &mut Vec<FieldPath>) -> Result<T, DecodeError> {
    let Some(spec) = node.get("spec") else {
        return Ok(T::default());
    };
    let mut ignored = Vec::new();
    let inside = FieldPath::new().key("spec");
    let decoded = decode(spec, &mut ignored).map_err(|error| DecodeError {
        path: inside.clone().join(&error.path),
        ..error
    });
    unknown.extend(ignored.iter().map(|path| inside.clone().join(path)));
    decoded
}

/// Decodes the whole document.
fn whole<T: Decode>(node: &Node, unknown: &mut Vec<FieldPath>) -> Result<T, DecodeError> {
    decode(node, unknown)
}

/// A kind of object, or of node in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Namespace,
    ServiceAccount,
    Service,
    EndpointSlice,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ReplicationController,
    Job,
    CronJob,
    GatewayClass,
    Gateway,
    ListenerSet,
    HttpRoute,
    GrpcRoute,
    TlsRoute,
    TcpRoute,
    UdpRoute,
    ReferenceGrant,
    BackendTlsPolicy,
    BackendTrafficPolicy,
    AuthorizationPolicy,
    RequestAuthentication,
    PeerAuthentication,
    ServiceEntry,
    WorkloadEntry,
    WorkloadGroup,
    VirtualService,
    DestinationRule,
    /// Istio's own Gateway, which is not Gateway API's.
    IstioGateway,
    EnvoyFilter,
    Sidecar,
    ProxyConfig,
    WasmPlugin,
    TrafficExtension,
    Telemetry,
    /// Not an object: the mesh itself, which mesh-wide policies point at.
    Mesh,
    /// Not an object: a host name that no object owns.
    Host,
}

impl Kind {
    /// As graph ids and sentences write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::Service => "Service",
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::GatewayClass => "GatewayClass",
            Self::Gateway => "Gateway",
            Self::ListenerSet => "ListenerSet",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::TlsRoute => "TLSRoute",
            Self::TcpRoute => "TCPRoute",
            Self::UdpRoute => "UDPRoute",
            Self::ReferenceGrant => "ReferenceGrant",
            Self::BackendTlsPolicy => "BackendTLSPolicy",
            Self::BackendTrafficPolicy => "XBackendTrafficPolicy",
            Self::AuthorizationPolicy => "AuthorizationPolicy",
            Self::RequestAuthentication => "RequestAuthentication",
            Self::PeerAuthentication => "PeerAuthentication",
            Self::ServiceEntry => "ServiceEntry",
            Self::EndpointSlice => "EndpointSlice",
            Self::WorkloadEntry => "WorkloadEntry",
            Self::WorkloadGroup => "WorkloadGroup",
            Self::VirtualService => "VirtualService",
            Self::DestinationRule => "DestinationRule",
            Self::IstioGateway => "Gateway.networking.istio.io",
            Self::EnvoyFilter => "EnvoyFilter",
            Self::Sidecar => "Sidecar",
            Self::ProxyConfig => "ProxyConfig",
            Self::WasmPlugin => "WasmPlugin",
            Self::TrafficExtension => "TrafficExtension",
            Self::Telemetry => "Telemetry",
            Self::Mesh => "Mesh",
            Self::Host => "Host",
        }
    }

    /// As manifests write it in `kind`, beside the group.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::IstioGateway => "Gateway",
            kind => kind.name(),
        }
    }

    /// Whether objects of the kind live in a namespace.
    pub(crate) fn is_namespaced(self) -> bool {
        !matches!(
            self,
            Self::Namespace | Self::GatewayClass | Self::Mesh | Self::Host
        )
    }

    /// The kind that a reference names: of its group if there is one, else the first of its name.
    pub(crate) fn of_reference(group: &str, kind: &str) -> Option<Self> {
        let named = || KINDS.iter().filter(|row| row.kind.written() == kind);
        named()
            .find(|row| row.group == group)
            .or_else(|| named().next())
            .map(|row| row.kind)
    }
}
