//! Lints about policies: an enforcement that users believe in and do not have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Row, row, say};
use crate::attach::{self, Reason};
use crate::authz::{Authentication, Effect};
use crate::flow::{Flow, Principal};
use crate::mesh::{Address, GatewayIndex, Role, ServiceIndex, WorkloadIndex};
use crate::model::{Chain, Model};
use crate::resource::{AuthorizationPolicy, Kind, ObjectId, ObjectIndex, Resource};
use crate::source::{Diagnostics, Lint, lint};
use crate::trace::NoTrace;
use crate::wire::{Cause, Verdict, Via};

lint!(
    PARTIALLY_ATTACHED = "WP0222",
    "policy-partially-attached",
    Warning
);
lint!(SELECTOR_ON_GATEWAY = "WP0223", "selector-on-gateway", Info);
lint!(
    SELECTOR_MATCHES_NOTHING = "WP0224",
    "selector-matches-nothing",
    Warning
);
lint!(
    NAMESPACE_POLICY_SKIPS_WAYPOINT = "WP0225",
    "namespace-policy-skips-waypoint",
    Warning
);
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
lint!(
    SERVICE_SCOPE_ON_HEADLESS = "WP0230",
    "service-scope-on-headless",
    Warning
);
lint!(
    TOKEN_RULE_WITHOUT_TOKENS = "WP0231",
    "token-rule-without-tokens",
    Warning
);
lint!(
    ENVOY_FILTER_ON_WAYPOINT = "WP0249",
    "envoy-filter-on-waypoint",
    Warning
);
lint!(
    TARGET_NOT_CONSULTED = "WP0250",
    "target-not-consulted",
    Warning
);
lint!(UNCAPTURED_CLIENTS = "WP0257", "uncaptured-clients", Warning);

pub(super) static CHECKS: &[Row] = &[
    row(&PARTIALLY_ATTACHED, partially_attached),
    row(&SELECTOR_ON_GATEWAY, selector_on_gateway),
    row(&SELECTOR_MATCHES_NOTHING, selector_matches_nothing),
    row(
        &NAMESPACE_POLICY_SKIPS_WAYPOINT,
        namespace_policy_skips_waypoint,
    ),
    row(&ALLOW_FORGETS_WAYPOINT, allow_forgets_waypoint),
    row(&WAYPOINT_CAN_BE_BYPASSED, waypoint_can_be_bypassed),
    row(&INGRESS_BYPASSES_WAYPOINT, ingress_bypasses_waypoint),
    row(&SERVICE_SCOPE_ON_HEADLESS, service_scope_on_headless),
    row(&TOKEN_RULE_WITHOUT_TOKENS, token_rule_without_tokens),
    row(&ENVOY_FILTER_ON_WAYPOINT, envoy_filter_on_waypoint),
    row(&TARGET_NOT_CONSULTED, target_not_consulted),
    row(&UNCAPTURED_CLIENTS, uncaptured_clients),
];

/// The references in effect of one sort.
fn attached(model: &Model, via: Via) -> impl Iterator<Item = &attach::Row> {
    model
        .attachments
        .rows()
        .iter()
        .filter(move |row| row.via == via && row.is_attached() && model.mesh.is_live(row.from))
}

fn name(id: &ObjectId) -> String {
    format!("{} `{}`", id.kind.name(), id.qualified_name())
}

fn holder<'m>(model: &'m Model, row: &attach::Row) -> Option<&'m ObjectId> {
    model.mesh.object(row.from).map(|object| &object.id)
}

fn partially_attached(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut by_policy: BTreeMap<ObjectIndex, (usize, Vec<&attach::Row>)> = BTreeMap::new();
    for row in model.attachments.rows() {
        if row.via == Via::TargetRef && row.reason != Reason::Invalid {
            let (attached, rest) = by_policy.entry(row.from).or_default();
            if row.is_attached() {
                *attached += 1;
            } else {
                rest.push(row);
            }
        }
    }
    for (policy, (attached, rest)) in by_policy {
        if attached == 0 || rest.is_empty() {
            continue;
        }
        let missing: Vec<String> = rest.iter().map(|row| name(&row.to)).collect();
        let message = format!(
            "this policy is in effect at some of its targets only; not at {}",
            missing.join(", ")
        );
        let help = "mend or remove the other targets; the condition says `PartiallyInvalid`";
        say(model, lint, out, (policy, "spec.targetRefs"), message, help);
    }
}

fn selector_on_gateway(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in attached(model, Via::Selector) {
        let policy = holder(model, row).is_some_and(|id| id.kind != Kind::IstioGateway);
        if policy && row.to.kind == Kind::Gateway {
            let message = format!("this selector matches the pods of {}", name(&row.to));
            out.report(lint, row.origin.clone(), message)
                .help("it works; `targetRefs` with the Gateway says it without relying on the labels of its pods");
        }
    }
}

