//! A table of route entries, searched from the top: the first that matches takes the request.

use std::sync::Arc;

use super::action::Action;
use super::condition::{Condition, PathMatch};
use super::index::Index;
use crate::flow::Flow;
use crate::resource::ObjectIndex;
use crate::trace::{Step, Trace, Truth, all, step};

/// Where a rule stands in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// `spec.rules` of Gateway API's routes.
    Rules,
    /// `spec.http` of a VirtualService.
    Http,
    /// `spec.tls` of a VirtualService.
    Tls,
    /// `spec.tcp` of a VirtualService.
    Tcp,
}

impl Section {
    /// The field of `spec`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Http => "http",
            Self::Tls => "tls",
            Self::Tcp => "tcp",
        }
    }
}

/// One match of one rule.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The route.
    pub(crate) route: ObjectIndex,
    /// The list in which the rule stands.
    pub(crate) section: Section,
    /// The rule, by its place there.
    pub(crate) rule: usize,
    /// The match, by its place in the rule; `None`: the rule has none, which takes everything.
    pub(crate) match_index: Option<usize>,
    /// All of these must hold.
    pub(crate) conditions: Vec<Condition>,
    /// What becomes of a request.
    pub(crate) action: Arc<Action>,
    /// The group of rules that it is of, by its place in the table: only within a group are matches compared.
    pub(crate) group: usize,
}

impl Entry {
    /// How the path is matched, if it is asked about.
    pub(crate) fn path(&self) -> Option<&PathMatch> {
        self.conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::Path(path) => Some(path),
                _ => None,
            })
    }
}

/// What one proxy tries for one port, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteTable {
    entries: Vec<Entry>,
    unreachable: Vec<Entry>,
    index: Option<Index>,
}

impl RouteTable {
    /// A table of entries in their order. Those behind one that takes everything are never tried.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let reached = entries
            .iter()
            .position(|entry| super::precedence::is_catch_all(&entry.conditions))
            .map_or(entries.len(), |place| place + 1);
        let mut table = Self {
            entries,
            unreachable: Vec::new(),
            index: None,
        };
        table.unreachable = table.entries.split_off(reached);
        table.index = Index::new(&table.entries);
        table
    }

    /// The entry that takes a request; `None`: 404, or a connection that is closed. A log gets every entry that was
    /// tried (`Step::Route`), each with its conditions (`Step::Condition`, by their place in the entry).
    pub(crate) fn choose<T: Trace>(&self, flow: &Flow, trace: &mut T) -> Option<&Entry> {
        let mut takes = |place: u32, entry: &Entry| {
            step(trace, Step::Route(place), |trace| {
                all(
                    trace,
                    entry.conditions.iter().zip(0..),
                    |trace, (condition, place)| {
                        let truth = condition.holds(flow);
                        trace.leaf(Step::Condition(place), truth);
                        truth
                    },
                )
            }) == Truth::Yes
        };
        if let (Some(index), false) = (&self.index, T::EXHAUSTIVE) {
            let first = index.first(flow, |place| {
                self.entry(place).is_some_and(|entry| takes(place, entry))
            });
            return self.entry(first?);
        }
        let mut entries = self.entries.iter().zip(0..);
        entries
            .find(|(entry, place)| takes(*place, entry))
            .map(|(entry, _)| entry)
    }

    fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// The same entries, walked one by one: what the index is measured against.
    pub(crate) fn without_index(mut self) -> Self {
        self.index = None;
        self
    }

    /// The first entry of another rule, behind one that takes a request, that would take it too.
    pub(crate) fn runner_up(&self, winner: &Entry, flow: &Flow) -> Option<&Entry> {
        let mut behind = self
            .entries
            .iter()
            .chain(&self.unreachable)
            .skip_while(|entry| !std::ptr::eq(*entry, winner))
            .skip(1);
        behind.find(|entry| {
            if (entry.route, entry.section, entry.rule)
                == (winner.route, winner.section, winner.rule)
            {
                return false;
            }
            let mut conditions = entry.conditions.iter();
            conditions.all(|condition| condition.holds(flow) == Truth::Yes)
        })
    }

    /// The entries, in the order in which they are tried.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries that stand behind one that takes everything.
    pub(crate) fn unreachable(&self) -> &[Entry] {
        &self.unreachable
    }
}
