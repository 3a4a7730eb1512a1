//! PeerAuthentications by level: on which ports a workload takes plaintext.

use crate::authz::mtls::{self, Candidate, Levels, Surprise};
use crate::authz::{Authentication, Enforcer, Policy, PolicySet, Table};
use crate::flow::{Flow, Principal};
use crate::resource::{ObjectIndex, PeerAuthentication};
use crate::trace::{Log, NoTrace};
use crate::wire::{Behavior, Cause, Settings, Verdict};

/// The ports that take plaintext, of 8080, 9090 and another one.
fn plaintext(levels: Levels<'_>, behavior: Behavior) -> ([bool; 3], Option<Surprise>) {
    let mtls = mtls::compile(levels, behavior);
    let policies: Vec<Policy> = mtls.policy.into_iter().collect();
    let count = u32::try_from(policies.len()).unwrap();
    let set = PolicySet::new(Enforcer::Ztunnel, &policies, 0..count);
    let table = Table::from(policies.as_slice());
    let taken = [8080, 9090, 1].map(|destination_port| {
        let decide = |peer| {
            let flow = Flow {
                peer,
                destination_port,
                ..Flow::default()
            };
            let plain = set.decide(table, &flow, Authentication::Passed, &mut NoTrace);
            let logged = set.decide(table, &flow, Authentication::Passed, &mut Log::default());
            assert_eq!(plain, logged);
            plain
        };
        let with_identity = decide(Some(Principal::new("cluster.local", "a", "b")));
        assert_eq!(
            with_identity.verdict,
            Verdict::Allow,
            "a peer with an identity always passes"
        );
        let decision = decide(None);
        if let Some(by) = decision.by {
            assert_eq!((by.cause, by.rule), (Cause::Mtls, None));
        }
        decision.verdict == Verdict::Allow
    });
    (taken, mtls.surprise)
}

fn candidates(specs: &[PeerAuthentication]) -> Vec<Candidate<'_>> {
    specs
        .iter()
        .map(|spec| Candidate {
            object: ObjectIndex(7),
            name: "p",
            created: None,
            spec,
        })
        .collect()
}

fn specs(yaml: &str) -> Vec<PeerAuthentication> {
    match yaml {
        "" => vec![],
        _ => vec![crate::source::from_yaml(&format!("{{ {yaml} }}"))],
    }
}

const UNSET: &str = "selector: null";
const STRICT: &str = "mtls: { mode: STRICT }";
const PERMISSIVE: &str = "mtls: { mode: PERMISSIVE }";
const DISABLE: &str = "mtls: { mode: DISABLE }";

