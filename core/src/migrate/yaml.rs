//! Values as YAML that people read: blocks for maps and lists of maps, one line for what fits.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::decode::json_line;

/// Documents, each behind a `---` but the first.
pub(crate) fn documents(values: &[Value]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        block(value, 0, &mut out);
    }
    out
}

/// Fields that people look for first, in the order in which they are usually written.
const FIRST: &[&str] = &[
    "apiVersion",
    "kind",
    "type",
    "group",
    "metadata",
    "spec",
    "parentRef",
    "parentRefs",
    "hostnames",
    "rules",
    "matches",
    "path",
    "name",
    "namespace",
    "selector",
    "service",
    "host",
    "workload",
    "port",
    "weight",
    "value",
    "status",
    "reason",
    "message",
    "filters",
    "timeouts",
    "retry",
    "backendRefs",
    "from",
    "to",
];

fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by_key(|(key, _)| {
        let place = FIRST.iter().position(|first| first == key);
        (place.unwrap_or(FIRST.len()), *key)
    });
    fields
}

/// What is shorter than this stands on one line.
const LINE: usize = 90;

fn block(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in ordered(map) {
                if is_short(value) {
                    let _ = writeln!(out, "{pad}{}: {}", scalar(key), inline(value));
                } else {
                    let _ = writeln!(out, "{pad}{}:", scalar(key));
                    block(value, indent + 2, out);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_short(item) {
                    let _ = writeln!(out, "{pad}- {}", inline(item));
                    continue;
                }
                let mut inner = String::new();
                block(item, indent + 2, &mut inner);
                let rest = inner.get(indent + 2..).unwrap_or_default();
                let _ = write!(out, "{pad}- {rest}");
            }
        }
        other => {
            let _ = writeln!(out, "{pad}{}", inline(other));
        }
    }
}

/// Maps with maps inside are easier to read as blocks.
fn is_short(value: &Value) -> bool {
    let flat = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_));
    let nested = match value {
        Value::Object(map) => map.values().any(|value| !flat(value)),
        Value::Array(items) => items.iter().any(|item| match item {
            Value::Object(_) => items.len() > 1,
            Value::Array(_) => true,
            _ => false,
        }),
        _ => false,
    };
    !nested && inline(value).len() <= LINE
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs: Vec<String> = ordered(map)
                .into_iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => scalar(text),
        other => json_line(other),
    }
}

/// Quoted, as JSON does it, unless it can be nothing but this text.
fn scalar(text: &str) -> String {
    let first = text.bytes().next();
    let plain = first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'/')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        json_line(&text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_as_it_was() {
        let value = serde_json::json!({
            "a": "true", "b": 1, "c": [], "d": { "e": ["x", "y: z", ""], "f": { "g": null } },
            "list": [{ "h": { "i": "/x" }, "j": [1, [2]] }, { "k": "1.5" }],
        });
        let text = documents(&[value.clone(), value.clone()]);
        let read: Vec<Value> = text
            .split("---\n")
            .map(|part| serde_yaml::from_str(part).unwrap())
            .collect();
        assert_eq!(read, [value.clone(), value], "{text}");
    }
}
