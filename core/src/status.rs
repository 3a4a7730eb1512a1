//! The `status` that istiod would write on each object: conditions read off the attachments, so that they can be laid
//! beside those of a live cluster. `istio/istio: pilot/pkg/config/kube/gateway/conditions.go` (createRouteStatus),
//! `conversion.go` (reportGatewayStatus), `pilot/pkg/model/service.go` (GetConditions, flattenConditions),
//! `pilot/pkg/serviceregistry/ambient/policies.go`, `authorization.go`.

use crate::attach::{self, ListenerState, Reason, Wanted};
use crate::mesh::{MESH_CONTROLLER, Role};
use crate::model::Model;
use crate::resource::{
    GATEWAY_API, Kind, Object, ObjectId, ObjectIndex, ParentReference, Resource, Route,
};
use crate::sorted;
use crate::wire::{
    Condition, ListenerStatus, ObjectStatus, ParentRef, RouteKind, RouteParentStatus, Status, Via,
};

/// The controller that writes on routes, also on those of Services.
const CONTROLLER: &str = "istio.io/gateway-controller";

/// The status of every object on which istiod writes one, sorted by id.
pub(crate) fn predict(model: &Model) -> Vec<ObjectStatus> {
    let routes = routes_by_parent(model);
    let mut found: sorted::Map<String, Status> = sorted::Map::new();
    for (index, object) in model.mesh.objects() {
        if !model.mesh.is_live(index) {
            continue;
        }
        let status = match &object.resource {
            Resource::Service(_) | Resource::ServiceEntry(_) => service(model, index, object),
            Resource::WorkloadEntry(_) => workload_entry(model, index, object),
            Resource::GatewayClass(_) => gateway_class(model, object),
            Resource::Gateway(_) => gateway(model, &routes, index, object),
            Resource::ListenerSet(_) => listener_set(model, &routes, index),
            Resource::AuthorizationPolicy(_) => policy(model, index, object),
            resource => match resource.as_route() {
                Some(route) => self::route(model, index, route),
                None => None,
            },
        };
        if let Some(status) = status {
            found.insert(object.id.to_string(), status);
        }
    }
    found
        .into_iter()
        .map(|(object, status)| ObjectStatus { object, status })
        .collect()
}

fn condition(name: &str, holds: bool, reason: &str, message: impl Into<String>) -> Condition {
    Condition {
        condition_type: name.to_owned(),
        status: if holds { "True" } else { "False" }.to_owned(),
        reason: reason.to_owned(),
        message: message.into(),
    }
}

fn conditions(conditions: Vec<Condition>) -> Option<Status> {
    (!conditions.is_empty()).then(|| Status {
        conditions,
        ..Status::default()
    })
}

/// `WaypointBound` of what has a label that names a waypoint, its namespace's counting for it.
fn bound(model: &Model, index: ObjectIndex, object: &Object) -> Option<Condition> {
    let rows = || model.attachments.of(index);
    let row = rows().find(|row| row.via == Via::UseWaypoint)?;
    let mut message = row.reason.sentence(row.via, &object.id, &row.to);
    if row.is_attached() {
        if let Some(canary) =
            rows().find(|row| row.via == Via::UseWaypointCanary && !row.is_attached())
        {
            message = format!(
                "{message} {}",
                canary.reason.sentence(canary.via, &object.id, &canary.to)
            );
        }
        return Some(condition(
            "WaypointBound",
            true,
            "WaypointAccepted",
            message,
        ));
    }
    Some(condition(
        "WaypointBound",
        false,
        row.reason.name(),
        message,
    ))
}

fn service(model: &Model, index: ObjectIndex, object: &Object) -> Option<Status> {
    let mut found: Vec<Condition> = bound(model, index, object).into_iter().collect();
    let unbound = found.iter().all(|condition| condition.status != "True");
    if let Resource::ServiceEntry(entry) = &object.resource
        && unbound
        && entry.hosts.iter().any(|host| host.starts_with('*'))
    {
        found.push(condition(
            "WaypointMissing",
            true,
            "NoWaypointForWildcardService",
            "A wildcard host has no effect without a waypoint.",
        ));
    }
    conditions(found)
}

