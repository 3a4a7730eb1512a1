//! `istio.io/use-waypoint`: which waypoint serves a Service or a workload.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (fetchWaypointForTarget, fetchWaypointForService,
//! fetchWaypointForWorkload).

use super::{Attachments, Reason, Row, origin};
use crate::mesh::{Address, GatewayIndex, GatewayInfo, Mesh, Role, ServiceInfo, WorkloadInfo};
use crate::resource::{Kind, Labels, Object, ObjectId, ObjectIndex, Resource, RouteNamespaces};
use crate::source::FieldPath;
use crate::wire::Via;

pub(crate) const USE_WAYPOINT: &str = "istio.io/use-waypoint";
pub(crate) const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
/// The value that opts out; exactly this word.
const NONE: &str = "none";
/// On a Service that is itself a waypoint's or east-west gateway's.
const MANAGED: &str = "gateway.istio.io/managed";

/// Which waypoint serves an object, or why none does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// This one.
    Bound {
        /// The waypoint.
        gateway: GatewayIndex,
        /// The label that names it.
        label: Label,
    },
    /// The label names one, but it does not serve. Traffic then goes straight on: it fails open.
    NotBound {
        /// The Gateway that the label names.
        wanted: ObjectId,
        /// The label.
        label: Label,
        /// Why it does not serve.
        reason: Reason,
    },
    /// Nothing names one: `MissingUseWaypointLabel`, `OptedOut`, `ExternalNameService`.
    None(Reason),
}

/// Whose label it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// The object's own.
    Own,
    /// Its namespace's.
    Namespace,
}

impl Binding {
    /// The waypoint, if one serves.
    pub(crate) fn gateway(&self) -> Option<GatewayIndex> {
        match self {
            Self::Bound { gateway, .. } => Some(*gateway),
            Self::NotBound { .. } | Self::None(_) => None,
        }
    }

    /// The Gateway that a label names and that is there, whether it serves or not.
    fn named<'m>(&self, mesh: &'m Mesh) -> Option<&'m GatewayInfo> {
        let index = match self {
            Self::Bound { gateway, .. } => *gateway,
            Self::NotBound { wanted, .. } => mesh.find_gateway(&wanted.namespace, &wanted.name)?,
            Self::None(_) => return None,
        };
        mesh.gateway(index)
    }

    /// Why it is what it is.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Bound { .. } => Reason::Accepted,
            Self::NotBound { reason, .. } | Self::None(reason) => *reason,
        }
    }
}

/// The waypoint of traffic addressed to a Service.
pub(super) fn service(mesh: &Mesh, service: &ServiceInfo) -> Binding {
    if service.address == Address::ExternalName {
        return Binding::None(Reason::ExternalNameService);
    }
    labelled(mesh, service)
}

/// The waypoint that labels give to a Service, of whatever type: conditions of policies ask no more than that.
pub(super) fn labelled(mesh: &Mesh, service: &ServiceInfo) -> Binding {
    let Some(object) = mesh.object(service.object) else {
        return Binding::None(Reason::MissingUseWaypointLabel);
    };
    if matches!(
        object.metadata.labels.get(MANAGED).map(String::as_str),
        Some("istio.io-mesh-controller" | "istio.io-eastwest-controller")
    ) {
        return Binding::None(Reason::MissingUseWaypointLabel);
    }
    written(mesh, service, &object.metadata.labels)
}

/// The Gateway that labels name for a Service, if it is there: also for a Service that is itself a waypoint's.
pub(super) fn named_gateway<'m>(mesh: &'m Mesh, service: &ServiceInfo) -> Option<&'m GatewayInfo> {
    let object = mesh.object(service.object)?;
    written(mesh, service, &object.metadata.labels).named(mesh)
}

fn written(mesh: &Mesh, service: &ServiceInfo, labels: &Labels) -> Binding {
    named(mesh, labels, &service.namespace).bind(mesh, &service.namespace, |gateway, _| {
        if gateway.traffic_type.serves_services() {
            Ok(())
        } else {
            Err(Reason::UnsupportedTrafficType)
        }
    })
}

