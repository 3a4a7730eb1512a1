//! The endpoints that a ServiceEntry writes out: each is a workload of its own, like a WorkloadEntry without a name.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/workloads.go` (serviceEntryWorkloadBuilder).

use crate::source::FieldPath;

use super::{Kind, Labels, Metadata, Object, ObjectId, Resource, WorkloadEntry};

/// An endpoint, with what it has of its ServiceEntry.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// As written. Its labels name a waypoint, and count for nothing else.
    pub(crate) entry: WorkloadEntry,
    /// Its place in `spec.endpoints`.
    pub(crate) place: usize,
    /// The ServiceEntry's labels: policies select by them.
    pub(crate) labels: Labels,
    /// The ServiceEntry's annotations.
    pub(crate) annotations: Labels,
}

impl Endpoint {
    /// What stands for an endpoint of a ServiceEntry: `<ServiceEntry>@<address>`, as no object can be called.
    pub(crate) fn id(entry: &ObjectId, address: &str) -> ObjectId {
        let name = format!("{}@{address}", entry.name);
        ObjectId::new(Kind::Endpoint, entry.namespace.as_str(), name)
    }

    /// The endpoints of an object, as objects. Of several with one address the last counts, as with all objects.
    pub(crate) fn of(object: &Object) -> Vec<Object> {
        let Resource::ServiceEntry(entry) = &object.resource else {
            return Vec::new();
        };
        let endpoints = entry.endpoints.iter().enumerate();
        let of = |(place, endpoint): (usize, &WorkloadEntry)| {
            let id = Self::id(&object.id, endpoint.address.as_deref().unwrap_or_default());
            Object {
                metadata: Metadata {
                    name: id.name.clone(),
                    namespace: object.metadata.namespace.clone(),
                    labels: endpoint.labels.clone(),
                    creation_timestamp: object.metadata.creation_timestamp.clone(),
                    ..Metadata::default()
                },
                document: object.document,
                refused: false,
                resource: Resource::Endpoint(Self {
                    entry: endpoint.clone(),
                    place,
                    labels: object.metadata.labels.clone(),
                    annotations: object.metadata.annotations.clone(),
                }),
                id,
            }
        };
        endpoints.map(of).collect()
    }

    /// Where it stands in its ServiceEntry.
    pub(crate) fn path(&self) -> FieldPath {
        let endpoints = FieldPath::new().key("spec").key("endpoints");
        endpoints.index(self.place)
    }
}
