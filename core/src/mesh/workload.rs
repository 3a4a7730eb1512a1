//! Workloads: Pods, the one virtual pod of each controller, WorkloadEntries and the endpoints of ServiceEntries, with
//! identity, labels and capture.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Capture, GatewayIndex, Mesh, ServiceInfo, capture};
use crate::flow::Principal;
use crate::resource::{
    Endpoint, IntOrString, Kind, Labels, Object, ObjectId, ObjectIndex, Resource, Workload,
    WorkloadEntry,
};
use crate::sorted;

/// A workload's place in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WorkloadIndex(pub(super) u32);

impl WorkloadIndex {
    /// The place as a number.
    pub(crate) fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A workload.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadInfo {
    /// The object that stands for it: its controller if the manifests hold it, else the Pod.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: String,
    /// The labels of its pods.
    pub(crate) labels: Arc<Labels>,
    /// Its identity, if it is in the mesh.
    pub(crate) principal: Principal,
    /// Whether ztunnel captures its traffic.
    pub(crate) capture: Capture,
    /// The addresses of its pods, as far as the manifests tell them.
    pub(crate) addresses: Vec<IpAddr>,
    /// Named container ports, or `ports` of a WorkloadEntry.
    named_ports: sorted::Map<String, u16>,
    /// It is a WorkloadEntry or an endpoint, and no pod.
    is_entry: bool,
    /// The Gateway of Gateway API whose pods it is.
    pub(super) instance: Option<GatewayIndex>,
}

impl WorkloadInfo {
    /// The port behind a port of a Service. A `targetPort` that is a name has to be there. Otherwise a port of the
    /// Service port's own name comes before the number, unless a Kubernetes Service leads to a pod.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/workloads.go` (constructServices,
    /// constructServicesFromWorkloadEntry, FindPortName).
    pub(crate) fn target_port(&self, service: &ServiceInfo, number: u16) -> Option<u16> {
        let Some(port) = service.port(number) else {
            return Some(number);
        };
        let target = match &port.target_port {
            Some(IntOrString::String(name)) => return self.named_ports.get(name).copied(),
            Some(IntOrString::Int(target)) => *target,
            None => number,
        };
        let by_name = port
            .name
            .as_ref()
            .filter(|_| self.is_entry || service.is_entry)
            .and_then(|name| self.named_ports.get(name));
        Some(by_name.copied().unwrap_or(target))
    }