fn workload_entry(model: &Model, index: ObjectIndex, object: &Object) -> Option<Status> {
    conditions(bound(model, index, object).into_iter().collect())
}

fn gateway_class(model: &Model, object: &Object) -> Option<Status> {
    let ours = model.mesh.controller(&object.id.name).is_some_and(|name| {
        matches!(
            name,
            MESH_CONTROLLER | CONTROLLER | "istio.io/unmanaged-gateway"
        )
    });
    ours.then(|| {
        conditions(vec![condition(
            "Accepted",
            true,
            "Accepted",
            "The class is one of Istio's.",
        )])
    })?
}

/// Routes with the parentRefs that point at an object.
type Routes<'m> = sorted::Map<&'m ObjectId, Vec<(&'m Object, Route<'m>, &'m ParentReference)>>;

fn routes_by_parent(model: &Model) -> Routes<'_> {
    let mut routes: Routes<'_> = sorted::Map::new();
    for row in model.attachments.rows() {
        if row.via != Via::ParentRef || !row.is_attached() {
            continue;
        }
        let Some(object) = model.mesh.object(row.from) else {
            continue;
        };
        let Some(route) = object.resource.as_route() else {
            continue;
        };
        if let Some(parent) = written(route, row) {
            routes
                .entry(&row.to)
                .or_default()
                .push((object, route, parent));
        }
    }
    routes
}

/// The parentRef that a row is about.
fn written<'m>(route: Route<'m>, row: &attach::Row) -> Option<&'m ParentReference> {
    route.parent_refs.get(row.origin.path.last_index()?)
}

fn gateway(
    model: &Model,
    routes: &Routes<'_>,
    index: ObjectIndex,
    object: &Object,
) -> Option<Status> {
    let found = model
        .mesh
        .find_gateway(&object.id.namespace, &object.id.name)?;
    let role = model.mesh.gateway(found)?.role;
    let states = model.attachments.listeners().of(index);
    let programmed = || condition("Programmed", true, "Programmed", "The gateway serves.");
    match role {
        Role::Foreign | Role::EastWest => None,
        Role::Remote => conditions(vec![
            condition("Accepted", true, "Accepted", "Istio does not run it."),
            programmed(),
        ]),
        Role::Waypoint | Role::Ingress | Role::Sandwich => {
            let valid = states.iter().filter(|state| state.is_valid(role)).count();
            let accepted = if valid == states.len() {
                condition("Accepted", true, "Accepted", "Every listener is valid.")
            } else {
                let message = format!("{valid} of {} listeners are valid.", states.len());
                condition("Accepted", valid > 0, "ListenersNotValid", message)
            };
            let resolved = condition("ResolvedRefs", true, "ResolvedRefs", "Nothing is missing.");
            Some(Status {
                conditions: vec![accepted, programmed(), resolved],
                listeners: listeners(model, routes, object, states),
                ..Status::default()
            })
        }
    }
}

fn listener_set(model: &Model, routes: &Routes<'_>, index: ObjectIndex) -> Option<Status> {
    let object = model.mesh.object(index)?;
    let row = model
        .attachments
        .of(index)
        .find(|row| row.via == Via::ParentRef)?;
    let message = row.reason.sentence(row.via, &object.id, &row.to);
    let accepted = match row.reason {
        Reason::Accepted => condition("Accepted", true, "Accepted", message),
        Reason::NotAllowed | Reason::ListenersNotValid => {
            condition("Accepted", false, row.reason.name(), message)
        }
        _ => return None,
    };
    let states = match row.reason {
        Reason::NotAllowed => &[],
        _ => model.attachments.listeners().of(index),
    };
    let programmed = if row.is_attached() {
        condition("Programmed", true, "Programmed", "The Gateway serves it.")
    } else {
        condition(
            "Programmed",
            false,
            row.reason.name(),
            "The Gateway does not serve it.",
        )
    };
    Some(Status {
        conditions: vec![accepted, programmed],
        listeners: listeners(model, routes, object, states),
        ..Status::default()
    })
}

