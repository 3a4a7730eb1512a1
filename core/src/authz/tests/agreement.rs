//! On generated policies and requests: the watched and the unwatched decision are the same, and what the log holds,
//! folded again by minimum and maximum, gives the same decision. An index hides nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::resource::authorization_policy::{Condition, Operation, RuleFrom, RuleTo, Source};
use crate::trace::{Entry, Step, Truth, children};
use crate::wire::Verdict;

fn values(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => subsequence(of, 1..=of.len()).prop_map(|values| values.into_iter().map(str::to_owned).collect()),
    ]
}

fn source() -> impl Strategy<Value = RuleFrom> {
    let namespaces = || values(&["default", "prod", "d*"]);
    (
        namespaces(),
        namespaces(),
        values(&["*", "cluster.local/ns/prod/sa/sleep"]),
        values(&["*"]),
        values(&["other"]),
        values(&["cluster.local/ns/prod/sa/sleep", "other/ns/a/sa/b"]),
        values(&["prod/sleep", "sleep"]),
    )
        .prop_map(
            |(
                namespaces,
                not_namespaces,
                not_principals,
                request_principals,
                trust_domains,
                principals,
                service_accounts,
            )| {
                RuleFrom {
                    source: Some(Source {
                        namespaces,
                        not_namespaces,
                        not_principals,
                        request_principals,
                        trust_domains,
                        principals,
                        service_accounts,
                        ..Source::default()
                    }),
                }
            },
        )
}

fn operation() -> impl Strategy<Value = RuleTo> {
    (
        values(&["GET", "POST"]),
        values(&["9080", "80"]),
        values(&["/reviews/*"]),
        values(&["/reviews/1", "/reviews/*", "/r*", "/"]),
    )
        .prop_map(|(methods, ports, not_paths, paths)| RuleTo {
            operation: Some(Operation {
                methods,
                ports,
                not_paths,
                paths,
                ..Operation::default()
            }),
        })
}

fn condition() -> impl Strategy<Value = Condition> {
    let keys = [
        "source.namespace",
        "request.headers[x]",
        "destination.port",
        "source.serviceAccount",
    ];
    (
        proptest::sample::select(keys.to_vec()),
        values(&["default", "9080"]),
        values(&["80"]),
    )
        .prop_map(|(key, values, not_values)| Condition {
            key: key.to_owned(),
            values,
            not_values,
        })
}

fn rule() -> impl Strategy<Value = Option<crate::resource::Rule>> {
    (
        prop::option::of(prop::collection::vec(source(), 1..3)),
        prop::option::of(prop::collection::vec(operation(), 1..3)),
        prop::collection::vec(condition(), 0..2),
    )
        .prop_map(|(from, to, when)| Some(crate::resource::Rule { from, to, when }))
}

fn policy() -> impl Strategy<Value = (AuthorizationPolicy, bool)> {
    let actions = [Action::Allow, Action::Deny, Action::Audit, Action::Custom];
    (
        proptest::sample::select(actions.to_vec()),
        prop::collection::vec(rule(), 0..3),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(action, rules, dry_run)| {
            let policy = AuthorizationPolicy {
                action: Some(action),
                rules,
                ..AuthorizationPolicy::default()
            };
            (policy, dry_run && action != Action::Custom)
        })
}

fn truth_of(
    truths: impl IntoIterator<Item = Truth>,
    start: Truth,
    pick: fn(Truth, Truth) -> Truth,
) -> Truth {
    truths.into_iter().fold(start, pick)
}

