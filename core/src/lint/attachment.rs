//! Lints about references: each reads the rows of `attach` and words what a reason means for the reader.

use super::{Row, at, blamed, row};
use crate::attach::{self, Reason};
use crate::authz::{Enforcer, Loss, LossKind, Policy};
use crate::mesh::{DATAPLANE_MODE, Role};
use crate::model::Model;
use crate::resource::{self, Action, ISTIO_NETWORKING, Kind};
use crate::source::{Change, Diagnostics, FieldPath, Lint, Origin, lint};
use crate::wire::{EdgeStatus, Via};

lint!(WAYPOINT_MISSING = "WP0201", "waypoint-missing", Error);
lint!(
    WAYPOINT_ATTACHMENT_DENIED = "WP0202",
    "waypoint-attachment-denied",
    Error
);
lint!(
    POLICY_TARGET_MISSING = "WP0203",
    "policy-target-missing",
    Error
);
lint!(
    POLICY_TARGET_WITHOUT_WAYPOINT = "WP0204",
    "policy-target-without-waypoint",
    Error
);
lint!(
    ROUTE_PARENT_MISSING = "WP0205",
    "route-parent-missing",
    Error
);
lint!(
    ROUTE_WITHOUT_EFFECT = "WP0206",
    "route-without-effect",
    Warning
);
lint!(
    ROUTE_ON_WAYPOINT_GATEWAY = "WP0207",
    "route-on-waypoint-gateway",
    Warning
);
lint!(BACKEND_NOT_FOUND = "WP0208", "backend-not-found", Error);
lint!(L7_RULE_AT_ZTUNNEL = "WP0209", "l7-rule-at-ztunnel", Error);
lint!(NOT_ENFORCED = "WP0210", "not-enforced", Error);
lint!(ROUTE_DROPPED = "WP0211", "route-dropped", Error);
lint!(
    WAYPOINT_WRONG_TRAFFIC_TYPE = "WP0271",
    "waypoint-wrong-traffic-type",
    Error
);
lint!(
    ROUTE_PARENT_GROUP_MISSING = "WP0274",
    "route-parent-group-missing",
    Error
);
lint!(
    CONSUMER_ROUTE_IGNORED = "WP0275",
    "consumer-route-ignored",
    Warning
);
lint!(ROUTE_PORT_MISSING = "WP0276", "route-port-missing", Warning);
lint!(
    ROUTE_WITHOUT_WAYPOINT = "WP0277",
    "route-without-waypoint",
    Warning
);
lint!(
    BACKEND_NOT_PERMITTED = "WP0278",
    "backend-not-permitted",
    Error
);
lint!(
    BACKEND_KIND_INVALID = "WP0279",
    "backend-kind-invalid",
    Error
);
lint!(
    SELECTOR_HITS_UNCAPTURED = "WP0280",
    "selector-hits-uncaptured",
    Error
);
lint!(
    CUSTOM_OR_AUDIT_AT_ZTUNNEL = "WP0281",
    "custom-or-audit-at-ztunnel",
    Error
);
lint!(
    RA_WITHOUT_TARGET_REFS = "WP0282",
    "ra-without-targetrefs",
    Error
);
lint!(
    GATEWAY_CLASS_NOT_ENFORCED = "WP0283",
    "gatewayclass-not-enforced",
    Error
);
lint!(
    GATEWAY_CLASS_POLICY_NOT_IN_ROOT = "WP0284",
    "gatewayclass-policy-not-in-root",
    Error
);

