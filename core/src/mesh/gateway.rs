//! Gateways: which part each plays, and under which identity it runs.

use std::sync::Arc;

use super::Mesh;
use crate::flow::Principal;
use crate::resource::{
    Gateway, GatewayAddress, Kind, Labels, Listener, Object, ObjectId, ObjectIndex, Resource,
};

/// A Gateway's place in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GatewayIndex(pub(super) u32);

/// The part that a Gateway plays. `istio/istio: pilot/pkg/config/kube/gatewaycommon/classinfo.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It enforces L7 for Services and workloads that are enrolled.
    Waypoint,
    /// A gateway of another class that ztunnel feeds as a waypoint.
    Sandwich,
    /// It lets traffic into the mesh.
    Ingress,
    /// It stands for a gateway in another cluster.
    Remote,
    /// It joins networks.
    EastWest,
    /// Another controller's.
    Foreign,
}

impl Role {
    /// As the graph writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waypoint => "waypoint",
            Self::Sandwich => "sandwich",
            Self::Ingress => "ingress",
            Self::Remote => "remote",
            Self::EastWest => "eastWest",
            Self::Foreign => "foreign",
        }
    }
}

/// What a waypoint serves: `istio.io/waypoint-for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TrafficType {
    /// Traffic addressed to Services.
    Service,
    /// Traffic addressed to workloads.
    Workload,
    /// Both.
    All,
    /// Neither: `none`, or a word that is no traffic type. Nothing validates the label.
    None,
}

impl TrafficType {
    /// Whether traffic addressed to a Service goes through.
    pub(crate) fn serves_services(self) -> bool {
        matches!(self, Self::Service | Self::All)
    }

    /// Whether traffic addressed to a workload goes through.
    pub(crate) fn serves_workloads(self) -> bool {
        matches!(self, Self::Workload | Self::All)
    }
}

/// A Gateway.
#[derive(Clone, Debug)]
pub(crate) struct GatewayInfo {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: String,
    /// The part it plays.
    pub(crate) role: Role,
    /// What it serves as a waypoint.
    pub(crate) traffic_type: TrafficType,
    /// The identity of its pods.
    pub(crate) principal: Principal,
    /// What its pods are deployed as.
    pub(crate) deployment: String,
    /// The labels of its pods, which selectors may match.
    pub(crate) pod_labels: Arc<Labels>,
}

/// Who deploys a Gateway, and where it is then reached. `istio/istio: pilot/pkg/config/kube/gatewaycommon/gateway_utils.go`
/// (IsManaged), `pilot/pkg/config/kube/gateway/conversion.go` (extractGatewayServices).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Istio does, with a Service of its own.
    Deployed,
    /// Someone else does.
    Services {
        /// The Services in front of it.
        hosts: Vec<String>,
        /// Whether there are addresses beside them, which count for nothing.
        refuses_some: bool,
    },
}

impl Exposure {
    /// Whether no address is left, so that Istio configures nothing.
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self, Self::Services { hosts, .. } if hosts.is_empty())
    }
}

/// The classes that exist without being in the manifests, each with its controller.
/// `istio/istio: pilot/pkg/config/kube/gatewaycommon/classinfo.go`, `gatewayclass_collection.go` (FetchGatewayClass).
const BUILT_IN_CLASSES: &[(&str, &str)] = &[
    ("istio", INGRESS_CONTROLLER),
    ("istio-remote", UNMANAGED),
    (WAYPOINT_CLASS, MESH_CONTROLLER),
];
/// The class whose name policies must use to reach every waypoint.
pub(crate) const WAYPOINT_CLASS: &str = "istio-waypoint";
/// The controller of waypoints.
pub(crate) const MESH_CONTROLLER: &str = "istio.io/mesh-controller";
/// The controller of ingress gateways, which writes on all routes.
pub(crate) const INGRESS_CONTROLLER: &str = "istio.io/gateway-controller";
/// The controller of gateways in other clusters.
pub(crate) const UNMANAGED: &str = "istio.io/unmanaged-gateway";
const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
const INBOUND_BINDING: &str = "ambient.istio.io/waypoint-inbound-binding";
const SERVICE_ACCOUNT: &str = "gateway.istio.io/service-account";
const NAME_OVERRIDE: &str = "gateway.istio.io/name-override";
/// The port and protocol on which ztunnel reaches a waypoint.
const HBONE_PORT: u16 = 15008;
const HBONE: &str = "HBONE";

/// Adds the Gateways, by namespace and name.
pub(super) fn add(mesh: &mut Mesh) {
    let gateways: Vec<GatewayInfo> = mesh
        .live(Kind::Gateway)
        .filter_map(|(index, object)| info(mesh, index, object))
        .collect();
    for (index, gateway) in (0..).map(GatewayIndex).zip(&gateways) {
        mesh.gateway_by_object.insert(gateway.object, index);
    }
    mesh.gateways = gateways;
}

