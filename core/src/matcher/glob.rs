//! A text in which every `*` stands for any characters, none included.

use super::string::starts_with;

/// Literal pieces between the stars; there is always at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    first: Box<str>,
    middle: Box<[Box<str>]>,
    /// `None`: the pattern has no star.
    last: Option<Box<str>>,
}

impl Glob {
    /// Reads a pattern; every text is one.
    pub(crate) fn new(pattern: &str) -> Self {
        let mut pieces = pattern.split('*').map(Box::from);
        let first = pieces.next().unwrap_or_default();
        let mut middle: Vec<Box<str>> = pieces.collect();
        let last = middle.pop();
        Self {
            first,
            middle: middle.into(),
            last,
        }
    }

    /// The literal pieces between the stars.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        let behind = self.middle.iter().chain(&self.last);
        std::iter::once(&self.first)
            .chain(behind)
            .map(|piece| &**piece)
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        if !starts_with(text, &self.first) {
            return false;
        }
        let mut rest = text.get(self.first.len()..).unwrap_or_default();
        let Some(last) = &self.last else {
            return rest.is_empty();
        };
        // The leftmost place of each piece leaves the most room for those behind it.
        for piece in &self.middle {
            match behind(rest, piece) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(&**last)
    }
}

/// What stands behind the first place of a piece. Identities are short, and so are the pieces that are looked for in
/// them: preparing a search for each costs more than searching. Four bytes at once tell where to look closer.
fn behind<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let bytes = text.as_bytes();
    let [a, b, c, d, ..] = *piece.as_bytes() else {
        return text.find(piece).and_then(|at| text.get(at + piece.len()..));
    };
    let wanted = u32::from_be_bytes([a, b, c, d]);
    let mut four = 0;
    for (end, byte) in bytes.iter().enumerate() {
        four = four << 8 | u32::from(*byte);
        if four == wanted {
            let from = end.checked_sub(3).and_then(|at| text.get(at..));
            if let Some(from) = from.filter(|from| starts_with(from, piece)) {
                return from.get(piece.len()..);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_star_is_a_wildcard() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("*b*b*", "abc", false),
            ("*b*b*", "abcb", true),
            ("*ab*b", "aab", false),
            ("*ab*b", "aabb", true),
            ("*abcd*", "abcabcd", true),
            ("*abcd*", "abcabc", false),
            ("*/ns/a/*", "spiffe://td/ns/ab/ns/a/sa/b", true),
            ("*/ns/a/*", "spiffe://td/ns/ab/sa/b", false),
            ("*/ns/a/*", "/ns/a", false),
            ("*é/ns/*", "é/n/é/ns/", true),
        ] {
            assert_eq!(
                Glob::new(pattern).matches(text),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }
}