pub(super) static CHECKS: &[Row] = &[
    row(&WAYPOINT_MISSING, waypoint_missing),
    row(&WAYPOINT_ATTACHMENT_DENIED, waypoint_attachment_denied),
    row(&POLICY_TARGET_MISSING, policy_target_missing),
    row(
        &POLICY_TARGET_WITHOUT_WAYPOINT,
        policy_target_without_waypoint,
    ),
    row(&ROUTE_PARENT_MISSING, route_parent_missing),
    row(&ROUTE_WITHOUT_EFFECT, route_without_effect),
    row(&ROUTE_ON_WAYPOINT_GATEWAY, route_on_waypoint_gateway),
    row(&BACKEND_NOT_FOUND, backend_not_found),
    row(&L7_RULE_AT_ZTUNNEL, l7_rule_at_ztunnel),
    row(&NOT_ENFORCED, not_enforced),
    row(&ROUTE_DROPPED, route_dropped),
    row(&WAYPOINT_WRONG_TRAFFIC_TYPE, waypoint_wrong_traffic_type),
    row(&ROUTE_PARENT_GROUP_MISSING, route_parent_group_missing),
    row(&CONSUMER_ROUTE_IGNORED, consumer_route_ignored),
    row(&ROUTE_PORT_MISSING, route_port_missing),
    row(&ROUTE_WITHOUT_WAYPOINT, route_without_waypoint),
    row(&BACKEND_NOT_PERMITTED, backend_not_permitted),
    row(&BACKEND_KIND_INVALID, backend_kind_invalid),
    row(&SELECTOR_HITS_UNCAPTURED, selector_hits_uncaptured),
    row(&CUSTOM_OR_AUDIT_AT_ZTUNNEL, custom_or_audit_at_ztunnel),
    row(&RA_WITHOUT_TARGET_REFS, ra_without_target_refs),
    row(&GATEWAY_CLASS_NOT_ENFORCED, gateway_class_not_enforced),
    row(
        &GATEWAY_CLASS_POLICY_NOT_IN_ROOT,
        gateway_class_policy_not_in_root,
    ),
];

fn waypoint_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    rows(
        model,
        lint,
        out,
        "create the Gateway, or correct the name or the namespace in the label",
        &|row, reason| {
            // What inherits the label is told at its namespace.
            row.via == Via::UseWaypoint
                && row.inherited_from.is_none()
                && reason == Reason::WaypointIsNotReady
        },
    );
}

fn waypoint_attachment_denied(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "admit the namespace by `allowedRoutes` of the HBONE listener";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::UseWaypoint
            && row.inherited_from.is_none()
            && reason == Reason::AttachmentDenied
    });
}

fn waypoint_wrong_traffic_type(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the Gateway `istio.io/waypoint-for: all`";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::UseWaypoint && reason == Reason::UnsupportedTrafficType
    });
}

fn policy_target_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let elsewhere = |row: &attach::Row| {
        let kind = row.to.kind;
        let mut named = model.mesh.live(kind).map(|(_, object)| &object.id);
        kind != Kind::GatewayClass && named.any(|id| id.name == row.to.name)
    };
    let help = "correct the name; the target is looked for in the policy's own namespace only";
    rows(model, lint, out, help, &|row, reason| {
        reason == Reason::TargetNotFound && !elsewhere(row)
    });
    let help =
        "move the policy to the target's namespace: it is looked for in the policy's own only";
    let lint = &resource::POLICY_TARGET_CROSS_NAMESPACE;
    rows(model, lint, out, help, &|row, reason| {
        reason == Reason::TargetNotFound && elsewhere(row)
    });
}

fn policy_target_without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the Service, or its namespace, `istio.io/use-waypoint: <name of a waypoint>`";
    rows(model, lint, out, help, &|_, reason| {
        reason == Reason::AncestorNotBound
    });
}

fn route_parent_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the name or the namespace of the reference";
    rows(model, lint, out, help, &|row, reason| {
        // A Gateway that is there and whose listeners do not fit is another matter.
        let gateway = matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet);
        row.via == Via::ParentRef
            && match reason {
                Reason::NoMatchingParent => !gateway,
                Reason::ParentNotFound | Reason::ParentNotAccepted => true,
                _ => false,
            }
    });
}

fn route_parent_group_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the reference; for a Service it is `group: \"\"` with `kind: Service`";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef && reason == Reason::UnsupportedParent
    });
}

