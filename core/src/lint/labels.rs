//! Lints about labels that mean something else than they say, or nothing.

use super::enrolment::{live, replace};
use super::{Row, metadata, row, say};
use crate::mesh::DATAPLANE_MODE;
use crate::model::Model;
use crate::resource::{Kind, Object, ObjectIndex};
use crate::source::{Diagnostics, Lint, lint};
use crate::wire::Via;

lint!(WAYPOINT_FOR_NONE = "WP0272", "waypoint-for-none", Error);
lint!(
    WAYPOINT_FOR_INVALID = "WP0212",
    "waypoint-for-invalid",
    Error
);
lint!(
    USE_WAYPOINT_NAMESPACE_ALONE = "WP0216",
    "use-waypoint-namespace-alone",
    Warning
);
lint!(
    USE_WAYPOINT_MISPLACED = "WP0217",
    "use-waypoint-on-wrong-object",
    Warning
);
lint!(
    USE_WAYPOINT_NONE_CASE = "WP0218",
    "use-waypoint-none-case",
    Warning
);
lint!(
    DATAPLANE_MODE_MISPLACED = "WP0219",
    "dataplane-mode-misplaced",
    Warning
);
lint!(
    INGRESS_USE_WAYPOINT_INVALID = "WP0229",
    "ingress-use-waypoint-invalid",
    Warning
);

pub(super) static CHECKS: &[Row] = &[
    row(&WAYPOINT_FOR_INVALID, waypoint_for_invalid),
    row(&WAYPOINT_FOR_NONE, waypoint_for_none),
    row(&USE_WAYPOINT_NAMESPACE_ALONE, use_waypoint_namespace_alone),
    row(&USE_WAYPOINT_MISPLACED, use_waypoint_misplaced),
    row(&USE_WAYPOINT_NONE_CASE, use_waypoint_none_case),
    row(&DATAPLANE_MODE_MISPLACED, dataplane_mode_misplaced),
    row(&INGRESS_USE_WAYPOINT_INVALID, ingress_use_waypoint_invalid),
];

const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
const USE_WAYPOINT: &str = "istio.io/use-waypoint";
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";

/// The objects that count and have a label or annotation that says something to the mesh: most have none, and no lint here
/// is about these.
fn marked(model: &Model) -> impl Iterator<Item = (ObjectIndex, &Object)> {
    live(model).filter(|(index, _)| model.mesh.is_marked(*index))
}

fn waypoint_for_invalid(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        if !matches!(object.id.kind, Kind::Gateway | Kind::GatewayClass) {
            continue;
        }
        let Some(value) = object.metadata.labels.get(WAYPOINT_FOR) else {
            continue;
        };
        if !matches!(value.as_str(), "service" | "workload" | "all" | "none") {
            let message = format!(
                "`{value}` is no sort of traffic, so {} `{}` serves none as a waypoint",
                object.id.kind.name(),
                object.id.qualified_name()
            );
            let path = metadata("labels", WAYPOINT_FOR);
            let help = "write `service`, `workload`, `all` or `none`; nothing validates the label";
            if let Some(finding) = say(model, lint, out, (index, &path), message, help) {
                finding.fix(
                    "Serve traffic to Services",
                    replace(model, index, &path, "service"),
                );
            }
        }
    }
}

fn waypoint_for_none(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in model.mesh.live(Kind::Gateway) {
        let label = object.metadata.labels.get(WAYPOINT_FOR);
        if label.is_none_or(|value| value != "none") {
            continue;
        }
        let mut rows = model.attachments.rows().iter();
        let user = rows.find(|row| row.via == Via::UseWaypoint && row.to == object.id);
        if let Some(user) = user.and_then(|row| model.mesh.object(row.from)) {
            let message = format!(
                "waypoint `{}` serves no traffic at all, and {} `{}` is to use it",
                object.id.qualified_name(),
                user.id.kind_name(),
                user.id.qualified_name()
            );
            let path = metadata("labels", WAYPOINT_FOR);
            let help = "write `service`, `workload` or `all`";
            if let Some(finding) = say(model, lint, out, (index, &path), message, help) {
                finding.fix("Serve all traffic", replace(model, index, &path, "all"));
            }
        }
    }
}

/// The labels that count for an object, and where they stand; `None` for kinds on which they mean nothing.
fn counting(object: &Object) -> Option<(&crate::resource::Labels, String)> {
    let (labels, path) = match object.id.kind {
        Kind::Namespace | Kind::Service | Kind::ServiceEntry | Kind::WorkloadEntry | Kind::Pod => {
            (&object.metadata.labels, "metadata.labels")
        }
        Kind::Endpoint => {
            let path = format!("{}.labels", object.resource.as_endpoint()?.path());
            return Some((&object.metadata.labels, path));
        }
        Kind::CronJob => (
            &*object.resource.as_workload()?.labels,
            "spec.jobTemplate.spec.template.metadata.labels",
        ),
        _ => (
            &*object.resource.as_workload()?.labels,
            "spec.template.metadata.labels",
        ),
    };
    Some((labels, path.to_owned()))
}

