//! The `status` that istiod would write on each object: conditions read off the attachments, so that they can be laid
//! beside those of a live cluster. `istio/istio: pilot/pkg/config/kube/gateway/conditions.go` (createRouteStatus),
//! `conversion.go` (reportGatewayStatus), `pilot/pkg/model/service.go` (GetConditions, flattenConditions),
//! `pilot/pkg/serviceregistry/ambient/policies.go`, `authorization.go`.

mod ancestors;

use crate::attach::{self, ListenerState, Reason, Wanted};
use crate::mesh::{Exposure, GatewayInfo, INGRESS_CONTROLLER, MESH_CONTROLLER, Mesh, UNMANAGED};
use crate::model::{Model, ParentSort};
use crate::resource::{
    GATEWAY_API, Kind, Object, ObjectId, ObjectIndex, ParentReference, Resource, Route,
    SecretReference, authorization_policy,
};
use crate::sorted;
use crate::wire::{
    Condition, ListenerStatus, ObjectStatus, ParentRef, RouteKind, RouteParentStatus, Status, Via,
};

/// How the addresses of a host that DNS looks up are tried.
const CONNECT_STRATEGY: &str = "istio.io/connect-strategy";

/// The status of every object on which istiod writes one, sorted by id.
pub(crate) fn predict(model: &Model) -> Vec<ObjectStatus> {
    let routes = routes_by_parent(model);
    let mut found: sorted::Map<String, Status> = sorted::Map::new();
    for (index, object) in model.mesh.objects() {
        if !model.mesh.is_live(index) {
            continue;
        }
        let status = match &object.resource {
            Resource::Service(_) | Resource::ServiceEntry(_) if model.mesh.counts(&object.id) => {
                service(model, index, object)
            }
            Resource::WorkloadEntry(_) => workload_entry(model, index, object),
            Resource::GatewayClass(_) => gateway_class(model, object),
            Resource::Gateway(_) => gateway(model, &routes, index, object),
            Resource::ListenerSet(_) => listener_set(model, &routes, index),
            Resource::AuthorizationPolicy(_) => policy(model, index, object),
            Resource::BackendTlsPolicy(policy) => ancestors::status(model, index, policy),
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
            "istio.io/WaypointBound",
            true,
            "WaypointAccepted",
            message,
        ));
    }
    Some(condition(
        "istio.io/WaypointBound",
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
    {
        let annotation = object.metadata.annotations.get(CONNECT_STRATEGY);
        let races =
            annotation.is_some_and(|value| value.eq_ignore_ascii_case("RACE_FIRST_TCP_CONNECT"));
        let missing = |reason: &str, message: &str| {
            condition("istio.io/WaypointMissing", true, reason, message)
        };
        if races {
            found.push(missing(
                "NoWaypointForRacingConnectStrategy",
                "A strategy for connections has no effect without a waypoint.",
            ));
        } else if entry.hosts.iter().any(|host| host.starts_with('*')) {
            found.push(missing(
                "NoWaypointForWildcardService",
                "A wildcard host has no effect without a waypoint.",
            ));
        }
    }
    conditions(found)
}

fn workload_entry(model: &Model, index: ObjectIndex, object: &Object) -> Option<Status> {
    conditions(bound(model, index, object).into_iter().collect())
}

fn gateway_class(model: &Model, object: &Object) -> Option<Status> {
    let ours = model
        .mesh
        .controller(&object.id.name)
        .is_some_and(|name| matches!(name, MESH_CONTROLLER | INGRESS_CONTROLLER | UNMANAGED));
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
    let info = model.mesh.gateway(found)?;
    let states = model.attachments.listeners().of(index);
    let Resource::Gateway(written) = &object.resource else {
        return None;
    };
    match model.mesh.controller_of(info)? {
        UNMANAGED => conditions(vec![
            condition("Accepted", true, "Accepted", "Istio does not run it."),
            condition("Programmed", true, "Programmed", "Istio does not run it."),
        ]),
        MESH_CONTROLLER | INGRESS_CONTROLLER => {
            let valid = states.iter().filter(|state| state.is_valid).count();
            let exposure = model.mesh.exposure(info);
            let parameters = written.infrastructure.as_ref();
            let parameters = parameters.and_then(|one| one.parameters_ref.as_ref());
            let is_map = |of: &SecretReference| {
                let group = of.group.as_deref().unwrap_or_default();
                group.is_empty() && of.kind.as_deref() == Some("ConfigMap")
            };
            let accepted = match &exposure {
                Exposure::Services { refuses_some, .. } if *refuses_some => condition(
                    "Accepted",
                    false,
                    "UnsupportedAddress",
                    "An address that is no host name counts for nothing.",
                ),
                // validateParametersRef
                _ if parameters.is_some_and(|of| !is_map(of)) => condition(
                    "Accepted",
                    false,
                    "InvalidParameters",
                    "`parametersRef` names no ConfigMap.",
                ),
                _ if valid == states.len() => {
                    condition("Accepted", true, "Accepted", "Every listener is valid.")
                }
                _ => {
                    let message = format!("{valid} of {} listeners are valid.", states.len());
                    condition("Accepted", valid > 0, "ListenersNotValid", message)
                }
            };
            let resolved = match attach::client_certificate(&model.mesh, object, written) {
                Some(reason) => {
                    let message = reason.sentence(Via::ParentRef, &object.id, &object.id);
                    condition("ResolvedRefs", false, reason.name(), message)
                }
                None => condition("ResolvedRefs", true, "ResolvedRefs", "Nothing is missing."),
            };
            let programmed = programmed(model, info, &exposure, states);
            let mut conditions = vec![accepted, programmed, resolved];
            if written.lets_anyone_in() {
                let message = "Clients without a valid certificate are let in.";
                conditions.push(condition(
                    "InsecureFrontendValidationMode",
                    true,
                    "ConfigurationChanged",
                    message,
                ));
            }
            Some(Status {
                conditions,
                listeners: listeners(model, routes, object, states),
                ..Status::default()
            })
        }
        _ => None,
    }
}

/// `Programmed` of a Gateway, or of a ListenerSet of it. What Istio deploys counts as ready; what someone else deploys
/// must be there. `istio/istio: pilot/pkg/config/kube/gatewaycommon/context.go` (ResolveGatewayInstances).
fn programmed(
    model: &Model,
    gateway: &GatewayInfo,
    exposure: &Exposure,
    states: &[ListenerState],
) -> Condition {
    let Exposure::Services { hosts, .. } = exposure else {
        return condition("Programmed", true, "Programmed", "The gateway serves.");
    };
    if hosts.is_empty() {
        let message = "No address is a host name.";
        return condition("Programmed", false, "UnsupportedAddress", message);
    }
    let reasons: Vec<&str> = hosts
        .iter()
        .filter_map(|host| unreachable(&model.mesh, gateway, host, states))
        .collect();
    // A Service that is wrong counts for more than one that is not ready.
    for (reason, message) in [
        (
            NOT_USABLE,
            "A Service that `addresses` names is missing, or has not all ports.",
        ),
        (
            NOT_ASSIGNED,
            "A Service that `addresses` names has no endpoints.",
        ),
    ] {
        if reasons.contains(&reason) {
            return condition("Programmed", false, reason, message);
        }
    }
    condition("Programmed", true, "Programmed", "The gateway serves.")
}

const NOT_USABLE: &str = "AddressNotUsable";
const NOT_ASSIGNED: &str = "AddressNotAssigned";

/// Why listeners cannot be reached through a Service in front of the gateway.
fn unreachable(
    mesh: &Mesh,
    gateway: &GatewayInfo,
    host: &str,
    states: &[ListenerState],
) -> Option<&'static str> {
    let service = mesh
        .service_of_host(host, &gateway.namespace)
        .and_then(|index| mesh.service(index))
        .filter(|service| service.namespace == gateway.namespace);
    let Some(service) = service else {
        return Some(NOT_USABLE);
    };
    let mut ports = states
        .iter()
        .filter(|state| state.has_server)
        .filter_map(|state| Some(attach::written_listener(mesh, state)?.port))
        .peekable();
    ports.peek()?;
    let is_service = mesh
        .object(service.object)
        .is_some_and(|object| object.id.kind == Kind::Service);
    if is_service && service.workloads.is_empty() {
        return Some(NOT_ASSIGNED);
    }
    ports
        .any(|port| service.port(port).is_none())
        .then_some(NOT_USABLE)
}

