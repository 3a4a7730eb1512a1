//! How Envoy rewrites a path before anything looks at it. The order of the steps is
//! `envoyproxy/envoy: source/common/http/conn_manager_utility.cc` (maybeNormalizePath), what is done for each setting
//! `istio/istio: pilot/pkg/networking/core/listener_builder.go`.

use crate::wire::PathNormalization;

/// The path as policies and routes see it, query untouched; `None`: Envoy refuses the request with 400, as it does any
/// path with a fragment.
pub(crate) fn normalize_path(path: &str, normalization: PathNormalization) -> Option<String> {
    if path.contains('#') {
        return None;
    }
    let end = path.find('?').unwrap_or(path.len());
    let (path, query) = path.split_at_checked(end).unwrap_or((path, ""));
    let mut normalized = match normalization {
        PathNormalization::None => path.to_owned(),
        PathNormalization::Base => canonicalize(path)?,
        PathNormalization::MergeSlashes => merge_slashes(&canonicalize(path)?),
        PathNormalization::DecodeAndMergeSlashes => {
            merge_slashes(&canonicalize(&unescape_slashes(path))?)
        }
    };
    normalized.push_str(query);
    Some(normalized)
}

/// Decodes `%2F` and `%5C`, in either case.
fn unescape_slashes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        match behind.as_bytes() {
            [b'2', b'f' | b'F', ..] => out.push('/'),
            [b'5', b'c' | b'C', ..] => out.push('\\'),
            _ => {
                out.push('%');
                rest = behind;
                continue;
            }
        }
        rest = behind.get(2..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Nothing but slashes becomes two of them: `envoyproxy/envoy: source/common/http/path_utility.cc` (mergeSlashes) puts
/// one in front and one behind of what is between.
fn merge_slashes(path: &str) -> String {
    if path.len() > 1 && path.bytes().all(|byte| byte == b'/') {
        return "//".to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !out.ends_with('/') {
            out.push(character);
        }
    }
    out
}

/// RFC 3986 as Chromium's URL library, which Envoy carries, does it: dot segments go, `\` is `/`, escapes of
/// unreserved characters are decoded, characters that may not stand in a path are escaped. `//` stays, and so does
/// every other escape. `None`: a NUL.
fn canonicalize(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len() + 1);
    if !matches!(bytes.first(), Some(b'/' | b'\\')) {
        out.push('/');
    }
    let mut rest = bytes;
    while let [byte, behind @ ..] = rest {
        if let Some(after_dot) = strip_dot(rest) {
            if !out.ends_with('/') {
                out.push('.');
                rest = after_dot;
                continue;
            }
            match segment_after_dot(after_dot) {
                DotSegment::Current(next) => rest = next,
                DotSegment::Parent(next) => {
                    back_to_previous_slash(&mut out);
                    rest = next;
                }
                DotSegment::Name => {
                    out.push('.');
                    rest = after_dot;
                }
            }
            continue;
        }
        rest = behind;
        match byte {
            0 => return None,
            b'/' | b'\\' => out.push('/'),
            b'%' => match escaped(behind) {
                Some(0) => return None,
                Some(value) if is_unreserved(value) => {
                    out.push(char::from(value));
                    rest = behind.get(2..).unwrap_or_default();
                }
                // A broken escape passes as it is, like one of a reserved character.
                _ => out.push('%'),
            },
            byte if stays(*byte) => out.push(char::from(*byte)),
            byte => push_escaped(&mut out, *byte),
        }
    }
    Some(out)
}

/// What a dot at the start of a segment is, with what follows it.
enum DotSegment<'a> {
    /// `.`
    Current(&'a [u8]),
    /// `..`
    Parent(&'a [u8]),
    /// The start of a name.
    Name,
}

fn segment_after_dot(after_dot: &[u8]) -> DotSegment<'_> {
    match after_dot {
        [] => return DotSegment::Current(after_dot),
        [b'/' | b'\\', next @ ..] => return DotSegment::Current(next),
        _ => {}
    }
    match strip_dot(after_dot) {
        Some([]) => DotSegment::Parent(&[]),
        Some([b'/' | b'\\', next @ ..]) => DotSegment::Parent(next),
        _ => DotSegment::Name,
    }
}