/// The group that a reference lacks, where the kind alone tells which.
fn group_fix(model: &Model, row: &attach::Row) -> Option<(String, Vec<Change>)> {
    let group = match row.to.kind {
        Kind::Service => "\"\"",
        Kind::ServiceEntry => ISTIO_NETWORKING,
        _ => return None,
    };
    let route = model.mesh.object(row.from)?.resource.as_route()?;
    let position = row.origin.path.last_index()?;
    let path = format!("{}.group", row.origin.path);
    let change = match route.parent_refs.get(position)?.group {
        Some(_) => Change::Replace(at(model, row.from, &path)?, group.to_owned()),
        None => Change::Prepend(row.origin.clone(), format!("group: {group}")),
    };
    Some((format!("Set `group: {group}`"), vec![change]))
}

/// The only Gateway that is a waypoint in the namespace where a missing one is looked for.
fn waypoint_fix(model: &Model, row: &attach::Row) -> Option<(String, Vec<Change>)> {
    let mut waypoints = model
        .mesh
        .gateways()
        .filter(|(_, gateway)| {
            gateway.role == Role::Waypoint && gateway.namespace == row.to.namespace
        })
        .filter_map(|(_, gateway)| model.mesh.object(gateway.object));
    let (only, None) = (waypoints.next()?, waypoints.next()) else {
        return None;
    };
    let name = &only.id.name;
    Some((
        format!("Name the waypoint `{name}`"),
        vec![Change::Replace(row.origin.clone(), name.clone())],
    ))
}

/// What mends a row, where one edit does.
fn mend(model: &Model, row: &attach::Row, reason: Reason) -> Option<(String, Vec<Change>)> {
    match reason {
        Reason::UnsupportedParent if row.via == Via::ParentRef => group_fix(model, row),
        Reason::WaypointIsNotReady if row.via == Via::UseWaypoint => waypoint_fix(model, row),
        Reason::UnsupportedTrafficType if row.via == Via::UseWaypoint => {
            let gateway = model.mesh.find(&row.to)?;
            let label = super::metadata("labels", "istio.io/waypoint-for");
            let object = model.mesh.object(gateway)?;
            object.metadata.labels.get("istio.io/waypoint-for")?;
            Some((
                "Serve all traffic".to_owned(),
                vec![Change::Replace(
                    at(model, gateway, &label)?,
                    "all".to_owned(),
                )],
            ))
        }
        _ => None,
    }
}

/// What keeps a route from the waypoint of its parent, which is there and accepts it.
fn is_unbound(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::MissingUseWaypointLabel
            | Reason::OptedOut
            | Reason::WaypointIsNotReady
            | Reason::AttachmentDenied
            | Reason::UnsupportedTrafficType
            | Reason::ExternalNameService
    )
}

fn route_without_effect(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "use a TCPRoute or no route: UDP goes straight to the Service";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef && reason == Reason::UnsupportedKind
    });
    let help = "give the Service an address of its own";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef
            && row.status == EdgeStatus::Ignored
            && !is_unbound(reason)
            && !matches!(
                reason,
                Reason::UnsupportedKind
                    | Reason::NotProducerNamespace
                    | Reason::NoMatchingPort
                    | Reason::WaypointTakesNoRoutes
                    | Reason::InvalidFilter
                    | Reason::ParentNotFound
                    | Reason::ParentNotAccepted
                    | Reason::UnsupportedParent
                    | Reason::ForeignController
            )
    });
}

fn route_without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "enrol the Service in a waypoint that serves it";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef && is_unbound(reason)
    });
}

fn consumer_route_ignored(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "move the route to the Service's namespace or to its waypoint's";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef && reason == Reason::NotProducerNamespace
    });
}

fn route_port_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name a port of the Service, or leave `port` out";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::ParentRef && reason == Reason::NoMatchingPort
    });
}

