//! What policies come to, as tables: a rule or a set of policies, a request, what each proxy makes of it.

mod agreement;
mod decisions;
mod fields;
mod losses;
mod mtls;

use super::*;
use crate::flow::{Flow, Http, Principal};
use crate::resource::{Action, AuthorizationPolicy, Labels, ObjectIndex};
use crate::trace::{Log, NoTrace};
use crate::wire::Settings;

const ENFORCERS: [Enforcer; 3] = [Enforcer::Ztunnel, Enforcer::Http, Enforcer::Tcp];

/// A request of `default/sleep` to a reviews Service, as a proxy in the mesh sees it.
fn flow() -> Flow {
    Flow {
        peer: Some(Principal::new("cluster.local", "default", "sleep")),
        source_ip: Some([10, 0, 0, 7].into()),
        remote_ip: Some([192, 0, 2, 1].into()),
        destination_ip: Some([10, 96, 0, 9].into()),
        destination_port: 9080,
        http: Some(Http {
            method: "GET".to_owned(),
            path: "/reviews/1?x=y".to_owned(),
            authority: "reviews:9080".to_owned(),
            ..Http::default()
        }),
        ..Flow::default()
    }
}

fn spec(yaml: &str) -> AuthorizationPolicy {
    crate::source::from_yaml(yaml)
}

fn compile_as(
    name: &str,
    spec: &AuthorizationPolicy,
    settings: &Settings,
    enforcer: Enforcer,
) -> Policy {
    compile_annotated(name, spec, &Labels::new(), settings, enforcer)
}

fn compile_annotated(
    name: &str,
    spec: &AuthorizationPolicy,
    annotations: &Labels,
    settings: &Settings,
    enforcer: Enforcer,
) -> Policy {
    let context = Context {
        object: ObjectIndex(0),
        namespace: "default",
        name,
        annotations,
        settings,
    };
    compile(spec, context, enforcer)
}

/// Whether the only rule of a policy matches.
fn rule_matches(
    action: Action,
    rule: &str,
    flow: &Flow,
    settings: &Settings,
    enforcer: Enforcer,
) -> bool {
    let spec = spec(&format!("{{ action: {}, rules: [{rule}] }}", action.name()));
    let policy = compile_as("p", &spec, settings, enforcer);
    let plain = policy.matches(flow, &mut NoTrace);
    assert_eq!(plain, policy.matches(flow, &mut Log::default()));
    plain.0 == crate::trace::Truth::Yes
}
