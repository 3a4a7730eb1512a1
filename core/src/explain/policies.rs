//! The policies of one hop: each with its rules and clauses, read off the log.

use super::id;
use crate::authz::{ClauseId, Enforcer, Policy};
use crate::eval::HopOutcome;
use crate::model::{Model, scope};
use crate::resource::Action;
use crate::source::{FieldPath, Origin};
use crate::trace::{Entry, Log, Step, Truth, children};
use crate::wire;

/// The policies of a hop, in evaluation order.
pub(super) fn explain(model: &Model, hop: &HopOutcome<'_, Log>) -> Vec<wire::PolicyAnswer> {
    let Some((_, table)) = hop
        .chain
        .and_then(|chain| model.policies.of(chain, hop.flow.http.is_some()))
    else {
        return Vec::new();
    };
    children(hop.policies.entries(), 0)
        .filter_map(|(entry, rules, offset)| {
            let Step::Policy(place) = entry.step else {
                return None;
            };
            let compiled = table.get(usize::try_from(place).ok()?)?;
            policy(model, hop, compiled, entry.truth, rules, offset)
        })
        .collect()
}

fn policy(
    model: &Model,
    hop: &HopOutcome<'_, Log>,
    compiled: &Policy,
    truth: Truth,
    rules: &[Entry],
    offset: usize,
) -> Option<wire::PolicyAnswer> {
    let id = id(model, compiled.object)?;
    let scope = hop
        .chain
        .and_then(|chain| scope(&model.mesh, &model.attachments, chain, compiled.object))
        .map(|(via, to)| match via {
            wire::Via::Selector => format!("selector, {} {}", to.kind.name(), to.qualified_name()),
            wire::Via::Mesh => "mesh".to_owned(),
            _ => format!("{} {}", to.kind.name(), to.qualified_name()),
        });
    Some(wire::PolicyAnswer {
        policy: id.to_wire(),
        action: compiled.action.name().to_owned(),
        scope: scope.unwrap_or_default(),
        matched: truth.into(),
        dry_run: compiled.dry_run,
        losses: compiled
            .losses
            .iter()
            .map(|loss| loss.sentence(compiled.action, enforcer(hop).name()))
            .collect(),
        rules: children(rules, offset)
            .filter_map(|(entry, clauses, offset)| {
                rule(model, hop, compiled, entry, clauses, offset)
            })
            .collect(),
    })
}

fn enforcer(hop: &HopOutcome<'_, Log>) -> Enforcer {
    match (hop.kind, &hop.flow.http) {
        (wire::HopKind::DestinationZtunnel | wire::HopKind::SourceZtunnel, _) => Enforcer::Ztunnel,
        (_, Some(_)) => Enforcer::Http,
        (_, None) => Enforcer::Tcp,
    }
}

fn rule(
    model: &Model,
    hop: &HopOutcome<'_, Log>,
    compiled: &Policy,
    entry: Entry,
    clauses: &[Entry],
    offset: usize,
) -> Option<wire::RuleAnswer> {
    let Step::Rule(index) = entry.step else {
        return None;
    };
    Some(wire::RuleAnswer {
        index: usize::try_from(index).ok()?,
        matched: entry.truth.into(),
        clauses: children(clauses, offset)
            .filter_map(|(entry, _, _)| clause(model, hop, compiled, entry))
            .collect(),
    })
}

fn clause(
    model: &Model,
    hop: &HopOutcome<'_, Log>,
    compiled: &Policy,
    entry: Entry,
) -> Option<wire::ClauseAnswer> {
    let Step::Clause(place) = entry.step else {
        return None;
    };
    let source = compiled.origin(ClauseId(place))?;
    let flow = match (compiled.action, &hop.arrived) {
        (Action::Custom, Some(arrived)) => arrived,
        _ => &hop.flow,
    };
    let origin = model.mesh.object(compiled.object).map(|object| Origin {
        document: object.document,
        path: FieldPath::parse(&match compiled.cause {
            // istiod makes rules of a PeerAuthentication; what is written stands in the fields of its spec.
            wire::Cause::Mtls => format!("spec.{}", source.path),
            _ => format!("spec.rules[{}].{}", source.rule, source.path),
        }),
    });
    Some(wire::ClauseAnswer {
        path: source.path.clone(),
        want: source.want.clone(),
        got: source.attribute.observe(flow).to_value(),
        matched: entry.truth.into(),
        file: origin
            .as_ref()
            .and_then(|origin| model.documents.file(origin.document))
            .map(str::to_owned),
        range: origin
            .as_ref()
            .and_then(|origin| model.documents.range(origin)),
    })
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
