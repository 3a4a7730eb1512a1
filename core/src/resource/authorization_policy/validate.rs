//! What is refused, and what is warned about. `istio/istio: pkg/config/validation/validation.go`
//! (ValidateAuthorizationPolicy), `istio/api: security/v1beta1/authorization_policy.proto` (sizes).

use super::{Action, Attribute, AuthorizationPolicy, Rule, WrittenClause};
use crate::resource::Labels;
use crate::resource::policy_attachment::{self, DRY_RUN};
use crate::resource::violation::Violations;

const MAX_RULES: usize = 512;
const MAX_FROM: usize = 512;
const MAX_SERVICE_ACCOUNTS: usize = 16;

/// Checks a policy with its annotations.
pub(crate) fn validate(policy: &AuthorizationPolicy, annotations: &Labels) -> Violations {
    let mut out = Violations::default();
    policy_attachment::validate(
        policy.selector.as_ref(),
        policy.target_ref.as_ref(),
        &policy.target_refs,
        &mut out,
    );
    let action = policy.action.unwrap_or_default();
    validate_dry_run(action, annotations, &mut out);
    validate_action(policy, action, &mut out);
    if policy.rules.len() > MAX_RULES {
        out.error("spec.rules", format!("more than {MAX_RULES} rules"));
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = format!("spec.rules[{index}]");
        match rule {
            Some(rule) => validate_rule(rule, action, &path, &mut out),
            None => out.error_with_help(
                path,
                "the rule is `null`",
                "write `{}` for a rule that matches everything",
            ),
        }
    }
    out
}

fn validate_dry_run(action: Action, annotations: &Labels, out: &mut Violations) {
    let Some(value) = annotations.get(DRY_RUN) else {
        return;
    };
    if !matches!(action, Action::Allow | Action::Deny) {
        out.error(
            "metadata.annotations",
            format!("`{DRY_RUN}` does not go with action `{}`", action.name()),
        );
    } else if parse_bool(value).is_none() {
        out.error_with_help(
            "metadata.annotations",
            format!("`{DRY_RUN}: {value}` is not a boolean"),
            "write `\"true\"` or `\"false\"`",
        );
    }
}

/// Whether the annotations put a policy on a dry run; what is no boolean counts as `false`.
/// `istio/istio: pilot/pkg/security/authz/builder/builder.go` (isDryRun).
pub(crate) fn is_dry_run(annotations: &Labels) -> bool {
    annotations
        .get(DRY_RUN)
        .and_then(|value| parse_bool(value))
        .unwrap_or(false)
}

/// Go's strconv.ParseBool.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn validate_action(policy: &AuthorizationPolicy, action: Action, out: &mut Violations) {
    if matches!(action, Action::Deny | Action::Custom) && policy.rules.is_empty() {
        out.error_with_help(
            "spec.rules",
            format!(
                "a policy with action `{}` and no rules never matches",
                action.name()
            ),
            "add an empty rule, `- {}`, to match every request",
        );
    }
    match (action, &policy.provider) {
        (Action::Custom, None) => {
            out.error("spec", "action `CUSTOM` needs `provider.name`");
        }
        (Action::Custom, Some(provider)) if provider.name.is_empty() => {
            out.error("spec.provider", "`provider.name` is empty");
        }
        (Action::Allow | Action::Deny | Action::Audit, Some(_)) => out.error(
            "spec.provider",
            format!("`provider` does not go with action `{}`", action.name()),
        ),
        (Action::Custom, Some(_)) | (_, None) => {}
    }
}

fn validate_rule(rule: &Rule, action: Action, path: &str, out: &mut Violations) {
    validate_shape(rule, path, out);
    for group in rule.groups() {
        for alternative in &group.alternatives {
            validate_service_accounts(
                &alternative.clauses,
                &format!("{path}.{}", alternative.path),
                out,
            );
            for clause in &alternative.clauses {
                validate_clause(clause, action, path, out);
            }
        }
    }
    if action == Action::Deny && denies_all_tcp(rule) {
        out.warning(
            path,
            "on ports that are not HTTP, this rule denies everything",
            "a `DENY` rule without ports is applied there without its HTTP fields; add `ports`",
        );
    }
}

