//! `AUDIT`, `DENY` and `ALLOW` policies as RBAC filters, one for each action that there is.
//! `istio/istio: pilot/pkg/security/authz/builder/builder.go`, `pilot/pkg/security/authz/model/model.go`.

use serde_json::{Map, Value, json};

use super::matchers::{self, Side};
use crate::authz::{Clause, Group, Policy, PolicySet, Rule, Table};
use crate::resource::Action;

/// What a chain speaks: its filters are of different kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Tcp,
}

/// Where dry runs leave their results. `istio/istio: pilot/pkg/security/authz/model/model.go`.
const DRY_RUN_ALLOW: &str = "istio_dry_run_allow_";
const DRY_RUN_DENY: &str = "istio_dry_run_deny_";

/// The filters of a chain, in their order.
pub(super) fn filters(protocol: Protocol, set: &PolicySet, policies: Table<'_>) -> Vec<Value> {
    [
        (Action::Audit, "LOG", ""),
        (Action::Deny, "DENY", DRY_RUN_DENY),
        (Action::Allow, "ALLOW", DRY_RUN_ALLOW),
    ]
    .into_iter()
    .filter_map(|(action, word, shadow_prefix)| {
        let members: Vec<&Policy> = set.of(action, policies).collect();
        if members.is_empty() {
            return None;
        }
        let mut config = Map::new();
        if members.iter().any(|policy| !policy.dry_run) {
            let enforced = members.iter().filter(|policy| !policy.dry_run);
            let rules = rules(word, enforced.flat_map(|policy| named(policy, "")));
            config.insert("rules".to_owned(), rules);
        }
        // Where istiod looks for the prefix of a filter without dry runs, it finds that of ALLOW.
        config.insert("shadow_rules_stat_prefix".to_owned(), DRY_RUN_ALLOW.into());
        if members.iter().any(|policy| policy.dry_run) {
            let watched = members.iter().filter(|policy| policy.dry_run);
            let rules = rules(word, watched.flat_map(|policy| named(policy, "")));
            config.insert("shadow_rules".to_owned(), rules);
            match shadow_prefix {
                "" => config.remove("shadow_rules_stat_prefix"),
                prefix => config.insert("shadow_rules_stat_prefix".to_owned(), prefix.into()),
            };
        }
        Some(filter(protocol, config))
    })
    .collect()
}

/// An RBAC filter.
pub(super) fn filter(protocol: Protocol, mut config: Map<String, Value>) -> Value {
    let (name, kind) = match protocol {
        Protocol::Http => (
            super::ext_authz::HTTP_RBAC,
            "envoy.extensions.filters.http.rbac.v3.RBAC",
        ),
        Protocol::Tcp => {
            config.insert("stat_prefix".to_owned(), "tcp.".into());
            (
                super::ext_authz::NETWORK_RBAC,
                "envoy.extensions.filters.network.rbac.v3.RBAC",
            )
        }
    };
    config.insert(
        "@type".to_owned(),
        format!("type.googleapis.com/{kind}").into(),
    );
    json!({ "name": name, "typed_config": config })
}

/// The rules of a filter.
pub(super) fn rules(action: &str, policies: impl Iterator<Item = (String, Value)>) -> Value {
    json!({ "action": action, "policies": policies.collect::<Map<String, Value>>() })
}

/// The rules of a policy, each under the name by which Envoy reports it.
pub(super) fn named(policy: &Policy, prefix: &str) -> Vec<(String, Value)> {
    let name = |index: u32| format!("{prefix}{}-rule[{index}]", policy.envoy_name());
    if policy.rules.is_empty() && policy.losses.is_empty() {
        let never = json!({
            "permissions": [{ "not_rule": { "any": true } }],
            "principals": [{ "not_id": { "any": true } }],
        });
        return vec![(name(0), never)];
    }
    let rules = policy.rules.iter();
    rules
        .map(|rule| {
            let both = json!({
                "permissions": entries(rule, Side::Permission),
                "principals": entries(rule, Side::Principal),
            });
            (name(rule.index), both)
        })
        .collect()
}

/// One side of a rule: an entry for each alternative, with the conditions of that side in all of them.
fn entries(rule: &Rule, side: Side) -> Vec<Value> {
    let groups = rule.groups().filter(|group| side_of(*group) == side);
    let mut entries: Vec<Vec<&Clause>> = vec![Vec::new()];
    for group in groups {
        let before = std::mem::take(&mut entries);
        for alternative in group.alternatives() {
            entries.extend(before.iter().map(|entry| {
                let clauses = entry.iter().copied().chain(alternative);
                clauses.collect()
            }));
        }
    }
    let entry = |clauses: Vec<&Clause>| {
        let mut terms: Vec<Value> = clauses.into_iter().map(matchers::clause).collect();
        if terms.is_empty() {
            terms.push(json!({ "any": true }));
        }
        side.all(terms)
    };
    entries.into_iter().map(entry).collect()
}

/// A group asks about one side only: about the caller, or about what it wants. One that asks nothing is on any.
fn side_of(group: Group<'_>) -> Side {
    let mut clauses = group.alternatives().flatten();
    clauses
        .next()
        .map_or(Side::Principal, |clause| Side::of(&clause.attribute))
}
