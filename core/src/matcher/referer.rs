//! Which `referer` Envoy leaves in a request: a URL without user and fragment, or a reference that is none. Any other it
//! takes out before its filters look. `envoyproxy/envoy: source/common/http/utility.cc` (isValidRefererValue).

/// Whether a value stays.
pub(super) fn is_accepted(value: &str) -> bool {
    match value.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => is_url_behind_scheme(rest),
        _ => is_reference(value),
    }
}

fn is_scheme(text: &str) -> bool {
    let is_further = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_further)
}

fn is_url_behind_scheme(rest: &str) -> bool {
    let (authority, path) = split_before(rest, &['/', '?', '#']);
    let fragment = path.split_once('#').map_or("", |(_, fragment)| fragment);
    is_authority(authority)
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && fragment.is_empty()
}

/// A host with or without a port, and no user.
fn is_authority(text: &str) -> bool {
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = in_brackets.unwrap_or_else(|| split_before(text, &[':']));
    let is_of_host = |byte: u8| match in_brackets {
        Some(_) => byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'),
        None => byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'),
    };
    let is_port = match port.strip_prefix(':') {
        Some(port) => !port.starts_with('+') && port.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    !host.is_empty() && host.bytes().all(is_of_host) && is_port
}

/// What may stand in a query (RFC 3986, 3.4), with no colon before the first slash.
fn is_reference(value: &str) -> bool {
    let mut seen_slash = false;
    value.bytes().all(|byte| {
        seen_slash |= byte == b'/';
        match byte {
            b':' => seen_slash,
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@/?%".contains(&byte),
        }
    })
}

fn split_before<'t>(text: &'t str, any: &[char]) -> (&'t str, &'t str) {
    text.find(any)
        .and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays() {
        for (value, stays) in [
            ("", true),
            ("/a?b=c", true),
            ("/a:b", true),
            ("a:b", false),
            ("/a#b", false),
            ("/a b", false),
            ("/\u{e9}", false),
            ("about:blank", false),
            ("https://a.example", true),
            ("https://a.example/x?y", true),
            ("https://a.example?y", true),
            ("https://a_b.example/", false),
            ("https://a.example:8080/x^y|z[]\"", true),
            ("https://a.example:8080/\u{e9}", false),
            ("https://a.example:080/", true),
            ("https://a.example:+80/", false),
            ("https://a.example:/", false),
            ("https://a.example:99999/", false),
            ("https://[fd00::1]:80/", true),
            ("https://me@a.example/", false),
            ("https://a.example/#b", false),
            ("https:///x", false),
            ("h2://a.example/", true),
            ("2h://a.example/", false),
        ] {
            assert_eq!(is_accepted(value), stays, "{value}");
        }
    }
}
