//! `istio.io/use-waypoint-canary`: a second waypoint, which gets a share.

use super::use_waypoint::{Binding, Label, USE_WAYPOINT, admits, holder, label_path};
use super::{Reason, Row, origin};
use crate::mesh::{GatewayIndex, Mesh, ServiceInfo};
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
    /// The Gateway, if it is there.
    gateway: Option<GatewayIndex>,
    /// The percentage of connections that it gets.
    weight: u32,
    /// Why it gets its share, or none. Errors leave everything to the first waypoint.
    reason: Reason,
}

/// A waypoint of a Service, with the percentage of connections that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// The waypoint.
    pub(crate) gateway: GatewayIndex,
    /// From 0 to 100.
    pub(crate) percent: u32,
}

/// The canary of a Service that has a waypoint. The namespace is asked only if the Service names no waypoint itself.
/// `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (ResolveUseWaypointCanary, buildWeightedWaypoints).
fn canary(mesh: &Mesh, service: &ServiceInfo, primary: &Binding) -> Option<Canary> {
    let gateway = mesh.gateway(primary.gateway()?)?;
    let own = mesh.object(service.object)?;
    let inherited = mesh
        .namespace(&service.namespace)
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
    // As Go reads a whole number, with a sign if it likes; none is 0.
    let weight = weight.map_or(Some(0), |weight| {
        let number = weight.parse::<i64>().ok()?;
        u32::try_from(number).ok().filter(|percent| *percent <= 100)
    });
    let found = mesh.find_gateway(&wanted.namespace, &wanted.name);
    let other = found.and_then(|index| mesh.gateway(index));
    let reason = match other {
        _ if mesh.object(gateway.object).map(|object| &object.id) == Some(&wanted) => {
            Reason::CanarySameAsPrimary
        }
        _ if weight.is_none() => Reason::CanaryInvalidWeight,
        None => Reason::WaypointIsNotReady,
        Some(other) if !admits(mesh, other, &service.namespace) => Reason::AttachmentDenied,
        Some(other) if !other.traffic_type.serves_services() => Reason::UnsupportedTrafficType,
        Some(_) => Reason::Accepted,
    };
    Some(Canary {
        wanted,
        label,
        gateway: found,
        weight: weight.unwrap_or_default(),
        reason,
    })
}

/// The share of the canary of a Service, if it gets one.
pub(super) fn share(mesh: &Mesh, service: &ServiceInfo, primary: &Binding) -> Option<Share> {
    let canary = canary(mesh, service, primary)?;
    let gateway = canary
        .gateway
        .filter(|_| canary.reason == Reason::Accepted)?;
    Some(Share {
        gateway,
        percent: canary.weight,
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
