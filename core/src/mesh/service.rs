//! Services and ServiceEntries: host names, address, ports, and the workloads behind them.

use std::net::IpAddr;

use super::{Mesh, WorkloadIndex};
use crate::resource::{
    IntOrString, Kind, Labels, Object, ObjectId, ObjectIndex, Resource, Service, ServiceEntry,
    ServicePort,
};

/// A Service's place in the mesh. Each host of a ServiceEntry is one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceIndex(pub(super) u32);

impl ServiceIndex {
    /// The place as a number.
    pub(crate) fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// How clients reach a Service. `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (getVIPs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Through a VIP, known only where the manifest states it.
    Vip(Option<IpAddr>),
    /// `clusterIP: None`, or a ServiceEntry without an address: clients call the endpoints' own addresses.
    Headless,
    /// `type: ExternalName`: to ambient it is no Service at all.
    ExternalName,
}

/// A Service, or one host of a ServiceEntry. `istio/istio: pilot/pkg/serviceregistry/ambient/services.go`
/// (constructServiceEntries).
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
    /// The workloads that its selector matches, or that it writes out.
    pub(crate) workloads: Vec<WorkloadIndex>,
    /// It is of a ServiceEntry.
    pub(crate) is_entry: bool,
}

impl ServiceInfo {
    /// The port of a number.
    pub(crate) fn port(&self, number: u16) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.port == number)
    }
}

/// Adds the Services, then the ServiceEntries, each by namespace and name.
pub(super) fn add(mesh: &mut Mesh) {
    let mut services = Vec::new();
    for (index, object) in mesh
        .live(Kind::Service)
        .chain(mesh.live(Kind::ServiceEntry))
    {
        match &object.resource {
            Resource::Service(service) => services.push(of_service(mesh, index, object, service)),
            Resource::ServiceEntry(entry) => services.extend(of_entry(mesh, index, object, entry)),
            _ => {}
        }
    }
    for (index, service) in (0..).map(ServiceIndex).zip(&services) {
        if let Some(standing) = mesh.standing_mut(service.object) {
            standing.services.push(index);
        }
        let of_host = mesh
            .service_by_host
            .entry(service.host.clone())
            .or_default();
        of_host.push(index);
    }
    mesh.services = services;
    // A Kubernetes Service before ServiceEntries, of those the oldest first.
    let mut by_host = std::mem::take(&mut mesh.service_by_host);
    for indices in by_host.values_mut() {
        indices.sort_by_key(|&index| seniority(mesh, index));
    }
    mesh.service_by_host = by_host;
}

/// Which of several objects of one host name is the one; no time of creation counts as the oldest. `istio/istio:
/// pilot/pkg/serviceregistry/ambient/services.go` (selectWorkloadServices).
fn seniority(mesh: &Mesh, index: ServiceIndex) -> Option<(bool, Option<String>, ServiceIndex)> {
    let object = mesh.object(mesh.service(index)?.object)?;
    let created = object.metadata.creation_timestamp.clone();
    Some((object.id.kind != Kind::Service, created, index))
}

fn of_service(mesh: &Mesh, index: ObjectIndex, object: &Object, service: &Service) -> ServiceInfo {
    let (namespace, name) = (object.id.namespace.clone(), object.id.name.clone());
    // An empty selector selects nothing.
    let workloads = if service.selector.is_empty() {
        behind_slices(mesh, &namespace, &name)
    } else {
        selected(mesh, &namespace, &service.selector)
    };
    ServiceInfo {
        object: index,
        host: format!("{name}.{namespace}.svc.{}", mesh.settings.cluster_domain),
        address: address(service),
        ports: service.ports.clone(),
        workloads,
        is_entry: false,
        namespace,
        name,
    }
}

fn selected(mesh: &Mesh, namespace: &str, selector: &Labels) -> Vec<WorkloadIndex> {
    let mut workloads = mesh.select(namespace, selector);
    workloads.retain(|&index| {
        let workload = mesh.workload(index);
        workload.is_some_and(|workload| workload.is_selectable(mesh))
    });
    workloads
}

