//! A policy as one kind of proxy enforces it: rules of groups of alternatives of clauses, with ids instead of names.

use super::attribute::Attribute;
use super::clause::{Clause, ClauseId};
use super::loss::Loss;
use std::sync::{Arc, OnceLock};

use crate::flow::Flow;
use crate::resource::{Action, ObjectIndex};
use crate::trace::{Step, Trace, Truth, all, any, step};
use crate::wire::{Cause, ClauseField, ProviderAnswer, ProviderProtocol};

/// A policy as one kind of proxy enforces it. A copy shares what is compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy {
    /// The object it is made of.
    pub(crate) object: ObjectIndex,
    /// What a match means.
    pub(crate) action: Action,
    /// It is evaluated for the report only.
    pub(crate) dry_run: bool,
    /// What a verdict of it is called: authorization, or mTLS for a PeerAuthentication.
    pub(crate) cause: Cause,
    /// The external authorizer of a `CUSTOM` policy.
    pub(crate) provider: Option<Arc<Provider>>,
    /// What this proxy dropped.
    pub(crate) losses: Arc<[Loss]>,
    /// Rules in the order in which this proxy tries and reports them.
    pub(crate) rules: Arc<[Rule]>,
    /// The side table of the clauses: asked for explanations only.
    pub(super) origins: Arc<[ClauseOrigin]>,
    /// Its place among the policies of a chain.
    pub(super) order: Order,
}

/// An external authorizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    /// Its name in mesh configuration.
    pub(crate) name: String,
    /// What it answers.
    pub(crate) answer: ProviderAnswer,
    /// How it is asked; `None`: it is not declared.
    pub(crate) protocol: Option<ProviderProtocol>,
}

/// Where a clause comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClauseOrigin {
    /// The rule, by its place in the policy as written.
    pub(crate) rule: u32,
    /// Relative to the rule: `from[0].source.namespaces`. Shared, as the values are, with every answer that shows it.
    pub(crate) path: Arc<str>,
    /// The values as written.
    pub(crate) want: Arc<[String]>,
    /// What it asks about; what the request has of it is `attribute.observe(flow)`.
    pub(crate) attribute: Attribute,
    /// What answers say of it, once one has asked.
    pub(crate) field: OnceLock<Arc<ClauseField>>,
}

/// A place among the policies of a chain, where the proxy has an order of its own.
///
/// Envoy keeps the policies of a filter in a map and reports the first match in the byte order of
/// `ns[<namespace>]-policy[<name>]-rule[<index>]`, in which rule 10 comes before rule 1; external authorizers have a
/// filter each, in the order of their names. `istio/istio: pilot/pkg/security/authz/builder/builder.go` (policyName,
/// buildHTTP).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    provider: Arc<str>,
    policy: Arc<str>,
}

impl Order {
    pub(super) fn at_envoy(namespace: &str, name: &str, provider: Option<&Provider>) -> Self {
        Self {
            provider: provider
                .map(|provider| provider.name.as_str().into())
                .unwrap_or_default(),
            policy: format!("ns[{namespace}]-policy[{name}]").into(),
        }
    }

    /// Sorts the rules of one policy.
    pub(super) fn of_rule_at_envoy(index: u32) -> String {
        format!("{index}]")
    }
}

/// One rule: every group must hold. Its clauses lie in one row, in which groups and alternatives have their ends, so that
/// to walk many rules is to follow few pointers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Its place in the policy as written.
    pub(crate) index: u32,
    clauses: Box<[Clause]>,
    /// Where alternatives end among the clauses.
    alternatives: Box<[usize]>,
    /// Where groups end among the alternatives.
    groups: Box<[usize]>,
    /// Every group has one alternative, so that all clauses must hold.
    is_plain: bool,
}

/// `from`, `to` or one condition: one of the alternatives must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group<'r> {
    /// From the first clause of the group on.
    clauses: &'r [Clause],
    /// Where these begin in the rule.
    start: usize,
    ends: &'r [usize],
}

/// What is left of a policy at a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Some rule can match.
    Enforced,
    /// An `ALLOW` that can match nothing: everything in scope is denied.
    AllowsNothing,
    /// A policy of another action that can match nothing.
    Nothing,
}

impl Policy {
    /// Where a clause comes from; `None` for an id of another policy.
    pub(crate) fn origin(&self, id: ClauseId) -> Option<&ClauseOrigin> {
        self.origins.get(usize::try_from(id.0).ok()?)
    }

