//! What a plain word means: as kubectl reads it, which converts YAML to JSON by the rules of YAML 1.1
//! (`kubernetes-sigs/yaml: goyaml.v2/resolve.go`). Quoted words are always strings.

use super::Value;
use crate::decode;

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
            return Value::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::String(text.into()))
}

fn number(text: &str) -> Option<Value> {
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let plain: String = text.chars().filter(|&character| character != '_').collect();
    if let Some(int) = integer(&plain) {
        return Some(Value::Int(int));
    }
    decode::decimal(&plain).map(Value::Float)
}

fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i64::from_str_radix(binary, 2)
    } else if let Some(octal) = digits.strip_prefix("0o") {
        i64::from_str_radix(octal, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    // A second sign would pass the parsers of the standard library.
    if !digits.starts_with(|character: char| character.is_ascii_digit())
        || digits.contains(['+', '-'])
    {
        return None;
    }
    magnitude
        .ok()
        .map(|magnitude| if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_kubectl_reads() {
        for (text, expected) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("yes", Value::Bool(true)),
            ("off", Value::Bool(false)),
            ("yep", Value::String("yep".into())),
            ("9080", Value::Int(9080)),
            ("-1", Value::Int(-1)),
            ("+-1", Value::String("+-1".into())),
            ("010", Value::Int(8)),
            ("0o10", Value::Int(8)),
            ("0x1F", Value::Int(31)),
            ("1_000", Value::Int(1000)),
            ("1.5", Value::Float(1.5)),
            ("1e3", Value::Float(1000.0)),
            ("089", Value::Float(89.0)),
            (".", Value::String(".".into())),
            ("1.2.3", Value::String("1.2.3".into())),
            ("10.0.0.0/8", Value::String("10.0.0.0/8".into())),
            ("-", Value::String("-".into())),
            (
                "2026-11-23T00:00:00Z",
                Value::String("2026-11-23T00:00:00Z".into()),
            ),
            (
                "99999999999999999999",
                Value::Float(99_999_999_999_999_999_999.0),
            ),
        ] {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
