//! Which entries of a table can take a request at all, by the path that they ask for: a prefilter of the list that
//! Envoy walks from the top (`envoyproxy/envoy: source/common/router/config_impl.cc`, getRouteFromRoutes). It hides only
//! what cannot match, and asking it allocates nothing.

use super::condition::{PathMatch, without_slash};
use super::table::Entry;
use crate::flow::Flow;
use crate::matcher::PathIndex;

/// Fewer entries than this are walked faster than they are looked up.
const WORTH_IT: usize = 8;

/// An index of one table.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Entries that name no text with which the path begins.
    always: Vec<u32>,
    paths: PathIndex,
}

impl Index {
    /// `None`: there are too few entries for it.
    pub(super) fn new(entries: &[Entry]) -> Option<Self> {
        if entries.len() < WORTH_IT {
            return None;
        }
        let mut index = Self {
            always: Vec::new(),
            paths: PathIndex::default(),
        };
        for (entry, place) in entries.iter().zip(0..) {
            match entry.path() {
                Some(PathMatch::Exact(text)) => {
                    index.paths.insert_exact(text.as_str().into(), place)
                }
                Some(PathMatch::Text(text)) => {
                    index.paths.insert_prefix(text.as_str().into(), place)
                }
                Some(PathMatch::Prefix(text)) => {
                    let text = without_slash(text);
                    index.paths.insert_prefix(text.into(), place);
                }
                Some(
                    PathMatch::Regex(_)
                    | PathMatch::ExactIgnoringCase(_)
                    | PathMatch::TextIgnoringCase(_),
                )
                | None => index.always.push(place),
            }
        }
        Some(index)
    }

    /// The first place that takes a request. `takes` is asked about those that may.
    pub(super) fn first(&self, flow: &Flow, mut takes: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut first = None;
        let mut search = |places: &[u32]| {
            let mut before = places
                .iter()
                .take_while(|place| first.is_none_or(|first| **place < first));
            if let Some(place) = before.find(|place| takes(**place)) {
                first = Some(*place);
            }
        };
        if let Some(http) = &flow.http {
            self.paths.look_up(http.path_only(), &mut search);
        }
        search(&self.always);
        first
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::action::Action;
    use super::super::condition::Condition;
    use super::super::table::{RouteTable, Section};
    use super::super::value::ValueMatch;
    use super::*;
    use crate::flow::Http;
    use crate::matcher::Pattern;
    use crate::resource::ObjectIndex;
    use crate::trace::{Log, NoTrace};

    const PATHS: [&str; 8] = ["/", "/a", "/a/", "/a/b", "/ab", "/A", "/b", "/a/b/c"];

    fn path() -> impl Strategy<Value = Option<PathMatch>> {
        let texts = || select(&PATHS).prop_map(str::to_owned);
        prop_oneof![
            1 => Just(None),
            4 => texts().prop_map(|text| Some(PathMatch::Exact(text))),
            4 => texts().prop_map(|text| Some(PathMatch::Prefix(text))),
            2 => texts().prop_map(|text| Some(PathMatch::Text(text))),
            1 => texts().prop_map(|text| Some(PathMatch::ExactIgnoringCase(text))),
            1 => texts().prop_map(|text| Some(PathMatch::TextIgnoringCase(text))),
            1 => texts().prop_map(|text| Some(PathMatch::Regex(Pattern::new(&text)))),
        ]
    }

    proptest! {
           #[test]
           fn hides_nothing_that_a_walk_finds(
               written in vec((path(), any::<bool>()), 0..24),
               asked in select(&PATHS),
               method in select(&["GET", "POST"]),
           ) {
               let entries = written.into_iter().enumerate().map(|(rule, (path, get))| {
                   let get = get.then(|| Condition::Method(ValueMatch::Exact("GET".to_owned())));
                   Entry {
    group: 0,
                       route: ObjectIndex(0),
                       section: Section::Rules,
                       rule,
                       match_index: Some(0),
                       conditions: path.map(Condition::Path).into_iter().chain(get).collect(),
                       action: Arc::new(Action::default()),
                   }
               });
               let table = RouteTable::new(entries.collect());
               let flow = Flow {
                   http: Some(Http {
                       method: method.to_owned(),
                       path: format!("{asked}?q=1"),
                       ..Http::default()
                   }),
                   ..Flow::default()
               };
               let place = |entry: Option<&Entry>| entry.map(|entry| entry.rule);
               let looked_up = place(table.choose(&flow, &mut NoTrace));
               prop_assert_eq!(looked_up, place(table.choose(&flow, &mut Log::default())));
               let walked = table.clone().without_index();
               prop_assert_eq!(looked_up, place(walked.choose(&flow, &mut NoTrace)));
           }
       }
}