    /// The name under which Envoy knows it, less that of a rule: `ns[<namespace>]-policy[<name>]`.
    pub(crate) fn envoy_name(&self) -> &str {
        &self.order.policy
    }

    /// What is left of it.
    pub(crate) fn effect(&self) -> Effect {
        let can_match = self.rules.iter().any(|rule| {
            let mut groups = rule.groups();
            groups.all(|group| !group.is_empty())
        });
        match self.action {
            _ if can_match => Effect::Enforced,
            Action::Allow => Effect::AllowsNothing,
            Action::Deny | Action::Audit | Action::Custom => Effect::Nothing,
        }
    }

    /// Whether a rule matches, and the first one, in this proxy's order, that settles it.
    pub(crate) fn matches<T: Trace>(&self, flow: &Flow, trace: &mut T) -> (Truth, Option<u32>) {
        let mut settled = None;
        let truth = any(trace, self.rules.iter(), |trace, rule| {
            let truth = rule.matches(flow, trace);
            if truth > settled.map_or(Truth::No, |(truth, _)| truth) {
                settled = Some((truth, rule.index));
            }
            truth
        });
        (truth, settled.map(|(_, index)| index))
    }
}

impl Rule {
    /// A rule of groups of alternatives of clauses.
    pub(super) fn new(index: u32, groups: impl IntoIterator<Item = Vec<Vec<Clause>>>) -> Self {
        let (mut clauses, mut alternatives) = (Vec::new(), Vec::new());
        let mut ends = Vec::new();
        let mut is_plain = true;
        for group in groups {
            is_plain &= group.len() == 1;
            for mut alternative in group {
                clauses.append(&mut alternative);
                alternatives.push(clauses.len());
            }
            ends.push(alternatives.len());
        }
        Self {
            index,
            clauses: clauses.into(),
            alternatives: alternatives.into(),
            groups: ends.into(),
            is_plain,
        }
    }

    /// All clauses, in the order of groups and alternatives.
    pub(crate) fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The same, if all of them must hold; `None`: some group has a choice, or none.
    pub(super) fn plain(&self) -> Option<&[Clause]> {
        self.is_plain.then_some(&*self.clauses)
    }

    /// Whether it may match once clauses turn that are not `fixed`; `true` where groups have a choice.
    pub(super) fn can_turn(&self, flow: &Flow, fixed: &dyn Fn(&Clause) -> bool) -> bool {
        self.plain().is_none_or(|clauses| {
            let mut clauses = clauses.iter();
            clauses.all(|clause| !fixed(clause) || clause.holds(flow) == Truth::Yes)
        })
    }

    /// `from`, `to` and each condition.
    pub(crate) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let (mut first, mut start) = (0, 0);
        self.groups.iter().map(move |end| {
            let group = Group {
                clauses: self.clauses.get(start..).unwrap_or_default(),
                start,
                ends: self.alternatives.get(first..*end).unwrap_or_default(),
            };
            first = *end;
            start = group.ends.last().copied().unwrap_or(start);
            group
        })
    }

    fn matches<T: Trace>(&self, flow: &Flow, trace: &mut T) -> Truth {
        step(trace, Step::Rule(self.index), |trace| {
            // The minimum of minima: no other truth, and no other steps, than by groups.
            if let Some(clauses) = self.plain() {
                return hold(clauses, flow, trace);
            }
            all(trace, self.groups(), |trace, group| {
                any(trace, group.alternatives(), |trace, clauses| {
                    hold(clauses, flow, trace)
                })
            })
        })
    }
}

impl<'r> Group<'r> {
    /// Whether it has no alternative, so that it never holds.
    pub(crate) fn is_empty(self) -> bool {
        self.ends.is_empty()
    }

    /// Entries of `from` or `to`, or all of a condition: all clauses of one must hold.
    pub(crate) fn alternatives(self) -> impl Iterator<Item = &'r [Clause]> {
        let mut rest = self.clauses;
        let mut start = self.start;
        self.ends.iter().map(move |end| {
            let length = end.saturating_sub(start);
            start = *end;
            let (alternative, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            alternative
        })
    }
}

/// Whether all clauses of an alternative hold.
pub(super) fn hold<T: Trace>(clauses: &[Clause], flow: &Flow, trace: &mut T) -> Truth {
    all(trace, clauses, |trace, clause| {
        let truth = clause.holds(flow);
        trace.leaf(Step::Clause(clause.id.0), truth);
        truth
    })
}