/// Told only where the manifests hold workloads in reach at all: else they simply were not pasted.
fn selector_matches_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let matching: BTreeSet<ObjectIndex> = model
        .attachments
        .rows()
        .iter()
        .filter(|row| row.via == Via::Selector)
        .map(|row| row.from)
        .collect();
    for (index, object) in model.mesh.objects() {
        let Some(policy) = object
            .resource
            .as_policy()
            .filter(|_| model.mesh.is_live(index) && !matching.contains(&index))
        else {
            continue;
        };
        let selects = policy.selector.is_some_and(|labels| !labels.is_empty());
        let pasted = if model.mesh.is_root(&object.id.namespace) {
            model.mesh.workloads().next().is_some()
        } else {
            !model.mesh.workloads_in(&object.id.namespace).is_empty()
        };
        if selects && pasted {
            let message = format!(
                "no workload has these labels, so {} does nothing",
                name(&object.id)
            );
            let path = format!("spec.{}", policy.selector_field);
            let help = "correct the labels; they are those of the pods";
            say(model, lint, out, (index, &path), message, help);
        }
    }
}

/// Whether some rule asks about HTTP.
fn reads_http(policy: &AuthorizationPolicy) -> bool {
    let operation = |rule: &crate::resource::Rule| {
        rule.to.iter().flatten().any(|to| {
            to.operation.as_ref().is_some_and(|operation| {
                [
                    &operation.hosts,
                    &operation.not_hosts,
                    &operation.methods,
                    &operation.not_methods,
                    &operation.paths,
                    &operation.not_paths,
                ]
                .iter()
                .any(|values| !values.is_empty())
            })
        })
    };
    let condition = |rule: &crate::resource::Rule| {
        rule.when
            .iter()
            .any(|condition| condition.key.starts_with("request."))
    };
    policy
        .rules
        .iter()
        .flatten()
        .any(|rule| operation(rule) || condition(rule) || reads_rule_tokens(rule))
}

fn reads_rule_tokens(rule: &crate::resource::Rule) -> bool {
    rule.from.iter().flatten().any(|from| {
        from.source.as_ref().is_some_and(|source| {
            !source.request_principals.is_empty() || !source.not_request_principals.is_empty()
        })
    }) || rule
        .when
        .iter()
        .any(|condition| condition.key.starts_with("request.auth."))
}

fn policy_of<'m>(model: &'m Model, row: &attach::Row) -> Option<&'m AuthorizationPolicy> {
    match &model.mesh.object(row.from)?.resource {
        Resource::AuthorizationPolicy(policy) => Some(policy),
        _ => None,
    }
}

fn namespace_policy_skips_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in attached(model, Via::Namespace).chain(attached(model, Via::Mesh)) {
        let in_reach = |namespace: &str| row.via == Via::Mesh || namespace == row.to.name;
        let waypoint = model.mesh.services().any(|(index, service)| {
            in_reach(&service.namespace) && model.attachments.service_waypoint(index).is_some()
        });
        if waypoint && policy_of(model, row).is_some_and(reads_http) {
            let message = format!(
                "{} is for ztunnels and gateways; waypoints take policies by `targetRefs` only, and enforce nothing of it",
                holder(model, row).map(name).unwrap_or_default()
            );
            let help = "add `targetRefs` with the waypoint, or in the root namespace with GatewayClass `istio-waypoint`";
            say(model, lint, out, (row.from, "spec"), message, help);
        }
    }
}

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
                let target = workload.target_port(port.port, port.target_port.as_ref())?;
                Some((index, target))
            }));
        }
    }
    found
}

