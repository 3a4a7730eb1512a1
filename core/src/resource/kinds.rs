//! The table of kinds: which `apiVersion` and `kind` become which type.

use super::{Resource, Workload, workload};
use crate::decode::{self, Decode, Reader};
use crate::source::{DecodeError, FieldPath, Node};

/// One kind that the engine knows.
pub(super) struct Row {
    /// The API group; empty: core.
    pub(super) group: &'static str,
    /// The versions that are, or were, served; all of them parse to one type.
    pub(super) versions: &'static [&'static str],
    /// The kind.
    pub(super) kind: Kind,
    /// How a document becomes a resource.
    decode: Decoder,
    /// Whether the type lists every field of the API, so that another one is a mistake.
    pub(super) lists_all_fields: bool,
}

/// How a document becomes a resource; what reads and reports is the same for all.
#[derive(Clone, Copy)]
enum Decoder {
    /// The kind matters, its content does not.
    Metadata,
    /// From `spec`; absent, it is as if it were empty.
    Spec(fn(&Reader<'_>) -> Resource),
    /// From the whole document.
    Whole(fn(&Reader<'_>) -> Resource),
}

impl Row {
    /// Decodes a document. Paths of fields that the type does not know are pushed to `unknown`, where anybody asks for them.
    pub(super) fn decode(
        &self,
        node: &Node,
        unknown: Option<&mut Vec<FieldPath>>,
    ) -> Result<Resource, DecodeError> {
        match self.decode {
            Decoder::Metadata => Ok(Resource::MetadataOnly),
            Decoder::Spec(spec) => decode::part(node, "spec", spec, unknown),
            Decoder::Whole(whole) => decode::whole(node, whole, unknown),
        }
    }
}

/// A row of a kind that is, or holds, pods: its type names the fields that matter only.
const fn pods(
    group: &'static str,
    versions: &'static [&'static str],
    kind: Kind,
    decode: Decoder,
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
        decode: Decoder::Metadata,
        lists_all_fields: false,
    }
}

const CONTROLLER: Decoder = Decoder::Whole(workload::<workload::Controller>);

/// Every kind that the engine knows.
pub(super) const KINDS: &[Row] = &[
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::Namespace,
        decode: Decoder::Metadata,
        lists_all_fields: false,
    },
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::ServiceAccount,
        decode: Decoder::Metadata,
        lists_all_fields: false,
    },
    Row {
        group: "",
        versions: &["v1"],
        kind: Kind::Service,
        decode: Decoder::Spec(|spec| Resource::Service(Decode::decode(spec))),
        lists_all_fields: false,
    },
    pods(
        "",
        &["v1"],
        Kind::Pod,
        Decoder::Whole(workload::<workload::Pod>),
    ),
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
        Decoder::Whole(workload::<workload::CronJob>),
    ),
    Row {
        group: "discovery.k8s.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::EndpointSlice,
        decode: Decoder::Whole(|slice| Resource::EndpointSlice(Decode::decode(slice))),
        lists_all_fields: false,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::GatewayClass,
        decode: Decoder::Spec(|spec| Resource::GatewayClass(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::Gateway,
        decode: Decoder::Spec(|spec| Resource::Gateway(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::HttpRoute,
        decode: Decoder::Spec(|spec| Resource::HttpRoute(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha2"],
        kind: Kind::GrpcRoute,
        decode: Decoder::Spec(|spec| Resource::GrpcRoute(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha3", "v1alpha2"],
        kind: Kind::TlsRoute,
        decode: Decoder::Spec(|spec| Resource::TlsRoute(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha2"],
        kind: Kind::TcpRoute,
        decode: Decoder::Spec(|spec| Resource::TcpRoute(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha2"],
        kind: Kind::UdpRoute,
        decode: Decoder::Spec(|spec| Resource::UdpRoute(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha1"],
        kind: Kind::ListenerSet,
        decode: Decoder::Spec(|spec| Resource::ListenerSet(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1beta1", "v1alpha2"],
        kind: Kind::ReferenceGrant,
        decode: Decoder::Spec(|spec| Resource::ReferenceGrant(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: GATEWAY_API,
        versions: &["v1", "v1alpha3"],
        kind: Kind::BackendTlsPolicy,
        decode: Decoder::Spec(|spec| Resource::BackendTlsPolicy(Decode::decode(spec))),
        lists_all_fields: false,
    },
    Row {
        group: "gateway.networking.x-k8s.io",
        versions: &["v1alpha1"],
        kind: Kind::BackendTrafficPolicy,
        decode: Decoder::Spec(|spec| Resource::BackendTrafficPolicy(Decode::decode(spec))),
        lists_all_fields: false,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::AuthorizationPolicy,
        decode: Decoder::Spec(|spec| Resource::AuthorizationPolicy(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::RequestAuthentication,
        decode: Decoder::Spec(|spec| Resource::RequestAuthentication(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kind: Kind::PeerAuthentication,
        decode: Decoder::Spec(|spec| Resource::PeerAuthentication(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::ServiceEntry,
        decode: Decoder::Spec(|spec| Resource::ServiceEntry(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::WorkloadEntry,
        decode: Decoder::Spec(|spec| Resource::WorkloadEntry(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::VirtualService,
        decode: Decoder::Spec(|spec| Resource::VirtualService(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::DestinationRule,
        decode: Decoder::Spec(|spec| Resource::DestinationRule(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: NETWORKING_VERSIONS,
        kind: Kind::IstioGateway,
        decode: Decoder::Spec(|spec| Resource::IstioGateway(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: ISTIO_NETWORKING,
        versions: &["v1alpha3"],
        kind: Kind::EnvoyFilter,
        decode: Decoder::Spec(|spec| Resource::EnvoyFilter(Decode::decode(spec))),
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
        decode: Decoder::Spec(|spec| Resource::WasmPlugin(Decode::decode(spec))),
        lists_all_fields: true,
    },
    Row {
        group: "extensions.istio.io",
        versions: &["v1alpha1"],
        kind: Kind::TrafficExtension,
        decode: Decoder::Spec(|spec| Resource::TrafficExtension(Decode::decode(spec))),
        lists_all_fields: false,
    },
    Row {
        group: "telemetry.istio.io",
        versions: &["v1", "v1alpha1"],
        kind: Kind::Telemetry,
        decode: Decoder::Spec(|spec| Resource::Telemetry(Decode::decode(spec))),
        lists_all_fields: true,
    },
];

/// The group of Gateway API.
pub(crate) const GATEWAY_API: &str = "gateway.networking.k8s.io";
/// The group of Istio's traffic kinds.
pub(crate) const ISTIO_NETWORKING: &str = "networking.istio.io";
const NETWORKING_VERSIONS: &[&str] = &["v1", "v1beta1", "v1alpha3"];

fn workload<T: Decode + Into<Workload>>(document: &Reader<'_>) -> Resource {
    Resource::Workload(T::decode(document).into())
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
    /// Not an object of its own: an endpoint that a ServiceEntry writes out.
    Endpoint,
    /// Not an object: the mesh itself, which mesh-wide policies point at.
    Mesh,
    /// Not an object: a host name that no object owns.
    Host,
    /// A kind that references name and no manifest can hold.
    Other,
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
            Self::Endpoint => "Endpoint",
            Self::Mesh => "Mesh",
            Self::Host => "Host",
            Self::Other => "Object",
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
