//! Why one entry of a table is tried before another that would take the same request: the first key of the order in
//! which they differ. The same [`Key`] sorts them.

use super::precedence::{Difference, Key};
use super::table::{Entry, Section};

/// What decides between two entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TieBreaker {
    /// They are rules of one VirtualService: the first that is written.
    WrittenFirst,
    /// Both are Gateway API's, and the match is the more specific one.
    Specific(Difference),
    /// Equally specific matches: the older route, else the lesser namespace and name, else the earlier rule.
    Seniority,
    /// They are kept apart: groups of rules are tried one after the other.
    Group,
    /// So they are, but what takes everything stands behind all groups of a gateway's host.
    CatchAll,
}

impl TieBreaker {
    /// Between the winner and one behind it.
    pub(crate) fn between(winner: &Entry, other: &Entry) -> Self {
        let is_written = |entry: &Entry| entry.section != Section::Rules;
        let of_one = winner.group == other.group || winner.route == other.route;
        if is_written(winner) && is_written(other) && of_one {
            return Self::WrittenFirst;
        }
        if winner.group > other.group {
            return Self::CatchAll;
        }
        if winner.group < other.group {
            return Self::Group;
        }
        let (first, second) = (Key::new(winner), Key::new(other));
        match first.difference(&second) {
            Some(difference) if first < second => Self::Specific(difference),
            // Only a parentRef's port, which both have, is a match where none is written.
            _ => Self::Seniority,
        }
    }

    /// The rule that decides, as a part of a sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::WrittenFirst => {
                "of the rules of one VirtualService the first that matches is taken"
            }
            Self::Specific(Difference::PathKind) => {
                "an exact path goes before a prefix, and a prefix before a regular expression"
            }
            Self::Specific(Difference::PathLength) => "the longer path goes first",
            Self::Specific(Difference::Method) => "a match with a method goes before one without",
            Self::Specific(Difference::Headers) => "the match with more headers goes first",
            Self::Specific(Difference::QueryParams) => {
                "the match with more query parameters goes first"
            }
            Self::Specific(Difference::NoMatch) => "a rule without matches goes last",
            Self::Seniority => {
                "of equally specific matches the older route's goes first, then the lesser name's, then the earlier rule's"
            }
            Self::Group => {
                "rules of different namespaces, parentRef ports or APIs are not sorted together: the proxy's own namespace goes first, then the older group"
            }
            Self::CatchAll => {
                "at a gateway what takes everything goes behind all other rules for the host"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::action::Action;
    use super::super::condition::{Condition, PathMatch};
    use super::*;
    use crate::resource::ObjectIndex;

    #[test]
    fn the_first_key_that_differs() {
        let entry = |group: usize, section: Section, path: PathMatch| Entry {
            route: ObjectIndex(u32::try_from(group).unwrap()),
            section,
            rule: 0,
            match_index: Some(0),
            conditions: vec![Condition::Path(path)],
            action: Arc::new(Action::default()),
            group,
        };
        let prefix = |path: &str| PathMatch::Prefix(path.to_owned());
        let exact = |path: &str| PathMatch::Exact(path.to_owned());
        let rules = |group, path| entry(group, Section::Rules, path);
        let http = |group, path| entry(group, Section::Http, path);
        for (winner, other, expected) in [
            (
                rules(0, exact("/a")),
                rules(0, prefix("/a")),
                TieBreaker::Specific(Difference::PathKind),
            ),
            (
                rules(0, prefix("/ab")),
                rules(0, prefix("/a")),
                TieBreaker::Specific(Difference::PathLength),
            ),
            (
                rules(0, prefix("/a")),
                rules(0, prefix("/a")),
                TieBreaker::Seniority,
            ),
            (
                rules(0, exact("/a")),
                rules(1, prefix("/a")),
                TieBreaker::Group,
            ),
            (
                rules(1, prefix("/a")),
                rules(0, prefix("/")),
                TieBreaker::CatchAll,
            ),
            (
                http(0, prefix("/a")),
                http(0, exact("/a")),
                TieBreaker::WrittenFirst,
            ),
            (
                rules(0, prefix("/a")),
                http(1, prefix("/a")),
                TieBreaker::Group,
            ),
        ] {
            assert_eq!(TieBreaker::between(&winner, &other), expected);
        }
    }
}
