//! Routes: random HTTPRoutes, GRPCRoutes and VirtualServices of one Service, and requests near what they ask for. Envoy
//! gets the route configuration that the engine says a waypoint gets, with backends that keep what arrives; compared are
//! the rule, the cluster, the request as it arrives there, the copies, and what the proxy answers by itself.
//!
//! Of several backends that get a share, the one chosen must be among them. Headers that Envoy adds of its own accord are
//! not compared.

mod backends;
mod case;
mod compare;
mod generate;
mod requests;
mod rules;
mod shrink;
mod virtual_services;

use crate::random::Random;

/// In one run of Envoy.
const CASES_A_RUN: usize = 200;
const REQUESTS_A_CASE: usize = 25;
/// How many disagreements are made small and shown.
const SHOWN: usize = 8;

/// Compares that many requests; the number of disagreements.
pub(crate) fn run(binary: &str, requests: usize, seed: u64) -> Result<usize, String> {
    let started = std::time::Instant::now();
    let backends =
        backends::Backends::start(&case::clusters()).map_err(|error| error.to_string())?;
    let mut random = Random::new(seed);
    let mut total = compare::Report::default();
    while total.compared < requests {
        let cases = CASES_A_RUN.min((requests - total.compared).div_ceil(REQUESTS_A_CASE));
        let cases: Vec<_> = (0..cases)
            .map(|_| generate::case(&mut random, REQUESTS_A_CASE))
            .collect();
        total.add(compare::run(binary, &backends, &cases)?);
    }
    println!(
        "{} requests to routes compared with Envoy (seed {seed}), {} of them taken by a rule, {} answered by the proxy, {} disagreements, {:.0} s",
        total.compared,
        total.routed,
        total.answered,
        total.disagreements.len(),
        started.elapsed().as_secs_f32()
    );
    let mut shown: Vec<&compare::Disagreement> = Vec::new();
    for found in &total.disagreements {
        // Of one case and one sort one is enough.
        let is_new = |known: &&compare::Disagreement| {
            known.sort() != found.sort() && known.case.routes != found.case.routes
        };
        if shown.len() < SHOWN && shown.iter().all(is_new) {
            shown.push(found);
        }
    }
    for disagreement in shown {
        let smallest = shrink::shrink(binary, &backends, disagreement);
        println!(
            "\n{}\n(at first: {})\n{}",
            smallest.difference,
            disagreement.difference,
            smallest.case.show()
        );
    }
    Ok(total.disagreements.len())
}