fn listener_set(model: &Model, routes: &Routes<'_>, index: ObjectIndex) -> Option<Status> {
    let object = model.mesh.object(index)?;
    let row = model
        .attachments
        .of(index)
        .find(|row| row.via == Via::ParentRef)?;
    let message = row.reason.sentence(row.via, &object.id, &row.to);
    let parent = model
        .mesh
        .find_gateway(&row.to.namespace, &row.to.name)
        .and_then(|gateway| model.mesh.gateway(gateway));
    let refuses_some = parent.is_some_and(|gateway| {
        matches!(
            model.mesh.exposure(gateway),
            Exposure::Services {
                refuses_some: true,
                ..
            }
        )
    });
    let accepted = match row.reason {
        // What is wrong with the Gateway's addresses is said here too.
        Reason::Accepted | Reason::ListenersNotValid if refuses_some => {
            let message = "An address of the Gateway is no host name and counts for nothing.";
            condition("Accepted", false, "UnsupportedAddress", message)
        }
        Reason::Accepted => condition("Accepted", true, "Accepted", message),
        Reason::NotAllowed | Reason::ListenersNotValid | Reason::UnsupportedAddress => {
            condition("Accepted", false, row.reason.name(), message)
        }
        _ => return None,
    };
    let states = match row.reason {
        Reason::NotAllowed => &[],
        _ => model.attachments.listeners().of(index),
    };
    let gateway = parent?;
    let programmed = if row.is_attached() {
        programmed(model, gateway, &model.mesh.exposure(gateway), states)
    } else {
        let message = "The Gateway does not serve it.";
        condition("Programmed", false, row.reason.name(), message)
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
            // A route counts once, however many of its parentRefs lead here.
            let mut routes: Vec<&ObjectId> = attached
                .iter()
                .filter(takes)
                .map(|(object, ..)| &object.id)
                .collect();
            // Rows are in the order of their routes.
            routes.dedup();
            let count = routes.len();
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

/// `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildListener), `gatewaycommon/conversion.go`
/// (ReportListenerConflict, ReportListenerCondition).
fn listener_conditions(id: &ObjectId, state: &ListenerState) -> Vec<Condition> {
    let problem = |wanted: &[Reason]| {
        state
            .problems
            .iter()
            .copied()
            .find(|problem| wanted.contains(problem))
    };
    let say = |reason: Reason| reason.sentence(Via::ParentRef, id, id);
    let fails = |name: &str, by: &str, reason| condition(name, false, by, say(reason));
    let holds = |name: &str, by: &str| condition(name, true, by, "Nothing is wrong.");
    let kinds = problem(&[Reason::InvalidRouteKinds])
        .map(|reason| fails("ResolvedRefs", reason.name(), reason));
    if let Some(reason) = problem(&[Reason::HostnameConflict, Reason::ProtocolConflict]) {
        // Nothing else of it is looked at but the kinds.
        let mut found = vec![
            fails("Accepted", reason.name(), reason),
            condition("Conflicted", true, reason.name(), say(reason)),
            fails("Programmed", reason.name(), reason),
        ];
        found.extend(kinds);
        return found;
    }
    let protocol = problem(&[Reason::UnsupportedProtocol, Reason::ListenerWithoutTls]);
    let certificate = problem(&[
        Reason::InvalidCertificateRef,
        Reason::RefNotPermitted,
        Reason::InvalidCaCertificateRef,
        Reason::InvalidCaCertificateKind,
    ]);
    let accepted = match (protocol, certificate) {
        (Some(reason), _) => fails("Accepted", reason.name(), reason),
        (None, None | Some(Reason::InvalidCertificateRef)) => holds("Accepted", "Accepted"),
        // Of what lies in another namespace istiod says no more than that.
        (None, Some(reason)) => fails("Accepted", "NoValidCACertificate", reason),
    };
    let programmed = match certificate.or(problem(&[Reason::ListenerWithoutTls])) {
        Some(reason) => fails("Programmed", "Invalid", reason),
        None => holds("Programmed", "Programmed"),
    };
    let resolved = kinds.unwrap_or_else(|| match certificate {
        Some(reason) => fails("ResolvedRefs", reason.name(), reason),
        None => holds("ResolvedRefs", "ResolvedRefs"),
    });
    let conflicted = condition("Conflicted", false, "NoConflicts", "Nothing is wrong.");
    vec![accepted, conflicted, programmed, resolved]
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
                | Reason::ParentNotFound
                | Reason::ParentNotAccepted
                | Reason::WaypointTakesNoRoutes
        ) {
            continue;
        }
        let Some(parent) = written(route, row) else {
            continue;
        };
        let at_service = matches!(row.to.kind, Kind::Service | Kind::ServiceEntry);
        if row.reason == Reason::ForeignController && !(at_service && is_nobodys(model, row)) {
            continue;
        }
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
            controller_name: INGRESS_CONTROLLER.to_owned(),
            conditions: vec![
                accepted,
                resolved_refs(model, index, ParentSort::of(row.to.kind)),
                condition("ResolvedWaypoints", true, "ResolvedWaypoints", waypoints),
            ],
        };
        if !parents.contains(&status) {
            parents.push(status);
        }
    }
    // From the last to the first, as istiod writes them (parentRefString).
    parents.sort_by_cached_key(|status| {
        let parent = &status.parent_ref;
        let text = format!(
            "{}/{}/{}/{}/{}.{}",
            parent.group.as_deref().unwrap_or(GATEWAY_API),
            parent.kind.as_deref().unwrap_or("Gateway"),
            parent.name,
            parent.section_name.as_deref().unwrap_or_default(),
            parent.port.unwrap_or_default(),
            parent.namespace.as_deref().unwrap_or(&id.namespace),
        );
        std::cmp::Reverse(text)
    });
    (!parents.is_empty()).then(|| Status {
        parents,
        ..Status::default()
    })
}