fn validate_shape(rule: &Rule, path: &str, out: &mut Violations) {
    let sources = rule.from.as_ref().map(|from| {
        let written = from.iter().map(|from| from.source.is_some());
        ("from", "source", written.collect::<Vec<_>>())
    });
    let operations = rule.to.as_ref().map(|to| {
        let written = to.iter().map(|to| to.operation.is_some());
        ("to", "operation", written.collect::<Vec<_>>())
    });
    let groups = rule.groups();
    for (list, field, written) in sources.into_iter().chain(operations) {
        if written.is_empty() {
            // What comes as JSON has no empty lists in Istio's types: they are as good as absent.
            out.warning(
                format!("{path}.{list}"),
                format!("`{list}` is empty, which Istio takes for absent"),
                "the rule asks nothing of this; leave the list out, or say what it should hold",
            );
        }
        let alternatives = groups
            .iter()
            .filter(|group| group.path == list)
            .flat_map(|group| &group.alternatives);
        for (written, alternative) in written.into_iter().zip(alternatives) {
            let path = format!("{path}.{}", alternative.path);
            if !written {
                out.error(path, format!("there is no `{field}`"));
            } else if alternative.clauses.is_empty() {
                out.error(format!("{path}.{field}"), format!("`{field}` is empty"));
            }
        }
    }
    if rule.from.as_ref().is_some_and(|from| from.len() > MAX_FROM) {
        out.error(
            format!("{path}.from"),
            format!("more than {MAX_FROM} sources"),
        );
    }
    for (index, condition) in rule.when.iter().enumerate() {
        let path = format!("{path}.when[{index}]");
        if condition.key.is_empty() {
            out.error(path, "the condition has no `key`");
        } else if condition.values.is_empty() && condition.not_values.is_empty() {
            out.error(path, "the condition has neither `values` nor `notValues`");
        } else if Attribute::from_when_key(&condition.key).is_none() {
            out.error_with_help(
                format!("{path}.key"),
                format!("there is no attribute `{}`", condition.key),
                key_help(&condition.key),
            );
        }
    }
}

fn key_help(key: &str) -> &'static str {
    if key.starts_with("request.headers")
        || key.starts_with("request.auth.claims")
        || key.starts_with("experimental.envoy.filters.")
    {
        "write a name in brackets behind it: `request.headers[x-user]`"
    } else if key == "destination.namespace" {
        "a policy is for the namespace that it is in"
    } else if key.starts_with("destination.labels") {
        "use `spec.selector`"
    } else {
        "see the list of conditions in Istio's reference; keys are case-sensitive"
    }
}

fn validate_service_accounts(clauses: &[WrittenClause<'_>], path: &str, out: &mut Violations) {
    let has = |wanted: &[Attribute]| {
        clauses.iter().any(|clause| {
            clause
                .attribute
                .as_ref()
                .is_some_and(|attribute| wanted.contains(attribute))
        })
    };
    if has(&[Attribute::SourceServiceAccount])
        && has(&[Attribute::SourcePrincipal, Attribute::SourceNamespace])
    {
        out.error_with_help(
            format!("{path}.source"),
            "`serviceAccounts` does not go with `namespaces` or `principals` in one source",
            "a service account names its namespace already: `namespace/serviceAccount`",
        );
    }
}

fn validate_clause(clause: &WrittenClause<'_>, action: Action, path: &str, out: &mut Violations) {
    let Some(attribute) = &clause.attribute else {
        return;
    };
    let path = format!("{path}.{}", clause.path);
    if action == Action::Custom && !goes_with_custom(attribute) {
        out.error(
            &path,
            format!("`{}` does not go with action `CUSTOM`", clause.name),
        );
    }
    if *attribute == Attribute::SourceServiceAccount && clause.values.len() > MAX_SERVICE_ACCOUNTS {
        out.error(
            &path,
            format!("more than {MAX_SERVICE_ACCOUNTS} service accounts"),
        );
    }
    // A slash is refused in the field and let pass behind the `when` key.
    let no_slash = *attribute == Attribute::SourceTrustDomain && clause.path.starts_with("from");
    for (index, value) in clause.values.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Err(error) = attribute.check_value(value) {
            out.error(path, format!("`{value}` {}", error.sentence()));
        } else if no_slash && value.contains('/') {
            out.error(
                path,
                format!("`{value}` has a `/`, which no trust domain has"),
            );
        }
    }
}

/// The external authorizer is asked before peer and token are known to policies.
fn goes_with_custom(attribute: &Attribute) -> bool {
    match attribute {
        Attribute::SourcePrincipal
        | Attribute::SourceNamespace
        | Attribute::SourceServiceAccount
        | Attribute::SourceTrustDomain
        | Attribute::RequestPrincipal
        | Attribute::RequestAudiences
        | Attribute::RequestPresenter
        | Attribute::RequestClaim(_) => false,
        Attribute::SourceIp
        | Attribute::RemoteIp
        | Attribute::RequestHeader(_)
        | Attribute::Host
        | Attribute::Method
        | Attribute::Path
        | Attribute::DestinationPort
        | Attribute::DestinationIp
        | Attribute::ConnectionSni
        | Attribute::EnvoyFilterMetadata { .. } => true,
    }
}

