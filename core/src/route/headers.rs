//! Header modifiers: remove, then set, then add. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
//! (createHeadersFilter), `pilot/pkg/networking/core/route/route.go` (TranslateHeadersOperations).

use std::collections::BTreeMap;

use crate::resource::HttpHeaderFilter;

/// Changes to the headers of a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderChanges {
    remove: Vec<String>,
    set: Vec<(String, String)>,
    add: Vec<(String, String)>,
    /// `Host` in `set` or `add` rewrites the host.
    host: Option<String>,
}

impl HeaderChanges {
    /// Adds a filter's changes behind those that are there.
    pub(super) fn extend(&mut self, filter: &HttpHeaderFilter) {
        self.remove.extend(
            filter
                .remove
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .filter(|name| !is_pseudo(name)),
        );
        // `set` counts before `add`.
        for (headers, list) in [(&filter.set, &mut self.set), (&filter.add, &mut self.add)] {
            for header in headers {
                let name = header.name.to_ascii_lowercase();
                if matches!(name.as_str(), "host" | ":authority") {
                    self.host.get_or_insert_with(|| header.value.clone());
                } else if !is_pseudo(&name) && !list.iter().any(|(known, _)| *known == name) {
                    // Of names that are spelled twice the first counts.
                    list.push((name, header.value.clone()));
                }
            }
        }
    }

    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    pub(super) fn apply(&self, headers: &mut BTreeMap<String, Vec<String>>) {
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.set {
            headers.insert(name.clone(), vec![value.clone()]);
        }
        for (name, value) in &self.add {
            headers.entry(name.clone()).or_default().push(value.clone());
        }
    }

    /// The same for the headers of an answer, which have one value each.
    pub(super) fn apply_to_answer(&self, headers: &mut BTreeMap<String, String>) {
        let mut lines: BTreeMap<String, Vec<String>> = headers
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
    use crate::resource::HttpHeader;

    fn header(name: &str, value: &str) -> HttpHeader {
        HttpHeader {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn remove_then_set_then_add() {
        let mut changes = HeaderChanges::default();
        changes.extend(&HttpHeaderFilter {
            set: vec![
                header("X-Set", "1"),
                header("x-set", "2"),
                header("Host", "other"),
            ],
            add: vec![header("X-Add", "2"), header(":path", "/no")],
            remove: vec!["X-Gone".to_owned(), "X-Add".to_owned(), "Host".to_owned()],
        });
        let mut headers = BTreeMap::from([
            ("x-set".to_owned(), vec!["0".to_owned(), "00".to_owned()]),
            ("x-add".to_owned(), vec!["1".to_owned()]),
            ("x-gone".to_owned(), vec!["1".to_owned()]),
        ]);
        changes.apply(&mut headers);
        let expected = BTreeMap::from([
            ("x-set".to_owned(), vec!["1".to_owned()]),
            ("x-add".to_owned(), vec!["2".to_owned()]),
        ]);
        assert_eq!(headers, expected);
        assert_eq!(changes.host(), Some("other"));
    }
}
