//! `status.ancestors` of BackendTLSPolicies: one entry for each target, which stands for the mesh, then one for each
//! Gateway whose routes send requests there. `istio/istio: pilot/pkg/config/kube/gateway/backend_policies.go`
//! (BackendTLSPolicyCollection), `route_collections.go` (extractAncestorBackends).

use super::condition;
use crate::attach::{self, Reason};
use crate::mesh::{INGRESS_CONTROLLER, MESH_CONTROLLER};
use crate::model::Model;
use crate::resource::{
    BackendPolicy, BackendPolicyTarget, GATEWAY_API, Kind, Object, ObjectId, ObjectIndex, Route,
};
use crate::sorted;
use crate::wire::{Condition, ParentRef, PolicyAncestorStatus, Status, Via};

/// As many entries as the API takes.
const MOST: usize = 16;

pub(super) fn status(model: &Model, index: ObjectIndex, policy: &BackendPolicy) -> Option<Status> {
    let rows: sorted::Map<String, &attach::Row> = model
        .attachments
        .of(index)
        .filter(|row| row.via == Via::TargetRef)
        .map(|row| (row.origin.path.to_string(), row))
        .collect();
    let mut ancestors = Vec::new();
    let mut targets: Vec<&ObjectId> = Vec::new();
    // istiod keeps one set of conditions: what is wrong with one target is said of all that come behind it.
    let conditions = |reason, message| conditions(policy, reason, message);
    let mut told = conditions(Reason::Accepted, "The policy is in effect.".to_owned());
    let mut ignored = false;
    for (place, target) in policy.target_refs.iter().enumerate() {
        let Some(row) = rows.get(&format!("spec.targetRefs[{place}]")) else {
            continue;
        };
        let news = match row.reason {
            Reason::Accepted => false,
            // This is known from the start, and does not take back what is wrong with a target.
            Reason::NoValidCaCertificate | Reason::Invalid => ancestors.is_empty(),
            _ => true,
        };
        if let Some(object) = model.mesh.object(index).filter(|_| news) {
            told = conditions(
                row.reason,
                row.reason.sentence(row.via, &object.id, &row.to),
            );
        }
        ignored |= row.reason == Reason::IgnoredByIstio;
        if row.reason != Reason::TargetNotFound {
            targets.push(&row.to);
        }
        ancestors.push(PolicyAncestorStatus {
            ancestor_ref: reference(target),
            controller_name: MESH_CONTROLLER.to_owned(),
            conditions: told.clone(),
        });
    }
    if !ignored {
        let of_gateway = |name: String| PolicyAncestorStatus {
            ancestor_ref: ParentRef {
                group: Some(GATEWAY_API.to_owned()),
                kind: Some("Gateway".to_owned()),
                name,
                ..ParentRef::default()
            },
            controller_name: INGRESS_CONTROLLER.to_owned(),
            conditions: told.clone(),
        };
        ancestors.extend(gateways(model, &targets).into_iter().map(of_gateway));
    }
    ancestors.truncate(MOST);
    (!ancestors.is_empty()).then(|| Status {
        ancestors,
        ..Status::default()
    })
}

fn reference(target: &BackendPolicyTarget) -> ParentRef {
    ParentRef {
        group: Some(target.group.clone()),
        kind: Some(target.kind.clone()),
        name: target.name.clone(),
        section_name: target.section_name.clone(),
        ..ParentRef::default()
    }
}

/// What is said of the policy as a whole: of its authority in `ResolvedRefs` whatever becomes of the target.
fn conditions(policy: &BackendPolicy, reason: Reason, message: String) -> Vec<Condition> {
    let accepted = condition(
        "Accepted",
        reason == Reason::Accepted,
        reason.name(),
        message,
    );
    if reason == Reason::IgnoredByIstio {
        return vec![accepted];
    }
    let authority = attach::authority(&policy.validation);
    let resolved = if authority == Reason::NoValidCaCertificate {
        let message = "The authority's certificate is in no ConfigMap.";
        condition("ResolvedRefs", false, Reason::InvalidKind.name(), message)
    } else {
        condition("ResolvedRefs", true, "ResolvedRefs", "Nothing is missing.")
    };
    vec![accepted, resolved]
}

/// The names of the Gateways, by namespace and name, that some route names as parent which has one of these as backend;
/// whether it is accepted there is not asked. Mirrors do not count, nor what is named by its host.
fn gateways(model: &Model, targets: &[&ObjectId]) -> Vec<String> {
    let sends = |object: &Object, route: &Route<'_>| {
        route.backends().into_iter().any(|(path, backend)| {
            let to = ObjectId::of_reference(
                backend.group.as_deref().unwrap_or_default(),
                backend.kind.as_deref().unwrap_or("Service"),
                backend.namespace.as_deref().unwrap_or(&object.id.namespace),
                &backend.name,
            );
            targets.contains(&&to) && !path.to_string().contains("requestMirror")
        })
    };
    let routes = model.mesh.objects().filter(|(index, object)| {
        let route = object.resource.as_route();
        model.mesh.is_live(*index) && route.is_some_and(|route| sends(object, &route))
    });
    let parents: sorted::Set<&ObjectId> = routes
        .flat_map(|(index, _)| model.attachments.of(index))
        .filter(|row| row.via == Via::ParentRef && row.to.kind == Kind::Gateway)
        .filter(|row| row.reason != Reason::UnsupportedParent)
        .map(|row| &row.to)
        .collect();
    parents.iter().map(|id| id.name.clone()).collect()
}
