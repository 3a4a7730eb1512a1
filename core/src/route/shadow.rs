//! Which entries of a table can never take a request, because an earlier one takes all of theirs.

use super::condition::{Condition, PathMatch, without_slash};
use super::table::{Entry, RouteTable};

/// Beyond this many entries only what stands behind a rule for everything is looked for: all pairs would be compared.
const MAX_PAIRS: usize = 500;

/// The entries that are never taken, each with the one that takes their requests.
pub(crate) fn shadowed(table: &RouteTable) -> Vec<(&Entry, &Entry)> {
    let mut found = Vec::new();
    let entries = table.entries();
    if let Some(last) = entries.last() {
        found.extend(table.unreachable().iter().map(|entry| (entry, last)));
    }
    if entries.len() <= MAX_PAIRS {
        for (place, entry) in entries.iter().enumerate() {
            let earlier = entries.iter().take(place);
            let by = earlier
                .into_iter()
                .find(|earlier| takes_all_of(earlier, entry));
            found.extend(by.map(|by| (entry, by)));
        }
    }
    found
}

/// Whether every request that the second takes is one that the first takes.
fn takes_all_of(first: &Entry, second: &Entry) -> bool {
    covers_all(&first.conditions, &second.conditions)
}

/// Whether every request for which the second conditions hold is one for which the first do.
pub(super) fn covers_all(first: &[Condition], second: &[Condition]) -> bool {
    first.iter().all(|wanted| {
        second.iter().any(|given| match (wanted, given) {
            (Condition::Path(wanted), Condition::Path(given)) => covers(wanted, given),
            (wanted, given) => wanted == given,
        }) || matches!(wanted, Condition::Path(PathMatch::Prefix(path) | PathMatch::Text(path)) if path == "/")
    })
}

/// Whether every path that the second matches is one that the first matches.
fn covers(first: &PathMatch, second: &PathMatch) -> bool {
    match (first, second) {
        (first, second) if first == second => true,
        (PathMatch::Prefix(root) | PathMatch::Text(root), _) if root == "/" => true,
        (PathMatch::Prefix(outer), PathMatch::Prefix(inner) | PathMatch::Exact(inner)) => {
            without_slash(inner)
                .strip_prefix(without_slash(outer))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (
            PathMatch::Text(outer),
            PathMatch::Text(inner) | PathMatch::Prefix(inner) | PathMatch::Exact(inner),
        ) => inner.starts_with(outer.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_within_paths() {
        let prefix = |path: &str| PathMatch::Prefix(path.to_owned());
        let exact = |path: &str| PathMatch::Exact(path.to_owned());
        let text = |path: &str| PathMatch::Text(path.to_owned());
        for (first, second, expected) in [
            (prefix("/"), exact("/a"), true),
            (prefix("/a"), prefix("/a/b"), true),
            (prefix("/a"), exact("/ab"), false),
            (prefix("/a/b"), prefix("/a"), false),
            (text("/a"), exact("/ab"), true),
            (text("/a"), prefix("/ab"), true),
            (prefix("/a"), text("/a"), false),
            (exact("/a"), exact("/a"), true),
        ] {
            assert_eq!(covers(&first, &second), expected, "{first:?} {second:?}");
        }
    }
}
