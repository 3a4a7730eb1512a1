//! Envoy's matchers for texts, headers, addresses and metadata, from values as policies write them.
//! `istio/istio: pilot/pkg/security/authz/matcher`.

use serde_json::{Value, json};

/// The whole text.
pub(super) fn exact(text: &str) -> Value {
    json!({ "exact": text })
}

/// How a text begins.
pub(super) fn prefix(text: &str) -> Value {
    json!({ "prefix": text })
}

/// How a text ends.
pub(super) fn suffix(text: &str) -> Value {
    json!({ "suffix": text })
}

/// An RE2 pattern for the whole text.
pub(super) fn regex(pattern: &str) -> Value {
    json!({ "safeRegex": { "regex": pattern } })
}

/// Something that is not empty.
pub(super) fn not_empty() -> Value {
    regex(".+")
}

/// A value with its wildcards. `string.go` (StringMatcherWithPrefix).
pub(super) fn string(value: &str, scheme: &str) -> Value {
    if value == "*" {
        not_empty()
    } else if let Some(end) = value.strip_prefix('*') {
        if scheme.is_empty() {
            suffix(end)
        } else {
            regex(&format!("{scheme}.*{}", quote(end)))
        }
    } else if let Some(start) = value.strip_suffix('*') {
        prefix(&format!("{scheme}{start}"))
    } else {
        exact(&format!("{scheme}{value}"))
    }
}

/// A header, which `*` wants to be there, be it empty. `header.go` (HeaderMatcher, HostMatcher).
pub(super) fn header(name: &str, value: &str, ignore_case: bool) -> Value {
    if value == "*" {
        return json!({ "name": name, "presentMatch": true });
    }
    let mut text = string(value, "");
    if ignore_case && let Some(fields) = text.as_object_mut() {
        fields.insert("ignoreCase".to_owned(), true.into());
    }
    json!({ "name": name, "stringMatch": text })
}

/// An address or block; `None` for what validation refuses.
pub(super) fn cidr(value: &str) -> Option<Value> {
    let block = crate::matcher::parse_ip_block(value)?;
    Some(json!({ "addressPrefix": block.addr().to_string(), "prefixLen": block.prefix_len() }))
}

/// What a filter knows under a path of keys.
pub(super) fn metadata<'k>(
    filter: &str,
    keys: impl IntoIterator<Item = &'k str>,
    value: &Value,
) -> Value {
    let path: Vec<Value> = keys.into_iter().map(|key| json!({ "key": key })).collect();
    json!({ "filter": filter, "path": path, "value": value })
}

/// One of several; of one, itself. `string.go` (OrMatcher).
pub(super) fn any_of(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => json!({ "orMatch": { "valueMatchers": values } }),
    }
}

/// A text, or a list with such a text. `metadata.go` (MetadataListValueMatcher).
pub(super) fn text_or_list(value: &Value) -> Value {
    json!({ "orMatch": { "valueMatchers": [{ "listMatch": { "oneOf": value } }, value] } })
}

/// A text as a pattern for itself. Go's `regexp.QuoteMeta`.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
