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

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::resource::{Endpoint, Kind, Labels, Object, ObjectId, ObjectIndex, Resource, in_order};
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
    /// Those that count under their ids, in the order of these.
    by_id: Vec<ObjectIndex>,
    /// Those that a later one of their id replaces, refused ones too.
    replaced: Vec<ObjectIndex>,
    /// What each object is here.
    standings: Vec<Standing>,
    namespaces: sorted::Map<String, Namespace>,
    services: Vec<ServiceInfo>,
    service_by_host: sorted::Map<String, Vec<ServiceIndex>>,
    workloads: Vec<WorkloadInfo>,
    selection: select::Index,
    gateways: Vec<GatewayInfo>,
    gateway_by_object: sorted::Map<ObjectIndex, GatewayIndex>,
    ingresses: sorted::Map<ObjectIndex, Ingress>,
    routers: sorted::Set<WorkloadIndex>,
}

/// What an object is in the mesh.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// It is the one that counts under its id.
    counts: bool,
    /// A label or annotation of it, or of its pods, is one that says something to the mesh.
    marked: bool,
    /// The workload that it is, or belongs to.
    workload: Option<WorkloadIndex>,
    /// The Service that it is, or those that its hosts are.
    services: Vec<ServiceIndex>,
}

/// A namespace that has a manifest.
struct Namespace {
    object: ObjectIndex,
    labels: Labels,
}

