//! What a token check does to the headers of a request.

use base64ct::{Base64, Encoding};
use serde_json::Value;

use super::Claims;
use super::location::without_parameter;
use crate::decode::json_line;
use crate::flow::Http;

/// Changes of headers, names in lower case: all removals come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderChanges {
    /// Headers that the request loses.
    pub(crate) removed: Vec<String>,
    /// Lines that it gains.
    pub(crate) added: Vec<(String, String)>,
    /// Query parameters that it loses.
    pub(crate) parameters_removed: Vec<String>,
}

impl HeaderChanges {
    pub(super) fn remove(&mut self, name: &str) {
        if !self.removed.iter().any(|removed| removed == name) {
            self.removed.push(name.to_owned());
        }
    }

    pub(super) fn add(&mut self, name: &str, value: String) {
        self.added.push((name.to_owned(), value));
    }

    pub(super) fn extend(&mut self, further: Self) {
        for name in &further.removed {
            self.remove(name);
        }
        self.added.extend(further.added);
        self.parameters_removed.extend(further.parameters_removed);
    }

    pub(super) fn apply(&self, http: &mut Http) {
        for name in &self.removed {
            http.headers.remove(name);
        }
        for name in &self.parameters_removed {
            http.path = without_parameter(&http.path, name);
        }
        for (name, value) in &self.added {
            http.headers
                .entry(name.clone())
                .or_default()
                .push(value.clone());
        }
    }
}

/// A claim as the value of a header; `None`: the header is not set. Dots lead into objects.
/// `envoyproxy/envoy: source/extensions/filters/http/jwt_authn/authenticator.cc` (addJWTClaimToHeader).
pub(super) fn claim_as_header(claims: &Claims, path: &str) -> Option<String> {
    let mut names = path.split('.');
    let mut value = claims.get(names.next()?)?;
    for name in names {
        value = value.as_object()?.get(name)?;
    }
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(_) => json_line(value),
        // Envoy reads all numbers as floats, and writes whole ones without a fraction unless they are negative.
        Value::Number(number) => match number.as_f64()? {
            whole
                if whole >= 0.0 && whole.fract() == 0.0 && whole < 18_446_744_073_709_551_616.0 =>
            {
                format!("{whole:.0}")
            }
            other => format!("{other:.6}"),
        },
        Value::Array(_) | Value::Object(_) => Base64::encode_string(json_line(value).as_bytes()),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_as_headers() {
        let claims = serde_json::json!({
            "text": "a b",
            "empty": "",
            "whole": 3,
            "float": 3.0,
            "fraction": 2.5,
            "negative": -3,
            "truth": true,
            "nothing": null,
            "list": ["a"],
            "nested": { "deep": "x" },
        });
        let claims = claims.as_object().unwrap();
        for (path, expected) in [
            ("text", Some("a b")),
            ("empty", None),
            ("whole", Some("3")),
            ("float", Some("3")),
            ("fraction", Some("2.500000")),
            ("negative", Some("-3.000000")),
            ("truth", Some("true")),
            ("nothing", None),
            ("list", Some("WyJhIl0=")),
            ("nested.deep", Some("x")),
            ("nested.none", None),
            ("none", None),
        ] {
            assert_eq!(claim_as_header(claims, path).as_deref(), expected, "{path}");
        }
    }
}
