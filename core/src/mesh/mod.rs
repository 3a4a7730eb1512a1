//! The cluster as one index: namespaces, Services and ServiceEntries, workloads with their identities, Gateways with their roles.
//! Input are the objects as written, output are lookups; upstream's defaults are applied here and nowhere else.
//! Nothing here decides what attaches to what.

mod address;
mod capture;
mod gateway;
mod ingress;
mod select;
mod service;
mod workload;

pub(crate) use capture::{Capture, DATAPLANE_MODE};
pub(crate) use gateway::{
    Exposure, GatewayIndex, GatewayInfo, INGRESS_CONTROLLER, MESH_CONTROLLER, Role, UNMANAGED,
    WAYPOINT_CLASS,
};
pub(crate) use ingress::Ingress;
pub(crate) use service::{Address, ServiceIndex, ServiceInfo};
pub(crate) use workload::{WorkloadIndex, WorkloadInfo};

use crate::resource::{Endpoint, Kind, Labels, Object, ObjectId, ObjectIndex};
use crate::sorted;
use crate::source::DocumentId;
use crate::wire;

/// The label that every namespace carries in a real cluster, whether its manifest says so or not.
const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The cluster as one index.
pub(crate) struct Mesh {
    settings: wire::Settings,
    objects: Vec<Object>,
    /// How many of these have a document of their own.
    documents: usize,
    by_id: sorted::Map<ObjectId, ObjectIndex>,
    /// Of each object whether it is the one that counts under its id.
    live: Vec<bool>,
    namespaces: sorted::Map<String, Labels>,
    services: Vec<ServiceInfo>,
    services_by_object: sorted::Map<ObjectIndex, Vec<ServiceIndex>>,
    service_by_host: sorted::Map<String, Vec<ServiceIndex>>,
    workloads: Vec<WorkloadInfo>,
    workload_by_object: sorted::Map<ObjectIndex, WorkloadIndex>,
    selection: select::Index,
    gateways: Vec<GatewayInfo>,
    gateway_by_object: sorted::Map<ObjectIndex, GatewayIndex>,
    ingresses: sorted::Map<ObjectIndex, Ingress>,
    routers: sorted::Set<WorkloadIndex>,
}

/// Indexes objects. Of several objects with one id the last counts, as it would if they were applied in their order;
/// an object that validation refused is kept for the graph, and found by no lookup.
pub(crate) fn index(settings: wire::Settings, mut objects: Vec<Object>) -> Mesh {
    let mut by_id = sorted::Map::new();
    for (index, object) in numbered(&objects) {
        if !object.refused {
            by_id.insert(object.id.clone(), index);
        }
    }
    let documents = objects.len();
    let counting = live(&by_id, documents);
    let endpoints: Vec<Object> = objects
        .iter()
        .zip(counting)
        .filter(|(_, counts)| *counts)
        .flat_map(|(object, _)| Endpoint::of(object))
        .collect();
    for endpoint in endpoints {
        let index = ObjectIndex(u32::try_from(objects.len()).unwrap_or(u32::MAX));
        by_id.insert(endpoint.id.clone(), index);
        objects.push(endpoint);
    }
    let mut mesh = Mesh {
        settings,
        live: live(&by_id, objects.len()),
        objects,
        documents,
        by_id,
        namespaces: sorted::Map::new(),
        services: Vec::new(),
        services_by_object: sorted::Map::new(),
        service_by_host: sorted::Map::new(),
        workloads: Vec::new(),
        workload_by_object: sorted::Map::new(),
        selection: select::Index::default(),
        gateways: Vec::new(),
        gateway_by_object: sorted::Map::new(),
        ingresses: sorted::Map::new(),
        routers: sorted::Set::new(),
    };
    mesh.namespaces = namespaces(&mesh);
    workload::add(&mut mesh);
    service::add(&mut mesh);
    gateway::add(&mut mesh);
    ingress::add(&mut mesh);
    mesh
}

/// Objects with their places.
fn numbered(objects: &[Object]) -> impl Iterator<Item = (ObjectIndex, &Object)> {
    (0..).map(ObjectIndex).zip(objects)
}

/// Of so many objects, which ones count.
fn live(by_id: &sorted::Map<ObjectId, ObjectIndex>, objects: usize) -> Vec<bool> {
    let mut live = vec![false; objects];
    for &index in by_id.values() {
        if let Some(live) = place(index).and_then(|place| live.get_mut(place)) {
            *live = true;
        }
    }
    live
}

