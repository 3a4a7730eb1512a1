//! The policies of one hop: each with its rules and clauses, read off the log. What every answer says of a policy is
//! worded once and shared; so is what the request has of an attribute among the clauses that ask about it.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{id, no_object};
use crate::authz::{Attribute, ClauseId, ClauseOrigin, Enforcer, Near, Policy};
use crate::eval::HopOutcome;
use crate::model::{Chain, Model, scope};
use crate::resource::{Action, ObjectId};
use crate::source::{FieldPath, Origin};
use crate::trace::{Entry, Log, Step, Truth, children};
use crate::wire;

/// The policies of a hop, in evaluation order.
pub(super) fn explain(model: &Model, hop: &HopOutcome<'_, Log>) -> Vec<wire::PolicyAnswer> {
    let Some(chain) = hop.chain.filter(|_| !hop.policies.entries().is_empty()) else {
        return Vec::new();
    };
    let Some((set, table)) = model.policies.of(chain, hop.flow.http.is_some()) else {
        return Vec::new();
    };
    let captions = set.captions(table, |policy| caption(model, chain, enforcer(hop), policy));
    let mut telling = Telling {
        model,
        hop,
        observed: Vec::new(),
        is_default: super::is_default(hop),
    };
    // A log holds every policy of the set, in the set's own order.
    let policies = table.logged(&hop.policies).zip(captions);
    let mut answers = Vec::with_capacity(captions.len());
    answers.extend(policies.map(|((policy, entry, rules, offset), caption)| {
        telling.policy(policy, caption, entry.truth, rules, offset)
    }));
    answers
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

/// One hop's policies in the making.
struct Telling<'a, 'm> {
    model: &'a Model,
    hop: &'a HopOutcome<'m, Log>,
    /// What the request has of the attributes asked about so far, in front of the token check or behind it.
    observed: Vec<(&'a Attribute, bool, Arc<Value>)>,
    /// The request is refused because no `ALLOW` rule matches, and each tells what it lacks.
    is_default: bool,
}

impl<'a> Telling<'a, '_> {
    fn policy(
        &mut self,
        compiled: &'a Policy,
        caption: &Arc<wire::PolicyCaption>,
        truth: Truth,
        rules: &[Entry],
        offset: usize,
    ) -> wire::PolicyAnswer {
        let tells_missing =
            self.is_default && compiled.action == Action::Allow && !compiled.dry_run;
        // A log holds every rule of a policy, in the policy's own order.
        let rules = compiled.rules.iter().zip(children(rules, offset));
        let mut answers = Vec::with_capacity(compiled.rules.len());
        answers.extend(rules.map(|(rule, (entry, clauses, offset))| {
            let near = tells_missing.then(|| Near::of(compiled, rule, clauses));
            wire::RuleAnswer {
                index: usize::try_from(rule.index).unwrap_or(usize::MAX),
                matched: entry.truth.into(),
                missing: near.flatten().map(|near| near.paths()).unwrap_or_default(),
                clauses: self.clauses(compiled, clauses, offset),
            }
        }));
        wire::PolicyAnswer {
            caption: Arc::clone(caption),
            matched: truth.into(),
            rules: answers,
        }
    }

    fn clauses(
        &mut self,
        compiled: &'a Policy,
        clauses: &[Entry],
        offset: usize,
    ) -> Vec<wire::ClauseAnswer> {
        // Clauses have nothing inside them.
        let mut answers = Vec::with_capacity(clauses.len());
        answers.extend(
            children(clauses, offset).filter_map(|(entry, _, _)| self.clause(compiled, entry)),
        );
        answers
    }

    fn clause(&mut self, compiled: &'a Policy, entry: Entry) -> Option<wire::ClauseAnswer> {
        let Step::Clause(place) = entry.step else {
            return None;
        };
        let source = compiled.origin(ClauseId(place))?;
        let field = source
            .field
            .get_or_init(|| Arc::new(field(self.model, compiled, source)));
        Some(wire::ClauseAnswer {
            field: Arc::clone(field),
            got: self.observe(&source.attribute, compiled.action),
            matched: entry.truth.into(),
        })
    }

    fn observe(&mut self, attribute: &'a Attribute, action: Action) -> Arc<Value> {
        let arrived = self.hop.arrived.as_ref();
        let arrived = arrived.filter(|_| action == Action::Custom);
        let known = self.observed.iter().find(|(known, in_front, _)| {
            *in_front == arrived.is_some()
                && (std::ptr::eq(*known, attribute) || *known == attribute)
        });
        if let Some((_, _, value)) = known {
            return Arc::clone(value);
        }
        let flow = arrived.unwrap_or(&self.hop.flow);
        let value = Arc::new(attribute.observe(flow).to_value());
        let entry = (attribute, arrived.is_some(), Arc::clone(&value));
        self.observed.push(entry);
        value
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
