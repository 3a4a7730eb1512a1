//! What a reader of a policy takes it to protect.

use crate::eval::Outcome;
use crate::mesh::{ServiceIndex, WAYPOINT_CLASS, WorkloadIndex};
use crate::model::Model;
use crate::resource::{Kind, ObjectIndex};
use crate::sorted;
use crate::wire::Via;

/// So many Services and workloads of each policy are tried.
const MAX_PROTECTED: usize = 3;

/// One thing that a policy protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protected {
    /// A Service with its workloads.
    Service(ServiceIndex),
    /// A workload that no Service leads to.
    Workload(WorkloadIndex),
}

impl Protected {
    /// The workloads behind it.
    pub(super) fn workloads(self, model: &Model) -> Vec<WorkloadIndex> {
        match self {
            Self::Service(service) => model
                .mesh
                .service(service)
                .map(|info| info.workloads.clone())
                .unwrap_or_default(),
            Self::Workload(workload) => vec![workload],
        }
    }

    pub(super) fn object(self, model: &Model) -> Option<ObjectIndex> {
        match self {
            Self::Service(service) => Some(model.mesh.service(service)?.object),
            Self::Workload(workload) => Some(model.mesh.workload(workload)?.object),
        }
    }

    /// Whether a waypoint stands in front of it.
    pub(super) fn has_waypoint(self, model: &Model) -> bool {
        let gateway = match self {
            Self::Service(service) => model.attachments.service_waypoint(service),
            Self::Workload(workload) => model.attachments.workload_waypoint(workload),
        };
        gateway.is_some()
    }

    /// As sentences name it.
    pub(super) fn name(self, model: &Model) -> String {
        let object = self
            .object(model)
            .and_then(|object| model.mesh.object(object));
        object.map_or_else(String::new, |object| {
            format!("`{}`", object.id.qualified_name())
        })
    }

    /// Whether the backends of a request lead to it.
    pub(super) fn is_reached_by<T>(self, model: &Model, outcome: &Outcome<'_, T>) -> bool {
        let own = self.workloads(model);
        let mut backends = outcome.backends.iter();
        backends.any(|backend| {
            let object = |index: ObjectIndex| {
                model
                    .mesh
                    .object(index)
                    .is_some_and(|object| object.id.to_wire() == backend.object)
            };
            let is_itself = self.object(model).is_some_and(object);
            let is_workload = own
                .iter()
                .filter_map(|index| model.mesh.workload(*index))
                .any(|workload| object(workload.object));
            let shares = model.mesh.service_objects().any(|(_, other)| {
                other
                    .workloads
                    .iter()
                    .any(|workload| own.contains(workload))
                    && object(other.object)
            });
            backend.invalid.is_none() && (is_itself || is_workload || shares)
        })
    }
}

/// What a policy protects: what it targets, or the Services in front of what it selects.
pub(super) fn of(model: &Model, policy: ObjectIndex) -> Vec<Protected> {
    let mesh = &model.mesh;
    let mut services = sorted::Set::new();
    let mut workloads = sorted::Set::new();
    for row in model.attachments.of(policy) {
        let with_waypoint = |wanted: &dyn Fn(ServiceIndex) -> bool| -> Vec<ServiceIndex> {
            let all = mesh.service_objects().map(|(index, _)| index);
            all.filter(|service| wanted(*service)).collect()
        };
        match (row.to.kind, row.via) {
            (Kind::Service | Kind::ServiceEntry, _) => services.extend(mesh.service_of(&row.to)),
            (Kind::Gateway, Via::TargetRef) => {
                let gateway = mesh.find_gateway(&row.to.namespace, &row.to.name);
                services.extend(with_waypoint(&|service| {
                    gateway.is_some() && model.attachments.service_waypoint(service) == gateway
                }));
            }
            (Kind::GatewayClass, _) if row.to.name == WAYPOINT_CLASS => {
                services.extend(with_waypoint(&|service| {
                    model.attachments.service_waypoint(service).is_some()
                }));
            }
            (Kind::Namespace, _) => services.extend(with_waypoint(&|service| {
                mesh.service(service)
                    .is_some_and(|info| info.namespace == row.to.name)
            })),
            (_, Via::Mesh) => services.extend(with_waypoint(&|_| true)),
            (_, Via::Selector) => {
                let found = mesh.find(&row.to);
                let Some(workload) = found.and_then(|object| mesh.workload_of(object)) else {
                    continue;
                };
                let in_front = with_waypoint(&|service| {
                    mesh.service(service)
                        .is_some_and(|info| info.workloads.contains(&workload))
                });
                if in_front.is_empty() {
                    workloads.insert(workload);
                }
                services.extend(in_front);
            }
            _ => {}
        }
    }
    let services = services.into_iter().map(Protected::Service);
    let workloads = workloads.into_iter().map(Protected::Workload);
    services.chain(workloads).take(MAX_PROTECTED).collect()
}
