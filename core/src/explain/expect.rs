//! Whether an answer is what a sample request expects: a verdict, or an object of fields that must equal the
//! answer's (objects by the fields given, lists whole); a field not given asserts nothing.

use serde_json::Value;

use crate::decode::json_line;
use crate::wire;

/// The fields of an answer that `expect` may name.
const FIELDS: &[&str] = &[
    "verdict", "response", "decision", "route", "backends", "mirrors", "request", "hops",
];

/// Compares an answer with what was expected of it.
pub(super) fn compare(expect: &Value, answer: &wire::Answer) -> wire::Expected {
    let answer = serde_json::to_value(answer).unwrap_or_default();
    let mut differences = Vec::new();
    match expect {
        Value::String(_) => difference("verdict", expect, answer.get("verdict"), &mut differences),
        Value::Object(fields) => {
            for (name, wanted) in fields {
                if FIELDS.contains(&name.as_str()) {
                    difference(name, wanted, answer.get(name), &mut differences);
                } else {
                    differences.push(format!(
                        "`{name}` is no field of an answer that can be expected"
                    ));
                }
            }
        }
        other => differences.push(format!(
            "`expect` is a verdict or an object of fields, not `{}`",
            json_line(other)
        )),
    }
    wire::Expected {
        met: differences.is_empty(),
        differences,
    }
}

fn difference(path: &str, wanted: &Value, got: Option<&Value>, out: &mut Vec<String>) {
    let got = got.unwrap_or(&Value::Null);
    match (wanted, got) {
        (Value::Object(fields), Value::Object(values)) => {
            for (name, wanted) in fields {
                difference(&format!("{path}.{name}"), wanted, values.get(name), out);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                difference(&format!("{path}[{index}]"), wanted, Some(got), out);
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            out.push(format!(
                "`{path}` has {} entries, expected {}",
                got.len(),
                wanted.len()
            ));
        }
        _ if wanted == got => {}
        _ => out.push(format!(
            "`{path}` is `{}`, expected `{}`",
            plain(got),
            plain(wanted)
        )),
    }
}

/// A value as a reader writes it: words without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => json_line(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> wire::Answer {
        crate::decode::from_json(&json!({
            "verdict": "deny",
            "reason": "because",
            "response": { "status": 403 },
            "route": null,
            "backends": [{ "kind": "Service", "namespace": "default", "name": "reviews", "port": 9080 }],
            "hops": [],
        }))
        .unwrap()
    }

    #[test]
    fn fields_given_must_equal_and_others_assert_nothing() {
        for (expect, differences) in [
            (json!("deny"), vec![]),
            (
                json!("allow"),
                vec!["`verdict` is `deny`, expected `allow`"],
            ),
            (json!({ "response": { "status": 403 } }), vec![]),
            (
                json!({ "response": { "status": 404 } }),
                vec!["`response.status` is `403`, expected `404`"],
            ),
            (
                json!({ "response": null }),
                vec!["`response` is `{\"status\":403}`, expected `null`"],
            ),
            (json!({ "route": null }), vec![]),
            (json!({ "decision": null }), vec![]),
            (
                json!({ "decision": { "hop": "waypoint" } }),
                vec!["`decision` is `null`, expected `{\"hop\":\"waypoint\"}`"],
            ),
            (json!({ "backends": [{ "name": "reviews" }] }), vec![]),
            (
                json!({ "backends": [] }),
                vec!["`backends` has 1 entries, expected 0"],
            ),
            (
                json!({ "reason": "x" }),
                vec!["`reason` is no field of an answer that can be expected"],
            ),
            (
                json!(7),
                vec!["`expect` is a verdict or an object of fields, not `7`"],
            ),
        ] {
            let expected = compare(&expect, &answer());
            assert_eq!(expected.differences, differences, "{expect}");
            assert_eq!(expected.met, differences.is_empty(), "{expect}");
        }
    }
}