    /// Whether Services select it. What a ServiceEntry writes out belongs to that alone.
    pub(super) fn is_selectable(&self, mesh: &Mesh) -> bool {
        mesh.object(self.object)
            .is_some_and(|object| object.id.kind != Kind::Endpoint)
    }
}

/// The kinds that are workloads, or hold pods.
const KINDS: &[Kind] = &[
    Kind::Endpoint,
    Kind::WorkloadEntry,
    Kind::Pod,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::Job,
    Kind::CronJob,
];

/// Adds the workloads: first those that own themselves, then, folded into them, the pods that they own.
pub(super) fn add(mesh: &mut Mesh) {
    let mut owners = Vec::new();
    let mut owned = Vec::new();
    for &kind in KINDS {
        for (index, object) in mesh.live(kind) {
            match topmost_owner(mesh, object) {
                Some(owner) => owned.push((index, owner)),
                None => owners.push(index),
            }
        }
    }
    // By namespace and name, so that answers do not depend on the order of documents.
    owners.sort_by(|left, right| key(mesh, *left).cmp(&key(mesh, *right)));
    for object in owners {
        let Some(info) = mesh
            .object(object)
            .and_then(|written| info(mesh, object, written))
        else {
            continue;
        };
        let index = WorkloadIndex(u32::try_from(mesh.workloads.len()).unwrap_or(u32::MAX));
        mesh.selection.add(&info, index);
        if let Some(standing) = mesh.standing_mut(object) {
            standing.workload = Some(index);
        }
        mesh.workloads.push(info);
    }
    for (object, owner) in owned {
        let Some(index) = mesh.workload_of(owner) else {
            continue;
        };
        let address = mesh
            .object(object)
            .and_then(|written| written.resource.as_workload())
            .and_then(pod_ip);
        if let Some(standing) = mesh.standing_mut(object) {
            standing.workload = Some(index);
        }
        if let (Some(address), Some(info)) = (address, mesh.workloads.get_mut(index.place())) {
            info.addresses.push(address);
            info.addresses.sort_unstable();
        }
    }
}

fn key(mesh: &Mesh, index: ObjectIndex) -> Option<(&str, &str, Kind)> {
    let id = &mesh.object(index)?.id;
    Some((&id.namespace, &id.name, id.kind))
}

/// The last owner up the chain that the manifests hold; `None` for an object that has none there.
fn topmost_owner(mesh: &Mesh, object: &Object) -> Option<ObjectIndex> {
    let mut found = None;
    let mut current = object;
    // Deployment, ReplicaSet, Pod is the longest chain there is; a cycle in broken manifests must end.
    for _ in 0..3 {
        let Some(owner) = current.metadata.owner_references.iter().find_map(|owner| {
            let kind = KINDS
                .iter()
                .copied()
                .find(|kind| kind.name() == owner.kind)?;
            mesh.find(&ObjectId::new(
                kind,
                object.id.namespace.as_str(),
                owner.name.as_str(),
            ))
        }) else {
            break;
        };
        let Some(next) = mesh.object(owner) else {
            break;
        };
        if next.id == object.id {
            return None;
        }
        found = Some(owner);
        current = next;
    }
    found
}

fn info(mesh: &Mesh, index: ObjectIndex, object: &Object) -> Option<WorkloadInfo> {
    match &object.resource {
        Resource::Workload(workload) => of_pod(mesh, index, object, workload),
        Resource::WorkloadEntry(entry) => Some(of_entry(mesh, index, object, entry)),
        Resource::Endpoint(endpoint) => Some(of_endpoint(mesh, index, object, endpoint)),
        _ => None,
    }
}

fn of_pod(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    workload: &Workload,
) -> Option<WorkloadInfo> {
    if workload.terminated {
        return None;
    }
    let namespace = object.id.namespace.clone();
    Some(WorkloadInfo {
        object: index,
        labels: Arc::clone(&workload.labels),
        principal: principal(
            mesh,
            &namespace,
            workload.pod.service_account_name.as_deref(),
        ),
        capture: capture::capture(workload, &namespace, &mesh.namespace_labels(&namespace)),
        addresses: pod_ip(workload).into_iter().collect(),
        named_ports: named_ports(workload),
        is_entry: false,
        instance: None,
        namespace,
    })
}

fn of_entry(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    entry: &WorkloadEntry,
) -> WorkloadInfo {
    // Both places count for everything, the metadata first.
    // `istio/istio: pilot/pkg/serviceregistry/serviceentry/conversion.go` (ConvertClientWorkloadEntry)
    let mut labels = entry.labels.clone();
    labels.extend(object.metadata.labels.clone());
    let annotations = &object.metadata.annotations;
    written_out(mesh, index, object, entry, (labels, annotations))
}

fn of_endpoint(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    endpoint: &Endpoint,
) -> WorkloadInfo {
    let marks = (endpoint.labels.clone(), &endpoint.annotations);
    written_out(mesh, index, object, &endpoint.entry, marks)
}

fn written_out(
    mesh: &Mesh,
    index: ObjectIndex,
    object: &Object,
    entry: &WorkloadEntry,
    (labels, annotations): (Labels, &Labels),
) -> WorkloadInfo {
    let namespace = object.id.namespace.clone();
    WorkloadInfo {
        object: index,
        principal: principal(mesh, &namespace, entry.service_account.as_deref()),
        capture: capture::of_entry(&labels, annotations),
        labels: Arc::new(labels),
        addresses: entry
            .address
            .iter()
            .filter_map(|address| address.parse().ok())
            .collect(),
        named_ports: entry.ports.clone(),
        is_entry: true,
        instance: None,
        namespace,
    }
}

fn principal(mesh: &Mesh, namespace: &str, service_account: Option<&str>) -> Principal {
    let name = match service_account {
        None | Some("") => "default",
        Some(name) => name,
    };
    Principal::new(&mesh.settings.trust_domain, namespace, name)
}

fn pod_ip(workload: &Workload) -> Option<IpAddr> {
    workload.pod_ip.as_deref()?.parse().ok()
}

fn named_ports(workload: &Workload) -> sorted::Map<String, u16> {
    // Of the init containers only native sidecars go on running.
    let sidecars = workload
        .pod
        .init_containers
        .iter()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let mut ports = sorted::Map::new();
    for port in workload
        .pod
        .containers
        .iter()
        .chain(sidecars)
        .flat_map(|container| &container.ports)
    {
        if let Some(name) = &port.name {
            ports.entry(name.clone()).or_insert(port.container_port);
        }
    }
    ports
}

impl Mesh {
    /// The workload at a place.
    pub(crate) fn workload(&self, index: WorkloadIndex) -> Option<&WorkloadInfo> {
        self.workloads.get(index.place())
    }

    /// All workloads, by namespace and name.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = (WorkloadIndex, &WorkloadInfo)> {
        (0..).map(WorkloadIndex).zip(&self.workloads)
    }

    /// The workload that an object is, or is folded into.
    pub(crate) fn workload_of(&self, object: ObjectIndex) -> Option<WorkloadIndex> {
        self.standing(object)?.workload
    }

    /// The workload of a name: a controller before a Pod.
    pub(crate) fn find_workload(&self, namespace: &str, name: &str) -> Option<WorkloadIndex> {
        KINDS
            .iter()
            .rev()
            .find_map(|&kind| self.workload_of(self.find(&ObjectId::new(kind, namespace, name))?))
    }
}
