//! Changes to a path: of rewrites and redirects. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
//! (createRewriteFilter, createRedirectFilter), `pilot/pkg/networking/core/route/route.go` (applyHTTPRouteDestination,
//! ApplyRedirect). A query string is no part of a path and stays.

use regex_lite::Regex;

use super::condition::PathMatch;
use crate::matcher::compile_regex;
use crate::resource::HttpPathModifier;

/// A change to a path.
#[derive(Clone, Debug)]
pub(crate) enum PathChange {
    /// The whole path becomes this.
    Full(String),
    /// What the path condition matched becomes this: a prefix, or all of it.
    Matched(String),
    /// The matched prefix goes, with one `/` behind it: Gateway API's replacement `/`.
    RemovePrefix,
    /// Every match becomes the substitution, in which `\1` is what the first group matched.
    Regex(Option<Regex>, String),
}

impl PathChange {
    /// What Gateway API's rewrite comes to.
    pub(super) fn rewrite(modifier: &HttpPathModifier) -> Option<Self> {
        if let Some(path) = &modifier.replace_full_path {
            return Some(Self::Full(path.clone()));
        }
        let replacement = modifier.replace_prefix_match.as_deref()?;
        match replacement.strip_suffix('/').unwrap_or(replacement) {
            "" => Some(Self::RemovePrefix),
            replacement => Some(Self::Matched(replacement.to_owned())),
        }
    }

    /// What Gateway API's redirect comes to: slashes stay as they are, and an empty replacement changes nothing.
    pub(super) fn redirect(modifier: &HttpPathModifier) -> Option<Self> {
        if let Some(path) = &modifier.replace_full_path {
            return (!path.is_empty()).then(|| Self::Full(path.clone()));
        }
        let replacement = modifier.replace_prefix_match.as_deref()?;
        (!replacement.is_empty()).then(|| Self::Matched(replacement.to_owned()))
    }

    /// A regular expression with Envoy's substitution.
    pub(super) fn regex(pattern: &str, substitution: &str) -> Self {
        Self::Regex(compile_regex(pattern), substitution.to_owned())
    }

    /// The new path and query. `matched`: how the path was matched; `None`: as with the prefix `/`.
    pub(super) fn apply(&self, path: &str, matched: Option<&PathMatch>) -> String {
        let end = path.find('?').unwrap_or(path.len());
        let (path, query) = path.split_at(end);
        let length = matched
            .map_or(1, |matched| matched.matched(path))
            .min(path.len());
        let rest = path.get(length..).unwrap_or_default();
        let changed = match self {
            Self::Full(full) => full.clone(),
            Self::Matched(replacement) => format!("{replacement}{rest}"),
            // With the prefix `/` nothing is matched to be removed.
            Self::RemovePrefix if length <= 1 => path.to_owned(),
            Self::RemovePrefix => format!("/{}", rest.strip_prefix('/').unwrap_or(rest)),
            Self::Regex(Some(regex), substitution) => substitute(regex, path, substitution),
            Self::Regex(None, _) => path.to_owned(),
        };
        // Envoy takes no path for "as it is".
        let changed = if changed.is_empty() {
            path.to_owned()
        } else {
            changed
        };
        changed + query
    }
}

/// All matches, from left to right; `\0` is the whole match, `\\` a backslash.
fn substitute(regex: &Regex, path: &str, substitution: &str) -> String {
    let replacer = |captures: &regex_lite::Captures<'_>| {
        let mut out = String::new();
        let mut characters = substitution.chars();
        while let Some(character) = characters.next() {
            if character != '\\' {
                out.push(character);
                continue;
            }
            match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    let group = digit
                        .to_digit(10)
                        .and_then(|digit| usize::try_from(digit).ok());
                    out.push_str(
                        group
                            .and_then(|group| captures.get(group))
                            .map_or("", |group| group.as_str()),
                    );
                }
                Some(other) => out.push(other),
                None => {}
            }
        }
        out
    };
    regex.replace_all(path, replacer).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modifier(replacement: &str) -> HttpPathModifier {
        HttpPathModifier {
            replace_prefix_match: Some(replacement.to_owned()),
            ..HttpPathModifier::default()
        }
    }

    #[test]
    fn rewrites_replace_prefixes_element_by_element() {
        for (matched, replacement, path, expected) in [
            ("/foo", "/xyz", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz/", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz", "/foo", "/xyz"),
            ("/foo", "/xyz", "/foo/", "/xyz/"),
            ("/foo", "/xyz", "/foo/bar?q=/foo", "/xyz/bar?q=/foo"),
            ("/foo", "/", "/foo/bar", "/bar"),
            ("/foo", "", "/foo", "/"),
            ("/foo", "/", "/foo/", "/"),
            ("/foo", "/", "/foo?q=1", "/?q=1"),
            ("/", "/xyz", "/bar", "/xyzbar"),
            ("/", "/xyz/", "/bar", "/xyzbar"),
            ("/", "/", "/bar", "/bar"),
            ("/", "", "/bar", "/bar"),
        ] {
            let matched = PathMatch::Prefix(matched.to_owned());
            let change = PathChange::rewrite(&modifier(replacement)).unwrap();
            assert_eq!(
                change.apply(path, Some(&matched)),
                expected,
                "{matched:?} {replacement}"
            );
        }
    }

    #[test]
    fn redirects_keep_slashes() {
        for (replacement, path, expected) in [
            ("/xyz", "/foo/bar", Some("/xyz/bar")),
            ("/xyz/", "/foo/bar", Some("/xyz//bar")),
            ("/", "/foo/bar", Some("//bar")),
            ("", "/foo/bar", None),
        ] {
            let matched = PathMatch::Prefix("/foo".to_owned());
            let change = PathChange::redirect(&modifier(replacement));
            let changed = change.map(|change| change.apply(path, Some(&matched)));
            assert_eq!(changed.as_deref(), expected, "{replacement}");
        }
    }

    #[test]
    fn a_virtual_service_replaces_what_was_matched() {
        for (matched, expected) in [
            (Some(PathMatch::Text("/fo".to_owned())), "/apio/bar?q=1"),
            (Some(PathMatch::Exact("/foo/bar".to_owned())), "/api?q=1"),
            (None, "/apifoo/bar?q=1"),
        ] {
            let change = PathChange::Matched("/api".to_owned());
            assert_eq!(
                change.apply("/foo/bar?q=1", matched.as_ref()),
                expected,
                "{matched:?}"
            );
        }
    }

    #[test]
    fn substitutions() {
        for (pattern, substitution, path, expected) in [
            (
                "^/service/([^/]+)(/.*)$",
                r"\2/instance/\1",
                "/service/a/b?x",
                "/b/instance/a?x",
            ),
            ("one", "two", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/two/zzz"),
            ("(", "x", "/a", "/a"),
        ] {
            assert_eq!(
                PathChange::regex(pattern, substitution).apply(path, None),
                expected,
                "{pattern}"
            );
        }
    }
}
