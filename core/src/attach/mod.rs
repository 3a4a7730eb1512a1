//! Who attaches to whom, and why not: one file a relation. Input is the mesh, output rows, rejected ones too.
//! Graph, lints and compilation read these rows; none decides again.

mod backend_policy;
mod backend_ref;
mod canary;
mod classic;
mod listener;
mod membership;
mod parent_ref;
mod reason;
mod reference_grant;
mod selector;
mod target_ref;
mod telemetry;
mod use_waypoint;

pub(crate) use backend_policy::authority;
pub(crate) use backend_ref::{refusal as backend_refusal, resolve as resolve_backend};
pub(crate) use canary::Share;
pub(crate) use listener::{
    ListenerState, Listeners, Wanted, client_certificate, listener as written_listener,
};
pub(crate) use parent_ref::is_elsewhere;
pub(crate) use reason::Reason;
pub(crate) use selector::in_reach;
pub(crate) use use_waypoint::Binding;

use crate::mesh::{GatewayIndex, Mesh, ServiceIndex, WorkloadIndex};
use crate::resource::{Object, ObjectId, ObjectIndex};
use crate::sorted;
use crate::source::{FieldPath, Origin};
use crate::wire::{EdgeStatus, Via};

/// One reference from an object to another, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The object that holds the reference, label or selector.
    pub(crate) from: ObjectIndex,
    /// What it points at, whether the manifests hold it or not.
    pub(crate) to: ObjectId,
    /// What holds the reference.
    pub(crate) via: Via,
    /// What becomes of it.
    pub(crate) status: EdgeStatus,
    /// Why.
    pub(crate) reason: Reason,
    /// The port that the reference names.
    pub(crate) port: Option<u16>,
    /// The section that the reference names.
    pub(crate) section_name: Option<String>,
    /// The namespace whose label `from` inherits.
    pub(crate) inherited_from: Option<Box<ObjectId>>,
    /// Where the reference stands.
    pub(crate) origin: Origin,
}

impl Row {
    fn new(from: ObjectIndex, to: ObjectId, via: Via, reason: Reason, origin: Origin) -> Self {
        let status = reason.status(via);
        Self {
            from,
            to,
            via,
            status,
            reason,
            port: None,
            section_name: None,
            inherited_from: None,
            origin,
        }
    }

    /// Whether it takes effect.
    pub(crate) fn is_attached(&self) -> bool {
        self.status == EdgeStatus::Attached
    }
}

/// All references, and the waypoint of everything that can have one.
pub(crate) struct Attachments {
    rows: Vec<Row>,
    /// The places of the rows that each object holds.
    by_holder: Vec<Vec<usize>>,
    /// By their places in the mesh.
    services: Vec<Binding>,
    canaries: sorted::Map<ServiceIndex, Share>,
    /// By their places in the mesh.
    workloads: Vec<Binding>,
    listeners: Listeners,
}

/// Resolves every reference in the mesh.
pub(crate) fn resolve(mesh: &Mesh) -> Attachments {
    let services: Vec<Binding> = mesh
        .services()
        .map(|(_, service)| use_waypoint::service(mesh, service))
        .collect();
    // Those that no label tells from others are bound as these are, namespace by namespace.
    let mut alike: sorted::Map<&str, Binding> = sorted::Map::new();
    let canaries = mesh
        .services()
        .zip(&services)
        .filter_map(|((index, service), binding)| {
            Some((index, canary::share(mesh, service, binding)?))
        })
        .collect();
    let workloads = mesh
        .workloads()
        .map(|(_, workload)| {
            let bind = || use_waypoint::workload(mesh, workload);
            if mesh.is_marked(workload.object) {
                return bind();
            }
            let binding = alike.entry(&workload.namespace).or_insert_with(bind);
            binding.clone()
        })
        .collect();
    let mut attachments = Attachments {
        rows: Vec::new(),
        by_holder: vec![Vec::new(); mesh.objects().count()],
        services,
        canaries,
        workloads,
        listeners: listener::resolve(mesh),
    };
    let mut rows = Vec::new();
    use_waypoint::rows(mesh, &attachments, &mut rows);
    parent_ref::rows(mesh, &attachments, &mut rows);
    let parents: Vec<Row> = rows
        .iter()
        .filter(|row| row.via == Via::ParentRef)
        .cloned()
        .collect();
    backend_ref::rows(mesh, &parents, &mut rows);
    listener::rows(mesh, &attachments.listeners, &mut rows);
    classic::rows(mesh, &attachments, &parents, &mut rows);
    target_ref::rows(mesh, &attachments, &mut rows);
    backend_policy::rows(mesh, &mut rows);
    selector::rows(mesh, &attachments, &mut rows);
    membership::rows(mesh, &mut rows);
    sort(mesh, &mut rows);
    for (place, row) in rows.iter().enumerate() {
        if let Some(held) = attachments.by_holder.get_mut(row.from.place()) {
            held.push(place);
        }
    }
    attachments.rows = rows;
    attachments
}

