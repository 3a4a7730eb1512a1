//! The shapes of names and durations that Istio's webhook and CRDs ask for.

use crate::decode;

/// A DNS label: up to 63 letters, digits and `-`, which is neither first nor last.
/// `istio/istio: pkg/config/labels/instance.go` (IsDNS1123Label).
pub(super) fn is_label(text: &str) -> bool {
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && outer(bytes.first())
        && outer(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// A host name, in whose first label a `*` may stand in front.
/// `istio/istio: pkg/config/validation/agent/validation.go` (ValidateWildcardDomain).
pub(super) fn is_domain(text: &str) -> bool {
    let (first, rest) = match text.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (text, None),
    };
    let first = match first.strip_prefix('*') {
        Some("") => None,
        Some(label) => Some(label.strip_prefix('-').unwrap_or(label)),
        None => Some(first),
    };
    first.is_none_or(is_label) && rest.is_none_or(is_fqdn)
}

/// A host name in lower case, with `*` as its whole first label if at all.
/// `kubernetes-sigs/gateway-api: apis/v1/shared_types.go` (Hostname).
pub(crate) fn is_gateway_hostname(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_lower = |byte: u8| !byte.is_ascii_uppercase();
    text.len() <= 253 && text.bytes().all(is_lower) && name.split('.').all(is_label)
}

/// The same without `*`. (PreciseHostname)
pub(crate) fn is_precise_hostname(text: &str) -> bool {
    is_gateway_hostname(text) && !text.starts_with('*')
}

/// Labels with dots between, of which the last is no number; a dot may stand behind. (ValidateDNS1123Labels)
pub(super) fn is_fqdn(text: &str) -> bool {
    let named = text.strip_suffix('.').unwrap_or(text);
    let last = text.rsplit('.').next().unwrap_or(text);
    text.len() <= 255 && last.parse::<i64>().is_err() && named.split('.').all(is_label)
}

/// A header's name: a token of HTTP. `istio/istio: pkg/config/validation/validation.go` (validHeaderNameRegex).
pub(super) fn is_header_name(text: &str) -> bool {
    let other = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || other(byte))
}

/// The seconds of a duration like `1h30m` or `1.5s`.
pub(crate) fn duration(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let number = decode::decimal(number)?;
        let (factor, length) = match unit {
            unit if unit.starts_with("ms") => (0.001, 2),
            unit if unit.starts_with("us") => (0.000_001, 2),
            unit if unit.starts_with('h') => (3600.0, 1),
            unit if unit.starts_with('m') => (60.0, 1),
            unit if unit.starts_with('s') => (1.0, 1),
            _ => return None,
        };
        total += number * factor;
        rest = unit.get(length..)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for (text, expected) in [
            ("a", true),
            ("a.b.c", true),
            ("a.b.", true),
            ("*", true),
            ("*.a", true),
            ("*-x.a", true),
            ("*x", true),
            ("a.*.b", false),
            ("-a", false),
            ("a_b", false),
            ("a..b", false),
            ("192.0.2.1", false),
            ("", false),
        ] {
            assert_eq!(is_domain(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_in_seconds() {
        for (text, expected) in [
            ("24h", Some(86400.0)),
            ("1m30s", Some(90.0)),
            ("1.5s", Some(1.5)),
            ("500ms", Some(0.5)),
            ("5", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
