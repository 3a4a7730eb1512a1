//! Which clauses stand between a request and another verdict: what would have to hold for a rule to match, and what
//! would have to fail for it to match no more.

use super::attribute::Attribute;
use super::clause::Clause;
use super::policy::{ClauseOrigin, Group, Policy, Rule};
use super::policy_set::PolicySet;
use crate::flow::Flow;
use crate::resource::ObjectIndex;
use crate::trace::{NoTrace, Truth};

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

/// A rule that lacks little.
#[derive(Clone, Debug)]
pub(crate) struct Near<'p> {
    /// Its policy.
    pub(crate) policy: ObjectIndex,
    /// Its place there.
    pub(crate) rule: u32,
    /// The fewest clauses that must turn for it to match.
    pub(crate) levers: Vec<Lever<'p>>,
}

impl PolicySet {
    /// For each rule of each `ALLOW` policy that counts, in the order of evaluation: the fewest clauses that must turn for
    /// it to match.
    pub(crate) fn missing<'p>(
        &self,
        policies: &'p [Policy],
        flow: &Flow,
    ) -> impl Iterator<Item = Near<'p>> {
        self.allowing(policies)
            .filter(|policy| !policy.dry_run)
            .flat_map(move |policy| {
                policy.rules.iter().filter_map(move |rule| {
                    Some(Near {
                        policy: policy.object,
                        rule: rule.index,
                        levers: policy.missing(rule, flow)?,
                    })
                })
            })
    }
}

impl Near<'_> {
    /// Where the clauses stand, relative to the rule.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.levers.iter().map(|lever| lever.path)
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

    /// `None`: nothing that a request says makes the rule match.
    fn missing(&self, rule: &Rule, flow: &Flow) -> Option<Vec<Lever<'_>>> {
        let mut levers = Vec::new();
        for group in &rule.groups {
            let failing = |clauses: &'_ [Clause]| -> usize {
                clauses
                    .iter()
                    .filter(|clause| clause.holds(flow) != Truth::Yes)
                    .count()
            };
            let nearest = group
                .alternatives
                .iter()
                .min_by_key(|alternative| failing(&alternative.clauses))?;
            for clause in &nearest.clauses {
                if clause.holds(flow) != Truth::Yes {
                    levers.push(self.lever(clause, !clause.negated)?);
                }
            }
        }
        Some(levers)
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
