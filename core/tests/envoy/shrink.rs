//! Makes a disagreement small: whatever can be left out of it is.

use serde_json::Value;

use crate::scenario::Scenario;

/// The scenarios that lack one thing more.
pub(crate) fn smaller(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    let whole = Value::Array(scenario.policies.clone());
    for without in removals(&whole) {
        let Value::Array(policies) = without else {
            continue;
        };
        all.push(Scenario {
            policies,
            ..scenario.clone()
        });
    }
    if let [request] = scenario.requests.as_slice() {
        for headers in removals(&request["http"]["headers"]) {
            let mut request = request.clone();
            request["http"]["headers"] = headers;
            all.push(Scenario {
                requests: vec![request],
                ..scenario.clone()
            });
        }
    }
    all
}

/// The value without one of its elements, at any depth; the larger ones first.
fn removals(value: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    match value {
        Value::Array(list) => {
            for index in 0..list.len() {
                let mut without = list.clone();
                without.remove(index);
                out.push(without.into());
            }
            for (index, inner) in list.iter().enumerate() {
                for smaller in removals(inner) {
                    let mut with = list.clone();
                    with[index] = smaller;
                    out.push(with.into());
                }
            }
        }
        Value::Object(fields) => {
            for name in fields.keys() {
                let mut without = fields.clone();
                without.remove(name);
                out.push(without.into());
            }
            for (name, inner) in fields {
                for smaller in removals(inner) {
                    let mut with = fields.clone();
                    with.insert(name.clone(), smaller);
                    out.push(with.into());
                }
            }
        }
        _ => {}
    }
    out
}