/// Indexes objects. Of several objects with one id the last counts, as it would if they were applied in their order;
/// an object that validation refused is kept for the graph, and found by no lookup.
pub(crate) fn index(settings: wire::Settings, mut objects: Vec<Object>) -> Mesh {
    let order = in_order(&objects);
    let replaced = replaced(&order);
    let mut by_id = counting(order);
    let documents = objects.len();
    let entries = by_id.iter().filter_map(|index| objects.get(index.place()));
    let mut entries: Vec<&Object> = entries
        .filter(|object| object.id.kind == Kind::ServiceEntry)
        .collect();
    entries.sort_by_key(|entry| entry.document);
    let endpoints: Vec<Object> = entries.into_iter().flat_map(Endpoint::of).collect();
    if !endpoints.is_empty() {
        objects.extend(endpoints);
        by_id = counting(in_order(&objects));
    }
    let mut mesh = Mesh {
        settings,
        standings: standings(&by_id, &objects),
        objects,
        documents,
        by_id,
        replaced,
        namespaces: sorted::Map::new(),
        services: Vec::new(),
        service_by_host: sorted::Map::new(),
        workloads: Vec::new(),
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

/// Of objects in the order of their ids those behind which another one of the same id stands.
fn replaced(order: &[(ObjectIndex, &Object)]) -> Vec<ObjectIndex> {
    let pairs = order.iter().zip(order.iter().skip(1));
    let replaced = pairs.filter(|((_, object), (_, next))| object.id == next.id);
    replaced.map(|((index, _), _)| *index).collect()
}

/// Of objects in the order of their ids those that count: no refused ones, and of several of one id the last.
fn counting(mut order: Vec<(ObjectIndex, &Object)>) -> Vec<ObjectIndex> {
    order.retain(|(_, object)| !object.refused);
    order.dedup_by(|(next, later), (index, object)| {
        let replaces = later.id == object.id;
        if replaces {
            *index = *next;
        }
        replaces
    });
    order.into_iter().map(|(index, _)| index).collect()
}

/// What objects are, as far as they tell themselves.
fn standings(by_id: &[ObjectIndex], objects: &[Object]) -> Vec<Standing> {
    let standing = |object| Standing {
        marked: is_marked(object),
        ..Standing::default()
    };
    let mut standings: Vec<Standing> = objects.iter().map(standing).collect();
    for index in by_id {
        if let Some(standing) = standings.get_mut(index.place()) {
            standing.counts = true;
        }
    }
    standings
}

/// Whether a label or annotation of an object, or of its pods, is one that says something to the mesh.
fn is_marked(object: &Object) -> bool {
    let of_pods: [Option<&Labels>; 2] = match &object.resource {
        Resource::Workload(pods) => [Some(&pods.labels), Some(&pods.annotations)],
        Resource::WorkloadEntry(entry) => [Some(&entry.labels), None],
        Resource::Endpoint(endpoint) => [Some(&endpoint.labels), Some(&endpoint.annotations)],
        _ => [None, None],
    };
    let own = [&object.metadata.labels, &object.metadata.annotations];
    let maps = own.into_iter().chain(of_pods.into_iter().flatten());
    maps.flat_map(Labels::keys)
        .any(|key| key.contains("istio.io/") || key == ingress::GATEWAY_NAME)
}

fn namespaces(mesh: &Mesh) -> sorted::Map<String, Namespace> {
    mesh.live(Kind::Namespace)
        .map(|(index, object)| {
            let mut labels = object.metadata.labels.clone();
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), object.id.name.clone());
            let namespace = Namespace {
                object: index,
                labels,
            };
            (object.id.name.clone(), namespace)
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

    /// The objects that a later one of their id replaces, refused ones too.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = &Object> {
        let replaced = self.replaced.iter();
        replaced.filter_map(|&index| self.object(index))
    }

    /// The objects of one kind that count, in the order of their ids.
    pub(crate) fn live(&self, kind: Kind) -> impl Iterator<Item = (ObjectIndex, &Object)> {
        let first = ObjectId {
            kind,
            namespace: String::new(),
            name: String::new(),
            other: None,
        };
        self.starting_at(&first)
            .take_while(move |(_, object)| object.id.kind == kind)
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
        self.starting_at(&first).take_while(move |(_, object)| {
            object.id.kind == kind && object.id.namespace == namespace
        })
    }

    /// The objects that count, from an id on.
    fn starting_at<'a>(
        &'a self,
        first: &ObjectId,
    ) -> impl Iterator<Item = (ObjectIndex, &'a Object)> + use<'a> {
        let (Ok(place) | Err(place)) = self.place(first);
        let rest = self.by_id.get(place..).unwrap_or_default();
        rest.iter()
            .filter_map(|&index| Some((index, self.object(index)?)))
    }

    /// Where the object that counts under an id is among them, or where it belongs.
    fn place(&self, id: &ObjectId) -> Result<usize, usize> {
        self.by_id.binary_search_by(|&index| {
            self.object(index)
                .map_or(Ordering::Less, |object| object.id.cmp(id))
        })
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
        self.starting_at(&first)
            .take_while(move |(_, object)| own(&object.id))
            .map(|(index, _)| index)
    }

    /// Whether an object counts: it was not refused, and no later one replaced it.
    pub(crate) fn is_live(&self, index: ObjectIndex) -> bool {
        self.standing(index).is_some_and(|standing| standing.counts)
    }

    /// Whether a label or annotation of an object, or of its pods, is one that says something to the mesh.
    pub(crate) fn is_marked(&self, index: ObjectIndex) -> bool {
        self.standing(index).is_some_and(|standing| standing.marked)
    }

    fn standing(&self, index: ObjectIndex) -> Option<&Standing> {
        self.standings.get(index.place())
    }

    fn standing_mut(&mut self, index: ObjectIndex) -> Option<&mut Standing> {
        self.standings.get_mut(index.place())
    }

    /// The object at a place.
    pub(crate) fn object(&self, index: ObjectIndex) -> Option<&Object> {
        self.objects.get(index.place())
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
        self.by_id.get(self.place(id).ok()?).copied()
    }

    /// The labels of a namespace; one without a manifest has the implied name label alone.
    pub(crate) fn namespace_labels(&self, namespace: &str) -> Cow<'_, Labels> {
        match self.namespaces.get(namespace) {
            Some(known) => Cow::Borrowed(&known.labels),
            None => Cow::Owned(Labels::from([(
                NAMESPACE_NAME_LABEL.to_owned(),
                namespace.to_owned(),
            )])),
        }
    }

    /// One label of a namespace.
    pub(crate) fn namespace_label(&self, namespace: &str, key: &str) -> Option<&str> {
        let known = self.namespaces.get(namespace)?;
        known.labels.get(key).map(String::as_str)
    }

    /// The object that a namespace is.
    pub(crate) fn namespace(&self, namespace: &str) -> Option<&Object> {
        self.object(self.namespaces.get(namespace)?.object)
    }

    /// The root namespace, whose policies are mesh-wide.
    pub(crate) fn is_root(&self, namespace: &str) -> bool {
        namespace == self.settings.root_namespace
    }
}
