//! A table of route entries, searched from the top: the first that matches takes the request.

use super::action::Action;
use super::condition::Condition;
use crate::flow::Http;
use crate::resource::ObjectIndex;
use crate::trace::{Step, Trace, Truth, all, step};

/// One match of one rule.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The route.
    pub(crate) route: ObjectIndex,
    /// The rule, by its place in the route.
    pub(crate) rule: usize,
    /// The match, by its place in the rule.
    pub(crate) match_index: usize,
    /// All of these must hold.
    pub(crate) conditions: Vec<Condition>,
    /// What becomes of a request: a place among the table's actions.
    pub(super) action: usize,
}

/// What one proxy tries for one Service port, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable {
    pub(super) entries: Vec<Entry>,
    pub(super) actions: Vec<Action>,
}

impl RouteTable {
    /// The entry that takes a request, by its place; `None`: 404. A log gets every entry that was tried
    /// (`Step::Route`), each with its conditions (`Step::Condition`, by their place in the entry).
    pub(crate) fn choose<T: Trace>(&self, http: &Http, trace: &mut T) -> Option<usize> {
        self.entries.iter().enumerate().position(|(place, entry)| {
            let holds = step(trace, Step::Route(number(place)), |trace| {
                all(
                    trace,
                    entry.conditions.iter().enumerate(),
                    |trace, (place, condition)| {
                        step(trace, Step::Condition(number(place)), |_| {
                            condition.holds(http)
                        })
                    },
                )
            });
            holds == Truth::Yes
        })
    }

    /// The entries, in the order in which they are tried.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What becomes of a request that an entry takes.
    pub(crate) fn action(&self, entry: &Entry) -> Option<&Action> {
        self.actions.get(entry.action)
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
