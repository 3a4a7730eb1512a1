//! What proxies drop, and what becomes of the rule.

use super::*;

/// An action, rules, and the verdict on the sample request and on the same one without an identity.
fn check(enforcer: Enforcer, rows: &[(Action, &str, bool, bool)]) {
    for (action, rules, expected, expected_plaintext) in rows {
        let spec = spec(&format!(
            "{{ action: {}, rules: [{rules}] }}",
            action.name()
        ));
        let policy = compile_as("p", &spec, &Settings::default(), enforcer);
        let set = PolicySet::new(enforcer, std::slice::from_ref(&policy), [0]);
        let mut flow = flow();
        if enforcer != Enforcer::Http {
            flow.http = None;
        }
        for expected in [expected, expected_plaintext] {
            let decision = set.decide(
                Table::from(std::slice::from_ref(&policy)),
                &flow,
                Authentication::Passed,
                &mut NoTrace,
            );
            assert_eq!(
                decision.verdict == crate::wire::Verdict::Allow,
                *expected,
                "{action:?} [{rules}] for {:?}",
                flow.peer
            );
            flow.peer = None;
        }
    }
}

const IN_DEFAULT: &str = "{ from: [{ source: { namespaces: [default] } }] }";

#[test]
fn http_fields_at_ztunnel() {
    use Action::{Allow, Deny};
    check(
        Enforcer::Ztunnel,
        &[
            (
                Allow,
                "{ to: [{ operation: { methods: [GET] } }] }",
                false,
                false,
            ),
            (
                Allow,
                &format!("{IN_DEFAULT}, {{ to: [{{ operation: {{ methods: [GET] }} }}] }}"),
                true,
                false,
            ),
            (
                Allow,
                "{ from: [{ source: { namespaces: [default] } }], to: [{ operation: { methods: [GET] } }] }",
                false,
                false,
            ),
            (Deny, "{ to: [{ operation: { paths: [/x] } }] }", true, true),
            (
                Deny,
                "{ to: [{ operation: { ports: ['9080'], methods: [POST] } }] }",
                false,
                false,
            ),
            (
                Deny,
                "{ to: [{ operation: { ports: ['80'], methods: [POST] } }] }",
                true,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { namespaces: [default] } }], to: [{ operation: { methods: [POST] } }] }",
                true,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { namespaces: [default], requestPrincipals: [x] } }] }",
                false,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { requestPrincipals: [x] } }, { source: { namespaces: [default] } }] }",
                false,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { namespaces: [default] } }], when: [{ key: 'request.headers[x]', values: ['y'] }] }",
                true,
                true,
            ),
            (
                Deny,
                "{ when: [{ key: source.namespace, values: [default] }, { key: connection.sni, values: ['y'] }] }",
                true,
                true,
            ),
            (
                Deny,
                "{}, { to: [{ operation: { paths: [/x] } }] }",
                false,
                false,
            ),
            (
                Deny,
                "{ when: [{ key: source.serviceAccount, values: [default/sleep] }] }",
                true,
                true,
            ),
            (
                Allow,
                "{ from: [{ source: { namespaces: [default], trustDomains: [other] } }] }",
                true,
                false,
            ),
            (
                Allow,
                "{ from: [{ source: { trustDomains: [cluster.local] } }] }",
                false,
                false,
            ),
            (
                Deny,
                "{ from: [{ source: { trustDomains: [cluster.local] } }] }",
                true,
                true,
            ),
        ],
    );
}

#[test]
fn http_fields_on_a_tcp_chain() {
    use Action::{Allow, Deny};
    check(
        Enforcer::Tcp,
        &[
            (
                Allow,
                "{ to: [{ operation: { methods: [GET] } }] }",
                false,
                false,
            ),
            (
                Allow,
                &format!("{IN_DEFAULT}, {{ to: [{{ operation: {{ methods: [GET] }} }}] }}"),
                true,
                false,
            ),
            (
                Deny,
                "{ to: [{ operation: { methods: [POST] } }] }",
                false,
                false,
            ),
            (
                Deny,
                "{ to: [{ operation: { methods: [POST], ports: ['6379'] } }] }",
                true,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { namespaces: [default] } }], to: [{ operation: { methods: [POST] } }] }",
                false,
                true,
            ),
            (
                Deny,
                "{ from: [{ source: { requestPrincipals: [x] } }, { source: { namespaces: [prod] } }] }",
                false,
                false,
            ),
            (
                Deny,
                "{ from: [{ source: { namespaces: [default] } }], when: [{ key: 'request.headers[x]', values: ['y'] }] }",
                false,
                true,
            ),
            (
                Allow,
                "{ from: [{ source: { remoteIpBlocks: [192.0.2.1] } }] }",
                true,
                true,
            ),
            (
                Allow,
                "{ from: [{ source: { trustDomains: [cluster.local] } }] }",
                true,
                false,
            ),
        ],
    );
}