fn info(mesh: &Mesh, index: ObjectIndex, object: &Object) -> Option<GatewayInfo> {
    let Resource::Gateway(gateway) = &object.resource else {
        return None;
    };
    let class = gateway.gateway_class_name.clone();
    let class_object = mesh
        .find(&ObjectId::new(Kind::GatewayClass, "", class.as_str()))
        .and_then(|at| mesh.object(at));
    let role = role(mesh, object, class_object, &class);
    let (namespace, name) = (object.id.namespace.clone(), object.id.name.clone());
    let of_annotation = |key: &str| object.metadata.annotations.get(key).cloned();
    // A waypoint's pods bear its name, another gateway's the name and its class (GetDefaultName).
    let default_name = match role {
        Role::Waypoint => name.clone(),
        _ => format!("{name}-{class}"),
    };
    let deployment = of_annotation(NAME_OVERRIDE).unwrap_or_else(|| default_name.clone());
    Some(GatewayInfo {
        object: index,
        role,
        traffic_type: traffic_type(object, class_object),
        principal: Principal::new(
            &mesh.settings.trust_domain,
            &namespace,
            &of_annotation(SERVICE_ACCOUNT).unwrap_or(default_name),
        ),
        pod_labels: Arc::new(pod_labels(object, gateway, (&name, &class), &deployment)),
        deployment,
        namespace,
    })
}

fn role(mesh: &Mesh, object: &Object, class_object: Option<&Object>, class: &str) -> Role {
    let role = match mesh.controller(class) {
        Some(MESH_CONTROLLER) => Role::Waypoint,
        Some(INGRESS_CONTROLLER) => Role::Ingress,
        Some(UNMANAGED) => Role::Remote,
        Some("istio.io/eastwest-controller") => Role::EastWest,
        // Built in where AMBIENT_ENABLE_MULTI_NETWORK is on; its name says what it is for all the same.
        None if class == "istio-east-west" => Role::EastWest,
        _ => Role::Foreign,
    };
    match role {
        Role::Waypoint => role,
        _ if inbound_binding(object, class_object).is_some() => Role::Sandwich,
        _ => role,
    }
}

/// The annotation of a Gateway, else of its class: whether ztunnel speaks the PROXY protocol to it, and on which port.
/// `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (makeInboundBinding).
fn inbound_binding(object: &Object, class: Option<&Object>) -> Option<(bool, Option<u16>)> {
    let binding = [Some(object), class]
        .into_iter()
        .flatten()
        .find_map(|object| object.metadata.annotations.get(INBOUND_BINDING))?;
    let (protocol, port) = match binding.split_once('/') {
        Some((_, port)) if port.contains('/') => return None,
        Some((protocol, port)) => (protocol, port.parse().ok().filter(|port| *port != 0)),
        None => (binding.as_str(), None),
    };
    match protocol {
        "PROXY" => Some((true, port)),
        "NONE" => Some((false, port)),
        _ => None,
    }
}

/// The Gateway's label, else its class's, else `service`: `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go`.
fn traffic_type(object: &Object, class_object: Option<&Object>) -> TrafficType {
    let label = [Some(object), class_object]
        .into_iter()
        .flatten()
        .find_map(|object| object.metadata.labels.get(WAYPOINT_FOR))
        .map(String::as_str);
    match label {
        None | Some("service") => TrafficType::Service,
        Some("workload") => TrafficType::Workload,
        Some("all") => TrafficType::All,
        Some(_) => TrafficType::None,
    }
}

/// The labels that the deployment controller gives to a gateway's pods:
/// `istio/istio: pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go`,
/// `manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml`.
fn pod_labels(
    object: &Object,
    gateway: &Gateway,
    (name, class): (&str, &str),
    deployment: &str,
) -> Labels {
    let mut labels = match &gateway.infrastructure {
        Some(infrastructure) => infrastructure.labels.clone(),
        None => object.metadata.labels.clone(),
    };
    labels.insert(
        "gateway.networking.k8s.io/gateway-name".to_owned(),
        name.to_owned(),
    );
    labels.insert(
        "gateway.networking.k8s.io/gateway-class-name".to_owned(),
        class.to_owned(),
    );
    for (key, value) in [
        ("service.istio.io/canonical-name", deployment),
        ("service.istio.io/canonical-revision", "latest"),
    ] {
        labels.insert(key.to_owned(), value.to_owned());
    }
    labels
}

impl Mesh {
    /// The Gateway at a place.
    pub(crate) fn gateway(&self, index: GatewayIndex) -> Option<&GatewayInfo> {
        self.gateways.get(usize::try_from(index.0).ok()?)
    }

    /// All Gateways, by namespace and name.
    pub(crate) fn gateways(&self) -> impl Iterator<Item = (GatewayIndex, &GatewayInfo)> {
        (0..).map(GatewayIndex).zip(&self.gateways)
    }

