//! Header modifiers: remove, then set, then add. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
//! (createHeadersFilter), `pilot/pkg/networking/core/route/route.go` (TranslateHeadersOperations).

use crate::matcher;
use crate::resource::{HttpHeader, HttpHeaderFilter};
use crate::sorted;

/// Changes to the headers of a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderChanges {
    /// Names of headers that go.
    pub(crate) remove: Vec<String>,
    /// Name, value and whether it joins those that are there.
    pub(crate) write: Vec<(String, String, bool)>,
    /// `Host` in `set` or `add` rewrites the host.
    host: Option<String>,
}

impl HeaderChanges {
    /// The changes of one modifier. Of names that are spelled twice the first counts.
    pub(super) fn new(filter: &HttpHeaderFilter) -> Self {
        let pairs = |headers: &[HttpHeader]| -> Vec<(String, String)> {
            headers
                .iter()
                .map(|header| (header.name.clone(), header.value.clone()))
                .collect()
        };
        Self::of(&filter.remove, pairs(&filter.set), pairs(&filter.add))
    }

    /// The same from names and values.
    pub(super) fn of(
        remove: &[String],
        set: Vec<(String, String)>,
        add: Vec<(String, String)>,
    ) -> Self {
        let mut changes = Self {
            remove: remove
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .filter(|name| !is_pseudo(name))
                .collect(),
            ..Self::default()
        };
        // `set` counts before `add`.
        for (headers, joins) in [(set, false), (add, true)] {
            let mut seen: Vec<String> = Vec::new();
            for (name, value) in headers {
                let name = name.to_ascii_lowercase();
                if seen.contains(&name) {
                    continue;
                }
                seen.push(name.clone());
                if matches!(name.as_str(), "host" | ":authority") {
                    if !value.is_empty() {
                        changes.host.get_or_insert(value);
                    }
                } else if !is_pseudo(&name) {
                    changes.write.push((name, value, joins));
                }
            }
        }
        changes
    }

    /// These changes and then others: all that is removed goes first.
    pub(super) fn then(&self, others: &Self) -> Self {
        let mut both = self.clone();
        both.remove.extend(others.remove.iter().cloned());
        both.write.extend(others.write.iter().cloned());
        both.host = self.host.clone().or_else(|| others.host.clone());
        both
    }

    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// What goes is taken out first, then lines are replaced, then lines are added; an empty value does nothing.
    /// `envoyproxy/envoy: source/common/router/header_parser.cc` (evaluateHeaders).
    pub(super) fn apply(&self, headers: &mut sorted::Map<String, Vec<String>>) {
        for name in &self.remove {
            headers.remove(name);
        }
        let filled = || self.write.iter().filter(|(_, value, _)| !value.is_empty());
        for (name, value, _) in filled().filter(|(_, _, joins)| !joins) {
            headers.insert(name.clone(), vec![value.clone()]);
        }
        for (name, value, _) in filled().filter(|(_, _, joins)| *joins) {
            matcher::add_header_line(headers, name, value);
        }
    }

    /// The same for the headers of an answer, which have one value each.
    pub(super) fn apply_to_answer(&self, headers: &mut sorted::Map<String, String>) {
        let mut lines: sorted::Map<String, Vec<String>> = headers
            .iter()
            .map(|(name, value)| (name.clone(), vec![value.clone()]))
            .collect();
        self.apply(&mut lines);
        *headers = lines
            .into_iter()
            .map(|(name, values)| (name, values.join(",")))
            .collect();
    }
}

fn is_pseudo(name: &str) -> bool {
    name.starts_with(':') || name == "host"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> HttpHeader {
        HttpHeader {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn remove_then_set_then_add() {
        let changes = HeaderChanges::new(&HttpHeaderFilter {
            set: vec![
                header("X-Set", "1"),
                header("x-set", "2"),
                header("Host", "other"),
            ],
            add: vec![header("X-Add", "2"), header(":path", "/no")],
            remove: vec!["X-Gone".to_owned(), "X-Add".to_owned(), "Host".to_owned()],
        });
        let mut headers = sorted::Map::from([
            ("x-set".to_owned(), vec!["0".to_owned(), "00".to_owned()]),
            ("x-add".to_owned(), vec!["1".to_owned()]),
            ("x-gone".to_owned(), vec!["1".to_owned()]),
        ]);
        changes.apply(&mut headers);
        let expected = sorted::Map::from([
            ("x-set".to_owned(), vec!["1".to_owned()]),
            ("x-add".to_owned(), vec!["2".to_owned()]),
        ]);
        assert_eq!(headers, expected);
        assert_eq!(changes.host(), Some("other"));
    }

    #[test]
    fn what_a_backend_removes_is_removed_before_the_rule_sets_it() {
        let of = |remove: &[&str], set: &[(&str, &str)]| {
            let remove: Vec<String> = remove.iter().map(ToString::to_string).collect();
            let set = set
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            HeaderChanges::of(&remove, set, Vec::new())
        };
        let both = of(&[], &[("x", "rule")]).then(&of(&["x"], &[]));
        let mut headers = sorted::Map::new();
        both.apply(&mut headers);
        assert_eq!(headers.get("x"), Some(&vec!["rule".to_owned()]));
    }
}
