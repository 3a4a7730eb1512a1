//! Lints about who is in the mesh and which waypoint serves it.

use super::{Row, at, metadata, row, say};
use crate::attach::Reason;
use crate::mesh::{Address, Capture, DATAPLANE_MODE, GatewayInfo, Role};
use crate::model::Model;
use crate::resource::{Kind, Object, ObjectIndex, Resource};
use crate::sorted;
use crate::source::{Change, Diagnostics, Lint, lint};
use crate::wire::Via;

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
    AMBIENT_AND_SIDECAR = "WP0220",
    "ambient-and-sidecar",
    Warning
);
lint!(
    HOST_NETWORK_IN_AMBIENT = "WP0221",
    "hostnetwork-in-ambient",
    Warning
);
lint!(
    WILDCARD_WITHOUT_WAYPOINT = "WP0251",
    "wildcard-serviceentry-without-waypoint",
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
    row(&USE_WAYPOINT_NOT_A_WAYPOINT, use_waypoint_not_a_waypoint),
    row(&WAYPOINT_BAD_LISTENER, waypoint_bad_listener),
    row(&WAYPOINT_UNUSED, waypoint_unused),
    row(&AMBIENT_AND_SIDECAR, ambient_and_sidecar),
    row(&HOST_NETWORK_IN_AMBIENT, host_network_in_ambient),
    row(&WILDCARD_WITHOUT_WAYPOINT, wildcard_without_waypoint),
    row(&SERVICE_SELECTS_NOTHING, service_selects_nothing),
    row(&CANARY_IGNORED, canary_ignored),
    row(&NO_EFFECT_IN_AMBIENT, no_effect_in_ambient),
];

/// The objects that count.
pub(super) fn live(model: &Model) -> impl Iterator<Item = (ObjectIndex, &Object)> {
    model
        .mesh
        .objects()
        .filter(|(index, _)| model.mesh.is_live(*index))
}

/// Replaces a value, as a fix.
pub(super) fn replace(model: &Model, object: ObjectIndex, path: &str, value: &str) -> Vec<Change> {
    at(model, object, path)
        .map(|origin| Change::Replace(origin, value.to_owned()))
        .into_iter()
        .collect()
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
    let used: sorted::Set<_> = model
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
        let asks = || {
            let mode = workload.labels.get(DATAPLANE_MODE);
            mode.is_some_and(|is| is == "ambient")
        };
        if workload.capture == Capture::Sidecar && asks() {
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
        if workload.capture != Capture::HostNetwork {
            continue;
        }
        let meant = ambient(workload.labels.get(DATAPLANE_MODE).map(String::as_str))
            || ambient(
                model
                    .mesh
                    .namespace_label(&workload.namespace, DATAPLANE_MODE),
            );
        if meant {
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

fn service_selects_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    if !super::policies::holds_workloads(model) {
        return;
    }
    for (_, service) in model.mesh.service_objects() {
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
        if service.workloads.is_empty() {
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
    let kinds = [Kind::Sidecar, Kind::ProxyConfig, Kind::WorkloadGroup].into_iter();
    for (index, object) in kinds.flat_map(|kind| model.mesh.live(kind)) {
        let kind = object.id.kind.written();
        // Image, environment and the like: `istio/istio:
        // pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go` (GetProxyConfigOrDefault).
        let message = if object.id.kind == Kind::ProxyConfig {
            format!(
                "a `{kind}` says how Envoys are started, waypoints too, and nothing about traffic; ztunnels do not read it"
            )
        } else {
            format!("neither ztunnels nor waypoints read objects of kind `{kind}`")
        };
        let help = "it can stay, for sidecars and gateways";
        say(model, lint, out, (index, "metadata.name"), message, help);
    }
    for row in model.attachments.rows() {
        let holder = model.mesh.object(row.from);
        let telemetry = holder.filter(|holder| holder.id.kind == Kind::Telemetry);
        let unread = matches!(
            row.reason,
            Reason::NotEnforcedByZtunnel | Reason::ShadowedByOlder
        );
        if let Some(object) = telemetry.filter(|_| unread) {
            let message = row.reason.sentence(row.via, &object.id, &row.to);
            let help = "waypoints read Telemetry of the root namespace, of their own and of their Services'; one for each";
            out.report(lint, row.origin.clone(), message)
                .resource(&object.id)
                .help(help);
        }
    }
}