/// The waypoint of traffic addressed to a workload.
pub(super) fn workload(mesh: &Mesh, workload: &WorkloadInfo) -> Binding {
    // A gateway's own pods have no waypoint.
    if mesh.instance_of(workload).is_some() {
        return Binding::None(Reason::MissingUseWaypointLabel);
    }
    // A ServiceEntry's own labels do not count for the endpoints that it writes out.
    let labels = match mesh.object(workload.object) {
        Some(object) if object.id.kind == Kind::Endpoint => &object.metadata.labels,
        _ => &workload.labels,
    };
    let binding =
        named(mesh, labels, &workload.namespace).bind(mesh, &workload.namespace, |gateway, _| {
            if gateway.traffic_type.serves_workloads() {
                Ok(())
            } else {
                Err(Reason::UnsupportedTrafficType)
            }
        });
    match binding {
        // A namespace's waypoint for Services is no fault of its workloads: silently none.
        Binding::NotBound {
            label: Label::Namespace,
            reason: Reason::UnsupportedTrafficType,
            ..
        } => Binding::None(Reason::UnsupportedTrafficType),
        other => other,
    }
}

/// What labels say, before the Gateway is looked at.
enum Named {
    Gateway {
        namespace: String,
        name: String,
        label: Label,
    },
    Nothing(Reason),
}

/// An object's own label, else its namespace's. A label on the object ends the search, also if it is `none`.
fn named(mesh: &Mesh, labels: &Labels, namespace: &str) -> Named {
    let from = |labels: &dyn Fn(&str) -> Option<String>, label: Label| -> Option<Named> {
        let name = labels(USE_WAYPOINT)?;
        if name == NONE {
            return Some(Named::Nothing(Reason::OptedOut));
        }
        let namespace = labels(USE_WAYPOINT_NAMESPACE).unwrap_or_else(|| namespace.to_owned());
        Some(Named::Gateway {
            namespace,
            name,
            label,
        })
    };
    from(&|key| labels.get(key).cloned(), Label::Own)
        .or_else(|| {
            from(
                &|key| mesh.namespace_label(namespace, key).map(str::to_owned),
                Label::Namespace,
            )
        })
        .unwrap_or(Named::Nothing(Reason::MissingUseWaypointLabel))
}

impl Named {
    fn bind(
        self,
        mesh: &Mesh,
        from_namespace: &str,
        serves: impl Fn(&GatewayInfo, Label) -> Result<(), Reason>,
    ) -> Binding {
        let (namespace, name, label) = match self {
            Self::Nothing(reason) => return Binding::None(reason),
            Self::Gateway {
                namespace,
                name,
                label,
            } => (namespace, name, label),
        };
        let wanted = || ObjectId::new(Kind::Gateway, namespace.as_str(), name.as_str());
        // Any Gateway will do, whatever its class: a wrong one binds, and traffic through it then fails.
        let Some((index, gateway)) = mesh
            .find_gateway(&namespace, &name)
            .and_then(|index| Some((index, mesh.gateway(index)?)))
            .filter(|(_, gateway)| mesh.has_address(gateway))
        else {
            return Binding::NotBound {
                wanted: wanted(),
                label,
                reason: Reason::WaypointIsNotReady,
            };
        };
        let verdict = if admits(mesh, gateway, from_namespace) {
            serves(gateway, label)
        } else {
            Err(Reason::AttachmentDenied)
        };
        match verdict {
            Ok(()) => Binding::Bound {
                gateway: index,
                label,
            },
            Err(reason) => Binding::NotBound {
                wanted: wanted(),
                label,
                reason,
            },
        }
    }
}

/// Whether a waypoint's listener admits what lives in a namespace. `allowedRoutes.kinds` plays no part.
pub(super) fn admits(mesh: &Mesh, gateway: &GatewayInfo, namespace: &str) -> bool {
    let namespaces = mesh
        .bound_listener(gateway)
        .or_else(|| mesh.hbone_listener(gateway))
        .and_then(|listener| listener.allowed_routes.as_ref())
        .and_then(|routes| routes.namespaces.as_ref());
    // Here a selector that is left out selects nothing, and words other than `All` and `Selector` mean the same
    // namespace (AllowsAttachmentFromNamespaceOrLookup).
    match namespaces.and_then(|rule| rule.from.as_deref()) {
        Some("Selector") if namespaces.is_some_and(|rule| rule.selector.is_none()) => false,
        Some("All" | "Selector") => {
            admits_namespace(mesh, namespaces, &gateway.namespace, namespace)
        }
        _ => namespace == gateway.namespace,
    }
}

/// `allowedRoutes.namespaces`: absent means the Gateway's own namespace.
pub(super) fn admits_namespace(
    mesh: &Mesh,
    rule: Option<&RouteNamespaces>,
    own: &str,
    namespace: &str,
) -> bool {
    match rule.and_then(|rule| rule.from.as_deref()) {
        Some("All") => true,
        Some("Selector") => rule
            .and_then(|rule| rule.selector.as_ref())
            .is_none_or(|selector| selector.matches(&mesh.namespace_labels(namespace))),
        None | Some("Same") => namespace == own,
        Some(_) => false,
    }
}