fn route_on_waypoint_gateway(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "give the route one parentRef for each Service instead";
    rows(model, lint, out, help, &|_, reason| {
        reason == Reason::WaypointTakesNoRoutes
    });
    // Where answers follow the documentation, the code's are told.
    for row in model.attachments.rows() {
        let waypoint = model
            .mesh
            .find_gateway(&row.to.namespace, &row.to.name)
            .and_then(|gateway| model.mesh.gateway(gateway))
            .is_some_and(|gateway| gateway.role == Role::Waypoint);
        let gateway = row.via == Via::ParentRef && row.to.kind == Kind::Gateway;
        if gateway && waypoint && row.is_attached() {
            let message = format!(
                "as documented, this route is for all traffic of waypoint `{}`; Istio's code takes no routes there",
                row.to.qualified_name()
            );
            out.report(lint, blamed(model, row, row.reason), message)
                .help(help);
        }
    }
}

fn backend_not_found(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name an existing Service, by `namespace`, `name` and one of its ports";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::BackendRef && route_kind(model, row) && reason == Reason::BackendNotFound
    });
}

fn backend_not_permitted(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "add a ReferenceGrant to the backend's namespace";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::BackendRef && route_kind(model, row) && reason == Reason::RefNotPermitted
    });
}

fn backend_kind_invalid(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name a Service, or a host by `group: networking.istio.io` and `kind: Hostname`";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::BackendRef && route_kind(model, row) && reason == Reason::InvalidKind
    });
}

/// Whether a route holds a reference, and no VirtualService.
fn route_kind(model: &Model, row: &attach::Row) -> bool {
    model
        .mesh
        .object(row.from)
        .is_some_and(|object| object.resource.as_route().is_some())
}

fn l7_rule_at_ztunnel(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "attach the policy to a waypoint or to a Service that uses one, by `targetRefs`";
    for (row, status, reason) in model.effects() {
        let (Some(object), Some(policy)) = (
            model.mesh.object(row.from),
            model.policies.at_ztunnel(row.from),
        ) else {
            continue;
        };
        let captured = || attach::in_reach(&model.mesh, &object.id.namespace).captured;
        let at_ztunnel = status == EdgeStatus::Attached
            && reason == Reason::Accepted
            && match row.via {
                Via::Selector => !model.mesh.is_at_gateway(&row.to),
                Via::Namespace | Via::Mesh => captured(),
                _ => false,
            };
        let (origin, message) = match reason {
            Reason::AllowsNothingAtZtunnel
            | Reason::DeniesAsDocumented
            | Reason::EmptyAtZtunnel => (
                row.origin.clone(),
                reason.sentence(row.via, &object.id, &row.to),
            ),
            // What is left of other policies is enforced, as something else than what is written.
            _ => {
                let Some(loss) = policy.losses.first().filter(|_| at_ztunnel) else {
                    continue;
                };
                let origin = Origin {
                    document: object.document,
                    path: FieldPath::parse(&format!("spec.rules[{}]", loss.rule))
                        .join(&FieldPath::parse(&loss.path)),
                };
                let sentence = loss.sentence(policy.action, Enforcer::Ztunnel.name());
                let name = object.id.qualified_name();
                let message =
                    format!("{sentence}; `{name}` is enforced as something else than it says");
                (origin, message)
            }
        };
        let message = match otherwise(policy, reason) {
            Some(other) => format!("{}; {other}", message.trim_end_matches('.')),
            None => message,
        };
        out.report(lint, origin, message)
            .resource(&object.id)
            .help(help);
    }
}

/// What the documentation says of a policy with HTTP attributes, where answers follow the code; what the code does,
/// where they follow the documentation.
fn otherwise(policy: &Policy, reason: Reason) -> Option<&'static str> {
    let lost = |loss: &Loss| matches!(loss.kind, LossKind::UnsupportedAttribute { .. });
    match (reason, policy.action) {
        (Reason::DeniesAsDocumented, Action::Allow) => {
            Some("Istio's code lets the rules without them allow")
        }
        (Reason::DeniesAsDocumented, _) => {
            Some("Istio's code drops the attributes, and a rule denies what is left of it")
        }
        // Both say the same.
        (Reason::AllowsNothingAtZtunnel, _) => None,
        _ if policy.losses.iter().any(lost) => {
            Some("the documentation says that it denies everything in its scope")
        }
        _ => None,
    }
}