/// Sorts by ids, never by the order of documents. The ids of who refers are compared once for all references of an object.
fn sort(mesh: &Mesh, rows: &mut [Row]) {
    let mut objects: Vec<ObjectIndex> = rows.iter().map(|row| row.from).collect();
    objects.sort();
    objects.dedup();
    objects.sort_by_cached_key(|object| mesh.object(*object).map(|object| object.id.text()));
    let mut ranks = vec![0; mesh.objects().count()];
    let of_one_id = objects.chunk_by(|one, other| {
        let [one, other] = [one, other].map(|object| mesh.object(*object));
        one.map(|object| &object.id) == other.map(|object| &object.id)
    });
    for (rank, objects) in of_one_id.enumerate() {
        for object in objects {
            if let Some(place) = ranks.get_mut(object.place()) {
                *place = rank;
            }
        }
    }
    let rank = |row: &Row| ranks.get(row.from.place()).copied();
    rows.sort_by_key(rank);
    for rows in rows.chunk_by_mut(|one, other| rank(one) == rank(other)) {
        rows.sort_by_cached_key(|row| {
            (
                row.via,
                row.to.text(),
                row.port,
                row.section_name.clone(),
                row.from,
                row.origin.path.to_string(),
            )
        });
    }
}

impl Attachments {
    /// All references, in the order of their ids.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The references that one object holds.
    pub(crate) fn of(&self, from: ObjectIndex) -> impl Iterator<Item = &Row> {
        self.by_holder
            .get(from.place())
            .into_iter()
            .flatten()
            .filter_map(|&place| self.rows.get(place))
    }

    /// The listeners of Gateways and ListenerSets.
    pub(crate) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// The waypoint of traffic addressed to a Service.
    pub(crate) fn service_waypoint(&self, service: ServiceIndex) -> Option<GatewayIndex> {
        self.services.get(service.place())?.gateway()
    }

    /// All waypoints of such traffic: the first, and the canary if there is one, each with its share. Both are told of
    /// everything that is attached to the Service, also if their share is nothing.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/ambientindex.go`.
    pub(crate) fn service_waypoints(&self, service: ServiceIndex) -> impl Iterator<Item = Share> {
        let canary = self.canaries.get(&service).copied();
        let first = self.service_waypoint(service).map(|gateway| Share {
            gateway,
            percent: 100 - canary.map_or(0, |canary| canary.percent),
        });
        first.into_iter().chain(canary)
    }

    /// Whether a Gateway is one of these.
    pub(crate) fn serves(&self, gateway: GatewayIndex, service: ServiceIndex) -> bool {
        self.service_waypoints(service)
            .any(|waypoint| waypoint.gateway == gateway)
    }

    /// The same, with the reason where there is none.
    pub(crate) fn service_binding(&self, service: ServiceIndex) -> Option<&Binding> {
        self.services.get(service.place())
    }

    /// The waypoint of traffic addressed to a workload.
    pub(crate) fn workload_waypoint(&self, workload: WorkloadIndex) -> Option<GatewayIndex> {
        self.workloads.get(workload.place())?.gateway()
    }

    /// The same, with the reason where there is none.
    pub(crate) fn workload_binding(&self, workload: WorkloadIndex) -> Option<&Binding> {
        self.workloads.get(workload.place())
    }
}

/// A place in an object.
fn origin(object: &Object, path: FieldPath) -> Origin {
    Origin {
        document: object.document,
        path,
    }
}
