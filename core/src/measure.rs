//! What benchmarks measure: the decision of the policies of one proxy, taken again and again. No part of the API.

use crate::authz::{Authentication, Policy, PolicySet};
use crate::eval;
use crate::flow::Flow;
use crate::model::Model;
use crate::trace::{Log, NoTrace, Trace};
use crate::wire::{self, Verdict};

/// The policies of one proxy, and what it sees of one request.
pub struct Prepared<'m> {
    indexed: &'m PolicySet,
    walked: PolicySet,
    policies: &'m [Policy],
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