fn listeners(
    model: &Model,
    routes: &Routes<'_>,
    object: &Object,
    states: &[ListenerState],
) -> Vec<ListenerStatus> {
    let attached = routes
        .get(&object.id)
        .map(Vec::as_slice)
        .unwrap_or_default();
    states
        .iter()
        .filter_map(|state| {
            let listener = attach::written_listener(&model.mesh, state)?;
            let takes = |(object, route, parent): &&(&Object, Route<'_>, &ParentReference)| {
                let wanted = Wanted::new(object, *route, parent);
                model
                    .attachments
                    .listeners()
                    .takes(&model.mesh, state, &wanted)
            };
            let count = attached.iter().filter(takes).count();
            Some(ListenerStatus {
                name: listener.name.clone(),
                attached_routes: u32::try_from(count).unwrap_or(u32::MAX),
                supported_kinds: state
                    .kinds
                    .iter()
                    .map(|kind| RouteKind {
                        group: GATEWAY_API.to_owned(),
                        kind: kind.written().to_owned(),
                    })
                    .collect(),
                conditions: listener_conditions(&object.id, state),
            })
        })
        .collect()
}

fn listener_conditions(id: &ObjectId, state: &ListenerState) -> Vec<Condition> {
    let problem = |wanted: &[Reason]| {
        state
            .problems
            .iter()
            .copied()
            .find(|problem| wanted.contains(problem))
    };
    let conflict = problem(&[Reason::HostnameConflict, Reason::ProtocolConflict]);
    let protocol = problem(&[Reason::UnsupportedProtocol]);
    let reference = problem(&[
        Reason::InvalidCertificateRef,
        Reason::RefNotPermitted,
        Reason::InvalidRouteKinds,
    ]);
    let say = |reason: Reason| reason.sentence(Via::ParentRef, id, id);
    let either = |name: &str, problem: Option<Reason>, good: &str| match problem {
        Some(reason) => condition(name, false, reason.name(), say(reason)),
        None => condition(name, true, good, "Nothing is wrong."),
    };
    let programmed = match (conflict, reference) {
        (Some(reason), _) => condition("Programmed", false, reason.name(), say(reason)),
        (None, Some(reason @ (Reason::InvalidCertificateRef | Reason::RefNotPermitted))) => {
            condition("Programmed", false, "Invalid", say(reason))
        }
        _ => condition("Programmed", true, "Programmed", "Nothing is wrong."),
    };
    let conflicted = match conflict {
        Some(reason) => condition("Conflicted", true, reason.name(), say(reason)),
        None => condition("Conflicted", false, "NoConflicts", "Nothing is wrong."),
    };
    vec![
        either("Accepted", conflict.or(protocol), "Accepted"),
        conflicted,
        programmed,
        either("ResolvedRefs", reference, "ResolvedRefs"),
    ]
}

/// One entry for each distinct parentRef that Istio knows.
fn route(model: &Model, index: ObjectIndex, route: Route<'_>) -> Option<Status> {
    let id = &model.mesh.object(index)?.id;
    let mut parents: Vec<RouteParentStatus> = Vec::new();
    for row in model
        .attachments
        .of(index)
        .filter(|row| row.via == Via::ParentRef)
    {
        // Of these nobody writes: Istio cannot know that they are its own.
        if matches!(
            row.reason,
            Reason::UnsupportedParent
                | Reason::UnsupportedKind
                | Reason::ForeignController
                | Reason::ParentNotFound
                | Reason::WaypointTakesNoRoutes
        ) {
            continue;
        }
        let Some(parent) = written(route, row) else {
            continue;
        };
        let at_service = matches!(row.to.kind, Kind::Service | Kind::ServiceEntry);
        let sentence = |reason: Reason| reason.sentence(row.via, id, &row.to);
        // At a Service Istio asks only whether it is there.
        let refused = match row.reason {
            Reason::NoMatchingParent
            | Reason::NoMatchingListenerHostname
            | Reason::NotAllowedByListeners => Some(row.reason),
            _ => None,
        };
        let accepted = match refused {
            Some(reason) => condition("Accepted", false, reason.name(), sentence(reason)),
            None => condition("Accepted", true, "Accepted", "The parent takes the route."),
        };
        let waypoints = if at_service && row.reason == Reason::MissingUseWaypointLabel {
            sentence(row.reason)
        } else {
            "A label names a waypoint, or none is needed.".to_owned()
        };
        let status = RouteParentStatus {
            parent_ref: ParentRef {
                group: parent.group.clone(),
                kind: parent.kind.clone(),
                namespace: parent.namespace.clone(),
                name: parent.name.clone(),
                section_name: parent.section_name.clone(),
                port: parent.port,
            },
            controller_name: CONTROLLER.to_owned(),
            conditions: vec![
                accepted,
                resolved_refs(model, index, at_service),
                condition("ResolvedWaypoints", true, "ResolvedWaypoints", waypoints),
            ],
        };
        if !parents.contains(&status) {
            parents.push(status);
        }
    }
    (!parents.is_empty()).then(|| Status {
        parents,
        ..Status::default()
    })
}

