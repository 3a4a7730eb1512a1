//! JSON text ↔ values. `serde_json` reads it. It writes it too, but with a table for the last bit of every number, which is
//! a hundredth of the page.

use std::fmt::Write as _;
use std::iter;

use serde_json::Value;

/// The value that a text is; `None`: it is no JSON.
pub fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// A value as text, on one line.
pub fn json_line(value: &Value) -> String {
    let mut text = String::new();
    write(value, None, &mut text);
    text
}

/// A value as text, with a line for each item.
pub fn json_block(value: &Value) -> String {
    let mut text = String::new();
    write(value, Some(0), &mut text);
    text
}

/// `indent`: of the lines, if it is to be on several.
fn write(value: &Value, indent: Option<usize>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Number(number) => {
            // Writing into a string cannot fail.
            let _ = match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => write!(out, "{number}"),
                (_, Some(number)) => write!(out, "{number}"),
                _ => write!(out, "{:?}", number.as_f64().unwrap_or_default()),
            };
        }
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            let items = items.iter().map(|item| (None, item));
            list(['[', ']'], items, indent, out);
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (Some(key), value));
            list(['{', '}'], entries, indent, out);
        }
    }
}

fn list<'a>(
    [first, last]: [char; 2],
    items: impl ExactSizeIterator<Item = (Option<&'a String>, &'a Value)>,
    indent: Option<usize>,
    out: &mut String,
) {
    let line = |indent: Option<usize>, out: &mut String| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(iter::repeat_n(' ', indent));
        }
    };
    let outer = indent.filter(|_| items.len() > 0);
    let inner = indent.map(|indent| indent + 2);
    out.push(first);
    for (index, (key, value)) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        line(inner, out);
        if let Some(key) = key {
            quote(key, out);
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write(value, inner, out);
    }
    line(outer, out);
    out.push(last);
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..'\u{20}' => drop(write!(out, "\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Of which no bit is lost.
            any::<i32>().prop_map(|it| Value::from(f64::from(it) / 64.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_are_written_as_serde_json_writes_them(value in value()) {
            let (line, block) = (value.to_string(), format!("{value:#}"));
            prop_assert_eq!(json_line(&value), line.as_str());
            prop_assert_eq!(json_block(&value), block.as_str());
            prop_assert_eq!(json(&line), Some(value));
        }
    }
}