/// What follows a dot, plain or as `%2e`.
fn strip_dot(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'.', behind @ ..] | [b'%', b'2', b'e' | b'E', behind @ ..] => Some(behind),
        _ => None,
    }
}

/// Drops the last segment of a path that ends with a slash; the first slash stays.
fn back_to_previous_slash(out: &mut String) {
    out.pop();
    match out.rfind('/') {
        Some(slash) => out.truncate(slash + 1),
        None => {
            out.clear();
            out.push('/');
        }
    }
}

fn escaped(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match bytes {
        [high, low, ..] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    }
}

fn push_escaped(out: &mut String, byte: u8) {
    let digit = |value: u8| {
        char::from_digit(u32::from(value), 16)
            .unwrap_or('0')
            .to_ascii_uppercase()
    };
    out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn stays(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,:;=@[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PathNormalization; 4] = [
        PathNormalization::None,
        PathNormalization::Base,
        PathNormalization::MergeSlashes,
        PathNormalization::DecodeAndMergeSlashes,
    ];

    #[test]
    fn each_setting() {
        for (path, none, base, merged, decoded) in [
            ("/", "/", "/", "/", "/"),
            ("/a/../b", "/a/../b", "/b", "/b", "/b"),
            ("/a/%2e%2E/b", "/a/%2e%2E/b", "/b", "/b", "/b"),
            ("//a", "//a", "//a", "/a", "/a"),
            ("///", "///", "///", "//", "//"),
            ("/%2F?a", "/%2F?a", "/%2F?a", "/%2F?a", "//?a"),
            ("/a\\b", "/a\\b", "/a/b", "/a/b", "/a/b"),
            ("/a%2Fb", "/a%2Fb", "/a%2Fb", "/a%2Fb", "/a/b"),
            ("/a%5cb", "/a%5cb", "/a%5cb", "/a%5cb", "/a/b"),
            ("/a%2f/b", "/a%2f/b", "/a%2f/b", "/a%2f/b", "/a/b"),
            ("/a//../b", "/a//../b", "/a/b", "/a/b", "/a/b"),
            (
                "/a?x=/../%61",
                "/a?x=/../%61",
                "/a?x=/../%61",
                "/a?x=/../%61",
                "/a?x=/../%61",
            ),
        ] {
            let got = ALL.map(|setting| normalize_path(path, setting).unwrap());
            assert_eq!(got, [none, base, merged, decoded], "{path}");
        }
    }

    #[test]
    fn a_fragment_is_refused_whatever_the_setting() {
        for path in ["/a#b", "/a?x#b", "/#"] {
            assert_eq!(
                ALL.map(|setting| normalize_path(path, setting)),
                [const { None }; 4]
            );
        }
    }

    #[test]
    fn canonical_form() {
        for (path, expected) in [
            ("", Some("/")),
            ("a", Some("/a")),
            ("/.", Some("/")),
            ("/..", Some("/")),
            ("/../..", Some("/")),
            ("/a/.", Some("/a/")),
            ("/a/..", Some("/")),
            ("/a/./b", Some("/a/b")),
            ("/a/...", Some("/a/...")),
            ("/a/..b", Some("/a/..b")),
            ("/a.b/.c", Some("/a.b/.c")),
            ("/a%2eb", Some("/a.b")),
            ("/.%2e/x", Some("/x")),
            ("/a\\..\\b", Some("/b")),
            ("//../a", Some("/a")),
            ("/%61dmin", Some("/admin")),
            ("/%7e", Some("/~")),
            ("/%3a", Some("/%3a")),
            ("/%", Some("/%")),
            ("/%4", Some("/%4")),
            ("/%zz", Some("/%zz")),
            ("/a b", Some("/a%20b")),
            ("/é", Some("/%C3%A9")),
            ("/{a}|^", Some("/%7Ba%7D%7C%5E")),
            ("/a;p=1", Some("/a;p=1")),
            ("/%00", None),
            ("/\0", None),
        ] {
            assert_eq!(canonicalize(path).as_deref(), expected, "{path}");
        }
    }
}
