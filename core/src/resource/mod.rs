//! Objects as written: one file a kind, and the table of kinds. Input is a document, output a typed object with its
//! metadata; no default is applied and nothing is looked up here.

pub(crate) mod authorization_policy;
mod backend_policy;
mod bystanders;
mod classic_rules;
mod endpoint;
mod endpoint_slice;
mod extension;
mod feature;
pub(crate) mod fields;
mod gateway;
mod grpc_route;
mod http_filter_rules;
mod http_route;
mod http_route_rules;
pub(crate) mod jwks;
mod kinds;
mod layer4_route;
mod listener_set;
mod metadata;
mod not_modelled;
pub(crate) mod peer_authentication;
mod policy_attachment;
mod read;
mod reference_grant;
pub(crate) mod request_authentication;
mod route;
mod service;
mod service_entry;
mod service_entry_rules;
mod syntax;
mod violation;
mod virtual_service;
mod virtual_service_rules;
mod workload;

use crate::decode::{Decode, Reader, Value};

use crate::source;

pub(crate) use authorization_policy::{
    Action, Attribute, AuthorizationPolicy, PolicyTargetReference, Rule, WorkloadSelector,
    WrittenClause, WrittenGroup,
};
pub(crate) use backend_policy::{BackendPolicy, BackendPolicyTarget, CertificateValidation};
pub(crate) use endpoint::Endpoint;
pub(crate) use endpoint_slice::EndpointSlice;
pub(crate) use extension::{Telemetry, TrafficExtension, WasmPlugin};
pub(crate) use feature::{FEATURES, LABELS};
pub(crate) use fields::Treatment;
pub(crate) use gateway::{
    Gateway, GatewayAddress, GatewayClass, Listener, RouteNamespaces, SecretReference,
};
pub(crate) use grpc_route::{GrpcMethodMatch, GrpcRoute, GrpcRouteMatch, GrpcRouteRule};
pub(crate) use http_filter_rules::is_origin;
pub(crate) use http_route::{
    BackendObjectReference, HttpCorsFilter, HttpHeader, HttpHeaderFilter, HttpPathMatch,
    HttpPathModifier, HttpRequestMirrorFilter, HttpRoute, HttpRouteFilter, HttpRouteMatch,
    HttpRouteRule, HttpValueMatch, ParentReference,
};
pub(crate) use http_route_rules::is_route_path;
pub(crate) use kinds::{GATEWAY_API, ISTIO_NETWORKING, Kind};
pub(crate) use layer4_route::{Layer4Rule, TcpRoute, TlsRoute};
pub(crate) use listener_set::ListenerSet;
pub(crate) use metadata::{Labels, Metadata, ObjectId, ObjectIndex};
pub(crate) use not_modelled::NotModelled;
pub(crate) use peer_authentication::PeerAuthentication;
pub(crate) use policy_attachment::POLICY_TARGET_CROSS_NAMESPACE;
pub(crate) use read::{LINTS, read, report_replaced};
pub(crate) use reference_grant::ReferenceGrant;
pub(crate) use request_authentication::RequestAuthentication;
pub(crate) use route::Route;
pub(crate) use service::{Service, ServicePort};
pub(crate) use service_entry::{ServiceEntry, WorkloadEntry};
pub(crate) use syntax::{duration, is_gateway_hostname, is_precise_hostname};
pub(crate) use violation::Violations;
pub(crate) use virtual_service::{
    CorsPolicy, Destination, DestinationRule, EnvoyFilter, GRPC_STATUSES, HeaderOperations,
    Headers, HttpFaultInjection, HttpMatchRequest, HttpRedirect, HttpRetry, HttpRewrite,
    HttpRouteDestination, IstioGateway, Layer4Match, Percent, Server, ServerTls, StringMatch,
    Subset, VirtualService, VirtualServiceHttpRoute, VirtualServiceLayer4Route, gateway_of,
};
pub(crate) use workload::Workload;

#[cfg(test)]
pub(crate) use workload::PodSpec;

/// A number or a name, as in `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IntOrString {
    /// A number.
    Int(u16),
    /// A name.
    String(String),
}

impl Decode for IntOrString {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            Some(Value::Int(_)) => Self::Int(Decode::decode(reader)),
            _ => Self::String(Decode::decode(reader)),
        }
    }
}

/// An object with its type.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Kind, namespace, name.
    pub(crate) id: ObjectId,
    /// `metadata`
    pub(crate) metadata: Metadata,
    /// The document that holds it.
    pub(crate) document: source::DocumentId,
    /// Validation refuses it: it is absent for everything, and the graph shows what it would have had.
    pub(crate) refused: bool,
    /// What it says.
    pub(crate) resource: Resource,
}

/// Objects with their places, in the order of their ids; those of one id in their own order.
pub(crate) fn in_order(objects: &[Object]) -> Vec<(ObjectIndex, &Object)> {
    let mut order: Vec<_> = (0..).map(ObjectIndex).zip(objects).collect();
    order.sort_by(|(_, left), (_, right)| left.id.cmp(&right.id));
    order
}

