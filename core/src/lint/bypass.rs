//! Lints about traffic that does not go where policies are, or comes from where they do not expect it.

use super::policies::{attached, name, policy_of, reads_http, services_of};
use super::{Row, blamed, row, say};
use crate::authz::{Authentication, Effect};
use crate::eval;
use crate::flow::{Flow, Principal};
use crate::mesh::{Capture, Role, ServiceIndex, WorkloadIndex, WorkloadInfo};
use crate::model::{Chain, Model};
use crate::resource::{Kind, ObjectId, ObjectIndex};
use crate::sorted;
use crate::source::{Diagnostics, Lint, lint};
use crate::trace::NoTrace;
use crate::wire::{Cause, Verdict, Via};

lint!(
    ALLOW_FORGETS_WAYPOINT = "WP0226",
    "allow-forgets-waypoint",
    Error
);
lint!(
    WAYPOINT_CAN_BE_BYPASSED = "WP0227",
    "waypoint-can-be-bypassed",
    Warning
);
lint!(
    INGRESS_BYPASSES_WAYPOINT = "WP0228",
    "ingress-bypasses-waypoint",
    Warning
);
lint!(UNCAPTURED_CLIENTS = "WP0257", "uncaptured-client", Warning);

pub(super) static CHECKS: &[Row] = &[
    row(&ALLOW_FORGETS_WAYPOINT, allow_forgets_waypoint),
    row(&WAYPOINT_CAN_BE_BYPASSED, waypoint_can_be_bypassed),
    row(&INGRESS_BYPASSES_WAYPOINT, ingress_bypasses_waypoint),
    row(&UNCAPTURED_CLIENTS, uncaptured_clients),
];

/// Whether the ztunnel in front of a workload lets a caller in, on the port behind a Service's port.
fn ztunnel_verdict(
    model: &Model,
    workload: WorkloadIndex,
    peer: Option<Principal>,
    port: u16,
) -> Option<crate::authz::Decision> {
    let (set, policies) = model.policies.of(Chain::Ztunnel(workload), false)?;
    let flow = Flow {
        peer,
        source_ip: None,
        remote_ip: None,
        destination_ip: None,
        destination_port: port,
        sni: None,
        http: None,
        claims: None,
    };
    Some(set.decide(policies, &flow, Authentication::Passed, &mut NoTrace))
}

/// Each captured workload behind a Service, with the ports that the Service leads to.
fn endpoints(model: &Model, service: ServiceIndex) -> Vec<(WorkloadIndex, u16)> {
    let Some(service) = model.mesh.service(service) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for &index in &service.workloads {
        let Some(workload) = model.mesh.workload(index) else {
            continue;
        };
        if workload.capture.is_captured() {
            found.extend(service.ports.iter().filter_map(|port| {
                let target = workload.target_port(service, port.port)?;
                Some((index, target))
            }));
        }
    }
    found
}

fn allow_forgets_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut told = sorted::Set::new();
    for (index, service) in model.mesh.service_objects() {
        let Some(gateway) = model
            .attachments
            .service_waypoint(index)
            .and_then(|gateway| model.mesh.gateway(gateway))
            .filter(|gateway| gateway.role == Role::Waypoint)
        else {
            continue;
        };
        for (workload, port) in endpoints(model, index) {
            let peer = Some(gateway.principal.clone());
            let Some(by) = ztunnel_verdict(model, workload, peer, port)
                .filter(|decision| decision.verdict == Verdict::Deny)
                .and_then(|decision| decision.by)
                .filter(|by| by.cause == Cause::Default)
            else {
                continue;
            };
            // One that allows nothing means to.
            let Some(policy) = by.policy.filter(|policy| {
                model
                    .policies
                    .at_ztunnel(*policy)
                    .is_some_and(|policy| policy.effect() == Effect::Enforced)
            }) else {
                continue;
            };
            if told.insert((policy, index)) {
                let message = format!(
                    "the workloads of Service `{}/{}` get their traffic from its waypoint, `{}`, which no rule here admits: everything that goes through it is refused",
                    service.namespace,
                    service.name,
                    gateway.principal.without_scheme()
                );
                let help = "admit the waypoint's identity here, and say who may call in a policy with `targetRefs`";
                say(model, lint, out, (policy, "spec.rules"), message, help);
            }
        }
    }
}

