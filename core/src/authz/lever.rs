//! Which clauses stand between a request and another verdict: what would have to hold for a rule to match, and what
//! would have to fail for it to match no more.

use super::attribute::Attribute;
use super::clause::Clause;
use super::policy::{ClauseOrigin, Group, Policy, Rule, hold};
use super::table::Table;
use crate::flow::Flow;
use crate::resource::Action;
use crate::trace::{Entry, Log, NoTrace, Step, Truth};

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
    steps: &'p [Entry],
    /// The fewest clauses that must turn for it to match.
    pub(crate) lacking: usize,
    /// Its place among all rules of the log.
    pub(crate) place: usize,
}

impl<'p> Table<'p> {
    /// The rules of each `ALLOW` policy that counts, in the order of evaluation; but none that nothing which a request says
    /// makes match.
    pub(crate) fn near(self, log: &'p Log) -> Vec<Near<'p>> {
        let mut found = Vec::new();
        let mut place = 0;
        let mut policy: Option<&Policy> = None;
        let mut rules = [].iter();
        let mut steps = log.entries();
        // A log holds every rule of a policy and every clause of a rule, in their order.
        while let Some((entry, inner)) = steps.split_first() {
            steps = inner;
            if let Step::Policy(place) = entry.step {
                let entered = self.get(place);
                rules = entered
                    .map(|policy| policy.rules.iter())
                    .unwrap_or_default();
                policy = entered.filter(|policy| policy.action == Action::Allow && !policy.dry_run);
                continue;
            }
            let Some(rule) = rules.next() else {
                continue;
            };
            let of_rule = inner.split_at_checked(rule.clauses().len());
            let (clauses, behind) = of_rule.unwrap_or_default();
            if let Some(policy) = policy {
                found.extend(Near::of(policy, rule, clauses, place));
            }
            steps = behind;
            place += 1;
        }
        found
    }
}

impl<'p> Near<'p> {
    /// `None`: nothing that a request says makes the rule match.
    fn of(policy: &'p Policy, rule: &'p Rule, steps: &'p [Entry], place: usize) -> Option<Self> {
        let mut near = Self {
            policy,
            rule,
            steps,
            lacking: 0,
            place,
        };
        near.lacking = match rule.plain() {
            Some(_) => steps.iter().filter(|step| step.truth != Truth::Yes).count(),
            None => near.each(|_, _| ())?,
        };
        Some(near)
    }

    /// The place of the rule in the policy as written.
    pub(crate) fn rule(&self) -> u32 {
        self.rule.index
    }

    /// The fewest clauses that must turn, of several alternatives those of the first that lacks least.
    pub(crate) fn levers(&self) -> Vec<Lever<'p>> {
        let mut levers = Vec::with_capacity(self.lacking);
        self.each(|_, clause| levers.extend(self.policy.lever(clause, !clause.negated)));
        levers
    }

    /// Whether something holds of a clause that must turn.
    pub(crate) fn any(&self, holds: impl Fn(&Clause) -> bool) -> bool {
        let mut any = false;
        self.each(|_, clause| any = any || holds(clause));
        any
    }

    /// Visits the clauses that must turn, each with its place in the rule, and counts them.
    pub(crate) fn each(&self, mut visit: impl FnMut(usize, &'p Clause)) -> Option<usize> {
        let mut start = 0;
        let mut lacking = 0;
        if let Some(clauses) = self.rule.plain() {
            for (place, clause) in self.failing(start, clauses) {
                visit(place, clause);
                lacking += 1;
            }
            return Some(lacking);
        }
        for group in self.rule.groups() {
            let mut nearest: Option<(usize, usize, &'p [Clause])> = None;
            for clauses in group.alternatives() {
                // All clauses have their step, in the order of the rule.
                let failing = self.failing(start, clauses).count();
                if nearest.is_none_or(|(fewest, ..)| failing < fewest) {
                    nearest = Some((failing, start, clauses));
                }
                start += clauses.len();
            }
            let (failing, start, clauses) = nearest?;
            lacking += failing;
            for (place, clause) in self.failing(start, clauses) {
                visit(place, clause);
            }
        }
        Some(lacking)
    }

    /// Those of an alternative's clauses that do not hold, each with its place in the rule.
    fn failing(
        &self,
        start: usize,
        clauses: &'p [Clause],
    ) -> impl Iterator<Item = (usize, &'p Clause)> {
        let steps = self.steps.get(start..).unwrap_or_default();
        let tried = (start..).zip(clauses).zip(steps);
        tried.filter_map(|(clause, step)| (step.truth != Truth::Yes).then_some(clause))
    }
}

impl Policy {
    /// The clauses of a rule that matches each of which, turned, makes it match no more.
    pub(crate) fn holding(&self, rule: u32, flow: &Flow) -> Vec<Lever<'_>> {
        let rule = self.rules.iter().find(|candidate| candidate.index == rule);
        let groups = rule.into_iter().flat_map(Rule::groups);
        groups
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
fn only<'p>(group: Group<'p>, flow: &Flow) -> Option<&'p [Clause]> {
    let alternatives = group.alternatives();
    let mut holding =
        alternatives.filter(|clauses| hold(clauses, flow, &mut NoTrace) == Truth::Yes);
    match (holding.next(), holding.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
