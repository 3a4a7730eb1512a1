//! JSON text ↔ values. `serde_json` does this too, with messages about what is wrong, for any type, and with a table for
//! every last bit of a number, which are a thirtieth of the page. Here nobody reads what is wrong with a token, or with what
//! one side of the page says to the other.

use std::fmt::Write as _;
use std::iter;

use serde_json::{Map, Number, Value};

use super::decimal;

/// How deep values may nest, as in `serde_json`.
const MAX_DEPTH: usize = 127;

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// The value that a text is; `None`: it is no JSON. Numbers are what [`serde_json`] makes of them, up to the last bits.
pub fn json(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(MAX_DEPTH)?;
    let behind = reader.rest.trim_start_matches(BLANKS);
    behind.is_empty().then_some(value)
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

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Goes past blanks and a token, if that is next.
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start_matches(BLANKS);
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Whether another item follows, and not the end.
    fn another(&mut self, first: bool, end: &str) -> Option<bool> {
        if self.eat(end) {
            return Some(false);
        }
        (first || self.eat(",")).then_some(true)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if self.eat("{") {
            let depth = depth.checked_sub(1)?;
            let mut entries = Map::new();
            let mut first = true;
            while self.another(first, "}")? {
                first = false;
                let key = self.eat("\"").then(|| self.string())??;
                let value = self.eat(":").then(|| self.value(depth))??;
                entries.insert(key, value);
            }
            return Some(Value::Object(entries));
        }
        if self.eat("[") {
            let depth = depth.checked_sub(1)?;
            let mut items = Vec::new();
            while self.another(items.is_empty(), "]")? {
                items.push(self.value(depth)?);
            }
            return Some(Value::Array(items));
        }
        if self.eat("\"") {
            return self.string().map(Value::String);
        }
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
        ] {
            if self.eat(word) {
                return Some(value);
            }
        }
        self.number().map(Value::Number)
    }

    /// What stands before a closing quote, and goes past that.
    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let special = |letter| matches!(letter, '"' | '\\' | '\0'..=' ') && letter != ' ';
            let (plain, rest) = self.rest.split_at_checked(self.rest.find(special)?)?;
            text.push_str(plain);
            let mut letters = rest.chars();
            let first = letters.next();
            self.rest = letters.as_str();
            match first {
                Some('"') => return Some(text),
                Some('\\') => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.unit()?;
                // Two of them can be one character.
                let second = (0xD800..0xDC00).contains(&first).then(|| {
                    self.rest = self.rest.strip_prefix("\\u")?;
                    self.unit()
                });
                let units = iter::once(first).chain(second.flatten());
                char::decode_utf16(units).next()?.ok()?
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        are_digits.then(|| u16::from_str_radix(digits, 16).ok())?
    }

    fn number(&mut self) -> Option<Number> {
        let is_part = |letter: char| matches!(letter, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let behind = self.rest.trim_start_matches(is_part);
        let (number, _) = self.rest.split_at_checked(self.rest.len() - behind.len())?;
        self.rest = behind;
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (digits, exponent) = parts(unsigned, ['e', 'E']);
        let (whole, fraction) = parts(digits, ['.', '.']);
        let exponent = exponent.map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
        let are_digits = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = are_digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(are_digits)
            && exponent.is_none_or(are_digits);
        if !is_number {
            return None;
        }
        if let Ok(whole) = number.parse::<u64>() {
            return Some(whole.into());
        }
        match number.parse::<i64>() {
            Ok(whole) if whole != 0 => Some(whole.into()),
            _ => Number::from_f64(decimal(number)?),
        }
    }
}

/// What stands before a separator, and behind it.
fn parts(text: &str, separators: [char; 2]) -> (&str, Option<&str>) {
    match text.split_once(separators) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agree(text: &str) {
        let expected = serde_json::from_str::<Value>(text).ok();
        assert_eq!(json(text), expected, "{text}");
    }

    #[test]
    fn every_corner_is_as_in_serde_json() {
        for text in [
            "",
            " ",
            "null",
            " null ",
            "nul",
            "nullx",
            "null null",
            "true",
            "false",
            "[]",
            "[ ]",
            "[1]",
            "[1,2]",
            "[1 2]",
            "[,1]",
            "[1,]",
            "[",
            "]",
            "[1",
            "{}",
            "{ }",
            "{\"a\":1}",
            "{\"a\":1,\"a\":2}",
            "{\"a\" : 1 , \"b\":[{}]}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "{,}",
            "{1:1}",
            "{\"a\":1",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\\"\"",
            "\"\\b\\f\\n\\r\\t\\/\\\\\"",
            "\"\\x\"",
            "\"\\u0041\"",
            "\"\\u004\"",
            "\"\\u+041\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\u{1f}\"",
            "\"\u{7f}é😀\"",
            "\"\n\"",
            "\u{a0}1",
            "0",
            "-0",
            "00",
            "01",
            "-",
            "-1",
            "+1",
            "1.",
            ".5",
            "1.5",
            "-1.5e3",
            "1e",
            "1e+",
            "1e+3",
            "1E-3",
            "1e400",
            "1ee3",
            "1.2.3",
            "1-2",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
            "\u{feff}1",
        ] {
            agree(text);
        }
        for depth in [126, 127, 128, 100_000] {
            agree(&"[".repeat(depth));
            agree(&("[".repeat(depth) + &"]".repeat(depth)));
            agree(&("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)));
        }
    }

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
        fn what_serde_json_writes_is_read_and_written(value in value()) {
            let (line, block) = (value.to_string(), format!("{value:#}"));
            prop_assert_eq!(json_line(&value), line.as_str());
            prop_assert_eq!(json_block(&value), block.as_str());
            prop_assert_eq!(json(&line), Some(value.clone()));
            prop_assert_eq!(json(&block), Some(value));
        }

        #[test]
        fn what_serde_json_refuses_is_refused(value in value(), at in any::<prop::sample::Index>(), other in "[\\[\\]{}\",:\\\\0-9eE.+u-]") {
            let mut text = value.to_string();
            let at = at.index(text.len() + 1);
            if text.is_char_boundary(at) {
                text.insert_str(at, &other);
            }
            prop_assert_eq!(json(&text).is_some(), serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
        }
    }
}
