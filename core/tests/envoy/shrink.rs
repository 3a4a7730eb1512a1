//! From a case that disagrees to the smallest one that still does: every way to leave one thing out is tried, all of
//! them in one Envoy, until none disagrees.

use serde_json::Value;

use crate::case::Case;
use crate::compare::{self, Disagreement};

/// Makes a disagreement as small as leaving things out can make it.
pub(crate) fn shrink(binary: &str, found: &Disagreement) -> Disagreement {
    let mut smallest = found.clone();
    loop {
        let candidates = smaller(&smallest.case);
        match compare::run(binary, &candidates) {
            Ok(report) => match report.disagreements.into_iter().next() {
                Some(next) => smallest = next,
                None => return smallest,
            },
            // A candidate that Envoy refuses ends the search.
            Err(_) => return smallest,
        }
    }
}

/// Every case with one thing less.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    for policies in without_one(&case.policies) {
        cases.push(Case {
            policies,
            ..case.clone()
        });
    }
    for (index, policy) in case.policies.iter().enumerate() {
        for spec in less(&policy["spec"]) {
            if spec.get("targetRefs") == policy["spec"].get("targetRefs") {
                let mut policies = case.policies.clone();
                policies[index]["spec"] = spec;
                cases.push(Case {
                    policies,
                    ..case.clone()
                });
            }
        }
    }
    for (index, request) in case.requests.iter().enumerate() {
        let protocol = if request.get("grpc").is_some() {
            "grpc"
        } else {
            "http"
        };
        let Some(headers) = request[protocol].get("headers") else {
            continue;
        };
        for headers in less(headers) {
            let mut requests = case.requests.clone();
            requests[index][protocol]["headers"] = headers;
            cases.push(Case {
                requests,
                ..case.clone()
            });
        }
    }
    cases
}

pub(crate) fn without_one(list: &[Value]) -> Vec<Vec<Value>> {
    let without = |skipped: usize| {
        let kept = list
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != skipped);
        kept.map(|(_, value)| value.clone()).collect()
    };
    (0..list.len()).map(without).collect()
}

/// Every value with one element or field less, at any depth.
pub(crate) fn less(value: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    match value {
        Value::Array(list) => {
            out.extend(without_one(list).into_iter().map(Value::from));
            for (index, element) in list.iter().enumerate() {
                for element in less(element) {
                    let mut list = list.clone();
                    list[index] = element;
                    out.push(list.into());
                }
            }
        }
        Value::Object(fields) => {
            for name in fields.keys() {
                let mut fields = fields.clone();
                fields.remove(name);
                out.push(fields.into());
            }
            for (name, field) in fields {
                for field in less(field) {
                    let mut fields = fields.clone();
                    fields[name] = field;
                    out.push(fields.into());
                }
            }
        }
        _ => {}
    }
    out
}