    /// The Gateway of a name.
    pub(crate) fn find_gateway(&self, namespace: &str, name: &str) -> Option<GatewayIndex> {
        let object = self.find(&ObjectId::new(Kind::Gateway, namespace, name))?;
        self.gateway_by_object.get(&object).copied()
    }

    /// The controller of a class; a pasted GatewayClass overrides the built-in one of its name.
    pub(crate) fn controller(&self, class: &str) -> Option<&str> {
        let pasted = self
            .find(&ObjectId::new(Kind::GatewayClass, "", class))
            .and_then(|index| self.object(index));
        match pasted.map(|object| &object.resource) {
            Some(Resource::GatewayClass(class)) => Some(&class.controller_name),
            _ => BUILT_IN_CLASSES
                .iter()
                .find(|(name, _)| *name == class)
                .map(|(_, controller)| *controller),
        }
    }

    /// The listener on which ztunnel reaches a waypoint. Port and protocol are compared exactly:
    /// `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (unexpectedWaypointListener).
    pub(crate) fn hbone_listener(&self, gateway: &GatewayInfo) -> Option<&Listener> {
        match &self.object(gateway.object)?.resource {
            Resource::Gateway(gateway) => gateway
                .listeners
                .iter()
                .find(|listener| listener.port == HBONE_PORT && listener.protocol == HBONE),
            _ => None,
        }
    }

    /// Who deploys a Gateway, and where it is then reached.
    pub(crate) fn exposure(&self, gateway: &GatewayInfo) -> Exposure {
        let Some(Resource::Gateway(written)) =
            self.object(gateway.object).map(|object| &object.resource)
        else {
            return Exposure::Deployed;
        };
        let is = |address: &GatewayAddress, wanted: &str| {
            // The CRD's default.
            address.address_type.as_deref().unwrap_or("IPAddress") == wanted
        };
        match written.addresses.as_slice() {
            [] => return Exposure::Deployed,
            [only] if is(only, "IPAddress") => return Exposure::Deployed,
            _ => {}
        }
        let hosts = written
            .addresses
            .iter()
            .filter(|address| is(address, "Hostname"))
            .filter_map(|address| address.value.as_deref())
            .map(|name| {
                if name.contains('.') {
                    name.to_owned()
                } else {
                    let domain = &self.settings.cluster_domain;
                    format!("{name}.{}.svc.{domain}", gateway.namespace)
                }
            });
        let hosts: Vec<String> = hosts.collect();
        Exposure::Services {
            refuses_some: hosts.len() < written.addresses.len(),
            hosts,
        }
    }

    /// Whether a Gateway has, or will have, an address in its status, without which it is no waypoint. That of another
    /// cluster has what its spec says. `pilot/pkg/config/kube/gateway/conversion.go` (reportUnmanagedGatewayStatus),
    /// `pilot/pkg/serviceregistry/ambient/waypoints.go` (gatewayToWaypointTransform).
    pub(crate) fn has_address(&self, gateway: &GatewayInfo) -> bool {
        match self.controller_of(gateway) {
            Some(UNMANAGED) => match self.object(gateway.object).map(|object| &object.resource) {
                Some(Resource::Gateway(written)) => !written.addresses.is_empty(),
                _ => false,
            },
            Some(MESH_CONTROLLER | INGRESS_CONTROLLER) => !self.exposure(gateway).is_nowhere(),
            _ => true,
        }
    }

    /// Whether Istio makes an ingress gateway of it, which takes routes and ListenerSets, fed by a ztunnel or not.
    pub(crate) fn is_ingress(&self, gateway: &GatewayInfo) -> bool {
        self.controller_of(gateway) == Some(INGRESS_CONTROLLER)
    }

    /// The controller of a Gateway's class, if the class is known.
    pub(crate) fn controller_of(&self, gateway: &GatewayInfo) -> Option<&str> {
        match &self.object(gateway.object)?.resource {
            Resource::Gateway(written) => self.controller(&written.gateway_class_name),
            _ => None,
        }
    }

    /// The listener on which a sandwiched gateway takes what ztunnel hands it, if an annotation names one.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (makeInboundBinding, makeAllowedRoutes).
    pub(crate) fn bound_listener(&self, gateway: &GatewayInfo) -> Option<&Listener> {
        let object = self.object(gateway.object)?;
        let Resource::Gateway(written) = &object.resource else {
            return None;
        };
        let class = ObjectId::new(Kind::GatewayClass, "", written.gateway_class_name.as_str());
        let class = self.find(&class).and_then(|at| self.object(at));
        let (is_proxy, port) = inbound_binding(object, class)?;
        written.listeners.iter().find(|listener| match port {
            Some(port) => listener.port == port,
            None => is_proxy && listener.protocol == "istio.io/PROXY",
        })
    }
}
