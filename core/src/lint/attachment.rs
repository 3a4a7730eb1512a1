//! Lints about references: each reads the rows of `attach` and words what a reason means for the reader.

use super::{Row, at, row};
use crate::attach::{self, Reason};
use crate::authz::Enforcer;
use crate::mesh::Role;
use crate::model::Model;
use crate::resource::{ISTIO_NETWORKING, Kind};
use crate::source::{Change, Diagnostics, FieldPath, Lint, Origin, lint};
use crate::wire::{EdgeStatus, Via};

lint!(WAYPOINT_MISSING = "WP0201", "waypoint-missing", Error);
lint!(
    WAYPOINT_DOES_NOT_SERVE = "WP0202",
    "waypoint-does-not-serve",
    Error
);
lint!(TARGET_NOT_FOUND = "WP0203", "target-not-found", Error);
lint!(
    TARGET_WITHOUT_WAYPOINT = "WP0204",
    "target-without-waypoint",
    Error
);
lint!(
    ROUTE_PARENT_NOT_FOUND = "WP0205",
    "route-parent-not-found",
    Error
);
lint!(
    ROUTE_WITHOUT_EFFECT = "WP0206",
    "route-without-effect",
    Warning
);
lint!(ROUTE_ON_WAYPOINT = "WP0207", "route-on-waypoint", Warning);
lint!(BACKEND_NOT_USABLE = "WP0208", "backend-not-usable", Error);
lint!(
    HTTP_RULE_AT_ZTUNNEL = "WP0209",
    "http-rule-at-ztunnel",
    Error
);
lint!(NOT_ENFORCED = "WP0210", "not-enforced", Error);
lint!(ROUTE_DROPPED = "WP0211", "route-dropped", Error);

pub(super) static CHECKS: &[Row] = &[
    row(&WAYPOINT_MISSING, waypoint_missing),
    row(&WAYPOINT_DOES_NOT_SERVE, waypoint_does_not_serve),
    row(&TARGET_NOT_FOUND, target_not_found),
    row(&TARGET_WITHOUT_WAYPOINT, target_without_waypoint),
    row(&ROUTE_PARENT_NOT_FOUND, route_parent_not_found),
    row(&ROUTE_WITHOUT_EFFECT, route_without_effect),
    row(&ROUTE_ON_WAYPOINT, route_on_waypoint),
    row(&BACKEND_NOT_USABLE, backend_not_usable),
    row(&HTTP_RULE_AT_ZTUNNEL, http_rule_at_ztunnel),
    row(&NOT_ENFORCED, not_enforced),
    row(&ROUTE_DROPPED, route_dropped),
];

fn waypoint_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    rows(
        model,
        lint,
        out,
        "create the Gateway, or correct the name or the namespace in the label",
        |row, reason| {
            // What inherits the label is told at its namespace.
            row.via == Via::UseWaypoint
                && row.inherited_from.is_none()
                && reason == Reason::WaypointIsNotReady
        },
    );
}

fn waypoint_does_not_serve(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "admit the namespace by `allowedRoutes` of the HBONE listener, or label the Gateway `istio.io/waypoint-for: all`";
    rows(model, lint, out, help, |row, reason| {
        row.via == Via::UseWaypoint
            && (row.inherited_from.is_none() || reason == Reason::UnsupportedTrafficType)
            && matches!(
                reason,
                Reason::AttachmentDenied | Reason::UnsupportedTrafficType
            )
    });
}

fn target_not_found(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the name; the target is looked for in the policy's own namespace only";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::TargetNotFound
    });
}

fn target_without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the Service, or its namespace, `istio.io/use-waypoint: <name of a waypoint>`";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::AncestorNotBound
    });
}

