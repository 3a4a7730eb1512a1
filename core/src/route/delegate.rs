//! Delegation: the rules of a VirtualService without hosts in the place of the rule that delegates to it. What both say
//! must not contradict; a rule that does is left out.
//! `istio/istio: pilot/pkg/model/virtualservice.go` (MergeHTTPRoutes, mergeHTTPMatchRequests, hasConflict,
//! stringMatchConflict).

use crate::resource::{HttpMatchRequest, StringMatch, VirtualServiceHttpRoute};
use crate::sorted;

/// Where a merged match stands: its places among the delegate's matches and among the root's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MatchPlace {
    /// `None`: the delegate's rule has no matches.
    pub(crate) own: Option<usize>,
    /// `None`: the root's rule has none.
    pub(crate) root: Option<usize>,
}

/// A delegate's rule with what the root's adds, and where its matches come from; `None`: they contradict.
pub(crate) fn merge(
    root: &VirtualServiceHttpRoute,
    delegate: &VirtualServiceHttpRoute,
) -> Option<(VirtualServiceHttpRoute, Vec<MatchPlace>)> {
    let mut merged = delegate.clone();
    let (places, matches) = merge_matches(&root.matches, &delegate.matches)?
        .into_iter()
        .unzip();
    merged.matches = matches;
    inherit(&mut merged.rewrite, &root.rewrite);
    inherit(&mut merged.direct_response, &root.direct_response);
    inherit(&mut merged.timeout, &root.timeout);
    inherit(&mut merged.retries, &root.retries);
    inherit(&mut merged.fault, &root.fault);
    inherit(&mut merged.mirror, &root.mirror);
    inherit(&mut merged.mirror_percent, &root.mirror_percent);
    inherit(&mut merged.mirror_percentage, &root.mirror_percentage);
    inherit(&mut merged.cors_policy, &root.cors_policy);
    inherit(&mut merged.headers, &root.headers);
    if merged.mirrors.is_empty() {
        merged.mirrors.clone_from(&root.mirrors);
    }
    Some((merged, places))
}

fn inherit<T: Clone>(own: &mut Option<T>, root: &Option<T>) {
    if own.is_none() {
        own.clone_from(root);
    }
}

/// Every match of the delegate must lie within one of the root's.
fn merge_matches(
    root: &[HttpMatchRequest],
    delegate: &[HttpMatchRequest],
) -> Option<Vec<(MatchPlace, HttpMatchRequest)>> {
    let place = |own, root| MatchPlace { own, root };
    if root.is_empty() || delegate.is_empty() {
        let of_root = root.iter().enumerate();
        let of_root = of_root.map(|(index, one)| (place(None, Some(index)), one.clone()));
        let own = delegate.iter().enumerate();
        let own = own.map(|(index, one)| (place(Some(index), None), one.clone()));
        return Some(of_root.chain(own).collect());
    }
    let mut merged = Vec::new();
    for (own, inner) in delegate.iter().enumerate() {
        let before = merged.len();
        let fitting = root.iter().enumerate();
        let fitting = fitting.filter(|(_, outer)| !contradict(outer, inner));
        merged.extend(fitting.map(|(index, outer)| {
            let place = place(Some(own), Some(index));
            (place, merge_match(outer, inner))
        }));
        if merged.len() == before {
            return None;
        }
    }
    Some(merged)
}

fn merge_match(root: &HttpMatchRequest, delegate: &HttpMatchRequest) -> HttpMatchRequest {
    let mut merged = delegate.clone();
    let own = |delegate: &Option<StringMatch>, root: &Option<StringMatch>| {
        delegate.clone().or_else(|| root.clone())
    };
    merged.uri = own(&delegate.uri, &root.uri);
    merged.scheme = own(&delegate.scheme, &root.scheme);
    merged.method = own(&delegate.method, &root.method);
    merged.authority = own(&delegate.authority, &root.authority);
    merged.headers = both(&root.headers, &delegate.headers);
    merged.without_headers = both(&root.without_headers, &delegate.without_headers);
    merged.query_params = both(&root.query_params, &delegate.query_params);
    merged.source_labels = both(&root.source_labels, &delegate.source_labels);
    merged.port = delegate.port.or(root.port);
    if merged.source_namespace.is_none() {
        merged.source_namespace.clone_from(&root.source_namespace);
    }
    if merged.gateways.is_empty() {
        merged.gateways.clone_from(&root.gateways);
    }
    merged
}

