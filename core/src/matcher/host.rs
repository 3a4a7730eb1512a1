//! Host names with a wildcard in front.

/// Whether two host names can mean the same: equal, or a `*` in front of one stands for what the other has more,
/// however many labels that is. `istio/istio: pkg/config/host/name.go` (Name.Matches).
pub(crate) fn hosts_intersect(left: &str, right: &str) -> bool {
    match (left.strip_prefix('*'), right.strip_prefix('*')) {
        (Some(left), Some(right)) => left.ends_with(right) || right.ends_with(left),
        (Some(suffix), None) => right.ends_with(suffix),
        (None, Some(suffix)) => left.ends_with(suffix),
        (None, None) => left == right,
    }
}

/// Whether a name is one that a pattern stands for. Names have no case.
pub(crate) fn host_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => ends_with(name, suffix),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// The narrower of two patterns, if it lies within the other. `istio/istio: pkg/config/host/name.go` (SubsetOf),
/// `pkg/config/host/names.go` (Intersection).
pub(crate) fn narrower_host<'a>(left: &'a str, right: &'a str) -> Option<&'a str> {
    if is_within(left, right) {
        Some(left)
    } else if is_within(right, left) {
        Some(right)
    } else {
        None
    }
}

fn is_within(inner: &str, outer: &str) -> bool {
    match (inner.strip_prefix('*'), outer.strip_prefix('*')) {
        (Some(inner), Some(outer)) => ends_with(inner, outer),
        (Some(_), None) => false,
        (None, _) => host_matches(outer, inner),
    }
}

fn ends_with(text: &str, suffix: &str) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_any_number_of_labels() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("a.b", "A.B", true),
            ("*.b", "a.b", true),
            ("*.b", "c.a.b", true),
            ("*.b", "b", false),
            ("a.b", "c.b", false),
        ] {
            assert_eq!(host_matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_narrower_of_two() {
        for (left, right, expected) in [
            ("*", "a.b", Some("a.b")),
            ("a.b", "*.b", Some("a.b")),
            ("*.b", "*.a.b", Some("*.a.b")),
            ("*.b", "*.c", None),
            ("a.b", "c.b", None),
            ("*", "*", Some("*")),
        ] {
            assert_eq!(narrower_host(left, right), expected, "{left} {right}");
            assert_eq!(hosts_intersect(left, right), expected.is_some());
        }
    }

    #[test]
    fn a_wildcard_stands_for_any_number_of_labels() {
        for (left, right, expected) in [
            ("a.example.com", "a.example.com", true),
            ("a.example.com", "b.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*", "a.example.com", true),
            ("*.example.com", "*.b.example.com", true),
            ("*.example.com", "*.example.org", false),
        ] {
            assert_eq!(hosts_intersect(left, right), expected, "{left} {right}");
            assert_eq!(hosts_intersect(right, left), expected, "{right} {left}");
        }
    }
}