/// The workloads that EndpointSlices put behind a Service, by the object that they name, else by its address.
/// `istio/istio: pilot/pkg/serviceregistry/ambient/workloads.go` (endpointSlicesBuilder).
fn behind_slices(mesh: &Mesh, namespace: &str, service: &str) -> Vec<WorkloadIndex> {
    let slices = mesh
        .live(Kind::EndpointSlice)
        .filter_map(|(_, object)| match &object.resource {
            Resource::EndpointSlice(slice) => Some((object, slice)),
            _ => None,
        });
    let of_service = slices.filter(|(object, _)| {
        let label = object.metadata.labels.get("kubernetes.io/service-name");
        object.id.namespace == namespace && label.is_some_and(|name| name == service)
    });
    let mut workloads: Vec<WorkloadIndex> = of_service
        .flat_map(|(_, slice)| &slice.endpoints)
        .filter_map(|endpoint| match &endpoint.target_ref {
            Some(target) if target.kind == "Pod" => mesh.find_workload(namespace, &target.name),
            _ => {
                let addresses = endpoint.addresses.iter().flat_map(|text| text.parse());
                let addresses: Vec<IpAddr> = addresses.collect();
                let candidates = mesh.workloads_in(namespace).iter().copied();
                candidates.into_iter().find(|&index| {
                    let workload = mesh.workload(index);
                    workload.is_some_and(|workload| {
                        let mut own = workload.addresses.iter();
                        own.any(|address| addresses.contains(address))
                    })
                })
            }
        })
        .collect();
    workloads.sort_unstable();
    workloads.dedup();
    workloads
}

fn of_entry(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    entry: &ServiceEntry,
) -> Vec<ServiceInfo> {
    let ObjectId {
        namespace, name, ..
    } = &object.id;
    let workloads = match &entry.workload_selector {
        Some(selector) if !selector.labels.is_empty() => {
            selected(mesh, namespace, &selector.labels)
        }
        Some(_) => Vec::new(),
        None => mesh
            .endpoints_of(&object.id)
            .filter_map(|endpoint| mesh.workload_of(endpoint))
            .collect(),
    };
    let ports = entry.ports.iter().map(|port| ServicePort {
        name: Some(port.name.clone()),
        protocol: None,
        // Of a ServiceEntry's port the name says nothing about the protocol: `istio/istio:
        // pilot/pkg/serviceregistry/serviceentry/conversion.go` (convertPort).
        app_protocol: Some(
            port.protocol
                .as_deref()
                .unwrap_or_default()
                .to_ascii_lowercase(),
        ),
        port: port.number,
        target_port: port.target_port.map(IntOrString::Int),
    });
    let ports: Vec<ServicePort> = ports.collect();
    let of_host = |host: &String| ServiceInfo {
        object: index,
        address: entry_address(object, entry, host),
        host: host.to_ascii_lowercase(),
        ports: ports.clone(),
        workloads: workloads.clone(),
        is_entry: true,
        namespace: namespace.clone(),
        name: name.clone(),
    };
    entry.hosts.iter().map(of_host).collect()
}

fn address(service: &Service) -> Address {
    let vip = service.vips().first().map(String::as_str);
    match (service.service_type.as_deref(), vip) {
        (Some("ExternalName"), _) => Address::ExternalName,
        (_, Some("None")) => Address::Headless,
        (_, ip) => Address::Vip(ip.and_then(|ip| ip.parse().ok())),
    }
}

/// The label by which a ServiceEntry refuses an address from istiod.
const AUTOALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";

/// A ServiceEntry's own address, else the one that istiod gives to a host of it, if it gives one.
/// `istio/istio: pkg/networking/serviceentry/ip_autoallocation.go` (ShouldV2AutoAllocateIP).
fn entry_address(object: &Object, entry: &ServiceEntry, host: &str) -> Address {
    if let Some(first) = entry.addresses.first() {
        return Address::Vip(first.parse().ok());
    }
    let refuses = object
        .metadata
        .labels
        .get(AUTOALLOCATE)
        .is_some_and(|value| value.eq_ignore_ascii_case("false"));
    match entry.resolution.as_deref() {
        None | Some("NONE") => Address::Headless,
        Some(_) if refuses => Address::Headless,
        Some(resolution) if host.starts_with('*') && resolution != "DYNAMIC_DNS" => {
            Address::Headless
        }
        Some(_) => Address::Vip(None),
    }
}

