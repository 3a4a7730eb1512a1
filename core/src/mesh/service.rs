//! Services: host name, address, ports, and the workloads behind them.

use std::net::IpAddr;

use super::{Mesh, WorkloadIndex};
use crate::resource::{Kind, Object, ObjectIndex, Resource, Service, ServicePort};

/// A Service's place in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceIndex(pub(super) u32);

/// How clients reach a Service. `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (getVIPs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Through a VIP, known only where the manifest states it.
    Vip(Option<IpAddr>),
    /// `clusterIP: None`: clients call the pods' own addresses.
    Headless,
    /// `type: ExternalName`: to ambient it is no Service at all.
    ExternalName,
}

/// A Service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceInfo {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// Its fully qualified host name.
    pub(crate) host: String,
    /// How clients reach it.
    pub(crate) address: Address,
    /// Its ports.
    pub(crate) ports: Vec<ServicePort>,
    /// The workloads that its selector matches.
    pub(crate) workloads: Vec<WorkloadIndex>,
}

impl ServiceInfo {
    /// The port of a number.
    pub(crate) fn port(&self, number: u16) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.port == number)
    }
}

/// Adds the Services, by namespace and name.
pub(super) fn add(mesh: &mut Mesh) {
    let services: Vec<ServiceInfo> = mesh
        .live(Kind::Service)
        .filter_map(|(index, object)| info(mesh, index, object))
        .collect();
    for (index, service) in (0..).map(ServiceIndex).zip(&services) {
        mesh.service_by_object.insert(service.object, index);
        mesh.service_by_host.insert(service.host.clone(), index);
    }
    mesh.services = services;
}

fn info(mesh: &Mesh, index: ObjectIndex, object: &Object) -> Option<ServiceInfo> {
    let Resource::Service(service) = &object.resource else {
        return None;
    };
    let (namespace, name) = (object.id.namespace.clone(), object.id.name.clone());
    // An empty selector selects nothing; EndpointSlices would fill it.
    let workloads = if service.selector.is_empty() {
        Vec::new()
    } else {
        mesh.select(&namespace, &service.selector)
    };
    Some(ServiceInfo {
        object: index,
        host: format!("{name}.{namespace}.svc.{}", mesh.settings.cluster_domain),
        address: address(service),
        ports: service.ports.clone(),
        workloads,
        namespace,
        name,
    })
}

fn address(service: &Service) -> Address {
    match (
        service.service_type.as_deref(),
        service.cluster_ip.as_deref(),
    ) {
        (Some("ExternalName"), _) => Address::ExternalName,
        (_, Some("None")) => Address::Headless,
        (_, ip) => Address::Vip(ip.and_then(|ip| ip.parse().ok())),
    }
}

impl Mesh {
    /// The Service at a place.
    pub(crate) fn service(&self, index: ServiceIndex) -> Option<&ServiceInfo> {
        self.services.get(usize::try_from(index.0).ok()?)
    }

    /// All Services, by namespace and name.
    pub(crate) fn services(&self) -> impl Iterator<Item = (ServiceIndex, &ServiceInfo)> {
        (0..).map(ServiceIndex).zip(&self.services)
    }

    /// The Service of a name.
    pub(crate) fn find_service(&self, namespace: &str, name: &str) -> Option<ServiceIndex> {
        self.service_by_host
            .get(&format!(
                "{name}.{namespace}.svc.{}",
                self.settings.cluster_domain
            ))
            .copied()
    }

    /// The Service of a fully qualified host name, exactly.
    pub(crate) fn find_host(&self, host: &str) -> Option<ServiceIndex> {
        self.service_by_host.get(host).copied()
    }

    /// The Service of a host name as a client in `namespace` resolves it: fully qualified, or one of the shorter
    /// forms that the pod's DNS search list completes.
    pub(crate) fn resolve_host(&self, host: &str, namespace: &str) -> Option<ServiceIndex> {
        let domain = &self.settings.cluster_domain;
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        [
            host.clone(),
            format!("{host}.{namespace}.svc.{domain}"),
            format!("{host}.svc.{domain}"),
            format!("{host}.{domain}"),
        ]
        .iter()
        .find_map(|name| self.service_by_host.get(name).copied())
    }
}
