//! Host names with a wildcard as their first label, which stands for any number of labels.
//! `istio/istio: pkg/config/host/name.go` (Matches, SubsetOf), `pkg/config/host/names.go` (Intersection).

/// Whether a name is one that a pattern stands for. Names have no case.
pub(crate) fn hostname_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => ends_with(name, suffix),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// Whether two patterns have names in common.
pub(crate) fn hostnames_overlap(left: &str, right: &str) -> bool {
    match (left.strip_prefix('*'), right.strip_prefix('*')) {
        (Some(left), Some(right)) => ends_with(left, right) || ends_with(right, left),
        (Some(_), None) => hostname_matches(left, right),
        (None, _) => hostname_matches(right, left),
    }
}

/// The narrower of two patterns, if it lies within the other.
pub(crate) fn narrower<'a>(left: &'a str, right: &'a str) -> Option<&'a str> {
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
        (None, _) => hostname_matches(outer, inner),
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
            assert_eq!(
                hostname_matches(pattern, name),
                expected,
                "{pattern} {name}"
            );
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
            assert_eq!(narrower(left, right), expected, "{left} {right}");
            assert_eq!(hostnames_overlap(left, right), expected.is_some());
        }
    }
}