/// Whether the waypoint of a Service has a class that nobody knows: istiod then takes the route for its own.
fn is_nobodys(model: &Model, row: &attach::Row) -> bool {
    let service = model.mesh.service_of(&row.to);
    service.is_none_or(|service| !attach::is_elsewhere(&model.mesh, service))
}

fn resolved_refs(model: &Model, index: ObjectIndex, parent: ParentSort) -> Condition {
    let Some(problem) = model.routes.problem(index, parent) else {
        let message = "Every backend is there.";
        return condition("ResolvedRefs", true, "ResolvedRefs", message);
    };
    let message = problem.drops.clone().unwrap_or_else(|| {
        let row = model
            .attachments
            .of(index)
            .find(|row| row.via == Via::BackendRef && row.origin.path.to_string() == problem.path);
        match (row, model.mesh.object(index)) {
            (Some(row), Some(object)) => problem.reason.sentence(row.via, &object.id, &row.to),
            _ => "A backend is of a kind that no route may name.".to_owned(),
        }
    });
    condition("ResolvedRefs", false, problem.reason.name(), message)
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
                Reason::ClassNotEnforced
                    | Reason::ForeignController
                    | Reason::TargetNotConsulted
                    | Reason::ExternalNameService
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
    let mut found = vec![accepted];
    // A dry run is refused before istiod looks at targets.
    if authorization_policy::is_dry_run(&object.metadata.annotations) {
        found.push(not_at_ztunnel());
    }
    conditions(found)
}

fn not_at_ztunnel() -> Condition {
    let message = "ztunnel takes no policy of this action, and none on a dry run.";
    condition("ZtunnelAccepted", false, "UnsupportedValue", message)
}

fn ztunnel_accepted(model: &Model, index: ObjectIndex) -> Option<Status> {
    let policy = model.policies.at_ztunnel(index)?;
    let accepted = if !crate::authz::is_sent(policy.action, policy.dry_run) {
        not_at_ztunnel()
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
