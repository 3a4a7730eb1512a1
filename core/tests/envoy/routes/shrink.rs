//! From a case that disagrees to the smallest one that still does: every way to leave one thing out is tried.

use serde_json::Value;

use super::backends::Backends;
use super::case::Case;
use super::compare::{self, Disagreement};
use crate::shrink::{less, without_one};

/// Makes a disagreement as small as leaving things out can make it.
pub(super) fn shrink(binary: &str, backends: &Backends, found: &Disagreement) -> Disagreement {
    let mut smallest = found.clone();
    while let Some(next) = first(binary, backends, &smaller(&smallest.case)) {
        smallest = next;
    }
    smallest
}

/// The first case that disagrees; those that Envoy refuses are passed over.
fn first(binary: &str, backends: &Backends, cases: &[Case]) -> Option<Disagreement> {
    if cases.is_empty() {
        return None;
    }
    match compare::run(binary, backends, cases) {
        Ok(report) => report.disagreements.into_iter().next(),
        Err(_) if cases.len() == 1 => None,
        Err(_) => {
            let (left, right) = cases.split_at(cases.len() / 2);
            first(binary, backends, left).or_else(|| first(binary, backends, right))
        }
    }
}

/// Every case with one thing less.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut push = |routes: Vec<Value>| {
        cases.push(Case {
            routes,
            ..case.clone()
        });
    };
    without_one(&case.routes).into_iter().for_each(&mut push);
    for (index, route) in case.routes.iter().enumerate() {
        for spec in less(&route["spec"]) {
            let is_attached = ["parentRefs", "hosts"]
                .iter()
                .all(|field| spec.get(field) == route["spec"].get(field));
            if is_attached {
                let mut routes = case.routes.clone();
                routes[index]["spec"] = spec;
                push(routes);
            }
        }
    }
    for kind in ["http", "grpc"] {
        let Some(headers) = case.requests[0][kind].get("headers") else {
            continue;
        };
        for headers in less(headers) {
            let mut request = case.requests[0].clone();
            request[kind]["headers"] = headers;
            cases.push(Case {
                requests: vec![request],
                ..case.clone()
            });
        }
    }
    cases
}
