//! Several policies together: the order of the phases, and which policy and rule is named.

use super::*;
use crate::authz::clause::ClauseId;
use crate::wire::{Cause, ExtensionProvider, ProviderAnswer, ProviderProtocol, Verdict};

const ALL: &str = "rules: [{}]";
const NONE: &str = "rules: [{ from: [{ source: { namespaces: [nobody] } }] }]";

/// Verdict, cause, policy and rule.
type Summary<'a> = (Verdict, Option<(Cause, Option<&'a str>, Option<u32>)>);

struct Decided {
    decision: Decision,
    names: Vec<String>,
}

impl Decided {
    fn summary(&self) -> Summary<'_> {
        let by = self.decision.by.map(|by| {
            let name = by
                .policy
                .and_then(|object| self.names.get(object.0 as usize))
                .map(String::as_str);
            (by.cause, name, by.rule)
        });
        (self.decision.verdict, by)
    }
}

/// Policies are `name: spec`; a name that starts with `dry` is on a dry run.
fn decide_with(
    policies: &[(&str, &str)],
    authentication: Authentication,
    settings: &Settings,
    enforcer: Enforcer,
) -> Decided {
    let dry_run = Labels::from([("istio.io/dry-run".to_owned(), "true".to_owned())]);
    let compiled: Vec<Policy> = (0..)
        .zip(policies)
        .map(|(index, (name, yaml))| {
            let annotations = if name.starts_with("dry") {
                dry_run.clone()
            } else {
                Labels::new()
            };
            let mut policy = compile_annotated(
                name,
                &spec(&format!("{{ {yaml} }}")),
                &annotations,
                settings,
                enforcer,
            );
            policy.object = ObjectIndex(index);
            policy
        })
        .collect();
    let set = PolicySet::new(
        enforcer,
        &compiled,
        0..u32::try_from(compiled.len()).unwrap(),
    );
    let table = Table::from(compiled.as_slice());
    let decision = set.decide(table, &flow(), authentication, &mut NoTrace);
    let logged = set.decide(table, &flow(), authentication, &mut Log::default());
    assert_eq!(decision, logged, "{policies:?}");
    Decided {
        decision,
        names: policies
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    }
}

fn decide(policies: &[(&str, &str)], enforcer: Enforcer) -> Decided {
    decide_with(
        policies,
        Authentication::Passed,
        &Settings::default(),
        enforcer,
    )
}

#[test]
fn deny_then_allow() {
    let deny_all = &format!("action: DENY, {ALL}");
    let deny_none = &format!("action: DENY, {NONE}");
    let authorization = Cause::Authorization;
    for (policies, expected) in [
        (&[][..], (Verdict::Allow, None)),
        (
            &[("a", ALL)],
            (Verdict::Allow, Some((authorization, Some("a"), Some(0)))),
        ),
        (
            &[("a", NONE)],
            (Verdict::Deny, Some((Cause::Default, Some("a"), None))),
        ),
        (
            &[("a", "")],
            (Verdict::Deny, Some((Cause::Default, None, None))),
        ),
        (
            &[("a", "rules: []")],
            (Verdict::Deny, Some((Cause::Default, None, None))),
        ),
        (
            &[("a", NONE), ("b", NONE)],
            (Verdict::Deny, Some((Cause::Default, None, None))),
        ),
        (
            &[("a", NONE), ("b", "")],
            (Verdict::Deny, Some((Cause::Default, None, None))),
        ),
        (
            &[("a", NONE), ("b", ALL)],
            (Verdict::Allow, Some((authorization, Some("b"), Some(0)))),
        ),
        (&[("d", deny_none)], (Verdict::Allow, None)),
        (
            &[("a", ALL), ("d", deny_all)],
            (Verdict::Deny, Some((authorization, Some("d"), Some(0)))),
        ),
        (
            &[("a", ALL), ("d", deny_none)],
            (Verdict::Allow, Some((authorization, Some("a"), Some(0)))),
        ),
        (&[("d", "action: DENY")], (Verdict::Allow, None)),
    ] {
        for enforcer in ENFORCERS {
            assert_eq!(
                decide(policies, enforcer).summary(),
                expected,
                "{policies:?} at {enforcer:?}"
            );
        }
    }
}