fn use_waypoint_namespace_alone(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        let Some((labels, path)) = counting(object) else {
            continue;
        };
        if labels.contains_key(USE_WAYPOINT_NAMESPACE) && !labels.contains_key(USE_WAYPOINT) {
            let message = format!(
                "`{USE_WAYPOINT_NAMESPACE}` counts only beside `{USE_WAYPOINT}` on the same object; here it does nothing"
            );
            let path = format!("{path}[\"{USE_WAYPOINT_NAMESPACE}\"]");
            let help = "add `istio.io/use-waypoint` here, or move both to the namespace";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}

/// Where a label or annotation stands that means nothing there: on the metadata of what holds a pod template, on kinds
/// of which nobody reads it, and in annotations.
fn misplaced(object: &Object, key: &str, kinds: &[Kind]) -> Option<String> {
    let controller = object.id.kind != Kind::Pod && object.resource.as_workload().is_some();
    if object.metadata.annotations.contains_key(key) {
        Some(metadata("annotations", key))
    } else if object.metadata.labels.contains_key(key)
        && (controller || kinds.contains(&object.id.kind))
    {
        Some(metadata("labels", key))
    } else {
        None
    }
}

fn use_waypoint_misplaced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        let kinds = [Kind::ServiceAccount, Kind::Gateway];
        if let Some(path) = misplaced(object, USE_WAYPOINT, &kinds) {
            let message = format!("nobody reads `{USE_WAYPOINT}` here, so it does nothing");
            let help = "put it among the labels of a namespace, a Service or a pod template";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}

fn use_waypoint_none_case(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        let Some((labels, path)) = counting(object) else {
            continue;
        };
        let Some(value) = labels.get(USE_WAYPOINT) else {
            continue;
        };
        if value != "none" && (value.is_empty() || value.eq_ignore_ascii_case("none")) {
            let message = format!("`{value}` is the name of a waypoint; only `none` opts out");
            let path = format!("{path}[\"{USE_WAYPOINT}\"]");
            let help = "write `none`, or the name of a Gateway";
            if let Some(finding) = say(model, lint, out, (index, &path), message, help) {
                finding.fix("Opt out: `none`", replace(model, index, &path, "none"));
            }
        }
    }
}

fn dataplane_mode_misplaced(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        let kinds = [Kind::ServiceAccount, Kind::Service, Kind::ServiceEntry];
        let help = "put it among the labels of a namespace or a pod template: `ambient` or `none`";
        if let Some(path) = misplaced(object, DATAPLANE_MODE, &kinds) {
            let message = format!("nobody reads `{DATAPLANE_MODE}` here, so it does nothing");
            say(model, lint, out, (index, &path), message, help);
            continue;
        }
        let Some((labels, path)) = counting(object) else {
            continue;
        };
        let Some(value) = labels.get(DATAPLANE_MODE) else {
            continue;
        };
        if !matches!(value.as_str(), "ambient" | "none") {
            let message = format!("`{value}` is neither `ambient` nor `none`, so it does nothing");
            let path = format!("{path}[\"{DATAPLANE_MODE}\"]");
            let meant = ["ambient", "none"]
                .into_iter()
                .find(|meant| value.eq_ignore_ascii_case(meant));
            let finding = say(model, lint, out, (index, &path), message, help);
            if let (Some(finding), Some(meant)) = (finding, meant) {
                finding.fix(
                    format!("Write `{meant}`"),
                    replace(model, index, &path, meant),
                );
            }
        }
    }
}

/// `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (ingressUseWaypointFromLabels): Go's booleans.
fn ingress_use_waypoint_invalid(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in marked(model) {
        let Some(value) = object.metadata.labels.get(INGRESS_USE_WAYPOINT) else {
            continue;
        };
        let path = metadata("labels", INGRESS_USE_WAYPOINT);
        let yes = matches!(value.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True");
        let no = matches!(
            value.as_str(),
            "0" | "f" | "F" | "FALSE" | "false" | "False"
        );
        if !yes && !no {
            let message = format!("`{value}` is neither true nor false, so it counts as false");
            let help = "write `\"true\"`, in quotes";
            if let Some(finding) = say(model, lint, out, (index, &path), message, help) {
                finding.fix("Write `\"true\"`", replace(model, index, &path, "\"true\""));
            }
        } else if let Some(service) = model.mesh.service_of(&object.id).filter(|_| yes)
            && model.attachments.service_waypoint(service).is_none()
        {
            let message = format!(
                "{} `{}` has no waypoint that gateways could go through",
                object.id.kind.name(),
                object.id.qualified_name()
            );
            let help = "label it `istio.io/use-waypoint` with the name of a waypoint";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}
