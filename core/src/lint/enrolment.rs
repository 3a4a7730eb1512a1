//! Lints about who is in the mesh and which waypoint serves it: labels that mean something else than they say.

use super::{Row, at, metadata, row, say};
use crate::attach::Reason;
use crate::mesh::{Address, Capture, GatewayInfo, Role};
use crate::model::Model;
use crate::resource::{Kind, Object, ObjectIndex, Resource};
use crate::source::{Change, Diagnostics, Lint, lint};
use crate::wire::Via;

lint!(
    WAYPOINT_FOR_INVALID = "WP0212",
    "waypoint-for-invalid",
    Error
);
lint!(
    USE_WAYPOINT_NOT_A_WAYPOINT = "WP0213",
    "use-waypoint-not-a-waypoint",
    Error
);
lint!(
    WAYPOINT_BAD_LISTENER = "WP0214",
    "waypoint-bad-listener",
    Error
);
lint!(WAYPOINT_UNUSED = "WP0215", "waypoint-unused", Info);
lint!(
    USE_WAYPOINT_NAMESPACE_ALONE = "WP0216",
    "use-waypoint-namespace-alone",
    Warning
);
lint!(
    USE_WAYPOINT_MISPLACED = "WP0217",
    "use-waypoint-misplaced",
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
    AMBIENT_AND_SIDECAR = "WP0220",
    "ambient-and-sidecar",
    Warning
);
lint!(
    HOST_NETWORK_IN_AMBIENT = "WP0221",
    "host-network-in-ambient",
    Warning
);
lint!(
    INGRESS_USE_WAYPOINT_INVALID = "WP0229",
    "ingress-use-waypoint-invalid",
    Warning
);
lint!(
    WILDCARD_WITHOUT_WAYPOINT = "WP0251",
    "wildcard-without-waypoint",
    Warning
);
lint!(
    SERVICE_SELECTS_NOTHING = "WP0252",
    "service-selects-nothing",
    Warning
);
lint!(CANARY_IGNORED = "WP0258", "canary-ignored", Error);
lint!(
    NO_EFFECT_IN_AMBIENT = "WP0259",
    "no-effect-in-ambient",
    Info
);

pub(super) static CHECKS: &[Row] = &[
    row(&WAYPOINT_FOR_INVALID, waypoint_for_invalid),
    row(&USE_WAYPOINT_NOT_A_WAYPOINT, use_waypoint_not_a_waypoint),
    row(&WAYPOINT_BAD_LISTENER, waypoint_bad_listener),
    row(&WAYPOINT_UNUSED, waypoint_unused),
    row(&USE_WAYPOINT_NAMESPACE_ALONE, use_waypoint_namespace_alone),
    row(&USE_WAYPOINT_MISPLACED, use_waypoint_misplaced),
    row(&USE_WAYPOINT_NONE_CASE, use_waypoint_none_case),
    row(&DATAPLANE_MODE_MISPLACED, dataplane_mode_misplaced),
    row(&AMBIENT_AND_SIDECAR, ambient_and_sidecar),
    row(&HOST_NETWORK_IN_AMBIENT, host_network_in_ambient),
    row(&INGRESS_USE_WAYPOINT_INVALID, ingress_use_waypoint_invalid),
    row(&WILDCARD_WITHOUT_WAYPOINT, wildcard_without_waypoint),
    row(&SERVICE_SELECTS_NOTHING, service_selects_nothing),
    row(&CANARY_IGNORED, canary_ignored),
    row(&NO_EFFECT_IN_AMBIENT, no_effect_in_ambient),
];

const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
const USE_WAYPOINT: &str = "istio.io/use-waypoint";
const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";

/// The objects that count.
fn live(model: &Model) -> impl Iterator<Item = (ObjectIndex, &Object)> {
    model
        .mesh
        .objects()
        .filter(|(index, _)| model.mesh.is_live(*index))
}

/// Replaces a value, as a fix.
fn replace(model: &Model, object: ObjectIndex, path: &str, value: &str) -> Vec<Change> {
    at(model, object, path)
        .map(|origin| Change::Replace(origin, value.to_owned()))
        .into_iter()
        .collect()
}

fn waypoint_for_invalid(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in live(model) {
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

/// The Gateway that a row is about.
fn gateway_of<'m>(model: &'m Model, row: &crate::attach::Row) -> Option<&'m GatewayInfo> {
    let gateway = model.mesh.find_gateway(&row.to.namespace, &row.to.name)?;
    model.mesh.gateway(gateway)
}

