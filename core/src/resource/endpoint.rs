//! The endpoints that a ServiceEntry writes out: each is a workload of its own, like a WorkloadEntry without a name.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/workloads.go` (serviceEntryWorkloadBuilder).

use super::{Kind, Labels, Metadata, Object, ObjectId, Resource, WorkloadEntry};

/// An endpoint, with what it has of its ServiceEntry.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// As written. Its labels name a waypoint, and count for nothing else.
    pub(crate) entry: WorkloadEntry,
    /// Its place in `spec.endpoints`.
    pub(crate) place: usize,
    /// The ServiceEntry.
    pub(crate) service_entry: ObjectId,
    /// The ServiceEntry's labels: policies select by them.
    pub(crate) labels: Labels,
    /// The ServiceEntry's annotations.
    pub(crate) annotations: Labels,
}

/// The endpoints of an object, as objects named `<ServiceEntry>@<address>`. Of several with one address the first counts.
pub(super) fn of(object: &Object) -> Vec<Object> {
    let Resource::ServiceEntry(entry) = &object.resource else {
        return Vec::new();
    };
    let mut found: Vec<Object> = Vec::new();
    for (place, endpoint) in entry.endpoints.iter().enumerate() {
        let address = endpoint.address.as_deref().unwrap_or_default();
        let name = format!("{}@{address}", object.id.name);
        let id = ObjectId::new(Kind::Endpoint, object.id.namespace.as_str(), name);
        if found.iter().any(|other| other.id == id) {
            continue;
        }
        found.push(Object {
            metadata: Metadata {
                name: id.name.clone(),
                namespace: object.metadata.namespace.clone(),
                labels: endpoint.labels.clone(),
                creation_timestamp: object.metadata.creation_timestamp.clone(),
                ..Metadata::default()
            },
            document: object.document,
            refused: object.refused,
            resource: Resource::Endpoint(Endpoint {
                entry: endpoint.clone(),
                place,
                service_entry: object.id.clone(),
                labels: object.metadata.labels.clone(),
                annotations: object.metadata.annotations.clone(),
            }),
            id,
        });
    }
    found
}
