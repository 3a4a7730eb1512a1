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

/// One rule: every group must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Its place in the policy as written.
    pub(crate) index: u32,
    /// `from`, `to` and each condition.
    pub(crate) groups: Vec<Group>,
}

/// `from`, `to` or one condition: one of the alternatives must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// Entries of `from` or `to`, or all of a condition.
    pub(crate) alternatives: Vec<Alternative>,
}

/// One entry: all of its clauses must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alternative {
    /// Fields.
    pub(crate) clauses: Vec<Clause>,
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
            rule.groups
                .iter()
                .all(|group| !group.alternatives.is_empty())
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
    fn matches<T: Trace>(&self, flow: &Flow, trace: &mut T) -> Truth {
        step(trace, Step::Rule(self.index), |trace| {
            all(trace, &self.groups, |trace, group| group.holds(flow, trace))
        })
    }
}

impl Group {
    fn holds<T: Trace>(&self, flow: &Flow, trace: &mut T) -> Truth {
        any(trace, &self.alternatives, |trace, alternative| {
            alternative.holds(flow, trace)
        })
    }
}

impl Alternative {
    pub(super) fn holds<T: Trace>(&self, flow: &Flow, trace: &mut T) -> Truth {
        all(trace, &self.clauses, |trace, clause| {
            let truth = clause.holds(flow);
            trace.leaf(Step::Clause(clause.id.0), truth);
            truth
        })
    }
}
