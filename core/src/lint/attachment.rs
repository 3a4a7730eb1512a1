//! Lints about references: each reads the rows of `attach` and words what a reason means for the reader.

use crate::attach::{Reason, Row};
use crate::authz::Enforcer;
use crate::model::Model;
use crate::source::{Diagnostics, FieldPath, Lint, Origin, lint};
use crate::wire::{EdgeStatus, Via};

lint!(pub(super) WAYPOINT_MISSING = "WP0201", "waypoint-missing", Error);
lint!(pub(super) WAYPOINT_DOES_NOT_SERVE = "WP0202", "waypoint-does-not-serve", Error);
lint!(pub(super) TARGET_NOT_FOUND = "WP0203", "target-not-found", Error);
lint!(pub(super) TARGET_WITHOUT_WAYPOINT = "WP0204", "target-without-waypoint", Error);
lint!(pub(super) ROUTE_PARENT_NOT_FOUND = "WP0205", "route-parent-not-found", Error);
lint!(pub(super) ROUTE_WITHOUT_EFFECT = "WP0206", "route-without-effect", Warning);
lint!(pub(super) ROUTE_ON_WAYPOINT = "WP0207", "route-on-waypoint", Warning);
lint!(pub(super) BACKEND_NOT_USABLE = "WP0208", "backend-not-usable", Error);
lint!(pub(super) HTTP_RULE_AT_ZTUNNEL = "WP0209", "http-rule-at-ztunnel", Error);
lint!(pub(super) NOT_ENFORCED = "WP0210", "not-enforced", Error);
lint!(pub(super) ROUTE_DROPPED = "WP0211", "route-dropped", Error);

pub(super) fn waypoint_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
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

pub(super) fn waypoint_does_not_serve(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
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

pub(super) fn target_not_found(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the name; the target is looked for in the policy's own namespace only";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::TargetNotFound
    });
}

pub(super) fn target_without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "label the Service, or its namespace, `istio.io/use-waypoint: <name of a waypoint>`";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::AncestorNotBound
    });
}

pub(super) fn route_parent_not_found(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "correct the reference; for a Service it is `group: \"\"` with `kind: Service`";
    rows(model, lint, out, help, |_, reason| {
        matches!(
            reason,
            Reason::NoMatchingParent | Reason::ParentNotFound | Reason::UnsupportedParent
        )
    });
}

pub(super) fn route_without_effect(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "enrol the Service in a waypoint, and keep the route in the Service's namespace or the waypoint's";
    rows(model, lint, out, help, |row, reason| {
        row.via == Via::ParentRef
            && row.status == EdgeStatus::Ignored
            && !matches!(
                reason,
                Reason::WaypointTakesNoRoutes
                    | Reason::ParentNotFound
                    | Reason::UnsupportedParent
                    | Reason::ForeignController
            )
    });
}

pub(super) fn route_on_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "give the route one parentRef for each Service instead";
    rows(model, lint, out, help, |_, reason| {
        reason == Reason::WaypointTakesNoRoutes
    });
}

pub(super) fn backend_not_usable(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name an existing Service, by `namespace`, `name` and one of its ports";
    rows(model, lint, out, help, |row, reason| {
        row.via == Via::BackendRef
            && row.status == EdgeStatus::Rejected
            // The whole route is dropped, which has a finding of its own.
            && !matches!(reason, Reason::Invalid | Reason::InvalidDestination)
    });
}

pub(super) fn http_rule_at_ztunnel(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
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
        let at_ztunnel = status == EdgeStatus::Attached
            && reason == Reason::Accepted
            && matches!(row.via, Via::Selector | Via::Namespace | Via::Mesh);
        let (Some(object), Some(policy)) = (
            model.mesh.object(row.from),
            model.policies.at_ztunnel(row.from),
        ) else {
            continue;
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

pub(super) fn not_enforced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
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

pub(super) fn route_dropped(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, dropped) in model.routes.dropped() {
        let Some(object) = model.mesh.object(index) else {
            continue;
        };
        let origin = Origin {
            document: object.document,
            path: FieldPath::parse(&dropped.path),
        };
        out.report(lint, origin, dropped.message.as_str())
            .resource(&object.id);
    }
}

/// Reports every row that a lint is about, in the sentence of its reason.
fn rows(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    help: &str,
    is_about: impl Fn(&Row, Reason) -> bool,
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
        out.report(
            lint,
            row.origin.clone(),
            reason.sentence(row.via, &object.id, &row.to),
        )
        .resource(&object.id)
        .help(help);
    }
}
