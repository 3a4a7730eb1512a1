//! A text in which every `*` stands for any characters, none included.

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
        let Some(mut rest) = text.strip_prefix(&*self.first) else {
            return false;
        };
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
/// them: preparing a search for each costs more than searching. Their slashes are many: two bytes tell where to look.
fn behind<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let bytes = text.as_bytes();
    let starts = match piece.as_bytes() {
        [] => return Some(text),
        [only] => bytes.iter().position(|byte| byte == only),
        piece @ [first, second, ..] => {
            let mut pairs = bytes.windows(2).enumerate();
            pairs.find_map(|(at, pair)| {
                let looks = pair == [*first, *second];
                (looks && bytes.get(at..)?.starts_with(piece)).then_some(at)
            })
        }
    };
    text.get(starts? + piece.len()..)
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
        ] {
            assert_eq!(
                Glob::new(pattern).matches(text),
                expected,
                "{pattern} ~ {text}"
            );
        }
    }
}