impl Mesh {
    /// The Service at a place.
    pub(crate) fn service(&self, index: ServiceIndex) -> Option<&ServiceInfo> {
        self.services.get(index.place())
    }

    /// All Services, and all hosts of ServiceEntries, by namespace and name.
    pub(crate) fn services(&self) -> impl Iterator<Item = (ServiceIndex, &ServiceInfo)> {
        (0..).map(ServiceIndex).zip(&self.services)
    }

    /// All Services and ServiceEntries, these by their first host, for what is the same for all hosts; by namespace and name.
    pub(crate) fn service_objects(&self) -> impl Iterator<Item = (ServiceIndex, &ServiceInfo)> {
        self.services().filter(|(index, service)| {
            let of = self.standing(service.object);
            of.is_some_and(|of| of.services.first() == Some(index))
        })
    }

    /// The Service of a name.
    pub(crate) fn find_service(&self, namespace: &str, name: &str) -> Option<ServiceIndex> {
        self.service_of(&ObjectId::new(Kind::Service, namespace, name))
    }

    /// The Service or ServiceEntry of an id, this by its first host.
    pub(crate) fn service_of(&self, id: &ObjectId) -> Option<ServiceIndex> {
        self.services_of(id).first().copied()
    }

    /// The Service of an id, or all hosts of the ServiceEntry.
    pub(crate) fn services_of(&self, id: &ObjectId) -> &[ServiceIndex] {
        let found = self.find(id).and_then(|object| self.standing(object));
        found.map(|of| of.services.as_slice()).unwrap_or_default()
    }

    /// Whether a Service or ServiceEntry counts in its namespace with one of its hosts at least. Of one host in one namespace
    /// a Service comes before a ServiceEntry, and the oldest of these before the others; one of type ExternalName is in
    /// nobody's way. `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (selectWorkloadServices)
    pub(crate) fn counts(&self, id: &ObjectId) -> bool {
        self.services_of(id).iter().any(|&index| {
            self.service(index).is_some_and(|service| {
                let first = self.service_of_host(&service.host, &service.namespace);
                let first_of = first.and_then(|first| self.service(first));
                first == Some(index)
                    || first_of.is_some_and(|first| first.address == Address::ExternalName)
            })
        })
    }

    /// Whether clients get the addresses of a Service's pods, and call these: it is a headless one of Kubernetes'.
    pub(crate) fn calls_pods(&self, service: ServiceIndex) -> bool {
        self.service(service).is_some_and(|info| {
            let object = self.object(info.object);
            info.address == Address::Headless
                && object.is_some_and(|object| object.id.kind == Kind::Service)
        })
    }

    /// The Service or ServiceEntry of a host name as a client in `namespace` resolves it: fully qualified, or one of
    /// the shorter forms that the pod's DNS search list completes; else by a wildcard.
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
        .find_map(|name| self.service_of_host(name, namespace))
        .or_else(|| {
            // The longest wildcard wins: `*.b.example.com` before `*.example.com`.
            host.match_indices('.').find_map(|(dot, _)| {
                self.service_of_host(&format!("*{}", host.get(dot..)?), namespace)
            })
        })
    }

    /// Of the objects of a host name the one of the client's own namespace, else the canonical one.
    pub(crate) fn service_of_host(&self, host: &str, namespace: &str) -> Option<ServiceIndex> {
        let candidates = self.service_by_host.get(host)?;
        let own = candidates.iter().find(|&&index| {
            self.service(index)
                .is_some_and(|service| service.namespace == namespace)
        });
        own.or_else(|| candidates.first()).copied()
    }
}