/// What the entries below a policy say about it, by its own structure.
fn refold(policy: &Policy, rules: &[Entry], offset: usize) -> Truth {
    let rules: BTreeMap<u32, (Truth, BTreeMap<u32, Truth>)> = children(rules, offset)
        .map(|(rule, clauses, _)| {
            let Step::Rule(index) = rule.step else {
                panic!("{rule:?}")
            };
            let clauses = clauses
                .iter()
                .map(|entry| match entry.step {
                    Step::Clause(id) => (id, entry.truth),
                    step => panic!("{step:?}"),
                })
                .collect();
            (index, (rule.truth, clauses))
        })
        .collect();
    assert_eq!(rules.len(), policy.rules.len());
    let truths = policy.rules.iter().map(|rule| {
        let (told, clauses) = &rules[&rule.index];
        let groups = rule.groups().map(|group| {
            let alternatives = group.alternatives().map(|alternative| {
                let clauses = alternative.iter().map(|clause| clauses[&clause.id.0]);
                truth_of(clauses, Truth::Yes, Truth::min)
            });
            truth_of(alternatives, Truth::No, Truth::max)
        });
        let truth = truth_of(groups, Truth::Yes, Truth::min);
        assert_eq!(truth, *told);
        truth
    });
    truth_of(truths, Truth::No, Truth::max)
}

/// The verdict by the words of the specification, from the truths in a log alone.
fn verdict(policies: &[Policy], truths: &BTreeMap<u32, Truth>) -> Verdict {
    let of = |action| {
        truths
            .iter()
            .map(|(index, truth)| (&policies[*index as usize], *truth))
            .filter(move |(policy, _)| policy.action == action && !policy.dry_run)
            .collect::<Vec<_>>()
    };
    let any = |action| of(action).iter().any(|(_, truth)| *truth == Truth::Yes);
    let allow_refuses = !of(Action::Allow).is_empty() && !any(Action::Allow);
    if any(Action::Deny) || allow_refuses {
        Verdict::Deny
    } else if any(Action::Custom) {
        // No provider is declared.
        Verdict::Unknown
    } else {
        Verdict::Allow
    }
}

proptest! {
    #[test]
    fn watched_or_not(
        policies in prop_oneof![
            prop::collection::vec(policy(), 0..5),
            prop::collection::vec(policy(), 40..60),
        ],
        peer in prop::option::of(proptest::sample::select(&["default", "prod"])),
        method in proptest::sample::select(&["GET", "POST"]),
        enforcer in proptest::sample::select(&ENFORCERS),
    ) {
        let settings = Settings::default();
        let dry_run = Labels::from([("istio.io/dry-run".to_owned(), "1".to_owned())]);
        let compiled: Vec<Policy> = (0..)
            .zip(&policies)
            .map(|(index, (spec, dry))| {
                let annotations = if *dry { dry_run.clone() } else { Labels::new() };
                let name = format!("p{index}");
                let mut policy = compile_annotated(&name, spec, &annotations, &settings, enforcer);
                policy.object = ObjectIndex(index);
                policy
            })
            .collect();
        let mut flow = flow();
        flow.peer = peer.map(|namespace| Principal::new("cluster.local", namespace, "sleep"));
        flow.http.as_mut().unwrap().method = method.to_owned();

        let set = PolicySet::new(enforcer, &compiled, 0..u32::try_from(compiled.len()).unwrap());
        let table = Table::from(compiled.as_slice());
        let plain = set.decide(table, &flow, Authentication::Passed, &mut NoTrace);
        let mut log = Log::default();
        let logged = set.decide(table, &flow, Authentication::Passed, &mut log);
        prop_assert_eq!(plain, logged);
        let walked = set.clone().without_index();
        prop_assert_eq!(plain, walked.decide(table, &flow, Authentication::Passed, &mut NoTrace));

        let mut truths = BTreeMap::new();
        for (entry, rules, offset) in children(log.entries(), 0) {
            let Step::Policy(index) = entry.step else { panic!("{entry:?}") };
            prop_assert_eq!(refold(&compiled[index as usize], rules, offset), entry.truth);
            truths.insert(index, entry.truth);
        }
        prop_assert_eq!(truths.keys().copied().collect::<Vec<_>>(), {
            let mut members: Vec<u32> = set.members().collect();
            members.sort_unstable();
            members
        });
        prop_assert_eq!(plain.verdict, verdict(&compiled, &truths));
    }
}