fn not_enforced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the workloads or their namespace `istio.io/dataplane-mode: ambient`, or use `targetRefs` for a waypoint";
    rows(model, lint, out, help, &|row, reason| {
        matches!(row.via, Via::Namespace | Via::Mesh)
            && reason == Reason::NotCaptured
            && !is_unknown(model, row)
    });
    let help = "attach it to the Service, or to its waypoint, by `targetRefs`";
    rows(model, lint, out, help, &|row, reason| {
        let holder = super::policies::holder(model, row).map(|id| id.kind);
        // Telemetry guards nothing; tokens and patches of Envoys have findings of their own.
        let other = matches!(
            holder,
            Some(Kind::Telemetry | Kind::EnvoyFilter | Kind::RequestAuthentication)
        );
        reason == Reason::NotEnforcedByZtunnel && !other
    });
    let help = "leave `selector` out, or move the policy to the namespace of the workloads";
    rows(model, lint, out, help, &|_, reason| {
        reason == Reason::RootSelector
    });
}

fn selector_hits_uncaptured(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the workloads or their namespace `istio.io/dataplane-mode: ambient`, or use `targetRefs` for a waypoint";
    rows(model, lint, out, help, &|row, reason| {
        row.via == Via::Selector && reason == Reason::NotCaptured
    });
}

fn custom_or_audit_at_ztunnel(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "attach it to a waypoint or to a Service that uses one, by `targetRefs`";
    rows(model, lint, out, help, &|row, reason| {
        matches!(row.via, Via::Selector | Via::Namespace | Via::Mesh)
            && reason == Reason::UnsupportedValue
            && !is_unknown(model, row)
    });
}

fn ra_without_target_refs(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "attach it to the Service, or to its waypoint, by `targetRefs`";
    rows(model, lint, out, help, &|row, reason| {
        let holder = super::policies::holder(model, row).map(|id| id.kind);
        holder == Some(Kind::RequestAuthentication) && reason == Reason::NotEnforcedByZtunnel
    });
}

fn gateway_class_not_enforced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "target the class `istio-waypoint`, which covers every waypoint, or the Gateway";
    rows(model, lint, out, help, &|_, reason| {
        reason == Reason::ClassNotEnforced
    });
}

fn gateway_class_policy_not_in_root(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help =
        "target the class `istio-waypoint` from the root namespace, or the Gateway from its own";
    rows(model, lint, out, help, &|_, reason| {
        reason == Reason::NoClassOfWaypoints
    });
}

/// Whether nobody knows what a policy for a namespace or the mesh reaches: no workload was pasted where ambient is on.
fn is_unknown(model: &Model, row: &attach::Row) -> bool {
    match row.via {
        Via::Mesh => model.mesh.workloads().next().is_none(),
        Via::Namespace => {
            let mode = model.mesh.namespace_label(&row.to.name, DATAPLANE_MODE);
            mode == Some("ambient") && model.mesh.workloads_in(&row.to.name).is_empty()
        }
        _ => false,
    }
}

fn route_dropped(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, problem, message) in model.routes.dropped() {
        let Some(object) = model.mesh.object(index) else {
            continue;
        };
        let origin = Origin {
            document: object.document,
            path: FieldPath::parse(&problem.path),
        };
        out.report(lint, origin, message).resource(&object.id);
    }
}

/// Reports every row that a lint is about, in the sentence of its reason.
fn rows(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    help: &str,
    // One copy of the loop for all lints: it is told what to look for at run time.
    is_about: &dyn Fn(&attach::Row, Reason) -> bool,
) {
    for (row, _, reason) in model.effects() {
        let Some(object) = model
            .mesh
            .object(row.from)
            .filter(|_| is_about(row, reason))
        else {
            continue;
        };
        let finding = out.report(
            lint,
            blamed(model, row, reason),
            reason.sentence(row.via, &object.id, &row.to),
        );
        finding.resource(&object.id).help(help);
        if let Some((title, changes)) = mend(model, row, reason) {
            finding.fix(title, changes);
        }
    }
}