fn waypoint_can_be_bypassed(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut open: sorted::Map<ServiceIndex, bool> = sorted::Map::new();
    for row in attached(model, Via::TargetRef) {
        if !policy_of(model, row).is_some_and(reads_http) {
            continue;
        }
        let bypassed = services_of(model, &row.to).into_iter().find(|&service| {
            *open.entry(service).or_insert_with(|| {
                endpoints(model, service)
                    .into_iter()
                    .any(|(workload, port)| {
                        ztunnel_verdict(model, workload, None, port)
                            .is_none_or(|decision| decision.verdict == Verdict::Allow)
                    })
            })
        });
        if let Some(service) = bypassed.and_then(|service| model.mesh.service(service)) {
            let message = format!(
                "who does not come through the waypoint is not asked: the workloads of `{}/{}` let everybody in",
                service.namespace, service.name
            );
            out.report(lint, blamed(model, row, row.reason), message)
                .help("add a policy for the workloads that admits the waypoint's identity alone");
        }
    }
}

fn ingress_bypasses_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let at_gateways: sorted::Set<ObjectIndex> = attached(model, Via::ParentRef)
        .filter(|row| matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet))
        .filter(|row| {
            let gateway = model.mesh.find_gateway(&row.to.namespace, &row.to.name);
            let role = gateway.and_then(|gateway| model.mesh.gateway(gateway));
            role.is_none_or(|gateway| gateway.role != Role::Waypoint)
        })
        .chain(attached(model, Via::Gateways))
        .map(|row| row.from)
        .collect();
    let routed: sorted::Set<&ObjectId> =
        attached(model, Via::ParentRef).map(|row| &row.to).collect();
    for row in attached(model, Via::BackendRef).filter(|row| at_gateways.contains(&row.from)) {
        let Some(service) = model.mesh.service_of(&row.to) else {
            continue;
        };
        let Some(gateway) = model.attachments.service_waypoint(service) else {
            continue;
        };
        let guarded = model
            .policies
            .of(Chain::Waypoint(gateway, Some(service)), true)
            .is_some()
            || routed.contains(&row.to);
        if guarded && !eval::gateways_use_waypoint(model, service) {
            let message = format!(
                "requests from the gateway go to {} past its waypoint, so the policies and routes there do not apply to them",
                name(&row.to)
            );
            out.report(lint, blamed(model, row, row.reason), message)
                .help(
                    "label the Service or its namespace `istio.io/ingress-use-waypoint: \"true\"`",
                );
        }
    }
}

/// Told where the manifests hold possible clients, and no ztunnel carries any of them.
fn uncaptured_clients(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    // What installs and serves the mesh is no client of Services, and what is written out for a ServiceEntry is no pod.
    let is_client = |index: WorkloadIndex, workload: &WorkloadInfo| {
        let is_endpoint = model
            .mesh
            .object(workload.object)
            .is_some_and(|object| object.id.kind == Kind::Endpoint);
        workload.capture != Capture::ExcludedNamespace
            && model.mesh.instance_of(workload).is_none()
            && !model.mesh.is_router(index)
            && !model.mesh.is_root(&workload.namespace)
            && !is_endpoint
    };
    // Of each workload how many clients it is, and how many that a ztunnel carries.
    let counts: Vec<(usize, usize)> = model
        .mesh
        .workloads()
        .map(|(index, workload)| match is_client(index, workload) {
            true => (1, usize::from(workload.capture.carries_outbound())),
            false => (0, 0),
        })
        .collect();
    let add = |(all, captured), (one, carried): &(usize, usize)| (all + one, captured + carried);
    let (all, all_captured) = counts.iter().fold((0, 0), add);
    for (index, service) in model.mesh.service_objects() {
        let members = service.workloads.iter();
        let members = members.filter_map(|member| counts.get(member.place()));
        let (members, own) = members.fold((0, 0), add);
        let has_others = all > members;
        let waypoint = model.attachments.service_waypoint(index).is_some();
        if waypoint && has_others && all_captured == own {
            let message = format!(
                "no ztunnel carries the traffic of any other workload here, so nobody calls `{}/{}` through its waypoint",
                service.namespace, service.name
            );
            let help = "label the clients, or their namespace, `istio.io/dataplane-mode: ambient`";
            say(
                model,
                lint,
                out,
                (service.object, "metadata.name"),
                message,
                help,
            );
        }
    }
}