fn use_waypoint_not_a_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows().iter().filter(|row| {
        row.via == Via::UseWaypoint && row.is_attached() && row.inherited_from.is_none()
    }) {
        let wrong = gateway_of(model, row).is_some_and(|gateway| {
            matches!(gateway.role, Role::Ingress | Role::EastWest | Role::Foreign)
        });
        if wrong {
            let message = format!(
                "Gateway `{}` is no waypoint: istiod binds it all the same, and what ztunnel sends there fails",
                row.to.qualified_name()
            );
            out.report(lint, row.origin.clone(), message)
                .help("name a Gateway of class `istio-waypoint`");
        }
    }
}

fn waypoint_bad_listener(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (_, gateway) in model.mesh.gateways() {
        if gateway.role != Role::Waypoint || model.mesh.hbone_listener(gateway).is_some() {
            continue;
        }
        let name = model.mesh.object(gateway.object).map(|object| &object.id);
        let message = format!(
            "Waypoint `{}` has no listener of port 15008 and protocol HBONE, so ztunnel cannot reach it and traffic fails",
            name.map(crate::resource::ObjectId::qualified_name)
                .unwrap_or_default()
        );
        let help = "give it one listener: `port: 15008`, `protocol: HBONE`, both exactly so";
        let place = (gateway.object, "spec.listeners");
        let only = matches!(
            model.mesh.object(gateway.object).map(|object| &object.resource),
            Some(Resource::Gateway(written)) if written.listeners.len() == 1
        );
        if let Some(finding) = say(model, lint, out, place, message, help).filter(|_| only) {
            let mut changes = replace(model, gateway.object, "spec.listeners[0].port", "15008");
            changes.extend(replace(
                model,
                gateway.object,
                "spec.listeners[0].protocol",
                "HBONE",
            ));
            finding.fix("Make it the HBONE listener", changes);
        }
    }
}

fn waypoint_unused(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let used: std::collections::BTreeSet<_> = model
        .attachments
        .rows()
        .iter()
        .filter(|row| matches!(row.via, Via::UseWaypoint | Via::UseWaypointCanary))
        .map(|row| &row.to)
        .collect();
    for (_, gateway) in model.mesh.gateways() {
        let Some(object) = model
            .mesh
            .object(gateway.object)
            .filter(|object| gateway.role == Role::Waypoint && !used.contains(&object.id))
        else {
            continue;
        };
        let message = format!(
            "nothing is enrolled in waypoint `{}`; no traffic goes through it, and its policies guard nothing",
            object.id.qualified_name()
        );
        let help = "label a namespace or Service `istio.io/use-waypoint` with its name";
        say(
            model,
            lint,
            out,
            (gateway.object, "metadata.name"),
            message,
            help,
        );
    }
}

/// The labels that count for an object, and where they stand; `None` for kinds on which they mean nothing.
fn counting(object: &Object) -> Option<(&crate::resource::Labels, &'static str)> {
    match object.id.kind {
        Kind::Namespace | Kind::Service | Kind::ServiceEntry | Kind::WorkloadEntry | Kind::Pod => {
            Some((&object.metadata.labels, "metadata.labels"))
        }
        Kind::CronJob => Some((
            &object.resource.as_workload()?.labels,
            "spec.jobTemplate.spec.template.metadata.labels",
        )),
        _ => Some((
            &object.resource.as_workload()?.labels,
            "spec.template.metadata.labels",
        )),
    }
}