#[test]
fn envoy_names_the_first_match_in_byte_order() {
    let eleven = format!("rules: [{}]", ["{}"; 11].join(", "));
    let rule_of = |policies: &[(&str, &str)], enforcer| {
        let decided = decide(policies, enforcer);
        let by = decided.summary().1.unwrap();
        (by.1.unwrap().to_owned(), by.2.unwrap())
    };
    assert_eq!(
        rule_of(&[("a", &eleven)], Enforcer::Http),
        ("a".to_owned(), 0)
    );
    let from_one = format!(
        "rules: [{{ from: [{{ source: {{ namespaces: [nobody] }} }}] }}, {}]",
        ["{}"; 10].join(", ")
    );
    assert_eq!(
        rule_of(&[("a", &from_one)], Enforcer::Http),
        ("a".to_owned(), 10)
    );
    assert_eq!(
        rule_of(&[("a", &from_one)], Enforcer::Ztunnel),
        ("a".to_owned(), 1)
    );
    // `]` comes behind `-`.
    assert_eq!(
        rule_of(&[("a", ALL), ("a-b", ALL)], Enforcer::Http),
        ("a-b".to_owned(), 0)
    );
    assert_eq!(
        rule_of(&[("b", ALL), ("a", ALL)], Enforcer::Tcp),
        ("a".to_owned(), 0)
    );
    assert_eq!(
        rule_of(&[("b", ALL), ("a", ALL)], Enforcer::Ztunnel),
        ("b".to_owned(), 0)
    );
}

#[test]
fn custom_policies_ask_their_provider() {
    let provider = |answer, protocol| ExtensionProvider::Full { answer, protocol };
    let settings = Settings {
        extension_providers: [
            (
                "yes",
                provider(ProviderAnswer::Allow, ProviderProtocol::Grpc),
            ),
            ("no", provider(ProviderAnswer::Deny, ProviderProtocol::Grpc)),
            (
                "http-no",
                provider(ProviderAnswer::Deny, ProviderProtocol::Http),
            ),
        ]
        .map(|(name, provider)| (name.to_owned(), provider))
        .into(),
        ..Settings::default()
    };
    let custom = |provider: &str, rules: &str| {
        format!("action: CUSTOM, provider: {{ name: '{provider}' }}, {rules}")
    };
    let refused = |name| {
        (
            Verdict::Deny,
            Some((Cause::Authorization, Some(name), Some(0))),
        )
    };
    let nobody_knows = (
        Verdict::Unknown,
        Some((Cause::Authorization, Some("c"), Some(0))),
    );
    let passed = (Verdict::Allow, None);
    let elsewhere = "rules: [{ to: [{ operation: { ports: ['1'] } }] }]";
    for (policies, http, tcp) in [
        (vec![("c", custom("yes", ALL))], passed, passed),
        (vec![("c", custom("no", ALL))], refused("c"), refused("c")),
        (vec![("c", custom("no", elsewhere))], passed, passed),
        (vec![("c", custom("http-no", ALL))], refused("c"), passed),
        (vec![("c", custom("who", ALL))], nobody_knows, nobody_knows),
        (
            vec![
                ("c", custom("who", ALL)),
                ("d", format!("action: DENY, {ALL}")),
            ],
            refused("d"),
            refused("d"),
        ),
        // The order of the names of the providers comes first.
        (
            vec![("a", custom("yes", ALL)), ("b", custom("no", ALL))],
            refused("b"),
            refused("b"),
        ),
        (
            vec![("a", custom("yes", ALL)), ("b", custom("no", elsewhere))],
            refused("a"),
            refused("a"),
        ),
        (
            vec![("a", custom("no", ALL)), ("b", custom("no", ALL))],
            refused("a"),
            refused("a"),
        ),
    ] {
        let policies: Vec<(&str, &str)> = policies
            .iter()
            .map(|(name, yaml)| (*name, yaml.as_str()))
            .collect();
        for (enforcer, expected) in [
            (Enforcer::Http, http),
            (Enforcer::Tcp, tcp),
            (
                Enforcer::Ztunnel,
                if policies.iter().any(|(name, _)| *name == "d") {
                    refused("d")
                } else {
                    passed
                },
            ),
        ] {
            let decided = decide_with(&policies, Authentication::Passed, &settings, enforcer);
            assert_eq!(decided.summary(), expected, "{policies:?} at {enforcer:?}");
        }
    }
}

