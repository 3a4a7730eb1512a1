//! `targetRefs` of policies: which waypoint, gateway, class or Service a policy is attached to.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/policies.go` (WaypointPolicyStatusCollection),
//! `istio/istio: pilot/pkg/model/policyattachment.go` (ShouldAttachPolicy).

use super::{Attachments, Reason, Row, origin, use_waypoint};
use crate::mesh::{Address, Exposure, MESH_CONTROLLER, Mesh, Role, ServiceIndex, WAYPOINT_CLASS};
use crate::resource::{Kind, Labels, Object, ObjectId, PolicyTargetReference};
use crate::source::FieldPath;
use crate::wire::Via;

/// One edge for each targetRef of each policy.
pub(super) fn rows(mesh: &Mesh, attachments: &Attachments, rows: &mut Vec<Row>) {
    for (index, object) in mesh.drawn() {
        for (path, reference) in references(object) {
            // The target's namespace is always the policy's.
            let group = reference.group.as_deref().unwrap_or_default();
            let Some(kind) = Kind::of_reference(group, &reference.kind) else {
                continue;
            };
            let to = ObjectId::new(kind, object.id.namespace.as_str(), reference.name.as_str());
            let reason = if object.refused {
                Reason::Invalid
            } else {
                resolve(mesh, attachments, object, &to)
            };
            rows.push(Row::new(
                index,
                to,
                Via::TargetRef,
                reason,
                origin(object, path),
            ));
        }
    }
}

/// The targets of a policy: `targetRef` is read only if `targetRefs` is empty (GetTargetRefs).
fn references(object: &Object) -> Vec<(FieldPath, &PolicyTargetReference)> {
    let Some(policy) = object.resource.as_policy() else {
        return Vec::new();
    };
    let spec = FieldPath::new().key("spec");
    if policy.target_refs.is_empty() {
        return policy
            .target_ref
            .iter()
            .map(|reference| (spec.clone().key("targetRef"), *reference))
            .collect();
    }
    let list = spec.key("targetRefs");
    policy
        .target_refs
        .iter()
        .enumerate()
        .map(|(position, reference)| (list.clone().index(position), reference))
        .collect()
}

/// One target. Validation has refused other groups and kinds.
fn resolve(mesh: &Mesh, attachments: &Attachments, policy: &Object, to: &ObjectId) -> Reason {
    let reason = match to.kind {
        Kind::GatewayClass => gateway_class(mesh, policy, &to.name),
        Kind::Gateway => gateway(mesh, to),
        Kind::Service | Kind::ServiceEntry => match mesh.service_of(to) {
            None => Reason::TargetNotFound,
            Some(service) if attachments.service_waypoint(service).is_some() => Reason::Accepted,
            // istiod calls it accepted, and gives the Service to no proxy.
            Some(service) if is_external_name(mesh, service) => Reason::ExternalNameService,
            Some(_) => Reason::AncestorNotBound,
        },
        _ => Reason::Invalid,
    };
    // Patches are looked up without any Service in hand.
    // `istio/istio: pilot/pkg/model/push_context.go` (getMatchedEnvoyFilters)
    let for_a_service = matches!(to.kind, Kind::Service | Kind::ServiceEntry);
    if reason == Reason::Accepted && for_a_service && policy.id.kind == Kind::EnvoyFilter {
        return Reason::TargetNotConsulted;
    }
    reason
}

/// Whether labels name a waypoint that would serve a Service, if it were not one that ambient does not implement.
fn is_external_name(mesh: &Mesh, index: ServiceIndex) -> bool {
    mesh.service(index).is_some_and(|service| {
        service.address == Address::ExternalName
            && use_waypoint::labelled(mesh, service).gateway().is_some()
    })
}

/// A Gateway as target. One that is deployed by someone else is found only by the label that its pods may carry.
fn gateway(mesh: &Mesh, to: &ObjectId) -> Reason {
    let Some(gateway) = mesh
        .find_gateway(&to.namespace, &to.name)
        .and_then(|index| mesh.gateway(index))
    else {
        return Reason::TargetNotFound;
    };
    match gateway.role {
        // istiod looks among what could be a waypoint.
        _ if !mesh.has_address(gateway) => Reason::TargetNotFound,
        Role::Remote | Role::EastWest | Role::Foreign => Reason::ForeignController,
        Role::Sandwich if !mesh.is_ingress(gateway) => Reason::ForeignController,
        Role::Ingress if mesh.exposure(gateway) != Exposure::Deployed => {
            let label = (
                "gateway.networking.k8s.io/gateway-name".to_owned(),
                to.name.clone(),
            );
            if mesh
                .select(&to.namespace, &Labels::from([label]))
                .is_empty()
            {
                Reason::TargetNotConsulted
            } else {
                Reason::Accepted
            }
        }
        Role::Waypoint | Role::Sandwich | Role::Ingress => Reason::Accepted,
    }
}

/// A class as target: a waypoint of whatever class compares with the name `istio-waypoint` alone.
fn gateway_class(mesh: &Mesh, policy: &Object, class: &str) -> Reason {
    if !mesh.is_root(&policy.id.namespace) {
        return Reason::Invalid;
    }
    match mesh.controller(class) {
        None => Reason::TargetNotFound,
        Some(MESH_CONTROLLER) if class == WAYPOINT_CLASS => Reason::Accepted,
        Some(MESH_CONTROLLER) => Reason::ClassNotEnforced,
        Some(_) => Reason::Invalid,
    }
}