/// The delegate's values over the root's.
fn both<T: Clone>(
    root: &sorted::Map<String, T>,
    delegate: &sorted::Map<String, T>,
) -> sorted::Map<String, T> {
    let mut both = root.clone();
    both.extend(
        delegate
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    both
}

fn contradict(root: &HttpMatchRequest, delegate: &HttpMatchRequest) -> bool {
    type Values = sorted::Map<String, Option<StringMatch>>;
    let of_maps = |root: &Values, delegate: &Values| {
        delegate.iter().any(|(name, inner)| {
            let outer = root.get(name).and_then(Option::as_ref);
            texts_contradict(outer, inner.as_ref())
        })
    };
    let texts = [
        (&root.uri, &delegate.uri),
        (&root.scheme, &delegate.scheme),
        (&root.method, &delegate.method),
        (&root.authority, &delegate.authority),
    ];
    let labels = delegate.source_labels.iter().any(|(key, value)| {
        let outer = root.source_labels.get(key);
        outer.is_some_and(|outer| outer != value)
    });
    let ports = (root.port, delegate.port);
    let gateways = !root.gateways.is_empty()
        && (root.gateways.len() < delegate.gateways.len()
            || delegate
                .gateways
                .iter()
                .any(|gateway| !root.gateways.contains(gateway)));
    texts
        .into_iter()
        .any(|(outer, inner)| texts_contradict(outer.as_ref(), inner.as_ref()))
        || of_maps(&root.headers, &delegate.headers)
        || of_maps(&root.without_headers, &delegate.without_headers)
        || of_maps(&root.query_params, &delegate.query_params)
        || root.ignore_uri_case != delegate.ignore_uri_case
        || matches!(ports, (Some(outer), Some(inner)) if outer != inner)
        || (root.source_namespace.is_some() && root.source_namespace != delegate.source_namespace)
        || labels
        || gateways
}

/// Whether what the delegate wants does not lie within what the root wants. With a regular expression nobody can tell.
fn texts_contradict(root: Option<&StringMatch>, delegate: Option<&StringMatch>) -> bool {
    let (Some(root), Some(delegate)) = (root, delegate) else {
        return false;
    };
    let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let says = |value: &StringMatch| {
        [&value.exact, &value.prefix, &value.regex]
            .into_iter()
            .any(|value| text(value).is_some())
    };
    if text(&root.regex).is_some() && says(delegate)
        || text(&delegate.regex).is_some() && says(root)
    {
        return true;
    }
    let (exact, prefix) = (text(&delegate.exact), text(&delegate.prefix));
    if let Some(outer) = text(&root.exact) {
        return prefix.is_some() || exact != Some(outer);
    }
    match (text(&root.prefix), prefix.or(exact)) {
        (Some(outer), Some(inner)) => !inner.starts_with(&outer),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &str, value: &str) -> Option<StringMatch> {
        let value = Some(value.to_owned());
        Some(match kind {
            "exact" => StringMatch {
                exact: value,
                ..StringMatch::default()
            },
            "prefix" => StringMatch {
                prefix: value,
                ..StringMatch::default()
            },
            _ => StringMatch {
                regex: value,
                ..StringMatch::default()
            },
        })
    }

    #[test]
    fn a_delegate_is_narrower_than_its_root() {
        for (root, delegate, expected) in [
            (None, text("exact", "/a"), false),
            (text("prefix", "/a"), None, false),
            (text("prefix", "/a"), text("prefix", "/a/b"), false),
            (text("prefix", "/a/b"), text("prefix", "/a"), true),
            (text("prefix", "/a"), text("exact", "/ab"), false),
            (text("exact", "/a"), text("exact", "/a"), false),
            (text("exact", "/a"), text("exact", "/b"), true),
            (text("exact", "/a"), text("prefix", "/a"), true),
            (text("regex", "/a"), text("exact", "/a"), true),
            (text("prefix", "/a"), text("regex", "/a.*"), true),
        ] {
            assert_eq!(
                texts_contradict(root.as_ref(), delegate.as_ref()),
                expected,
                "{root:?} {delegate:?}"
            );
        }
    }
}