fn resolved_refs(model: &Model, index: ObjectIndex, at_service: bool) -> Condition {
    if let Some(dropped) = model.routes.dropped().find(|(route, _)| *route == index) {
        return condition(
            "ResolvedRefs",
            false,
            "InvalidFilter",
            dropped.1.message.as_str(),
        );
    }
    let id = model.mesh.object(index).map(|object| &object.id);
    let bad = model.attachments.of(index).find(|row| {
        row.via == Via::BackendRef
            && !row.is_attached()
            // At a Service no grant is asked for.
            && !(at_service && row.reason == Reason::RefNotPermitted)
    });
    match (bad, id) {
        (Some(row), Some(id)) => {
            let message = row.reason.sentence(row.via, id, &row.to);
            condition("ResolvedRefs", false, row.reason.name(), message)
        }
        _ => condition(
            "ResolvedRefs",
            true,
            "ResolvedRefs",
            "Every backend is there.",
        ),
    }
}

/// `WaypointAccepted` of a policy with targetRefs, `ZtunnelAccepted` of one without.
fn policy(model: &Model, index: ObjectIndex, object: &Object) -> Option<Status> {
    let targets: Vec<&attach::Row> = model
        .attachments
        .of(index)
        .filter(|row| row.via == Via::TargetRef)
        .collect();
    if targets.is_empty() {
        return ztunnel_accepted(model, index);
    }
    // istiod asks whether the target is there; whether a proxy looks at it is another question.
    let is_bound = |row: &&attach::Row| {
        row.is_attached()
            || matches!(
                row.reason,
                Reason::ClassNotEnforced | Reason::ForeignController | Reason::TargetNotConsulted
            )
    };
    let sentence = |row: &attach::Row| row.reason.sentence(row.via, &object.id, &row.to);
    let accepted = match targets.as_slice() {
        [only] if is_bound(only) => condition("WaypointAccepted", true, "Accepted", sentence(only)),
        [only] => condition(
            "WaypointAccepted",
            false,
            only.reason.name(),
            sentence(only),
        ),
        several => {
            let unbound: Vec<String> = several
                .iter()
                .filter(|row| !is_bound(row))
                .map(|row| row.to.to_string())
                .collect();
            let any = unbound.len() < several.len();
            let reason = match (any, unbound.is_empty()) {
                (true, true) => "Accepted",
                (true, false) => "PartiallyInvalid",
                (false, _) => "Invalid",
            };
            let message = if unbound.is_empty() {
                "Every target is bound.".to_owned()
            } else {
                format!("Not bound: {}.", unbound.join(", "))
            };
            condition("WaypointAccepted", any, reason, message)
        }
    };
    conditions(vec![accepted])
}

fn ztunnel_accepted(model: &Model, index: ObjectIndex) -> Option<Status> {
    let policy = model.policies.at_ztunnel(index)?;
    let accepted = if !crate::authz::is_sent(policy.action, policy.dry_run) {
        let message = "ztunnel takes no policy of this action, and none on a dry run.";
        condition("ZtunnelAccepted", false, "UnsupportedValue", message)
    } else if let Some(loss) = policy.losses.first() {
        let message = loss.sentence(policy.action, crate::authz::Enforcer::Ztunnel.name());
        condition("ZtunnelAccepted", true, "UnsupportedValue", message)
    } else {
        condition(
            "ZtunnelAccepted",
            true,
            "Accepted",
            "ztunnels enforce it as it is.",
        )
    };
    conditions(vec![accepted])
}
