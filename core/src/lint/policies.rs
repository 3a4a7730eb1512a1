//! Lints about policies: an enforcement that users believe in and do not have.

use super::{Row, blamed, row, say};
use crate::attach::{self, Reason};
use crate::mesh::{Address, GatewayIndex, Role, ServiceIndex};
use crate::model::{Chain, Model};
use crate::resource::{AuthorizationPolicy, Kind, ObjectId, ObjectIndex, Resource};
use crate::sorted;
use crate::source::{Diagnostics, Lint, lint};
use crate::wire::Via;

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
    SERVICE_SCOPE_ON_HEADLESS = "WP0230",
    "service-scope-on-headless",
    Warning
);
lint!(
    TOKEN_RULE_WITHOUT_TOKENS = "WP0231",
    "jwt-policy-without-ra",
    Warning
);
lint!(
    ENVOY_FILTER_ON_WAYPOINT = "WP0249",
    "envoyfilter-on-waypoint",
    Warning
);
lint!(
    TARGET_NOT_CONSULTED = "WP0250",
    "target-not-consulted",
    Warning
);

lint!(
    SELECTOR_ON_WAYPOINT = "WP0265",
    "selector-on-waypoint",
    Warning
);
lint!(
    ENVOY_FILTER_IGNORED = "WP0266",
    "envoyfilter-ignored",
    Warning
);
lint!(NOT_EVALUATED = "WP0264", "not-evaluated", Info);

pub(super) static CHECKS: &[Row] = &[
    row(&PARTIALLY_ATTACHED, partially_attached),
    row(&SELECTOR_ON_GATEWAY, selector_on_gateway),
    row(&SELECTOR_MATCHES_NOTHING, selector_matches_nothing),
    row(
        &NAMESPACE_POLICY_SKIPS_WAYPOINT,
        namespace_policy_skips_waypoint,
    ),
    row(&SERVICE_SCOPE_ON_HEADLESS, service_scope_on_headless),
    row(&TOKEN_RULE_WITHOUT_TOKENS, token_rule_without_tokens),
    row(&ENVOY_FILTER_ON_WAYPOINT, envoy_filter_on_waypoint),
    row(&TARGET_NOT_CONSULTED, target_not_consulted),
    row(&NOT_EVALUATED, not_evaluated),
    row(&SELECTOR_ON_WAYPOINT, selector_on_waypoint),
    row(&ENVOY_FILTER_IGNORED, envoy_filter_ignored),
];

/// The references in effect of one sort.
pub(super) fn attached(model: &Model, via: Via) -> impl Iterator<Item = &attach::Row> {
    model
        .attachments
        .rows()
        .iter()
        .filter(move |row| row.via == via && row.is_attached() && model.mesh.is_live(row.from))
}

pub(super) fn name(id: &ObjectId) -> String {
    format!("{} `{}`", id.kind_name(), id.qualified_name())
}

pub(super) fn holder<'m>(model: &'m Model, row: &attach::Row) -> Option<&'m ObjectId> {
    model.mesh.object(row.from).map(|object| &object.id)
}

fn partially_attached(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut by_policy: sorted::Map<ObjectIndex, (usize, Vec<&attach::Row>)> = sorted::Map::new();
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
            out.report(lint, blamed(model, row, row.reason), message)
                .help("it works; `targetRefs` with the Gateway says it without relying on the labels of its pods");
        }
    }
}

/// Told only where the manifests hold workloads in reach at all: else they simply were not pasted.
/// Whether there are workloads in the manifests at all: else they simply were not pasted, and none is missing.
pub(super) fn holds_workloads(model: &Model) -> bool {
    model.mesh.workloads().next().is_some()
}

fn selector_matches_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let matching: sorted::Set<ObjectIndex> = model
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
        let selects = policy.labels().is_some();
        if selects && holds_workloads(model) {
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
pub(super) fn reads_http(policy: &AuthorizationPolicy) -> bool {
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

pub(super) fn policy_of<'m>(
    model: &'m Model,
    row: &attach::Row,
) -> Option<&'m AuthorizationPolicy> {
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

/// The Services whose traffic a target is about.
pub(super) fn services_of(model: &Model, to: &ObjectId) -> Vec<ServiceIndex> {
    match to.kind {
        Kind::Service | Kind::ServiceEntry => model.mesh.service_of(to).into_iter().collect(),
        Kind::Gateway => {
            let gateway = model.mesh.find_gateway(&to.namespace, &to.name);
            model
                .mesh
                .service_objects()
                .map(|(index, _)| index)
                .filter(|&index| {
                    gateway.is_some() && model.attachments.service_waypoint(index) == gateway
                })
                .collect()
        }
        _ => Vec::new(),
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
            out.report(lint, blamed(model, row, row.reason), message)
                .help(
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
            out.report(lint, blamed(model, row, row.reason), message)
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
            out.report(lint, blamed(model, row, row.reason), message)
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
            out.report(lint, blamed(model, row, row.reason), sentence)
                .resource(id)
                .help("target the waypoint, or a Gateway that Istio deploys");
        }
    }
}

/// What is attached and may change verdicts in ways that nobody can tell from manifests.
fn not_evaluated(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for row in model.attachments.rows() {
        let Some(id) = holder(model, row).filter(|_| model.mesh.is_live(row.from)) else {
            continue;
        };
        let is_program = match id.kind {
            Kind::WasmPlugin | Kind::TrafficExtension => true,
            // On waypoints there is more to say of it.
            Kind::EnvoyFilter => row.via != Via::TargetRef,
            _ => false,
        };
        let of_policy = matches!(
            row.via,
            Via::TargetRef | Via::Selector | Via::Namespace | Via::Mesh
        );
        if row.reason == Reason::LeftToSidecar {
            let message = row.reason.sentence(row.via, id, &row.to);
            out.report(lint, blamed(model, row, row.reason), message)
                .resource(id)
                .help("nothing is wrong; verdicts for workloads with sidecars are without it");
        } else if is_program && of_policy && row.is_attached() {
            let message = format!(
                "{} may answer, change or refuse requests; verdicts here are without it",
                name(id)
            );
            out.report(lint, blamed(model, row, row.reason), message)
                .resource(id)
                .help("read verdicts for what it targets as those of everything else");
        }
    }
}

fn selector_on_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name the waypoint in `targetRefs` instead of selecting its pods";
    ignored(model, lint, out, help, |row, _| {
        row.reason == Reason::IneffectiveSelector
    });
}

fn envoy_filter_ignored(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "EnvoyFilter is not supported with waypoints; those that name one in `targetRefs` are applied all the same";
    ignored(model, lint, out, help, |row, holder| {
        row.reason == Reason::NotEnforcedByZtunnel && holder.kind == Kind::EnvoyFilter
    });
}

fn ignored(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    help: &str,
    is_about: impl Fn(&attach::Row, &ObjectId) -> bool,
) {
    for row in model.attachments.rows() {
        if let Some(id) = holder(model, row).filter(|id| is_about(row, id)) {
            let message = row.reason.sentence(row.via, id, &row.to);
            out.report(lint, blamed(model, row, row.reason), message)
                .resource(id)
                .help(help);
        }
    }
}
