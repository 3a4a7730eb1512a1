//! The engine against a real Envoy: random policies, translated by the engine into the filters that a waypoint gets,
//! and random requests near what they say. Envoy is right. `ENVOY` names the executable, `SEED` another beginning;
//! `cargo xtask envoy` sets the first.

mod judge;
mod random;
mod scenario;
mod shrink;
mod token;

use ambient_core::wire;
use judge::{Fate, Judge};
use random::Random;
use scenario::{Scenario, TCP_PORT};
use serde_json::Value;

const SCENARIOS: usize = 400;
const REQUESTS: usize = 50;
/// How many scenarios one Envoy is given while a disagreement is made small.
const BATCH: usize = 300;
/// How many disagreements are made small and shown.
const REPORTED: usize = 6;

/// What the engine says of each request at the waypoint.
fn expected(scenario: &Scenario) -> Vec<Fate> {
    let input: wire::Input =
        serde_json::from_value(scenario.input()).expect("the contract's shape");
    let evaluation = ambient_core::evaluate(&input);
    let answers = evaluation.results.iter().zip(&scenario.requests);
    answers
        .map(|(answer, request)| {
            let waypoint = answer
                .hops
                .iter()
                .find(|hop| hop.hop == wire::HopKind::Waypoint);
            let hop = waypoint.unwrap_or_else(|| panic!("no waypoint: {}", answer.reason));
            let bytes = request["to"]["port"] == u64::from(TCP_PORT);
            match (hop.verdict, bytes) {
                (wire::HopVerdict::Allow, true) => Fate::Delivered,
                (wire::HopVerdict::Deny, true) => Fate::Closed,
                (wire::HopVerdict::Allow, false) => Fate::Status(200),
                (wire::HopVerdict::Deny, false) => {
                    let status = answer.response.as_ref().and_then(|it| it.status);
                    Fate::Status(status.unwrap_or_default())
                }
                (other, _) => panic!("the engine does not know: {other:?}"),
            }
        })
        .collect()
}

struct Disagreement {
    scenario: Scenario,
    engine: Fate,
    envoy: Fate,
}

/// Every request of which the two think differently, each with its scenario.
fn disagreements(scenarios: &[Scenario]) -> Vec<Disagreement> {
    let judge = Judge::start(scenarios);
    let mut out = Vec::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        let engine = expected(&judge::as_asked(index, scenario));
        let envoy = judge.fates(index, &scenario.requests);
        for ((request, engine), envoy) in scenario.requests.iter().zip(engine).zip(envoy) {
            if engine != envoy {
                let requests = vec![request.clone()];
                let scenario = Scenario {
                    requests,
                    ..scenario.clone()
                };
                out.push(Disagreement {
                    scenario,
                    engine,
                    envoy,
                });
            }
        }
    }
    out
}

fn shrunk(mut found: Disagreement) -> Disagreement {
    loop {
        let smaller = shrink::smaller(&found.scenario);
        let next = smaller
            .chunks(BATCH)
            .find_map(|batch| disagreements(batch).into_iter().next());
        match next {
            Some(next) => found = next,
            None => return found,
        }
    }
}

fn report(found: &Disagreement) -> String {
    let yaml = |value: &Value| serde_yaml::to_string(value).expect("plain data");
    format!(
        "engine: {:?}, Envoy: {:?}\nsettings:\n{}policies:\n{}request:\n{}",
        found.engine,
        found.envoy,
        yaml(&found.scenario.settings),
        yaml(&Value::Array(found.scenario.policies.clone())),
        yaml(&found.scenario.requests[0]),
    )
}

#[test]
fn the_engine_and_envoy_agree() {
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().expect("SEED is a number"));
    let mut random = Random(seed);
    let scenarios: Vec<Scenario> = (0..SCENARIOS)
        .map(|_| Scenario::random(&mut random, REQUESTS))
        .collect();
    let mut found = disagreements(&scenarios);
    let count = found.len();
    let total = SCENARIOS * REQUESTS;
    println!("{total} requests, {count} disagreements, seed {seed}");
    if !found.is_empty() {
        // A few from all over: one cause tends to come in rows.
        let step = found.len().div_ceil(REPORTED);
        let few = found.drain(..).step_by(step).map(shrunk);
        let reports: Vec<String> = few.map(|found| report(&found)).collect();
        panic!(
            "{count} of {total}, seed {seed}; some, made small:\n{}",
            reports.join("\n")
        );
    }
}