fn use_waypoint_namespace_alone(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in live(model) {
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
    for (index, object) in live(model) {
        let kinds = [Kind::ServiceAccount, Kind::Gateway];
        if let Some(path) = misplaced(object, USE_WAYPOINT, &kinds) {
            let message = format!("nobody reads `{USE_WAYPOINT}` here, so it does nothing");
            let help = "put it among the labels of a namespace, a Service or a pod template";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}

fn use_waypoint_none_case(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in live(model) {
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
    for (index, object) in live(model) {
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

fn ambient_and_sidecar(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help =
        "keep one of the two; to move to ambient, remove the injection label and restart the pods";
    for (index, object) in model.mesh.live(Kind::Namespace) {
        let labels = &object.metadata.labels;
        let injected = labels
            .get("istio-injection")
            .is_some_and(|is| is == "enabled");
        let ambient = labels.get(DATAPLANE_MODE).is_some_and(|is| is == "ambient");
        if ambient && injected {
            let message = format!(
                "namespace `{}` asks for ambient and for sidecars; pods with a sidecar are not captured",
                object.id.name
            );
            let path = metadata("labels", "istio-injection");
            say(model, lint, out, (index, &path), message, help);
        }
    }
    for (_, workload) in model.mesh.workloads() {
        let asks = workload
            .labels
            .get(DATAPLANE_MODE)
            .is_some_and(|is| is == "ambient");
        if asks && workload.capture == Capture::Sidecar {
            let message =
                "this workload asks for ambient and gets a sidecar, which wins".to_owned();
            say(
                model,
                lint,
                out,
                (workload.object, "metadata.name"),
                message,
                help,
            );
        }
    }
}

fn host_network_in_ambient(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (_, workload) in model.mesh.workloads() {
        let ambient = |label: Option<&str>| label == Some("ambient");
        let meant = ambient(workload.labels.get(DATAPLANE_MODE).map(String::as_str))
            || ambient(
                model
                    .mesh
                    .namespace_label(&workload.namespace, DATAPLANE_MODE),
            );
        if meant && workload.capture == Capture::HostNetwork {
            let message = "this workload shares its node's network, so ztunnel does not capture it: no mutual TLS, no policy".to_owned();
            let help = "leave `hostNetwork` out, or label the pods `istio.io/dataplane-mode: none` to say so";
            let kind = model
                .mesh
                .object(workload.object)
                .map(|object| object.id.kind);
            let path = match kind {
                Some(Kind::Pod) => "spec.hostNetwork",
                Some(Kind::CronJob) => "spec.jobTemplate.spec.template.spec.hostNetwork",
                _ => "spec.template.spec.hostNetwork",
            };
            say(model, lint, out, (workload.object, path), message, help);
        }
    }
}

/// `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (ingressUseWaypointFromLabels): Go's booleans.
fn ingress_use_waypoint_invalid(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in live(model) {
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

fn wildcard_without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, service) in model.mesh.services() {
        if service.host.starts_with('*') && model.attachments.service_waypoint(index).is_none() {
            let message = format!(
                "`{}` is a wildcard, which ztunnel cannot resolve; without a waypoint the ServiceEntry has no effect",
                service.host
            );
            let help = "enrol it in a waypoint by `istio.io/use-waypoint`";
            say(
                model,
                lint,
                out,
                (service.object, "spec.hosts"),
                message,
                help,
            );
        }
    }
}

/// Told only where the manifests hold workloads of the namespace at all: else they simply were not pasted.
fn service_selects_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (_, service) in model.mesh.services() {
        let Some(object) = model.mesh.object(service.object) else {
            continue;
        };
        let field = match &object.resource {
            Resource::Service(written)
                if !written.selector.is_empty() && service.address != Address::ExternalName =>
            {
                "spec.selector"
            }
            Resource::ServiceEntry(written) if written.workload_selector.is_some() => {
                "spec.workloadSelector"
            }
            _ => continue,
        };
        let pasted = !model.mesh.workloads_in(&service.namespace).is_empty();
        if pasted && service.workloads.is_empty() {
            let message = format!(
                "no workload of namespace `{}` has these labels, so nothing is behind `{}`",
                service.namespace, service.name
            );
            let help = "correct the labels; they are those of the pods, not of their controller";
            say(model, lint, out, (service.object, field), message, help);
        }
    }
}

fn canary_ignored(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows() {
        if row.via == Via::UseWaypointCanary
            && row.reason != Reason::Accepted
            && let Some(object) = model.mesh.object(row.from)
        {
            let sentence = row.reason.sentence(row.via, &object.id, &row.to);
            out.report(lint, row.origin.clone(), sentence)
                .resource(&object.id)
                .help("correct it; until then all traffic stays with the first waypoint");
        }
    }
}

fn no_effect_in_ambient(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, object) in live(model) {
        if matches!(
            object.id.kind,
            Kind::Sidecar | Kind::ProxyConfig | Kind::WorkloadGroup
        ) {
            let message = format!(
                "neither ztunnels nor waypoints read objects of kind `{}`",
                object.id.kind.written()
            );
            let help = "it can stay, for sidecars and gateways";
            say(model, lint, out, (index, "metadata.name"), message, help);
        }
    }
}
