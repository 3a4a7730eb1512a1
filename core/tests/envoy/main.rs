//! Envoy as the judge: random policies and requests near their boundaries, answered by the engine and by a real Envoy
//! that runs the filters which the engine says a waypoint gets. `ENVOY` names the program; without it nothing is
//! compared. `ENVOY_REQUESTS` and `ENVOY_SEED` change how many requests are asked, and which; `ENVOY_ONLY`, as `policies` or
//! `routes`, leaves out the other half. What is said here is of policies; of routes see `routes`.
//!
//! Compared are the status, the policy and rule that a refusal names, and the path that is seen behind the filters. The
//! waypoint's tunnel is there, its mTLS is not: the caller is stated. External authorizers are asked, and answer by their names.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the engine does no I/O; this test starts a proxy and talks to it"
)]

mod case;
mod compare;
mod generate;
mod judge;
mod proxy;
mod random;
mod routes;
mod shrink;
mod tokens;

use std::process::ExitCode;
use std::time::Instant;

/// In one run of Envoy.
const CASES_A_RUN: usize = 250;
const REQUESTS_A_CASE: usize = 20;
/// How many disagreements are made small and shown.
const SHOWN: usize = 5;

fn main() -> ExitCode {
    let Ok(binary) = std::env::var("ENVOY") else {
        println!("ENVOY names no Envoy: nothing is compared (`cargo xtask test` installs one)");
        return ExitCode::SUCCESS;
    };
    let number = |name: &str, otherwise: usize| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let requests = number("ENVOY_REQUESTS", 20_000);
    let seed = number("ENVOY_SEED", 1);
    let only = std::env::var("ENVOY_ONLY").ok();
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let of_routes = if wanted("routes") {
        routes::run(&binary, requests, seed as u64)
    } else {
        Ok(0)
    };
    let of_routes = match of_routes {
        Ok(disagreements) => disagreements,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let requests = if wanted("policies") { requests } else { 0 };
    let started = Instant::now();
    let mut random = random::Random::new(seed as u64);
    let mut compared = 0;
    let mut denied = 0;
    let mut disagreements = Vec::new();
    while compared < requests {
        let cases = CASES_A_RUN.min((requests - compared).div_ceil(REQUESTS_A_CASE));
        let cases: Vec<_> = (0..cases)
            .map(|_| generate::case(&mut random, REQUESTS_A_CASE))
            .collect();
        match compare::run(&binary, &cases) {
            Ok(report) => {
                compared += report.compared;
                denied += report.denied;
                disagreements.extend(report.disagreements);
            }
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{compared} requests compared with Envoy (seed {seed}), {denied} of them denied, {} disagreements, {:.0} s",
        disagreements.len(),
        started.elapsed().as_secs_f32()
    );
    for disagreement in disagreements.iter().take(SHOWN) {
        let smallest = shrink::shrink(&binary, disagreement);
        println!("\n{}\n{}", smallest.difference, show(&smallest.case));
    }
    let failed = usize::from(!disagreements.is_empty() || of_routes > 0);
    println!(
        "test result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out",
        if failed == 0 { "ok" } else { "FAILED" },
        1 - failed
    );
    ExitCode::from(u8::from(failed > 0))
}

fn show(case: &case::Case) -> String {
    let mut shown = vec![format!("settings: {}", case.settings)];
    for policy in &case.policies {
        shown.push(format!("{}: {}", policy["kind"], policy["spec"]));
    }
    for request in &case.requests {
        shown.push(format!("request: {request}"));
    }
    shown.join("\n")
}