#[test]
fn levels_and_ports() {
    let none = None;
    let lost = Some(Surprise::StrictLost(ObjectIndex(7)));
    let not_honoured = Some(Surprise::DisableNotHonoured(ObjectIndex(7)));
    let port = |mode: &str, ports: &str| format!("{mode}, portLevelMtls: {{ {ports} }}");
    const P: &str = "8080: { mode: PERMISSIVE }";
    const D: &str = "8080: { mode: DISABLE }";
    const S: &str = "8080: { mode: STRICT }";
    const D9: &str = "9090: { mode: DISABLE }";
    const OPEN: [bool; 3] = [true; 3];
    const CLOSED: [bool; 3] = [false; 3];
    const ONLY_8080: [bool; 3] = [true, false, false];
    const NOT_8080: [bool; 3] = [false, true, true];
    for (mesh, namespace, workload, expected, surprise) in [
        ("", "", "".to_owned(), OPEN, none),
        (UNSET, "", "".to_owned(), OPEN, none),
        (STRICT, "", "".to_owned(), CLOSED, none),
        (STRICT, UNSET, "".to_owned(), CLOSED, none),
        (STRICT, PERMISSIVE, "".to_owned(), OPEN, none),
        (STRICT, DISABLE, "".to_owned(), OPEN, none),
        ("", STRICT, "".to_owned(), CLOSED, none),
        (PERMISSIVE, STRICT, "".to_owned(), CLOSED, none),
        (STRICT, "", PERMISSIVE.to_owned(), OPEN, none),
        (STRICT, "", DISABLE.to_owned(), OPEN, none),
        (STRICT, "", UNSET.to_owned(), CLOSED, none),
        ("", "", STRICT.to_owned(), CLOSED, none),
        // The workload is strict itself.
        ("", "", port(STRICT, P), ONLY_8080, none),
        ("", "", port(STRICT, D), ONLY_8080, none),
        ("", "", port(STRICT, S), CLOSED, none),
        (
            "",
            "",
            port(STRICT, &format!("{P}, {D9}")),
            [true, true, false],
            none,
        ),
        (STRICT, UNSET, port(STRICT, P), ONLY_8080, none),
        // It is permissive itself.
        (STRICT, "", port(PERMISSIVE, S), NOT_8080, none),
        ("", STRICT, port(DISABLE, S), NOT_8080, none),
        ("", STRICT, port(PERMISSIVE, D), OPEN, none),
        // It inherits.
        (STRICT, "", port(UNSET, P), ONLY_8080, none),
        ("", STRICT, port(UNSET, P), ONLY_8080, none),
        (
            STRICT,
            "",
            port(UNSET, &format!("{P}, {D9}")),
            [true, true, false],
            none,
        ),
        (STRICT, "", port(UNSET, D), CLOSED, not_honoured),
        (STRICT, "", port(UNSET, S), CLOSED, none),
        (STRICT, UNSET, port(UNSET, P), OPEN, lost),
        (
            STRICT,
            UNSET,
            port(UNSET, &format!("{P}, 9090: {{ mode: STRICT }}")),
            OPEN,
            lost,
        ),
        (STRICT, UNSET, port(UNSET, D), CLOSED, not_honoured),
        (STRICT, UNSET, port(UNSET, S), CLOSED, none),
        (STRICT, PERMISSIVE, port(UNSET, S), NOT_8080, none),
        (PERMISSIVE, STRICT, port(UNSET, P), ONLY_8080, none),
        ("", "", port(UNSET, S), NOT_8080, none),
        ("", UNSET, port(UNSET, S), NOT_8080, none),
        ("", "", port(UNSET, P), OPEN, none),
    ] {
        let (mesh_specs, namespace_specs, workload_specs) =
            (specs(mesh), specs(namespace), specs(&workload));
        let levels = Levels {
            mesh: &candidates(&mesh_specs),
            namespace: &candidates(&namespace_specs),
            workload: &candidates(&workload_specs),
        };
        let got = plaintext(levels, Behavior::Implemented);
        assert_eq!(
            got,
            (expected, surprise),
            "[{mesh}] [{namespace}] [{workload}]"
        );
    }
}

#[test]
fn the_documentation_honours_disable() {
    let (mesh, workload) = (
        specs(STRICT),
        specs("portLevelMtls: { 8080: { mode: DISABLE } }"),
    );
    let levels = Levels {
        mesh: &candidates(&mesh),
        workload: &candidates(&workload),
        ..Levels::default()
    };
    let (taken, surprise) = plaintext(levels, Behavior::Documented);
    assert_eq!(taken, [true, false, false]);
    assert!(matches!(surprise, Some(Surprise::DisableAsDocumented(_))));
    assert_eq!(plaintext(levels, Behavior::Implemented).0, [false; 3]);
}

#[test]
fn the_oldest_of_a_level_counts_and_then_the_name() {
    let (strict, permissive) = (&specs(STRICT)[0], &specs(PERMISSIVE)[0]);
    let candidate = |name, created, spec| Candidate {
        object: ObjectIndex(0),
        name,
        created,
        spec,
    };
    for (first, second, expected) in [
        (
            ("a", Some("2026-01-02T00:00:00Z")),
            ("b", Some("2026-01-01T00:00:00Z")),
            false,
        ),
        (
            ("a", Some("2026-01-01T00:00:00Z")),
            ("b", Some("2026-01-02T00:00:00Z")),
            true,
        ),
        (("a", None), ("b", None), true),
        (("b", None), ("a", None), false),
    ] {
        let namespace = [
            candidate(first.0, first.1, permissive),
            candidate(second.0, second.1, strict),
        ];
        let levels = Levels {
            namespace: &namespace,
            ..Levels::default()
        };
        let (taken, _) = plaintext(levels, Behavior::Implemented);
        assert_eq!(taken, [expected; 3], "{first:?} {second:?}");
    }
}

#[test]
fn handshakes() {
    let settings = Settings {
        trust_domain: "td1".to_owned(),
        trust_domain_aliases: vec!["td2".to_owned()],
        ..Settings::default()
    };
    for (domain, ztunnel, waypoint) in [
        ("td1", true, true),
        ("td2", false, true),
        ("td3", false, false),
    ] {
        let peer = Principal::new(domain, "a", "b");
        assert_eq!(mtls::ztunnel_trusts(&peer, &settings), ztunnel, "{domain}");
        assert_eq!(
            mtls::waypoint_trusts(&peer, &settings),
            waypoint,
            "{domain}"
        );
    }
}