#[test]
fn the_token_check_comes_behind_custom_and_before_the_rest() {
    let deny = format!("action: DENY, {ALL}");
    let unknown_custom = format!("action: CUSTOM, provider: {{ name: who }}, {ALL}");
    let ra = Some(ObjectIndex(0));
    let refused = Authentication::Refused { by: ra };
    let unknown = Authentication::Unknown { by: ra };
    let by_token = Some((Cause::Authentication, Some("ra"), None));
    for (policies, authentication, expected) in [
        (vec![("ra", ALL)], refused, (Verdict::Deny, by_token)),
        (
            vec![("ra", ALL)],
            Authentication::Refused { by: None },
            (Verdict::Deny, Some((Cause::Authentication, None, None))),
        ),
        (vec![("ra", ALL)], unknown, (Verdict::Unknown, by_token)),
        (
            vec![("ra", ALL), ("d", deny.as_str())],
            refused,
            (Verdict::Deny, by_token),
        ),
        (
            vec![("ra", ALL), ("d", &deny)],
            unknown,
            (
                Verdict::Deny,
                Some((Cause::Authorization, Some("d"), Some(0))),
            ),
        ),
        (
            vec![("ra", NONE)],
            unknown,
            (Verdict::Deny, Some((Cause::Default, Some("ra"), None))),
        ),
        (
            vec![("ra", ALL), ("c", &unknown_custom)],
            refused,
            (Verdict::Deny, by_token),
        ),
        (
            vec![("ra", ALL), ("c", &unknown_custom)],
            unknown,
            (
                Verdict::Unknown,
                Some((Cause::Authorization, Some("c"), Some(0))),
            ),
        ),
    ] {
        let decided = decide_with(
            &policies,
            authentication,
            &Settings::default(),
            Enforcer::Http,
        );
        assert_eq!(
            decided.summary(),
            expected,
            "{policies:?} {authentication:?}"
        );
    }
}

#[test]
fn audit_and_dry_run_do_not_count() {
    let audit = format!("action: AUDIT, {ALL}");
    let deny = format!("action: DENY, {ALL}");
    for (policies, expected) in [
        (&[("a", audit.as_str())][..], (Verdict::Allow, None)),
        (&[("dry-d", deny.as_str())], (Verdict::Allow, None)),
        (&[("dry-a", NONE)], (Verdict::Allow, None)),
        (
            &[("dry-a", ALL), ("b", NONE)],
            (Verdict::Deny, Some((Cause::Default, Some("b"), None))),
        ),
    ] {
        for enforcer in ENFORCERS {
            assert_eq!(
                decide(policies, enforcer).summary(),
                expected,
                "{policies:?} at {enforcer:?}"
            );
        }
    }
}

#[test]
fn a_log_lists_all_policies_of_all_phases() {
    use crate::trace::{Step, Truth, children};
    let yaml = [
        format!("action: DENY, {ALL}"),
        ALL.to_owned(),
        format!("action: AUDIT, {NONE}"),
        format!("action: DENY, {NONE}"),
    ];
    let compiled: Vec<Policy> = yaml
        .iter()
        .zip(["d", "a", "u", "e"])
        .map(|(yaml, name)| {
            compile_as(
                name,
                &spec(&format!("{{ {yaml} }}")),
                &Settings::default(),
                Enforcer::Http,
            )
        })
        .collect();
    let set = PolicySet::new(Enforcer::Http, &compiled, 0..4);
    let mut log = Log::default();
    set.decide(
        Table::from(compiled.as_slice()),
        &flow(),
        Authentication::Passed,
        &mut log,
    );
    let policies: Vec<_> = children(log.entries(), 0)
        .map(|(entry, ..)| (entry.step, entry.truth))
        .collect();
    assert_eq!(
        policies,
        [
            (Step::Policy(2), Truth::No),
            (Step::Policy(0), Truth::Yes),
            (Step::Policy(3), Truth::No),
            (Step::Policy(1), Truth::Yes),
        ]
    );
    assert_eq!(set.members().collect::<Vec<_>>(), [2, 0, 3, 1]);
    let (_, rules, offset) = children(log.entries(), 0).next().unwrap();
    let (rule, clauses, _) = children(rules, offset).next().unwrap();
    assert_eq!((rule.step, clauses.len()), (Step::Rule(0), 1));
    let origin = compiled[2].origin(ClauseId(0)).unwrap();
    assert_eq!(
        (origin.rule, &*origin.path, &origin.want[..]),
        (0, "from[0].source.namespaces", &["nobody".to_owned()][..])
    );
}
