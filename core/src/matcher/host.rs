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

#[cfg(test)]
mod tests {
    use super::*;

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
