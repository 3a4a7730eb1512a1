//! What benchmarks measure: the decision of the policies of one proxy, its choice of a route, and the answer to one
//! request, taken again and again. No part of the API.

use crate::authz::{Authentication, PolicySet, Table};
use crate::eval;
use crate::explain;
use crate::flow::Flow;
use crate::model::Model;
use crate::route::RouteTable;
use crate::trace::{Log, NoTrace, Trace};
use crate::wire::{self, Verdict};

/// The policies of one proxy, and what it sees of one request.
pub struct Prepared<'m> {
    indexed: &'m PolicySet,
    walked: PolicySet,
    policies: Table<'m>,
    flow: Flow,
}

/// The first proxy with policies on the way of a request; `None`: there is none.
pub(crate) fn prepare<'m>(model: &'m Model, request: &wire::Request) -> Option<Prepared<'m>> {
    let call = eval::resolve(model, request).ok()?;
    let outcome = eval::evaluate::<NoTrace>(model, &call);
    outcome.hops.into_iter().find_map(|hop| {
        let (indexed, policies) = model.policies.of(hop.chain?, hop.flow.http.is_some())?;
        Some(Prepared {
            indexed,
            walked: indexed.clone().without_index(),
            policies,
            flow: hop.flow,
        })
    })
}

/// The routes of one proxy, and what it sees of one request.
pub struct PreparedRoutes<'m> {
    indexed: &'m RouteTable,
    walked: RouteTable,
    flow: Flow,
}

/// The first proxy with routes on the way of a request; `None`: there is none.
pub(crate) fn prepare_routes<'m>(
    model: &'m Model,
    request: &wire::Request,
) -> Option<PreparedRoutes<'m>> {
    let call = eval::resolve(model, request).ok()?;
    let outcome = eval::evaluate::<NoTrace>(model, &call);
    outcome.hops.into_iter().find_map(|hop| {
        Some(PreparedRoutes {
            indexed: hop.table?,
            walked: hop.table?.clone().without_index(),
            flow: hop.flow,
        })
    })
}

impl PreparedRoutes<'_> {
    /// The rule that takes the request, by its place in its route, as batches find it.
    pub fn indexed(&self) -> Option<usize> {
        self.choose(self.indexed, &mut NoTrace)
    }

    /// The same from the top, one by one, as Envoy searches.
    pub fn walked(&self) -> Option<usize> {
        self.choose(&self.walked, &mut NoTrace)
    }

    /// The same with a line for every condition that was tried, from which explanations are made.
    pub fn logged(&self) -> Option<usize> {
        self.choose(&self.walked, &mut Log::default())
    }

    fn choose<T: Trace>(&self, table: &RouteTable, trace: &mut T) -> Option<usize> {
        Some(table.choose(&self.flow, trace)?.rule)
    }
}

/// One request, asked in ever more detail.
pub struct Asked<'m> {
    model: &'m Model,
    request: &'m wire::Request,
}

/// A request that resolves; `None`: it does not.
pub(crate) fn ask<'m>(model: &'m Model, request: &'m wire::Request) -> Option<Asked<'m>> {
    eval::resolve(model, request).ok()?;
    Some(Asked { model, request })
}

impl Asked<'_> {
    /// The verdict alone: who calls what, the way, every policy and route on it.
    pub fn verdict(&self) -> Option<Verdict> {
        let call = eval::resolve(self.model, self.request).ok()?;
        Some(eval::evaluate::<NoTrace>(self.model, &call).verdict)
    }

    /// The same with a line for every step, from which an explanation is made.
    pub fn logged(&self) -> Option<Verdict> {
        let call = eval::resolve(self.model, self.request).ok()?;
        Some(eval::evaluate::<Log>(self.model, &call).verdict)
    }

    /// The contract's answer: hops, every policy with every clause, the reason.
    pub fn explained(&self) -> Option<wire::Answer> {
        let call = eval::resolve(self.model, self.request).ok()?;
        let outcome = eval::evaluate::<Log>(self.model, &call);
        let refusal = eval::Refusal::of(self.model, &outcome);
        let answer = explain::answer(self.model, self.request, &outcome, refusal.as_ref());
        Some(answer)
    }
}

impl Prepared<'_> {
    /// The decision as batches take it.
    pub fn indexed(&self) -> Verdict {
        self.decide(self.indexed, &mut NoTrace)
    }

    /// The same over all policies, one by one.
    pub fn walked(&self) -> Verdict {
        self.decide(&self.walked, &mut NoTrace)
    }

    /// The same with a line for every clause, from which explanations are made.
    pub fn logged(&self) -> Verdict {
        self.decide(self.indexed, &mut Log::default())
    }

    fn decide<T: Trace>(&self, set: &PolicySet, trace: &mut T) -> Verdict {
        let authentication = Authentication::Passed;
        set.decide(self.policies, &self.flow, authentication, trace)
            .verdict
    }
}