fn route_parent_not_found(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the reference; for a Service it is `group: \"\"` with `kind: Service`";
    rows(model, lint, out, help, |row, reason| {
        // A Gateway that is there and whose listeners do not fit is another matter.
        let gateway = matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet);
        row.via == Via::ParentRef
            && match reason {
                Reason::NoMatchingParent => !gateway,
                Reason::ParentNotFound | Reason::UnsupportedParent => true,
                _ => false,
            }
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

fn route_without_effect(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "enrol the Service in a waypoint, and keep the route in the Service's namespace or the waypoint's";
    rows(model, lint, out, help, |row, reason| {
        row.via == Via::ParentRef
            && row.status == EdgeStatus::Ignored
            && !matches!(
                reason,
                Reason::WaypointTakesNoRoutes
                    | Reason::InvalidFilter
                    | Reason::ParentNotFound
                    | Reason::UnsupportedParent
                    | Reason::ForeignController
            )
    });
}

fn route_on_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "give the route one parentRef for each Service instead";
    rows(model, lint, out, help, |_, reason| {
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
            out.report(lint, row.origin.clone(), message).help(help);
        }
    }
}

fn backend_not_usable(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name an existing Service, by `namespace`, `name` and one of its ports";
    rows(model, lint, out, help, |row, reason| {
        row.via == Via::BackendRef
            && route_kind(model, row)
            && row.status == EdgeStatus::Rejected
            // The whole route is dropped, which has a finding of its own.
            && !matches!(reason, Reason::Invalid | Reason::InvalidDestination | Reason::UnsupportedKind)
    });
}

/// Whether a route holds a reference, and no VirtualService.
fn route_kind(model: &Model, row: &attach::Row) -> bool {
    model
        .mesh
        .object(row.from)
        .is_some_and(|object| object.resource.as_route().is_some())
}

fn http_rule_at_ztunnel(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "attach the policy to a waypoint or to a Service that uses one, by `targetRefs`";
    rows(model, lint, out, help, |_, reason| {
        matches!(
            reason,
            Reason::AllowsNothingAtZtunnel | Reason::EmptyAtZtunnel
        )
    });
    // What is left of other policies is enforced, as something else than what is written.
    for row in model.attachments.rows() {
        let (status, reason) = model.effect(row);
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
                Via::Selector => row.to.kind != Kind::Gateway,
                Via::Namespace | Via::Mesh => captured(),
                _ => false,
            };
        if let Some(loss) = policy.losses.first().filter(|_| at_ztunnel) {
            let sentence = loss.sentence(policy.action, Enforcer::Ztunnel.name());
            let origin = Origin {
                document: object.document,
                path: FieldPath::parse(&format!("spec.rules[{}]", loss.rule))
                    .join(&FieldPath::parse(&loss.path)),
            };
            let name = object.id.qualified_name();
            out.report(
                lint,
                origin,
                format!("{sentence}; `{name}` is enforced as something else than it says"),
            )
            .resource(&object.id)
            .help(help);
        }
    }
}

fn not_enforced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the workloads or their namespace `istio.io/dataplane-mode: ambient`, or use `targetRefs` for a waypoint";
    rows(model, lint, out, help, |row, reason| {
        matches!(
            reason,
            Reason::NotCaptured
                | Reason::IneffectiveSelector
                | Reason::UnsupportedValue
                | Reason::ClassNotEnforced
        ) && matches!(
            row.via,
            Via::Selector | Via::Namespace | Via::Mesh | Via::TargetRef
        )
    });
    let help = "attach it to the Service, or to its waypoint, by `targetRefs`";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::NotEnforcedByZtunnel
    });
    let help = "leave `selector` out, or move the policy to the namespace of the workloads";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::RootSelector
    });
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
    is_about: impl Fn(&attach::Row, Reason) -> bool,
) {
    for row in model.attachments.rows() {
        let (_, reason) = model.effect(row);
        let Some(object) = model
            .mesh
            .object(row.from)
            .filter(|_| is_about(row, reason))
        else {
            continue;
        };
        let finding = out.report(
            lint,
            row.origin.clone(),
            reason.sentence(row.via, &object.id, &row.to),
        );
        finding.resource(&object.id).help(help);
        if let Some((title, changes)) = mend(model, row, reason) {
            finding.fix(title, changes);
        }
    }
}