fn allow_forgets_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for (index, service) in model.mesh.services() {
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

/// The Services whose traffic a target is about.
fn services_of(model: &Model, to: &ObjectId) -> Vec<ServiceIndex> {
    match to.kind {
        Kind::Service | Kind::ServiceEntry => model.mesh.service_of(to).into_iter().collect(),
        Kind::Gateway => {
            let gateway = model.mesh.find_gateway(&to.namespace, &to.name);
            model
                .mesh
                .services()
                .map(|(index, _)| index)
                .filter(|&index| {
                    gateway.is_some() && model.attachments.service_waypoint(index) == gateway
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn waypoint_can_be_bypassed(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut open: BTreeMap<ServiceIndex, bool> = BTreeMap::new();
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
            out.report(lint, row.origin.clone(), message)
                .help("add a policy for the workloads that admits the waypoint's identity alone");
        }
    }
}

/// `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (ingressUseWaypointFromLabels): the Service's label,
/// whatever it says, hides the namespace's.
fn goes_through(model: &Model, id: &ObjectId) -> bool {
    const LABEL: &str = "istio.io/ingress-use-waypoint";
    let own = model
        .mesh
        .find(id)
        .and_then(|index| model.mesh.object(index))
        .and_then(|object| object.metadata.labels.get(LABEL))
        .map(String::as_str);
    own.or_else(|| model.mesh.namespace_label(&id.namespace, LABEL))
        .is_some_and(|value| matches!(value, "1" | "t" | "T" | "TRUE" | "true" | "True"))
}

fn ingress_bypasses_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let at_gateways: BTreeSet<ObjectIndex> = attached(model, Via::ParentRef)
        .filter(|row| matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet))
        .filter(|row| {
            let gateway = model.mesh.find_gateway(&row.to.namespace, &row.to.name);
            let role = gateway.and_then(|gateway| model.mesh.gateway(gateway));
            role.is_none_or(|gateway| gateway.role != Role::Waypoint)
        })
        .chain(attached(model, Via::Gateways))
        .map(|row| row.from)
        .collect();
    let routed: BTreeSet<&ObjectId> = attached(model, Via::ParentRef).map(|row| &row.to).collect();
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
        if guarded && !goes_through(model, &row.to) {
            let message = format!(
                "requests from the gateway go to {} past its waypoint, so the policies and routes there do not apply to them",
                name(&row.to)
            );
            out.report(lint, row.origin.clone(), message).help(
                "label the Service or its namespace `istio.io/ingress-use-waypoint: \"true\"`",
            );
        }
    }
}

fn service_scope_on_headless(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in attached(model, Via::TargetRef) {
        let headless = model
            .mesh
            .service_of(&row.to)
            .and_then(|service| model.mesh.service(service))
            .is_some_and(|service| service.address == Address::Headless);
        if headless {
            let message = format!(
                "{} has no address of its own: clients call its workloads, and a policy for the Service never applies",
                name(&row.to)
            );
            out.report(lint, row.origin.clone(), message).help(
                "target the waypoint, and let it serve workloads: `istio.io/waypoint-for: all`",
            );
        }
    }
}

fn chains(model: &Model, to: &ObjectId) -> Option<Chain> {
    let waypoint = |gateway: GatewayIndex| {
        model
            .mesh
            .gateway(gateway)
            .is_some_and(|gateway| gateway.role == Role::Waypoint)
    };
    match to.kind {
        Kind::Gateway => model
            .mesh
            .find_gateway(&to.namespace, &to.name)
            .filter(|&gateway| waypoint(gateway))
            .map(|gateway| Chain::Waypoint(gateway, None)),
        _ => {
            let service = model.mesh.service_of(to)?;
            let gateway = model.attachments.service_waypoint(service)?;
            Some(Chain::Waypoint(gateway, Some(service)))
        }
    }
}

fn token_rule_without_tokens(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in attached(model, Via::TargetRef) {
        let reads = policy_of(model, row)
            .is_some_and(|policy| policy.rules.iter().flatten().any(reads_rule_tokens));
        let Some(chain) = chains(model, &row.to).filter(|_| reads) else {
            continue;
        };
        // A waypoint's Services may have tokens checked though nothing is for the whole waypoint.
        let checked = model.policies.tokens_of(chain).is_some()
            || services_of(model, &row.to).into_iter().any(|service| {
                model
                    .attachments
                    .service_waypoint(service)
                    .is_some_and(|gateway| {
                        let chain = Chain::Waypoint(gateway, Some(service));
                        model.policies.tokens_of(chain).is_some()
                    })
            });
        if !checked {
            let message = format!(
                "this policy asks about tokens, and no RequestAuthentication checks any for {}: no request has claims there",
                name(&row.to)
            );
            out.report(lint, row.origin.clone(), message)
                .help("add a RequestAuthentication with the same target");
        }
    }
}

fn envoy_filter_on_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in attached(model, Via::TargetRef) {
        let filter = holder(model, row).is_some_and(|id| id.kind == Kind::EnvoyFilter);
        let waypoint = match row.to.kind {
            Kind::GatewayClass => true,
            _ => chains(model, &row.to).is_some(),
        };
        if filter && waypoint {
            let message = "EnvoyFilter is not supported with waypoints: this one is applied, and may break with any release".to_owned();
            out.report(lint, row.origin.clone(), message)
                .help("use routes, policies or a WasmPlugin instead; what the patches do is not evaluated here");
        }
    }
}

fn target_not_consulted(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows() {
        if row.reason == Reason::TargetNotConsulted
            && let Some(id) = holder(model, row)
        {
            let sentence = row.reason.sentence(row.via, id, &row.to);
            out.report(lint, row.origin.clone(), sentence)
                .resource(id)
                .help("target the waypoint, or a Gateway that Istio deploys");
        }
    }
}

/// Told where the manifests hold possible clients, and no ztunnel carries any of them.
fn uncaptured_clients(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let all = model.mesh.workloads().count();
    let captured = |indices: &mut dyn Iterator<Item = WorkloadIndex>| {
        indices
            .filter_map(|index| model.mesh.workload(index))
            .filter(|workload| workload.capture.is_captured())
            .count()
    };
    let all_captured = captured(&mut model.mesh.workloads().map(|(index, _)| index));
    for (index, service) in model.mesh.services() {
        let own = captured(&mut service.workloads.iter().copied());
        let has_others = all > service.workloads.len();
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
