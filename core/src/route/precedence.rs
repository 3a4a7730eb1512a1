//! The order in which a proxy tries matches. The `Ord` of [`Key`] is the precedence, most specific first:
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (sortHTTPRoutes, getURIRank, getURILength).

use std::cmp::Reverse;

use super::condition::{Condition, PathMatch};
use super::table::Entry;

/// What decides between two matches of one group. The sort is stable, so that what is equal here keeps its order:
/// creation time, namespace, name, rule, match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Exact before prefix before regular expression before no path at all.
    path_rank: Reverse<u8>,
    /// The longer path first, in bytes; of a regular expression the pattern.
    path_length: Reverse<usize>,
    /// With a method before without.
    method: Reverse<bool>,
    /// More headers first.
    headers: Reverse<usize>,
    /// More query parameters first.
    query: Reverse<usize>,
    /// A rule without matches last. The API server gives an HTTPRoute's one; a GRPCRoute's stays without.
    no_match: bool,
}

impl Key {
    pub(super) fn new(entry: &Entry) -> Self {
        let mut key = Self {
            path_rank: Reverse(0),
            path_length: Reverse(0),
            method: Reverse(false),
            headers: Reverse(0),
            query: Reverse(0),
            no_match: entry.match_index.is_none(),
        };
        for condition in &entry.conditions {
            match condition {
                Condition::Path(path) => {
                    let (rank, length) = match path {
                        PathMatch::Exact(path) | PathMatch::ExactIgnoringCase(path) => {
                            (3, path.len())
                        }
                        PathMatch::Prefix(path)
                        | PathMatch::Text(path)
                        | PathMatch::TextIgnoringCase(path) => (2, path.len()),
                        PathMatch::Regex(pattern) => (1, pattern.text().len()),
                    };
                    key.path_rank = Reverse(rank);
                    key.path_length = Reverse(length);
                }
                Condition::Method(_) => key.method = Reverse(true),
                Condition::Header(..) => key.headers.0 += 1,
                Condition::Query(..) => key.query.0 += 1,
                // Gateway API has no such conditions.
                Condition::Authority(_)
                | Condition::Scheme(..)
                | Condition::WithoutHeader(..)
                | Condition::Claim(..)
                | Condition::WithoutClaim(..)
                | Condition::Sni(_) => {}
            }
        }
        key
    }
}

impl Key {
    /// Makes it that of a rule with a match.
    pub(super) fn matches(&mut self) {
        self.no_match = false;
    }
}

/// A key in which two matches differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Exact, prefix, regular expression, none.
    PathKind,
    /// The length of the path.
    PathLength,
    /// Whether there is a method.
    Method,
    /// How many headers there are.
    Headers,
    /// How many query parameters there are.
    QueryParams,
    /// Whether the rule has matches.
    NoMatch,
}

impl Key {
    /// The first key in which two matches differ; `None`: they are equally specific.
    pub(super) fn difference(&self, other: &Self) -> Option<Difference> {
        [
            (self.path_rank != other.path_rank, Difference::PathKind),
            (
                self.path_length != other.path_length,
                Difference::PathLength,
            ),
            (self.method != other.method, Difference::Method),
            (self.headers != other.headers, Difference::Headers),
            (self.query != other.query, Difference::QueryParams),
            (self.no_match != other.no_match, Difference::NoMatch),
        ]
        .into_iter()
        .find(|(differs, _)| *differs)
        .map(|(_, difference)| difference)
    }
}

/// Whether a match takes everything, so that nothing behind it is ever tried:
/// `istio/istio: pilot/pkg/networking/core/route/route.go` (IsCatchAllRoute).
pub(super) fn is_catch_all(conditions: &[Condition]) -> bool {
    match conditions {
        [] => true,
        [Condition::Path(PathMatch::Prefix(path) | PathMatch::Text(path))] => path == "/",
        [Condition::Path(PathMatch::TextIgnoringCase(path))] => path == "/",
        [Condition::Path(PathMatch::Regex(pattern))] => pattern.text() == ".*",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::action::Action;
    use super::super::table::Section;
    use super::super::value::ValueMatch;
    use super::*;
    use crate::matcher::Pattern;
    use crate::resource::ObjectIndex;

    fn prefix(path: &str) -> Condition {
        Condition::Path(PathMatch::Prefix(path.to_owned()))
    }

    fn entry(conditions: Vec<Condition>) -> Entry {
        Entry {
            group: 0,
            route: ObjectIndex(0),
            section: Section::Rules,
            rule: 0,
            match_index: Some(0),
            conditions,
            action: Arc::new(Action::default()),
        }
    }

    fn header(name: &str) -> Condition {
        Condition::Header(name.to_owned(), ValueMatch::Present)
    }

    /// One pair a key: the left side comes first although every later key speaks for the right.
    #[test]
    fn each_key_outranks_all_later_ones() {
        let method = || Condition::Method(ValueMatch::Exact("GET".to_owned()));
        let query = || Condition::Query("q".to_owned(), ValueMatch::Present);
        let exact = Condition::Path(PathMatch::Exact("/a".to_owned()));
        let regex = Condition::Path(PathMatch::Regex(Pattern::new("/a/very/long/.*")));
        for (first, second) in [
            (vec![exact], vec![prefix("/a/b/c"), method()]),
            (
                vec![prefix("/")],
                vec![regex, method(), header("a"), query()],
            ),
            (
                vec![prefix("/ab")],
                vec![prefix("/a"), method(), header("a"), query()],
            ),
            (
                vec![prefix("/a"), method()],
                vec![prefix("/a"), header("a"), header("b"), query()],
            ),
            (
                vec![prefix("/a"), header("a")],
                vec![prefix("/a"), query(), query()],
            ),
            (vec![prefix("/a"), query()], vec![prefix("/a")]),
            (vec![prefix("/")], vec![method(), header("a")]),
        ] {
            let (first, second) = (entry(first), entry(second));
            assert!(
                Key::new(&first) < Key::new(&second),
                "{first:?} before {second:?}"
            );
        }
        let without = Entry {
            match_index: None,
            ..entry(Vec::new())
        };
        assert!(Key::new(&entry(Vec::new())) < Key::new(&without));
    }
}
