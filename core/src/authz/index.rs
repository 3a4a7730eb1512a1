//! Which policies of a phase can match a request at all: a prefilter of the list that [`PolicySet`](super::PolicySet)
//! walks, by the texts that a rule asks for in full. It hides only what cannot match, and asking it allocates nothing.

use super::attribute::Attribute;
use super::clause::{Clause, Matcher};
use super::policy::{Group, Policy, Rule};
use crate::flow::Flow;
use crate::matcher::{self, PathIndex, StringMatch};
use crate::sorted;

/// Fewer policies than this are walked faster than they are looked up.
const WORTH_IT: usize = 8;
/// A rule that asks for any of more texts than this is not indexed.
const MAX_KEYS: usize = 64;

/// Places in a phase, each list in the order of evaluation.
type Places = sorted::Map<Box<str>, Vec<u32>>;

/// An index of one phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Policies with a rule that names no text to look up.
    always: Vec<u32>,
    principals: Places,
    namespaces: Places,
    paths: PathIndex,
}

/// A text without which a rule cannot match. Ordered: the first narrows most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Principal(Box<str>),
    Path(Box<str>),
    Namespace(Box<str>),
    PathPrefix(Box<str>),
}

impl Index {
    /// `None`: there are too few policies for it.
    pub(super) fn new<'p>(policies: impl ExactSizeIterator<Item = &'p Policy>) -> Option<Self> {
        if policies.len() < WORTH_IT {
            return None;
        }
        let mut index = Self::default();
        for (place, policy) in (0..).zip(policies) {
            let keys: Option<Vec<Vec<Key>>> =
                policy.rules.iter().map(|rule| keys(policy, rule)).collect();
            match keys {
                Some(keys) => keys.into_iter().flatten().for_each(|key| {
                    index.insert(key, place);
                }),
                None => index.always.push(place),
            }
        }
        Some(index)
    }

    fn insert(&mut self, key: Key, place: u32) {
        match key {
            Key::Principal(text) => matcher::add_place(&mut self.principals, text, place),
            Key::Namespace(text) => matcher::add_place(&mut self.namespaces, text, place),
            Key::Path(text) => self.paths.insert_exact(text, place),
            Key::PathPrefix(text) => self.paths.insert_prefix(text, place),
        }
    }

    /// Hands over the lists of those that may match; a policy may be in several.
    pub(super) fn candidates<'i>(&'i self, flow: &Flow, mut take: impl FnMut(&'i [u32])) {
        take(&self.always);
        let mut look_up = |places: &'i Places, text: &str| {
            if let Some(list) = places.get(text) {
                take(list);
            }
        };
        if let Some(peer) = &flow.peer {
            let peer = peer.without_scheme();
            look_up(&self.principals, peer);
            // Envoy looks for a namespace anywhere in the id.
            let mut parts = peer.split('/').peekable();
            while let Some(part) = parts.next() {
                if part == "ns"
                    && let Some(namespace) = parts.peek()
                {
                    look_up(&self.namespaces, namespace);
                }
            }
        }
        if let Some(http) = &flow.http {
            self.paths.look_up(http.path_only(), take);
        }
    }
}

/// Texts of which a request has one if the rule matches; `None`: nothing can be said.
fn keys(policy: &Policy, rule: &Rule) -> Option<Vec<Key>> {
    let of_groups = rule.groups().filter_map(|group| of_group(policy, group));
    of_groups.min_by(|left, right| {
        // What narrows least decides about a group.
        left.iter().max().cmp(&right.iter().max())
    })
}

/// Every alternative has to name one: any of them may be the one that holds.
fn of_group(policy: &Policy, group: Group<'_>) -> Option<Vec<Key>> {
    let of_alternatives: Option<Vec<Vec<Key>>> = group
        .alternatives()
        .map(|clauses| of_alternative(policy, clauses))
        .collect();
    let keys: Vec<Key> = of_alternatives?.into_iter().flatten().collect();
    (keys.len() <= MAX_KEYS).then_some(keys)
}

fn of_alternative(policy: &Policy, clauses: &[Clause]) -> Option<Vec<Key>> {
    let of_clauses = clauses.iter();
    let of_clauses = of_clauses.filter_map(|clause| of_clause(policy, clause));
    of_clauses.min_by(|left, right| left.iter().max().cmp(&right.iter().max()))
}

fn of_clause(policy: &Policy, clause: &Clause) -> Option<Vec<Key>> {
    if clause.negated {
        return None;
    }
    let want = &policy.origin(clause.id)?.want;
    let namespace = |value: &str| {
        let plain = !value.is_empty() && !value.contains(['*', '/']);
        plain.then(|| Key::Namespace(value.into()))
    };
    match clause.attribute {
        Attribute::SourceNamespace => return want.iter().map(|value| namespace(value)).collect(),
        Attribute::SourceServiceAccount => {
            let namespaces = want.iter().map(|value| value.split_once('/'));
            return namespaces.map(|split| namespace(split?.0)).collect();
        }
        _ => {}
    }
    let is_path = clause.attribute == Attribute::Path;
    clause
        .values
        .iter()
        .map(|value| match value {
            Matcher::Principal(StringMatch::Exact(text)) => Some(Key::Principal(text.clone())),
            Matcher::Text(StringMatch::Exact(text)) if is_path => Some(Key::Path(text.clone())),
            Matcher::Text(StringMatch::Prefix(text)) if is_path && !text.is_empty() => {
                Some(Key::PathPrefix(text.clone()))
            }
            _ => None,
        })
        .collect()
}