/// The edges of namespaces, Services and workloads to the waypoints that their labels name.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, rows: &mut Vec<Row>) {
    for (index, object) in mesh.live(Kind::Namespace) {
        let binding = match named(mesh, &object.metadata.labels, &object.id.name) {
            Named::Gateway {
                namespace, name, ..
            } => Named::Gateway {
                namespace,
                name,
                label: Label::Own,
            },
            Named::Nothing(reason) => Named::Nothing(reason),
        }
        .bind(mesh, &object.id.name, |_, _| Ok(()));
        rows.extend(row(mesh, index, object, &binding));
    }
    for (index, service) in mesh.service_objects() {
        if let (Some(object), Some(binding)) = (
            mesh.object(service.object),
            attachments.service_binding(index),
        ) {
            rows.extend(row(mesh, service.object, object, binding));
            rows.extend(super::canary::row(mesh, service, object, binding));
        }
    }
    let refused = |(_, object): &(ObjectIndex, &Object)| {
        object.refused && matches!(object.resource, Resource::ServiceEntry(_))
    };
    for (index, object) in mesh.drawn().filter(refused) {
        let binding = match named(mesh, &object.metadata.labels, &object.id.namespace) {
            Named::Nothing(reason) => Binding::None(reason),
            Named::Gateway {
                namespace,
                name,
                label,
            } => Binding::NotBound {
                wanted: ObjectId::new(Kind::Gateway, namespace, name),
                label,
                reason: Reason::Invalid,
            },
        };
        rows.extend(row(mesh, index, object, &binding));
    }
    for (index, workload) in mesh.workloads() {
        if let (Some(object), Some(binding)) = (
            mesh.object(workload.object),
            attachments.workload_binding(index),
        ) {
            rows.extend(row(mesh, workload.object, object, binding));
        }
    }
}

/// The object that has a label that counts for another, and its id if it is the other's namespace.
pub(super) fn holder<'m>(
    mesh: &'m Mesh,
    object: &'m Object,
    label: Label,
) -> Option<(&'m Object, Option<Box<ObjectId>>)> {
    match label {
        Label::Own => Some((object, None)),
        Label::Namespace => {
            let namespace = mesh.namespace(&object.id.namespace)?;
            Some((namespace, Some(Box::new(namespace.id.clone()))))
        }
    }
}

fn row(mesh: &Mesh, from: ObjectIndex, object: &Object, binding: &Binding) -> Option<Row> {
    let (to, label) = match binding {
        Binding::Bound { gateway, label } => (
            mesh.object(mesh.gateway(*gateway)?.object)?.id.clone(),
            *label,
        ),
        Binding::NotBound { wanted, label, .. } => (wanted.clone(), *label),
        Binding::None(_) => return None,
    };
    let (holder, inherited_from) = holder(mesh, object, label)?;
    let path = label_path(holder, USE_WAYPOINT);
    let mut row = Row::new(
        from,
        to,
        Via::UseWaypoint,
        binding.reason(),
        origin(holder, path),
    );
    row.inherited_from = inherited_from;
    Some(row)
}

/// Where a label stands that counts for an object: in the pod template of a controller, in the spec of a WorkloadEntry
/// if its metadata has it not.
pub(super) fn label_path(object: &Object, key: &'static str) -> FieldPath {
    if let Resource::Endpoint(endpoint) = &object.resource {
        return endpoint.path().key("labels").key(key);
    }
    let in_spec =
        object.id.kind == Kind::WorkloadEntry && !object.metadata.labels.contains_key(key);
    if in_spec {
        return FieldPath::new().key("spec").key("labels").key(key);
    }
    let metadata = match object.id.kind {
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::Job => FieldPath::new().key("spec").key("template"),
        Kind::CronJob => FieldPath::new()
            .key("spec")
            .key("jobTemplate")
            .key("spec")
            .key("template"),
        _ => FieldPath::new(),
    };
    metadata.key("metadata").key("labels").key(key)
}

impl GatewayInfo {
    /// Whether ztunnel can hand traffic to it as a waypoint. istiod binds any Gateway; what is none then fails.
    /// `istio/ztunnel: src/state.rs` (fetch_waypoint).
    pub(crate) fn works_as_waypoint(&self, mesh: &Mesh) -> bool {
        match self.role {
            Role::Waypoint => mesh.hbone_listener(self).is_some(),
            Role::Sandwich => true,
            Role::Ingress | Role::Remote | Role::EastWest | Role::Foreign => false,
        }
    }
}
