//! The policies of one hop: each with its rules and clauses, read off the log. What every answer says of them is worded
//! once and shared.

use std::borrow::Cow;
use std::sync::Arc;

use super::{id, no_object};
use crate::authz::{Attribute, ClauseOrigin, Enforcer, Policy, PolicySet, Rule, Table, Texts};
use crate::eval::{HopOutcome, Refusal};
use crate::model::{Chain, Model, scope};
use crate::resource::{Action, ObjectId};
use crate::source::{FieldPath, Origin};
use crate::trace::{Log, Truth};
use crate::wire::{self, ClauseText, PolicyAnswers, PolicyText, RuleText};

/// The policies of a hop, in evaluation order.
pub(super) fn explain(
    model: &Model,
    hop: &HopOutcome<'_, Log>,
    refusal: Option<&Refusal<'_>>,
) -> PolicyAnswers {
    let Some(chain) = hop.chain.filter(|_| !hop.policies.entries().is_empty()) else {
        return PolicyAnswers::default();
    };
    let Some((set, table)) = model.policies.of(chain, hop.flow.http.is_some()) else {
        return PolicyAnswers::default();
    };
    let texts = set.texts(|| texts(model, chain, enforcer(hop), set, table));
    // A log holds every policy of the set, every rule and every clause, in the order in which they are told.
    let truths = hop.policies.entries().iter();
    let truths = truths.map(|entry| entry.truth.into()).collect();
    let got = texts.asked.iter().map(|(attribute, in_front)| {
        let arrived = hop.arrived.as_ref().filter(|_| *in_front);
        attribute.observe(arrived.unwrap_or(&hop.flow)).to_value()
    });
    let mut missing = Vec::new();
    for near in super::near(model, hop, refusal).iter() {
        near.each(|clause, _| missing.push((near.place, clause)));
    }
    PolicyAnswers::new(Arc::clone(&texts.policies), truths, got.collect(), missing)
}

/// What is said of policies whatever becomes of a request.
fn texts(
    model: &Model,
    chain: Chain,
    enforcer: Enforcer,
    set: &PolicySet,
    table: Table<'_>,
) -> Texts {
    let mut asked: Vec<(Attribute, bool)> = Vec::new();
    let policies = set.members().filter_map(|member| table.get(member));
    let policies = policies.map(|policy| {
        let rules = policy.rules.iter();
        let rules = rules.map(|rule| rule_text(model, policy, rule, &mut asked));
        PolicyText {
            rules: rules.collect(),
            caption: caption(model, chain, enforcer, policy),
        }
    });
    Texts {
        policies: policies.collect(),
        asked,
    }
}

fn rule_text(
    model: &Model,
    policy: &Policy,
    rule: &Rule,
    asked: &mut Vec<(Attribute, bool)>,
) -> RuleText {
    let origins = rule.clauses().iter();
    let origins = origins.filter_map(|clause| policy.origin(clause.id));
    let clauses = origins.map(|source| {
        let asks = (source.attribute.clone(), policy.action == Action::Custom);
        let known = asked.iter().position(|known| *known == asks);
        let field = source
            .field
            .get_or_init(|| Arc::new(field(model, policy, source)));
        ClauseText {
            field: Arc::clone(field),
            got: known.unwrap_or_else(|| {
                asked.push(asks);
                asked.len() - 1
            }),
        }
    });
    RuleText {
        index: usize::try_from(rule.index).unwrap_or(usize::MAX),
        clauses: clauses.collect(),
    }
}

/// What is said of a policy whatever becomes of the request.
fn caption(
    model: &Model,
    chain: Chain,
    enforcer: Enforcer,
    policy: &Policy,
) -> wire::PolicyCaption {
    let scope = scope(&model.mesh, &model.attachments, chain, policy.object);
    let scope = scope.map(|(via, to)| match via {
        wire::Via::Selector => format!("selector, {} {}", to.kind_name(), to.qualified_name()),
        wire::Via::Mesh => "mesh".to_owned(),
        _ => format!("{} {}", to.kind_name(), to.qualified_name()),
    });
    let losses = policy.losses.iter();
    let losses = losses.map(|loss| loss.sentence(policy.action, enforcer.name()));
    wire::PolicyCaption {
        policy: id(model, policy.object).map_or_else(no_object, ObjectId::to_wire),
        action: Cow::Borrowed(policy.action.name()),
        scope: scope.unwrap_or_default(),
        dry_run: policy.dry_run,
        losses: losses.collect(),
    }
}

fn enforcer(hop: &HopOutcome<'_, Log>) -> Enforcer {
    match (hop.kind, &hop.flow.http) {
        (wire::HopKind::DestinationZtunnel | wire::HopKind::SourceZtunnel, _) => Enforcer::Ztunnel,
        (_, Some(_)) => Enforcer::Http,
        (_, None) => Enforcer::Tcp,
    }
}

/// What is said of a field of a rule whatever a request has of it.
fn field(model: &Model, policy: &Policy, source: &ClauseOrigin) -> wire::ClauseField {
    let object = model.mesh.object(policy.object);
    let path = match policy.cause {
        // istiod makes rules of a PeerAuthentication; what is written stands in the fields of its spec.
        wire::Cause::Mtls => format!("spec.{}", source.path),
        _ => format!("spec.rules[{}].{}", source.rule, source.path),
    };
    wire::ClauseField {
        path: Arc::clone(&source.path),
        want: Arc::clone(&source.want),
        file: object.and_then(|object| model.documents.shared_file(object.document)),
        range: object.and_then(|object| {
            model.documents.range(&Origin {
                document: object.document,
                path: FieldPath::parse(&path),
            })
        }),
    }
}

impl From<Truth> for wire::Matched {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::Yes => Self::Yes,
            Truth::No => Self::No,
            Truth::Unknown => Self::Unknown,
        }
    }
}
