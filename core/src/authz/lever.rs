//! Which clauses stand between a request and another verdict: what would have to hold for a rule to match, and what
//! would have to fail for it to match no more.

use std::sync::Arc;

use super::attribute::Attribute;
use super::clause::Clause;
use super::policy::{Alternative, ClauseOrigin, Group, Policy, Rule};
use super::table::Table;
use crate::flow::Flow;
use crate::resource::Action;
use crate::trace::{Entry, Log, NoTrace, Truth, children};

/// One clause that has to turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lever<'p> {
    /// What it asks about.
    pub(crate) attribute: &'p Attribute,
    /// Its values as written.
    pub(crate) want: &'p [String],
    /// Where they stand, relative to the rule.
    pub(crate) path: &'p str,
    /// Whether the request must become one of the values, or none of them.
    pub(crate) match_one: bool,
}

/// A rule of an `ALLOW` policy, and how it was evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Near<'p> {
    /// Its policy.
    pub(crate) policy: &'p Policy,
    rule: &'p Rule,
    /// A step for each of its clauses.
    clauses: &'p [Entry],
    /// The fewest clauses that must turn for it to match.
    pub(crate) lacking: usize,
}

impl<'p> Table<'p> {
    /// The rules of each `ALLOW` policy that counts, in the order of evaluation; but none that nothing which a request says
    /// makes match.
    pub(crate) fn near(self, log: &'p Log) -> impl Iterator<Item = Near<'p>> {
        let policies = self.logged(log);
        policies
            .filter(|(policy, ..)| policy.action == Action::Allow && !policy.dry_run)
            .flat_map(|(policy, _, rules, offset)| {
                let rules = policy.rules.iter().zip(children(rules, offset));
                rules.filter_map(|(rule, (_, clauses, _))| Near::of(policy, rule, clauses))
            })
    }
}

impl<'p> Near<'p> {
    /// `None`: nothing that a request says makes the rule match.
    pub(crate) fn of(policy: &'p Policy, rule: &'p Rule, clauses: &'p [Entry]) -> Option<Self> {
        let mut near = Self {
            policy,
            rule,
            clauses,
            lacking: 0,
        };
        near.lacking = near.each(|_| ())?;
        Some(near)
    }

    /// The place of the rule in the policy as written.
    pub(crate) fn rule(&self) -> u32 {
        self.rule.index
    }

    /// The fewest clauses that must turn, of several alternatives those of the first that lacks least.
    pub(crate) fn levers(&self) -> Vec<Lever<'p>> {
        let mut levers = Vec::with_capacity(self.lacking);
        self.each(|clause| levers.extend(self.policy.lever(clause, !clause.negated)));
        levers
    }

    /// Where these stand, relative to the rule.
    pub(crate) fn paths(&self) -> Vec<Arc<str>> {
        let mut paths = Vec::with_capacity(self.lacking);
        self.each(|clause| {
            let origin = self.policy.origin(clause.id);
            paths.extend(origin.map(|origin| Arc::clone(&origin.path)));
        });
        paths
    }

    /// Visits the clauses that must turn, and counts them.
    fn each(&self, mut visit: impl FnMut(&'p Clause)) -> Option<usize> {
        let mut steps = self.clauses;
        let mut lacking = 0;
        for group in &self.rule.groups {
            let mut nearest: Option<(usize, &'p [Clause], &'p [Entry])> = None;
            for Alternative { clauses } in &group.alternatives {
                // All clauses have their step, in the order of the rule.
                let (tried, rest) = steps.split_at_checked(clauses.len())?;
                steps = rest;
                let failing = tried.iter().filter(|step| step.truth != Truth::Yes).count();
                if nearest.is_none_or(|(fewest, ..)| failing < fewest) {
                    nearest = Some((failing, clauses, tried));
                }
            }
            let (failing, clauses, tried) = nearest?;
            lacking += failing;
            for (clause, _) in clauses
                .iter()
                .zip(tried)
                .filter(|(_, step)| step.truth != Truth::Yes)
            {
                visit(clause);
            }
        }
        Some(lacking)
    }
}

impl Policy {
    /// The clauses of a rule that matches each of which, turned, makes it match no more.
    pub(crate) fn holding(&self, rule: u32, flow: &Flow) -> Vec<Lever<'_>> {
        let rule = self.rules.iter().find(|candidate| candidate.index == rule);
        let groups = rule.map(|rule| rule.groups.as_slice()).unwrap_or_default();
        groups
            .iter()
            .filter_map(|group| only(group, flow))
            .flatten()
            .filter_map(|clause| self.lever(clause, clause.negated))
            .collect()
    }

    fn lever(&self, clause: &Clause, match_one: bool) -> Option<Lever<'_>> {
        let ClauseOrigin {
            attribute,
            want,
            path,
            ..
        } = self.origin(clause.id)?;
        Some(Lever {
            attribute,
            want,
            path,
            match_one,
        })
    }
}

/// The clauses of the one alternative of a group that holds; where several hold, turning one changes nothing.
fn only<'p>(group: &'p Group, flow: &Flow) -> Option<&'p [Clause]> {
    let mut holding = group
        .alternatives
        .iter()
        .filter(|alternative| alternative.holds(flow, &mut NoTrace) == Truth::Yes);
    match (holding.next(), holding.next()) {
        (Some(only), None) => Some(&only.clauses),
        _ => None,
    }
}
