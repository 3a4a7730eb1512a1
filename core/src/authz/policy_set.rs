//! All policies of one chain, and their decision. The order of the phases is that of Envoy's filters: `CUSTOM`, token
//! check, `AUDIT`, `DENY`, `ALLOW` (`istio/istio: pilot/pkg/networking/core/listener_waypoint.go`
//! (buildWaypointHTTPFilters), `pilot/pkg/security/authz/builder/builder.go` (build)); a ztunnel has the last two only
//! (`istio/ztunnel: src/state.rs` (assert_rbac)).
//!
//! An [`Index`] over principals, namespaces and paths filters the lists that are walked; a log has to list every policy,
//! so it goes past the index.

use std::sync::{Arc, OnceLock};

use super::attribute::Attribute;
use super::clause::Clause;
use super::compile::Enforcer;
use super::decision::{Authentication, Deciding, Decision, Opinions};
use super::index::Index;
use super::policy::{Effect, Policy, Provider};
use super::table::Table;
use crate::flow::Flow;
use crate::resource::Action;
use crate::trace::{Log, Step, Trace, Truth, any, step};
use crate::wire::{Cause, PolicyText, ProviderAnswer, ProviderProtocol, Verdict};

/// The policies of one chain, by place in a table that is shared by many sets. Each list is in the order in which the
/// proxy tries and reports them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PolicySet {
    custom: Phase,
    audit: Phase,
    deny: Phase,
    allow: Phase,
    /// The `CUSTOM` policies name several external authorizers, which Envoy is not configured for: what matches is
    /// refused.
    conflicting_providers: bool,
    /// An HTTP authorizer cannot be asked about bytes.
    tcp: bool,
    /// How many steps a log of all of them has.
    steps: usize,
    /// What answers say of the policies, once one has asked.
    texts: OnceLock<Texts>,
}

/// What answers say of policies whatever becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The policies, in the order of evaluation.
    pub(crate) policies: Arc<[PolicyText]>,
    /// What their clauses ask about, each once, and whether in front of the token check, as `CUSTOM` policies do.
    pub(crate) asked: Vec<(Attribute, bool)>,
}

/// The policies of one action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Phase {
    /// In the order in which the proxy tries and reports them.
    members: Vec<u32>,
    /// `None`: they are few.
    index: Option<Index>,
}

impl Phase {
    fn policies<'p>(&self, policies: Table<'p>) -> impl Iterator<Item = &'p Policy> {
        let members = self.members.iter();
        members.filter_map(move |index| policies.get(*index))
    }
}

impl PolicySet {
    /// A set of members of `policies`, all compiled for `enforcer`.
    pub(crate) fn new(
        enforcer: Enforcer,
        policies: &[Policy],
        members: impl IntoIterator<Item = u32>,
    ) -> Self {
        let policies = Table::from(policies);
        let mut set = Self {
            tcp: enforcer == Enforcer::Tcp,
            ..Self::default()
        };
        let mut members: Vec<(u32, &Policy)> = members
            .into_iter()
            .filter_map(|index| Some((index, policies.get(index)?)))
            .collect();
        // Ztunnel's order is the one given: all its policies have the same.
        members.sort_by(|(_, a), (_, b)| a.order.cmp(&b.order));
        let mut first_provider: Option<&Provider> = None;
        for (index, policy) in members {
            if enforcer == Enforcer::Ztunnel && !super::is_sent(policy.action, policy.dry_run) {
                continue;
            }
            if let Some(provider) = &policy.provider {
                set.conflicting_providers |=
                    first_provider.get_or_insert(provider).name != provider.name;
            }
            set.steps += 1 + policy.rules.len() + policy.origins.len();
            match policy.action {
                Action::Custom => &mut set.custom,
                Action::Audit => &mut set.audit,
                Action::Deny => &mut set.deny,
                Action::Allow => &mut set.allow,
            }
            .members
            .push(index);
        }
        for phase in [&mut set.custom, &mut set.deny, &mut set.allow] {
            let members: Vec<&Policy> = phase.policies(policies).collect();
            phase.index = Index::new(members.into_iter());
        }
        set
    }

