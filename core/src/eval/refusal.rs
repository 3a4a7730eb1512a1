//! What refuses a request, where policies do: the proxy, and how near each rule came to allowing it.

use super::evaluate::{HopOutcome, Outcome, handshake};
use crate::authz::{Clause, Deciding, Lever, Near, PolicySet, Table};
use crate::flow::Flow;
use crate::model::{Chain, Model};
use crate::resource::ObjectIndex;
use crate::trace::{Log, NoTrace};
use crate::wire::{Cause, HopVerdict, Verdict};

/// The first proxy that refuses.
fn refusing<'o, 'm, T>(outcome: &'o Outcome<'m, T>) -> Option<&'o HopOutcome<'m, T>> {
    let mut hops = outcome.hops.iter();
    hops.find(|hop| hop.verdict == HopVerdict::Deny)
}

/// What of a proxy's policies refuses.
fn by_policies<T>(outcome: &Outcome<'_, T>) -> Option<Deciding> {
    let by = outcome.decided?.by;
    let is_one = matches!(by.cause, Cause::Authorization | Cause::Default);
    (outcome.verdict == Verdict::Deny && is_one).then_some(by)
}

/// Policies that refuse a request.
pub(crate) struct Refusal<'o> {
    /// What their proxy sees.
    pub(crate) flow: &'o Flow,
    /// How they were evaluated.
    log: &'o Log,
    chain: Chain,
    /// The policies of the proxy.
    pub(crate) set: &'o PolicySet,
    /// The table that these are in.
    pub(crate) table: Table<'o>,
    by: Deciding,
    /// The rules of which one would have to match, as they are tried; none where a rule refuses.
    pub(crate) near: Vec<Near<'o>>,
}

impl<'o> Refusal<'o> {
    /// `None`: it is not refused, or not by authorization policies.
    pub(crate) fn of(model: &'o Model, outcome: &'o Outcome<'_, Log>) -> Option<Self> {
        let hop = refusing(outcome)?;
        Self::at(
            model,
            by_policies(outcome)?,
            hop.chain?,
            &hop.flow,
            &hop.policies,
        )
    }

    /// The same of an outcome without a log: what could allow the request is logged now, but for rules with a clause that
    /// is `fixed` and would have to turn.
    pub(crate) fn of_unlogged(
        model: &'o Model,
        outcome: &'o Outcome<'_, NoTrace>,
        fixed: &dyn Fn(&Clause) -> bool,
        log: &'o mut Log,
    ) -> Option<Self> {
        let (hop, by) = (refusing(outcome)?, by_policies(outcome)?);
        // Behind a handshake that fails no policy is asked.
        if by.rule.is_none() && hop.by != handshake() {
            let (set, table) = model.policies.of(hop.chain?, hop.flow.http.is_some())?;
            set.log_allowing(table, &hop.flow, fixed, log);
        }
        Self::at(model, by, hop.chain?, &hop.flow, log)
    }

    fn at(
        model: &'o Model,
        by: Deciding,
        chain: Chain,
        flow: &'o Flow,
        log: &'o Log,
    ) -> Option<Self> {
        let (set, table) = model.policies.of(chain, flow.http.is_some())?;
        Some(Self {
            flow,
            log,
            chain,
            set,
            table,
            by,
            near: match by.policy.zip(by.rule) {
                Some(_) => Vec::new(),
                None => table.near(log),
            },
        })
    }

    /// Why the same proxy refuses once the rule does so no more: no rule allows. `None`: something else refuses then.
    pub(crate) fn then_by<T>(&self, then: &Outcome<'_, T>) -> Option<Deciding> {
        let by = then.decided?.by;
        let is_here = refusing(then)?.chain == Some(self.chain);
        let is_default = then.verdict == Verdict::Deny && by.cause == Cause::Default;
        (self.rule().is_some() && is_here && is_default).then_some(by)
    }

    /// That refusal: what was logged of the `ALLOW` rules, which are as they were, still holds.
    pub(crate) fn then(&self, by: Deciding) -> Self {
        Self {
            near: self.table.near(self.log),
            by,
            ..*self
        }
    }

    /// The rule that refuses; `None`: no rule allows.
    pub(crate) fn rule(&self) -> Option<(ObjectIndex, u32)> {
        self.by.policy.zip(self.by.rule)
    }

    /// The clauses of that rule each of which, turned, makes it match no more.
    pub(crate) fn holding(&self, (object, rule): (ObjectIndex, u32)) -> Vec<Lever<'o>> {
        let policy = self.table.find(object);
        policy
            .map(|policy| policy.holding(rule, self.flow))
            .unwrap_or_default()
    }

    /// The near rules, those that lack least first.
    pub(crate) fn nearest(&self) -> impl Iterator<Item = &Near<'o>> {
        let most = self.near.iter().map(|near| near.lacking).max();
        let all = most.into_iter().flat_map(|most| 0..=most);
        all.flat_map(|lacking| {
            let near = self.near.iter();
            near.filter(move |near| near.lacking == lacking)
        })
    }

    /// Whether it is a hop that refuses.
    pub(crate) fn is_at(&self, hop: &HopOutcome<'_, Log>) -> bool {
        std::ptr::eq(self.log, &hop.policies)
    }
}