fn losses(
    action: Action,
    rules: &str,
    enforcer: Enforcer,
) -> (Vec<(u32, String, LossKind)>, Effect) {
    let spec = spec(&format!(
        "{{ action: {}, rules: [{rules}] }}",
        action.name()
    ));
    let policy = compile_as("p", &spec, &Settings::default(), enforcer);
    let effect = policy.effect();
    let losses = policy
        .losses
        .iter()
        .map(|loss| (loss.rule, loss.path.clone(), loss.kind.clone()))
        .collect();
    (losses, effect)
}

#[test]
fn losses_are_told() {
    let unsupported = |name: &str| LossKind::UnsupportedAttribute {
        name: name.to_owned(),
    };
    let row = |rule, path: &str, kind| (rule, path.to_owned(), kind);
    assert_eq!(
        losses(
            Action::Allow,
            "{}, { from: [{ source: { namespaces: [a] } }], to: [{ operation: { notMethods: [GET] } }] }",
            Enforcer::Ztunnel
        ),
        (
            vec![
                row(1, "to[0].operation.notMethods", unsupported("notMethods")),
                row(1, "", LossKind::RuleOmitted),
            ],
            Effect::Enforced
        )
    );
    assert_eq!(
        losses(
            Action::Deny,
            "{ from: [{ source: { requestPrincipals: [a] } }, { source: { namespaces: [a] } }] }",
            Enforcer::Ztunnel
        ),
        (
            vec![
                row(
                    0,
                    "from[0].source.requestPrincipals",
                    unsupported("requestPrincipals")
                ),
                row(0, "from[0]", LossKind::EntryNeverMatches),
            ],
            Effect::Enforced
        )
    );
    assert_eq!(
        losses(
            Action::Deny,
            "{ when: [{ key: 'request.headers[x]', values: [a] }] }",
            Enforcer::Ztunnel
        ),
        (
            vec![
                row(0, "when[0].values", unsupported("request.headers[x]")),
                row(0, "when[0]", LossKind::RuleNeverMatches),
            ],
            Effect::Nothing
        )
    );
    assert_eq!(
        losses(
            Action::Allow,
            "{ from: [{ source: { trustDomains: [a] } }] }",
            Enforcer::Ztunnel
        ),
        (
            vec![
                row(0, "from[0].source.trustDomains", LossKind::TrustDomain),
                row(0, "from", LossKind::RuleNeverMatches),
            ],
            Effect::AllowsNothing
        )
    );
    assert_eq!(
        losses(
            Action::Deny,
            "{ to: [{ operation: { methods: [POST] } }] }",
            Enforcer::Tcp
        ),
        (
            vec![
                row(0, "to[0].operation.methods", unsupported("methods")),
                row(0, "to[0]", LossKind::EntryAlwaysMatches),
            ],
            Effect::Enforced
        )
    );
    assert_eq!(
        losses(
            Action::Deny,
            "{ to: [{ operation: { methods: [POST] } }] }",
            Enforcer::Http
        ),
        (vec![], Effect::Enforced)
    );
    assert_eq!(
        losses(Action::Allow, "", Enforcer::Http),
        (vec![], Effect::AllowsNothing)
    );
}

#[test]
fn what_the_documentation_says() {
    let settings = Settings {
        behavior: crate::wire::Behavior::Documented,
        ..Settings::default()
    };
    for (action, rule, implemented, documented) in [
        (
            Action::Deny,
            "{ to: [{ operation: { paths: [/x] } }] }",
            false,
            true,
        ),
        (
            Action::Deny,
            "{ to: [{ operation: { ports: ['80'], paths: [/x] } }] }",
            false,
            true,
        ),
        (
            Action::Deny,
            "{ to: [{ operation: { ports: ['80'] } }] }",
            false,
            false,
        ),
        (
            Action::Allow,
            "{}, { to: [{ operation: { paths: [/x] } }] }",
            true,
            false,
        ),
        (Action::Allow, "{}", true, true),
    ] {
        for (settings, expected) in [(&Settings::default(), implemented), (&settings, documented)] {
            let got = rule_matches(action, rule, &flow(), settings, Enforcer::Ztunnel);
            assert_eq!(got, expected, "{action:?} {rule} {:?}", settings.behavior);
        }
    }
    let mut flow = flow();
    flow.http.as_mut().unwrap().path = "/foo/bar/baz.txt".to_owned();
    let rule = "{ to: [{ operation: { paths: ['/foo/{**}/'] } }] }";
    assert!(rule_matches(
        Action::Allow,
        rule,
        &flow,
        &settings,
        Enforcer::Http
    ));
    assert!(!rule_matches(
        Action::Allow,
        rule,
        &flow,
        &Settings::default(),
        Enforcer::Http
    ));
}

#[test]
fn what_ztunnel_is_sent() {
    for (action, dry_run, expected) in [
        (Action::Allow, false, true),
        (Action::Deny, false, true),
        (Action::Allow, true, false),
        (Action::Audit, false, false),
        (Action::Custom, false, false),
    ] {
        assert_eq!(is_sent(action, dry_run), expected, "{action:?} {dry_run}");
    }
}
