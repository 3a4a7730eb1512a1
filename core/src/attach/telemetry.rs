//! Where proxies look for Telemetry. For each Service a waypoint reads the one without selector and targetRefs of the
//! root namespace, of its own and of the Service's; those with targetRefs of the last of these alone.
//! `istio/istio: pilot/pkg/model/telemetry.go` (applicableTelemetries, namespaceWideTelemetryConfig).

use super::Attachments;
use crate::mesh::{GatewayInfo, Mesh, Role};
use crate::resource::{Kind, ObjectIndex};
use crate::sorted;

/// All waypoints.
pub(super) fn waypoints(mesh: &Mesh) -> impl Iterator<Item = &GatewayInfo> {
    let gateways = mesh.gateways().map(|(_, gateway)| gateway);
    gateways.filter(|gateway| gateway.role == Role::Waypoint)
}

/// Whether some waypoint reads what is in a namespace: it lives there, or serves a Service from there.
pub(super) fn is_searched(mesh: &Mesh, attachments: &Attachments, namespace: &str) -> bool {
    waypoints(mesh).any(|gateway| gateway.namespace == namespace)
        || mesh.services().any(|(index, service)| {
            service.namespace == namespace && attachments.service_waypoint(index).is_some()
        })
}

/// Of several without selector and targetRefs in one namespace the oldest alone is read.
pub(super) fn read_of_each_namespace(mesh: &Mesh) -> sorted::Map<&str, ObjectIndex> {
    let mut wide: Vec<_> = mesh
        .live(Kind::Telemetry)
        .filter(|(_, object)| {
            object.resource.as_policy().is_some_and(|policy| {
                policy.selector.is_none_or(|labels| labels.is_empty())
                    && policy.target_ref.is_none()
                    && policy.target_refs.is_empty()
            })
        })
        .collect();
    // The oldest goes in last; what has no time of creation is older still.
    wide.sort_by_key(|(_, object)| {
        let created = object.metadata.creation_timestamp.as_deref();
        std::cmp::Reverse((created, &object.id))
    });
    wide.into_iter()
        .map(|(index, object)| (object.id.namespace.as_str(), index))
        .collect()
}