/// A rule whose `to` has no ports, or, with no `to`, whose `from` knows nothing of the connection.
fn denies_all_tcp(rule: &Rule) -> bool {
    let mut from_of_connection = None;
    let mut to_of_connection = None;
    for group in rule.groups() {
        let seen = match group.path.as_str() {
            "from" => &mut from_of_connection,
            "to" => &mut to_of_connection,
            _ => continue,
        };
        *seen = Some(
            group
                .alternatives
                .iter()
                .flat_map(|entry| &entry.clauses)
                .any(|clause| {
                    matches!(
                        clause.attribute,
                        Some(
                            Attribute::SourcePrincipal
                                | Attribute::SourceNamespace
                                | Attribute::SourceServiceAccount
                                | Attribute::SourceIp
                                | Attribute::RemoteIp
                                | Attribute::DestinationPort
                        )
                    )
                }),
        );
    }
    match (from_of_connection, to_of_connection) {
        (_, Some(ports)) => !ports,
        (Some(connection), None) => !connection,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(yaml: &str, annotations: &Labels) -> Violations {
        validate(&crate::source::from_yaml(yaml), annotations)
    }

    #[test]
    fn refused() {
        const LONG: &str = "{ rules: [{ from: [{ source: { serviceAccounts: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a] } }] }] }";
        for (yaml, expected) in [
            ("{}", &[][..]),
            ("{ rules: [{}] }", &[]),
            ("{ action: DENY, rules: [{}] }", &[]),
            ("{ action: DENY }", &["spec.rules"]),
            (
                "{ action: CUSTOM, provider: { name: p }, rules: [{}] }",
                &[],
            ),
            ("{ action: CUSTOM, provider: { name: p } }", &["spec.rules"]),
            ("{ action: CUSTOM, rules: [{}] }", &["spec"]),
            (
                "{ action: CUSTOM, provider: { name: '' }, rules: [{}] }",
                &["spec.provider"],
            ),
            (
                "{ action: AUDIT, provider: { name: p } }",
                &["spec.provider"],
            ),
            ("{ rules: [null] }", &["spec.rules[0]"]),
            ("{ rules: [{ from: [{}] }] }", &["spec.rules[0].from[0]"]),
            ("{ rules: [{ to: [{}] }] }", &["spec.rules[0].to[0]"]),
            (
                "{ rules: [{ from: [{ source: {} }] }] }",
                &["spec.rules[0].from[0].source"],
            ),
            (
                "{ rules: [{ to: [{ operation: {} }] }] }",
                &["spec.rules[0].to[0].operation"],
            ),
            (
                "{ rules: [{ to: [{ operation: { methods: [GET, ''] } }] }] }",
                &["spec.rules[0].to[0].operation.methods[1]"],
            ),
            (
                "{ rules: [{ to: [{ operation: { notPorts: ['x'] } }] }] }",
                &["spec.rules[0].to[0].operation.notPorts[0]"],
            ),
            (
                "{ rules: [{ to: [{ operation: { paths: ['/{*}.txt'] } }] }] }",
                &["spec.rules[0].to[0].operation.paths[0]"],
            ),
            (
                "{ rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/40] } }] }] }",
                &["spec.rules[0].from[0].source.ipBlocks[0]"],
            ),
            (
                "{ rules: [{ from: [{ source: { serviceAccounts: [a], namespaces: [b] } }] }] }",
                &["spec.rules[0].from[0].source"],
            ),
            (
                "{ rules: [{ from: [{ source: { serviceAccounts: [a], ipBlocks: [10.0.0.1] } }] }] }",
                &[],
            ),
            (LONG, &["spec.rules[0].from[0].source.serviceAccounts"]),
            (
                "{ rules: [{ from: [{ source: { trustDomains: [a/b] } }] }] }",
                &["spec.rules[0].from[0].source.trustDomains[0]"],
            ),
            (
                "{ rules: [{ when: [{ key: source.trustDomain, values: [a/b] }] }] }",
                &[],
            ),
            (
                "{ rules: [{ when: [{ values: [a] }] }] }",
                &["spec.rules[0].when[0]"],
            ),
            (
                "{ rules: [{ when: [{ key: source.ip }] }] }",
                &["spec.rules[0].when[0]"],
            ),
            (
                "{ rules: [{ when: [{ key: source.ip, values: [10.0.0.1], notValues: [x] }] }] }",
                &["spec.rules[0].when[0].notValues[0]"],
            ),
            (
                "{ rules: [{ when: [{ key: destination.user, values: [a] }] }] }",
                &["spec.rules[0].when[0].key"],
            ),
            (
                "{ rules: [{ when: [{ key: 'request.headers[]', values: [a] }] }] }",
                &["spec.rules[0].when[0].key"],
            ),
            (
                "{ action: CUSTOM, provider: { name: p }, rules: [{ from: [{ source: { namespaces: [a] } }], when: [{ key: request.auth.presenter, values: [a] }] }] }",
                &[
                    "spec.rules[0].from[0].source.namespaces",
                    "spec.rules[0].when[0].values",
                ],
            ),
            (
                "{ selector: { matchLabels: { app: a } }, targetRefs: [{ kind: Service, name: s }] }",
                &["spec"],
            ),
            (
                "{ selector: { matchLabels: { app: 'a*' } } }",
                &["spec.selector.matchLabels"],
            ),
            (
                "{ targetRefs: [{ kind: Service, name: s }, { group: core, kind: Service, name: s }] }",
                &[],
            ),
            (
                "{ targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: s }] }",
                &[],
            ),
            (
                "{ targetRef: { group: gateway.networking.k8s.io, kind: Gateway, name: g } }",
                &[],
            ),
            (
                "{ targetRefs: [{ kind: Gateway, name: g }] }",
                &["spec.targetRefs[0].kind"],
            ),
            (
                "{ targetRefs: [{ group: v1, kind: Service, name: s }] }",
                &["spec.targetRefs[0].group"],
            ),
            (
                "{ targetRefs: [{ group: apps, kind: Deployment, name: d }] }",
                &["spec.targetRefs[0].kind"],
            ),
            (
                "{ targetRefs: [{ kind: Service }] }",
                &["spec.targetRefs[0].name"],
            ),
            (
                "{ targetRefs: [{ kind: Service, name: s, namespace: other }] }",
                &["spec.targetRefs[0].namespace"],
            ),
        ] {
            let paths: Vec<String> = check(yaml, &Labels::new())
                .errors
                .into_iter()
                .map(|error| error.path)
                .collect();
            assert_eq!(paths, expected, "{yaml}");
        }
    }

    #[test]
    fn sizes() {
        for (field, at_most, entry) in [
            ("rules", MAX_RULES, "{}"),
            ("targetRefs", 16, "{ kind: Service, name: s }"),
        ] {
            let of = |count| format!("{{ {field}: [{}] }}", vec![entry; count].join(", "));
            assert_eq!(check(&of(at_most), &Labels::new()).errors, []);
            assert_eq!(check(&of(at_most + 1), &Labels::new()).errors.len(), 1);
        }
        let from = |count| {
            let source = "{ source: { namespaces: [a] } }";
            format!(
                "{{ rules: [{{ from: [{}] }}] }}",
                vec![source; count].join(", ")
            )
        };
        assert_eq!(check(&from(MAX_FROM), &Labels::new()).errors, []);
        assert_eq!(check(&from(MAX_FROM + 1), &Labels::new()).errors.len(), 1);
    }

    #[test]
    fn dry_run() {
        for (yaml, value, refused) in [
            ("{}", "true", false),
            ("{}", "F", false),
            ("{}", "yes", true),
            ("{}", "", true),
            ("{ action: DENY, rules: [{}] }", "1", false),
            ("{ action: AUDIT }", "true", true),
        ] {
            let annotations = Labels::from([(DRY_RUN.to_owned(), value.to_owned())]);
            assert_eq!(
                check(yaml, &annotations).errors.len(),
                usize::from(refused),
                "{yaml} {value}"
            );
        }
    }

    #[test]
    fn warned_about() {
        for (yaml, expected) in [
            ("{ action: DENY, rules: [{}] }", &[][..]),
            (
                "{ action: DENY, rules: [{ to: [{ operation: { methods: [GET] } }] }] }",
                &["spec.rules[0]"],
            ),
            (
                "{ action: ALLOW, rules: [{ to: [{ operation: { methods: [GET] } }] }] }",
                &[],
            ),
            (
                "{ action: DENY, rules: [{ to: [{ operation: { methods: [GET], ports: ['80'] } }] }] }",
                &[],
            ),
            (
                "{ action: DENY, rules: [{ from: [{ source: { namespaces: [a] } }], to: [{ operation: { methods: [GET] } }] }] }",
                &["spec.rules[0]"],
            ),
            (
                "{ action: DENY, rules: [{ from: [{ source: { namespaces: [a] } }] }] }",
                &[],
            ),
            (
                "{ action: DENY, rules: [{ from: [{ source: { requestPrincipals: [a] } }] }] }",
                &["spec.rules[0]"],
            ),
            ("{ selector: {} }", &["spec.selector"]),
        ] {
            let violations = check(yaml, &Labels::new());
            assert_eq!(violations.errors, [], "{yaml}");
            let paths: Vec<String> = violations
                .warnings
                .into_iter()
                .map(|warning| warning.path)
                .collect();
            assert_eq!(paths, expected, "{yaml}");
        }
    }
}