    /// The policies of one phase, in the order in which the proxy tries them.
    pub(crate) fn of<'p>(
        &self,
        action: Action,
        policies: Table<'p>,
    ) -> impl Iterator<Item = &'p Policy> {
        let phase = match action {
            Action::Custom => &self.custom,
            Action::Audit => &self.audit,
            Action::Deny => &self.deny,
            Action::Allow => &self.allow,
        };
        phase.policies(policies)
    }

    /// The same policies, walked one by one: what an index is measured against.
    pub(crate) fn without_index(mut self) -> Self {
        for phase in [&mut self.custom, &mut self.deny, &mut self.allow] {
            phase.index = None;
        }
        self
    }

    /// What answers say of the policies; `word` is asked once.
    pub(crate) fn texts(&self, word: impl FnOnce() -> Texts) -> &Texts {
        self.texts.get_or_init(word)
    }

    /// The members, in the order of evaluation.
    pub(crate) fn members(&self) -> impl Iterator<Item = u32> {
        [&self.custom, &self.audit, &self.deny, &self.allow]
            .into_iter()
            .flat_map(|phase| phase.members.iter().copied())
    }

    /// What the policies come to. `policies` is the table that the set was made for.
    pub(crate) fn decide<T: Trace>(
        &self,
        policies: Table<'_>,
        flow: &Flow,
        authentication: Authentication,
        trace: &mut T,
    ) -> Decision {
        self.decide_behind_check(policies, flow, flow, authentication, trace)
    }

    /// The same, where the token check has changed the request: `CUSTOM` policies stand in front of it and see `arrived`.
    pub(crate) fn decide_behind_check<T: Trace>(
        &self,
        policies: Table<'_>,
        arrived: &Flow,
        flow: &Flow,
        authentication: Authentication,
        trace: &mut T,
    ) -> Decision {
        trace.expect(self.steps);
        let mut opinions = Opinions::default();
        if let Some((policy, matched)) = first_match(&self.custom, policies, arrived, trace)
            && let Some(verdict) = self.external_verdict(policy, matched.truth)
        {
            opinions.add(verdict, matched.deciding(policy));
        }
        match authentication {
            Authentication::Passed => {}
            Authentication::Refused { by } => opinions.add(Verdict::Deny, token(by)),
            Authentication::Unknown { by } => opinions.add(Verdict::Unknown, token(by)),
        }
        if T::EXHAUSTIVE {
            // An AUDIT policy marks requests and has no say.
            let _ = first_match(&self.audit, policies, flow, trace);
        }
        if opinions.are_settled() && !T::EXHAUSTIVE {
            return opinions.into_decision();
        }
        if let Some((policy, matched)) = first_match(&self.deny, policies, flow, trace) {
            opinions.add(matched.truth.refusal(), matched.deciding(policy));
        }
        if opinions.are_settled() && !T::EXHAUSTIVE {
            return opinions.into_decision();
        }
        match first_match(&self.allow, policies, flow, trace) {
            Some((policy, matched)) => {
                opinions.add(matched.truth.admission(), matched.deciding(policy))
            }
            None => {
                let mut enforced = self
                    .allow
                    .policies(policies)
                    .filter(|policy| !policy.dry_run);
                if let Some(first) = enforced.next() {
                    let only = enforced.next().is_none() && first.effect() == Effect::Enforced;
                    opinions.add(
                        Verdict::Deny,
                        Deciding {
                            cause: Cause::Default,
                            policy: only.then_some(first.object),
                            rule: None,
                        },
                    );
                }
            }
        }
        opinions.into_decision()
    }

    /// Logs how the `ALLOW` policies are evaluated, but those of which each rule has a clause that is `fixed` and would
    /// have to turn for it to match.
    pub(crate) fn log_allowing(
        &self,
        policies: Table<'_>,
        flow: &Flow,
        fixed: &dyn Fn(&Clause) -> bool,
        log: &mut Log,
    ) {
        for member in &self.allow.members {
            if let Some(policy) = policies.get(*member)
                && policy.rules.iter().any(|rule| rule.can_turn(flow, fixed))
            {
                evaluate(*member, policy, flow, log);
            }
        }
    }

    /// What comes of a `CUSTOM` policy that matches; `None`: the request passes.
    fn external_verdict(&self, policy: &Policy, matched: Truth) -> Option<Verdict> {
        let provider = policy.provider.as_ref()?;
        if self.conflicting_providers {
            return Some(matched.refusal());
        }
        if self.tcp && provider.protocol == Some(ProviderProtocol::Http) {
            return None;
        }
        match provider.answer {
            ProviderAnswer::Allow => None,
            ProviderAnswer::Deny => Some(matched.refusal()),
            ProviderAnswer::Unknown => Some(Verdict::Unknown),
        }
    }
}