/// What an object says, by kind. Adding a variant makes every `match` on it ask for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Resource {
    /// Namespace, ServiceAccount, and kinds that have no part in ambient: the metadata says it all.
    MetadataOnly,
    /// A Service.
    Service(Service),
    /// A Pod, or the pod template of a controller.
    Workload(Workload),
    /// A ServiceEntry.
    ServiceEntry(ServiceEntry),
    /// A WorkloadEntry.
    WorkloadEntry(WorkloadEntry),
    /// An endpoint that a ServiceEntry writes out.
    Endpoint(Endpoint),
    /// A Gateway API Gateway.
    Gateway(Gateway),
    /// A GatewayClass.
    GatewayClass(GatewayClass),
    /// A ListenerSet.
    ListenerSet(ListenerSet),
    /// An EndpointSlice.
    EndpointSlice(EndpointSlice),
    /// An HTTPRoute.
    HttpRoute(HttpRoute),
    /// A GRPCRoute.
    GrpcRoute(GrpcRoute),
    /// A TLSRoute.
    TlsRoute(TlsRoute),
    /// A TCPRoute.
    TcpRoute(TcpRoute),
    /// A UDPRoute, which Istio does not read.
    UdpRoute(TcpRoute),
    /// A ReferenceGrant.
    ReferenceGrant(ReferenceGrant),
    /// An AuthorizationPolicy.
    AuthorizationPolicy(AuthorizationPolicy),
    /// A RequestAuthentication.
    RequestAuthentication(RequestAuthentication),
    /// A PeerAuthentication.
    PeerAuthentication(PeerAuthentication),
    /// A WasmPlugin.
    WasmPlugin(WasmPlugin),
    /// A TrafficExtension.
    TrafficExtension(TrafficExtension),
    /// A Telemetry.
    Telemetry(Telemetry),
    /// An EnvoyFilter.
    EnvoyFilter(EnvoyFilter),
    /// A BackendTLSPolicy.
    BackendTlsPolicy(BackendPolicy),
    /// An XBackendTrafficPolicy, which Istio reads behind a flag only.
    BackendTrafficPolicy(BackendPolicy),
    /// A VirtualService.
    VirtualService(VirtualService),
    /// A DestinationRule.
    DestinationRule(DestinationRule),
    /// Istio's own Gateway.
    IstioGateway(IstioGateway),
}

impl Resource {
    /// What the API server or Istio's webhook would say about it, written in a version of its API.
    fn validate(&self, version: &str, metadata: &Metadata) -> Violations {
        match self {
            Self::AuthorizationPolicy(policy) => {
                authorization_policy::validate(policy, &metadata.annotations)
            }
            Self::RequestAuthentication(policy) => {
                request_authentication::validate(policy, &metadata.annotations)
            }
            Self::PeerAuthentication(policy) => {
                peer_authentication::validate(policy, &metadata.annotations)
            }
            Self::WasmPlugin(_)
            | Self::TrafficExtension(_)
            | Self::Telemetry(_)
            | Self::EnvoyFilter(_) => self
                .as_policy()
                .map_or_else(Violations::default, |policy| policy.validate()),
            Self::HttpRoute(route) => {
                let mut out = self
                    .as_route()
                    .map_or_else(Violations::default, |route| route.validate());
                http_route_rules::validate(route, &mut out);
                out
            }
            Self::VirtualService(service) => {
                let mut out = Violations::default();
                let namespace = metadata.namespace.as_deref().unwrap_or("default");
                virtual_service_rules::validate(service, namespace, &mut out);
                out
            }
            Self::ServiceEntry(entry) => {
                let mut out = Violations::default();
                service_entry_rules::validate(entry, &metadata.labels, &mut out);
                out
            }
            Self::GrpcRoute(_) | Self::TlsRoute(_) | Self::TcpRoute(_) | Self::UdpRoute(_) => {
                let mut out = self
                    .as_route()
                    .map_or_else(Violations::default, |route| route.validate());
                if let Self::TlsRoute(route) = self
                    && !version.ends_with("/v1alpha2")
                    && route.hostnames.is_empty()
                {
                    out.error("spec.hostnames", "a TLSRoute needs `hostnames`");
                }
                out
            }
            Self::MetadataOnly
            | Self::Service(_)
            | Self::EndpointSlice(_)
            | Self::Endpoint(_)
            | Self::Workload(_)
            | Self::Gateway(_)
            | Self::GatewayClass(_)
            | Self::ListenerSet(_)
            | Self::ReferenceGrant(_)
            | Self::BackendTlsPolicy(_)
            | Self::BackendTrafficPolicy(_) => Violations::default(),
            Self::WorkloadEntry(entry) => {
                let mut out = Violations::default();
                classic_rules::workload_entry(entry, &mut out);
                out
            }
            Self::DestinationRule(rule) => {
                let mut out = Violations::default();
                classic_rules::destination_rule(rule, &mut out);
                out
            }
            Self::IstioGateway(gateway) => {
                let mut out = Violations::default();
                classic_rules::gateway(gateway, &mut out);
                out
            }
        }
    }

    /// The endpoint, if it is one.
    pub(crate) fn as_endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Endpoint(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    /// The workload, if it is one.
    pub(crate) fn as_workload(&self) -> Option<&Workload> {
        match self {
            Self::Workload(workload) => Some(workload),
            _ => None,
        }
    }
}
