//! The four forms of a string in a policy: exact, prefix, suffix, anything that is not empty.

/// A string as policies match it. A `*` counts only as the first or the last character; anywhere else it is itself.
/// `istio/istio: pilot/pkg/security/authz/matcher/string.go` (StringMatcher) and
/// `pilot/pkg/serviceregistry/ambient/authorization.go` (stringToMatch) agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StringMatch {
    /// `abc`
    Exact(Box<str>),
    /// `abc*`
    Prefix(Box<str>),
    /// `*abc`
    Suffix(Box<str>),
    /// `*`
    NotEmpty,
}

impl StringMatch {
    /// Reads a value of a policy; every text is one.
    pub(crate) fn new(value: &str) -> Self {
        if value == "*" {
            Self::NotEmpty
        } else if let Some(suffix) = value.strip_prefix('*') {
            Self::Suffix(suffix.into())
        } else if let Some(prefix) = value.strip_suffix('*') {
            Self::Prefix(prefix.into())
        } else {
            Self::Exact(value.into())
        }
    }

    /// Whether a text matches, case and all.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => is_same(text.as_bytes(), exact.as_bytes()),
            Self::Prefix(prefix) => starts_with(text, prefix),
            Self::Suffix(suffix) => {
                let start = text.len().checked_sub(suffix.len());
                let end = start.and_then(|start| text.as_bytes().get(start..));
                end.is_some_and(|end| is_same(end, suffix.as_bytes()))
            }
            Self::NotEmpty => !text.is_empty(),
        }
    }

    /// Whether a text matches with ASCII case ignored, as for hosts.
    pub(crate) fn matches_ignoring_case(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text.eq_ignore_ascii_case(exact),
            Self::Prefix(prefix) => text
                .get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix)),
            Self::Suffix(suffix) => text
                .len()
                .checked_sub(suffix.len())
                .and_then(|start| text.get(start..))
                .is_some_and(|tail| tail.eq_ignore_ascii_case(suffix)),
            Self::NotEmpty => !text.is_empty(),
        }
    }
}

/// Whether a text begins with another.
pub(super) fn starts_with(text: &str, prefix: &str) -> bool {
    let head = text.as_bytes().get(..prefix.len());
    head.is_some_and(|head| is_same(head, prefix.as_bytes()))
}

/// Whether two texts are the same. They are short and many, and to call for each comparison costs more than to compare.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (left, left_end) = left.as_chunks::<8>();
    let (right, right_end) = right.as_chunks::<8>();
    let words = || left.iter().zip(right).all(|(left, right)| left == right);
    let mut ends = left_end.iter().zip(right_end);
    ends.all(|(left, right)| left == right) && words()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_counts_at_the_ends_only() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", false),
            ("*", "a", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("abc", "ABC", false),
            ("abc*", "abc", true),
            ("abc*", "abcd", true),
            ("abc*", "ab", false),
            ("*abc", "abc", true),
            ("*abc", "xabc", true),
            ("*abc", "bc", false),
            ("a*c", "abc", false),
            ("a*c", "a*c", true),
            ("*a*", "xa", false),
            ("*a*", "xa*", true),
            ("**", "x", false),
            ("**", "x*", true),
        ] {
            assert_eq!(
                StringMatch::new(pattern).matches(text),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }

    #[test]
    fn hosts_ignore_case() {
        for (pattern, text, expected) in [
            ("Shop.example", "sHOP.EXAMPLE", true),
            ("shop.example", "shop.example:8080", false),
            ("SHOP.*", "shop.example", true),
            ("SHOP.*", "shop", false),
            ("*.EXAMPLE", "shop.example", true),
            ("*.EXAMPLE", "example", false),
            ("*", "", false),
            // Bytes of one character are never torn apart.
            ("é*", "e", false),
            ("*é", "e", false),
        ] {
            assert_eq!(
                StringMatch::new(pattern).matches_ignoring_case(text),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }
}