/// How a policy matched.
#[derive(Clone, Copy)]
struct Matched {
    truth: Truth,
    rule: Option<u32>,
}

impl Matched {
    fn deciding(self, policy: &Policy) -> Deciding {
        Deciding {
            cause: policy.cause,
            policy: Some(policy.object),
            // The rules of a PeerAuthentication are istiod's, not the user's.
            rule: self.rule.filter(|_| policy.cause == Cause::Authorization),
        }
    }
}

impl Truth {
    /// What a match of this truth means where it refuses.
    fn refusal(self) -> Verdict {
        match self {
            Self::Yes => Verdict::Deny,
            Self::Unknown => Verdict::Unknown,
            Self::No => Verdict::Allow,
        }
    }

    /// What a match of this truth means where it admits.
    fn admission(self) -> Verdict {
        match self {
            Self::Yes => Verdict::Allow,
            Self::Unknown => Verdict::Unknown,
            Self::No => Verdict::Deny,
        }
    }
}

fn token(by: Option<crate::resource::ObjectIndex>) -> Deciding {
    Deciding {
        cause: Cause::Authentication,
        policy: by,
        rule: None,
    }
}

/// Whether any policy of one phase matches: the first that settles it. A policy on a dry run is evaluated for the log
/// and does not count.
fn first_match<'a, T: Trace>(
    phase: &Phase,
    policies: Table<'a>,
    flow: &Flow,
    trace: &mut T,
) -> Option<(&'a Policy, Matched)> {
    if let Some(index) = phase.index.as_ref().filter(|_| !T::EXHAUSTIVE) {
        return first_candidate(index, phase, policies, flow, trace);
    }
    let mut settled: Option<(&Policy, Matched)> = None;
    let members = phase
        .members
        .iter()
        .filter_map(|index| Some((*index, policies.get(*index)?)))
        .filter(|(_, policy)| T::EXHAUSTIVE || !policy.dry_run);
    any(trace, members, |trace, (index, policy)| {
        let matched = evaluate(index, policy, flow, trace);
        if policy.dry_run {
            return Truth::No;
        }
        if matched.truth > settled.map_or(Truth::No, |(_, matched)| matched.truth) {
            settled = Some((policy, matched));
        }
        matched.truth
    });
    settled
}

/// The same among those that an index does not rule out: the lists are walked one after the other, and the first place
/// counts.
fn first_candidate<'a, T: Trace>(
    index: &Index,
    phase: &Phase,
    policies: Table<'a>,
    flow: &Flow,
    trace: &mut T,
) -> Option<(&'a Policy, Matched)> {
    let mut settled: Option<(u32, &Policy, Matched)> = None;
    let mut consider = |places: &[u32]| {
        for place in places {
            let certain = |matched: Matched| matched.truth == Truth::Yes;
            if settled.is_some_and(|(first, _, matched)| certain(matched) && first <= *place) {
                return;
            }
            let member = usize::try_from(*place).ok();
            let member = member.and_then(|place| phase.members.get(place));
            let Some((member, policy)) = member.and_then(|it| Some((*it, policies.get(*it)?)))
            else {
                continue;
            };
            if policy.dry_run {
                continue;
            }
            let matched = evaluate(member, policy, flow, trace);
            let better = match settled {
                None => matched.truth > Truth::No,
                Some((first, _, best)) => {
                    matched.truth > best.truth || (matched.truth == best.truth && *place < first)
                }
            };
            if better {
                settled = Some((*place, policy, matched));
            }
        }
    };
    index.candidates(flow, &mut consider);
    // The index knows what was there before.
    for replaced in policies.replaced() {
        let place = phase.members.iter().position(|member| *member == replaced);
        if let Some(place) = place.and_then(|place| u32::try_from(place).ok()) {
            consider(&[place]);
        }
    }
    settled.map(|(_, policy, matched)| (policy, matched))
}

/// One policy, under watch.
fn evaluate<T: Trace>(member: u32, policy: &Policy, flow: &Flow, trace: &mut T) -> Matched {
    let mut rule = None;
    let truth = step(trace, Step::Policy(member), |trace| {
        let (truth, first) = policy.matches(flow, trace);
        rule = first;
        truth
    });
    Matched { truth, rule }
}