fn place(index: ObjectIndex) -> Option<usize> {
    usize::try_from(index.0).ok()
}

fn namespaces(mesh: &Mesh) -> sorted::Map<String, Labels> {
    mesh.live(Kind::Namespace)
        .map(|(_, object)| {
            let mut labels = object.metadata.labels.clone();
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), object.id.name.clone());
            (object.id.name.clone(), labels)
        })
        .collect()
}

impl Mesh {
    /// The mesh-wide facts that manifests do not carry.
    pub(crate) fn settings(&self) -> &wire::Settings {
        &self.settings
    }

    /// All objects, refused and replaced ones too, in the order of the manifests.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (ObjectIndex, &Object)> {
        numbered(&self.objects)
    }

    /// The objects that the graph draws: those that count, and those that validation refused, if nothing else of their
    /// id counts. One that a later one replaced is neither.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = (ObjectIndex, &Object)> {
        self.objects().filter(|(index, object)| {
            self.is_live(*index) || (object.refused && self.find(&object.id).is_none())
        })
    }

    /// The objects of one kind that count, in the order of their ids.
    pub(crate) fn live(&self, kind: Kind) -> impl Iterator<Item = (ObjectIndex, &Object)> {
        let first = ObjectId {
            kind,
            namespace: String::new(),
            name: String::new(),
            other: None,
        };
        self.by_id
            .starting_at(&first)
            .take_while(move |(id, _)| id.kind == kind)
            .filter_map(|(_, &index)| Some((index, self.object(index)?)))
    }

    /// The objects of one kind and namespace that count, in the order of their names.
    pub(crate) fn live_in<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
    ) -> impl Iterator<Item = (ObjectIndex, &'a Object)> {
        let first = ObjectId {
            kind,
            namespace: namespace.to_owned(),
            name: String::new(),
            other: None,
        };
        self.by_id
            .starting_at(&first)
            .take_while(move |(id, _)| id.kind == kind && id.namespace == namespace)
            .filter_map(|(_, &index)| Some((index, self.object(index)?)))
    }

    /// The endpoints that a ServiceEntry writes out.
    fn endpoints_of<'a>(&'a self, entry: &'a ObjectId) -> impl Iterator<Item = ObjectIndex> + 'a {
        let first = Endpoint::id(entry, "");
        let prefix = first.name.clone();
        let own = move |id: &ObjectId| {
            id.kind == Kind::Endpoint
                && id.namespace == entry.namespace
                && id.name.starts_with(&prefix)
        };
        self.by_id
            .starting_at(&first)
            .take_while(move |(id, _)| own(id))
            .map(|(_, &index)| index)
    }

    /// Whether an object counts: it was not refused, and no later one replaced it.
    pub(crate) fn is_live(&self, index: ObjectIndex) -> bool {
        place(index).and_then(|place| self.live.get(place)) == Some(&true)
    }

    /// The object at a place.
    pub(crate) fn object(&self, index: ObjectIndex) -> Option<&Object> {
        self.objects.get(place(index)?)
    }

    /// The object that a document holds. Documents are read in their order, and so are objects.
    pub(crate) fn object_of(&self, document: DocumentId) -> Option<&ObjectId> {
        let place = self
            .written()
            .partition_point(|object| object.document < document);
        let object = self.written().get(place)?;
        (object.document == document).then_some(&object.id)
    }

    /// The objects that have a document of their own.
    fn written(&self) -> &[Object] {
        self.objects.get(..self.documents).unwrap_or_default()
    }

    /// The object that counts under an id.
    pub(crate) fn find(&self, id: &ObjectId) -> Option<ObjectIndex> {
        self.by_id.get(id).copied()
    }

    /// The labels of a namespace; one without a manifest has the implied name label alone.
    pub(crate) fn namespace_labels(&self, namespace: &str) -> Labels {
        self.namespaces.get(namespace).cloned().unwrap_or_else(|| {
            Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), namespace.to_owned())])
        })
    }

    /// One label of a namespace.
    pub(crate) fn namespace_label(&self, namespace: &str, key: &str) -> Option<&str> {
        self.namespaces.get(namespace)?.get(key).map(String::as_str)
    }

    /// The root namespace, whose policies are mesh-wide.
    pub(crate) fn is_root(&self, namespace: &str) -> bool {
        namespace == self.settings.root_namespace
    }
}
