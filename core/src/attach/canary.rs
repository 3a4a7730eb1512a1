//! `istio.io/use-waypoint-canary`: a second waypoint, which gets a share.

use super::use_waypoint::{Binding, Label, USE_WAYPOINT, admits, holder, label_path};
use super::{Reason, Row, origin};
use crate::mesh::{Mesh, ServiceInfo};
use crate::resource::{Kind, Object, ObjectId};
use crate::wire::Via;

const CANARY: &str = "istio.io/use-waypoint-canary";
const CANARY_NAMESPACE: &str = "istio.io/use-waypoint-canary-namespace";
const CANARY_WEIGHT: &str = "istio.io/use-waypoint-canary-weight";

/// A second waypoint, which gets a share of the connections to a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Canary {
    /// The Gateway that the label names.
    wanted: ObjectId,
    /// Whose label it is.
    label: Label,
    /// Why it gets its share, or none. Errors leave everything to the first waypoint.
    reason: Reason,
}

/// The canary of a Service that has a waypoint. The namespace is asked only if the Service names no waypoint itself.
/// `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (ResolveUseWaypointCanary, buildWeightedWaypoints).
fn canary(mesh: &Mesh, service: &ServiceInfo, primary: &Binding) -> Option<Canary> {
    let gateway = mesh.gateway(primary.gateway()?)?;
    let own = mesh.object(service.object)?;
    let namespace = ObjectId::new(Kind::Namespace, "", service.namespace.as_str());
    let inherited = mesh
        .find(&namespace)
        .and_then(|index| mesh.object(index))
        .filter(|_| !own.metadata.labels.contains_key(USE_WAYPOINT));
    let (holder, label) = if own.metadata.labels.contains_key(CANARY) {
        (own, Label::Own)
    } else {
        (inherited?, Label::Namespace)
    };
    let name = holder.metadata.labels.get(CANARY)?;
    let wanted = ObjectId::new(
        Kind::Gateway,
        holder
            .metadata
            .labels
            .get(CANARY_NAMESPACE)
            .unwrap_or(&service.namespace)
            .as_str(),
        name.as_str(),
    );
    let weight = own
        .metadata
        .annotations
        .get(CANARY_WEIGHT)
        .or_else(|| inherited?.metadata.annotations.get(CANARY_WEIGHT));
    let is_percentage = weight.is_none_or(|weight| {
        weight.bytes().all(|byte| byte.is_ascii_digit())
            && weight.parse::<u32>().is_ok_and(|weight| weight <= 100)
    });
    let other = mesh
        .find_gateway(&wanted.namespace, &wanted.name)
        .and_then(|index| mesh.gateway(index));
    let reason = match other {
        _ if mesh.object(gateway.object).map(|object| &object.id) == Some(&wanted) => {
            Reason::CanarySameAsPrimary
        }
        _ if !is_percentage => Reason::CanaryInvalidWeight,
        None => Reason::WaypointIsNotReady,
        Some(other) if !admits(mesh, other, &service.namespace) => Reason::AttachmentDenied,
        Some(other) if !other.traffic_type.serves_services() => Reason::UnsupportedTrafficType,
        Some(_) => Reason::Accepted,
    };
    Some(Canary {
        wanted,
        label,
        reason,
    })
}

/// The edge of a Service to its canary.
pub(super) fn row(
    mesh: &Mesh,
    service: &ServiceInfo,
    object: &Object,
    primary: &Binding,
) -> Option<Row> {
    let canary = canary(mesh, service, primary)?;
    let (holder, inherited_from) = holder(mesh, object, canary.label)?;
    let mut row = Row::new(
        service.object,
        canary.wanted,
        Via::UseWaypointCanary,
        canary.reason,
        origin(holder, label_path(holder, CANARY)),
    );
    row.inherited_from = inherited_from;
    Some(row)
}
