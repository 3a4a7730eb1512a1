//! Changes to a path: of rewrites and redirects. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
//! (createRewriteFilter, createRedirectFilter), `pilot/pkg/networking/core/route/route.go` (applyHTTPRouteDestination).

use super::condition::{Condition, PathMatch};
use crate::resource::HttpPathModifier;

/// A change to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathChange {
    /// The whole path becomes this.
    Full(String),
    /// The matched prefix becomes this.
    Prefix {
        /// What was matched, without trailing `/` but for `/` itself.
        matched: String,
        replacement: String,
    },
}

impl PathChange {
    /// The change of one entry: a prefix is the one that its path condition matches.
    pub(super) fn new(modifier: &HttpPathModifier, conditions: &[Condition]) -> Option<Self> {
        if let Some(path) = &modifier.replace_full_path {
            return Some(Self::Full(path.clone()));
        }
        let replacement = modifier.replace_prefix_match.clone()?;
        let matched = conditions.iter().find_map(|condition| match condition {
            Condition::Path(PathMatch::Prefix(prefix)) => Some(prefix.clone()),
            _ => None,
        })?;
        Some(Self::Prefix {
            matched,
            replacement,
        })
    }

    /// The new path and query.
    pub(super) fn apply(&self, path: &str) -> String {
        let end = path.find('?').unwrap_or(path.len());
        let (path, query) = path.split_at(end);
        match self {
            // A new path with a query of its own leaves the old query out.
            Self::Full(full) if full.contains('?') => full.clone(),
            Self::Full(full) => format!("{full}{query}"),
            Self::Prefix {
                matched,
                replacement,
            } => format!("{}{query}", replace_prefix(path, matched, replacement)),
        }
    }
}

fn replace_prefix(path: &str, matched: &str, replacement: &str) -> String {
    let rest = path.strip_prefix(matched).unwrap_or(path);
    if matched == "/" {
        // Envoy replaces the one byte, so that `/x` in front of `path` gives `/xpath`.
        return if replacement.is_empty() {
            path.to_owned()
        } else {
            format!("{replacement}{rest}")
        };
    }
    let replacement = replacement.trim_end_matches('/');
    match (replacement, rest) {
        ("", "") => "/".to_owned(),
        (replacement, rest) => format!("{replacement}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_replaced_element_by_element() {
        for (matched, replacement, path, expected) in [
            ("/foo", "/xyz", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz/", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz", "/foo", "/xyz"),
            ("/foo", "/xyz", "/foo/", "/xyz/"),
            ("/foo", "/xyz", "/foo/bar?q=/foo", "/xyz/bar?q=/foo"),
            ("/foo", "/", "/foo/bar", "/bar"),
            ("/foo", "", "/foo", "/"),
            ("/foo", "/", "/foo/", "/"),
            ("/", "/xyz", "/bar", "/xyzbar"),
        ] {
            let change = PathChange::Prefix {
                matched: matched.to_owned(),
                replacement: replacement.to_owned(),
            };
            assert_eq!(
                change.apply(path),
                expected,
                "{matched} -> {replacement} on {path}"
            );
        }
    }

    #[test]
    fn a_full_path_keeps_the_query_unless_it_has_its_own() {
        let full = |path: &str| PathChange::Full(path.to_owned());
        assert_eq!(full("/one").apply("/a/b?q=1"), "/one?q=1");
        assert_eq!(full("/one?x=2").apply("/a/b?q=1"), "/one?x=2");
    }
}
