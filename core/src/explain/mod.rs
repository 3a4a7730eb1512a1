//! Outcome and log → the contract's answer: clauses with what was wanted and what came, and sentences. The only place
//! that words a verdict; nothing is decided here.

mod authentication;
mod expect;
mod policies;
mod sentence;
mod telemetry;

use std::borrow::Cow;

use crate::authz::Near;
use crate::eval::{Decided, HopOutcome, Outcome, Refusal, Taken, routed};
use crate::flow::Http;
use crate::model::Model;
use crate::resource::{ObjectId, ObjectIndex};
use crate::route::TieBreaker;
use crate::source::{FieldPath, Origin};
use crate::trace::Log;
use crate::wire;

/// The answer to one request.
pub(crate) fn answer(
    model: &Model,
    request: &wire::Request,
    outcome: &Outcome<'_, Log>,
    refusal: Option<&Refusal<'_>>,
) -> wire::Answer {
    let mut answer = wire::Answer {
        name: request.name.clone(),
        verdict: outcome.verdict,
        reason: sentence::reason(model, outcome, refusal),
        response: outcome.response.clone(),
        decision: outcome
            .decided
            .as_ref()
            .map(|decided| decision(model, decided)),
        route: outcome.route.map(|taken| route(model, &taken)),
        backends: outcome.backends.clone(),
        mirrors: outcome.mirrors.clone(),
        request: outcome.request.as_ref().map(delivered),
        hops: outcome
            .hops
            .iter()
            .enumerate()
            .map(|(place, hop)| wire::HopAnswer {
                telemetry: telemetry::of(model, outcome, place),
                ..self::hop(model, hop, refusal)
            })
            .collect(),
        changes: Vec::new(),
        policy_changes: Vec::new(),
        enforced: None,
        diagnostics: Vec::new(),
        expected: None,
    };
    answer.expected = request
        .expect
        .as_ref()
        .map(|expect| expect::compare(expect, &answer));
    answer
}

/// The answer to what is no request, or names what is not there.
pub(crate) fn unanswered(
    name: Option<String>,
    message: &str,
    expect: Option<&serde_json::Value>,
) -> wire::Answer {
    let mut answer = wire::Answer {
        name,
        verdict: wire::Verdict::Unknown,
        reason: format!("Not evaluated: {message}."),
        response: None,
        decision: None,
        route: None,
        backends: Vec::new(),
        mirrors: Vec::new(),
        request: None,
        hops: Vec::new(),
        changes: Vec::new(),
        policy_changes: Vec::new(),
        enforced: None,
        diagnostics: Vec::new(),
        expected: None,
    };
    answer.expected = expect.map(|expect| expect::compare(expect, &answer));
    answer
}

fn decision(model: &Model, decided: &Decided) -> wire::Decision {
    let policy = decided
        .by
        .policy
        .and_then(|policy| id(model, policy))
        .map(|id| wire::PolicyRef {
            object: id.to_wire(),
            rule: decided.by.rule.and_then(|rule| usize::try_from(rule).ok()),
        });
    wire::Decision {
        hop: decided.hop,
        cause: decided.by.cause,
        policy,
    }
}

fn route(model: &Model, taken: &Taken<'_>) -> wire::RouteChoice {
    let entry = taken.entry;
    let object = model.mesh.object(entry.route);
    let origin = object.map(|object| Origin {
        document: object.document,
        path: FieldPath::new()
            .key("spec")
            .key(entry.section.name())
            .index(entry.rule),
    });
    wire::RouteChoice {
        object: object.map_or_else(no_object, |object| object.id.to_wire()),
        rule: entry.rule,
        match_index: Some(entry.match_index.unwrap_or_default()),
        file: origin
            .as_ref()
            .and_then(|origin| model.documents.file(origin.document))
            .map(str::to_owned),
        range: origin
            .as_ref()
            .and_then(|origin| model.documents.range(origin)),
    }
}

fn hop(model: &Model, hop: &HopOutcome<'_, Log>, refusal: Option<&Refusal<'_>>) -> wire::HopAnswer {
    wire::HopAnswer {
        hop: hop.kind,
        proxy: hop
            .proxy
            .and_then(|proxy| id(model, proxy))
            .map(ObjectId::to_wire),
        share: hop.share.map(|share| share.percent),
        peer: hop.flow.peer.as_ref().map(ToString::to_string),
        layer: if hop.flow.http.is_some() {
            wire::Layer::L7
        } else {
            wire::Layer::L4
        },
        verdict: hop.verdict,
        authentication: authentication::explain(model, hop),
        policies: policies::explain(model, hop, refusal),
        route: hop.route.map(|taken| route(model, &taken)),
        backends: hop.backends.clone(),
        response: hop.response.clone(),
        options: hop
            .route
            .and_then(|taken| taken.entry.action.wire_options()),
        candidates: candidates(model, hop),
        tie_breaker: tie_breaker(model, hop),
        telemetry: None,
    }
}

/// Why the rule taken was tried before the next one that would have taken the request.
fn tie_breaker(model: &Model, hop: &HopOutcome<'_, Log>) -> Option<wire::TieBreaker> {
    let winner = hop.route?.entry;
    let other = hop
        .table?
        .runner_up(winner, routed(&hop.arrived, &hop.flow))?;
    Some(wire::TieBreaker {
        over: route(model, &Taken { entry: other }),
        because: TieBreaker::between(winner, other).sentence().to_owned(),
    })
}

/// The route rules that were tried, up to the one taken, each with its conditions.
fn candidates(model: &Model, hop: &HopOutcome<'_, Log>) -> Vec<wire::RouteCandidate> {
    use crate::trace::{Step, children};
    let Some(table) = hop.table else {
        return Vec::new();
    };
    children(hop.routes.entries(), 0)
        .filter_map(|(tried, conditions, offset)| {
            let Step::Route(place) = tried.step else {
                return None;
            };
            let entry = table.entries().get(usize::try_from(place).ok()?)?;
            let conditions = children(conditions, offset)
                .filter_map(|(step, _, _)| {
                    let Step::Condition(place) = step.step else {
                        return None;
                    };
                    let condition = entry.conditions.get(usize::try_from(place).ok()?)?;
                    Some(wire::ConditionAnswer {
                        name: condition.name(),
                        want: condition.want(),
                        got: condition.observe(routed(&hop.arrived, &hop.flow)),
                        matched: step.truth.into(),
                    })
                })
                .collect();
            Some(wire::RouteCandidate {
                route: route(model, &Taken { entry }),
                matched: tried.truth.into(),
                conditions,
            })
        })
        .collect()
}

/// The rules that could have allowed what a hop refuses because none does.
fn near<'a>(
    model: &'a Model,
    hop: &'a HopOutcome<'_, Log>,
    refusal: Option<&'a Refusal<'a>>,
) -> Cow<'a, [Near<'a>]> {
    let is_default = hop.by.is_some_and(|by| by.cause == wire::Cause::Default);
    if !is_default || hop.verdict != wire::HopVerdict::Deny {
        return Cow::default();
    }
    if let Some(refusal) = refusal.filter(|refusal| refusal.is_at(hop)) {
        return Cow::Borrowed(&refusal.near);
    }
    let chain = hop.chain;
    let policies = chain.and_then(|chain| model.policies.of(chain, hop.flow.http.is_some()));
    let near = policies.map(|(_, table)| table.near(&hop.policies));
    Cow::Owned(near.unwrap_or_default())
}

fn delivered(http: &Http) -> wire::DeliveredRequest {
    wire::DeliveredRequest {
        method: http.method.clone(),
        path: http.path.clone(),
        host: http.authority.clone(),
        headers: http
            .headers
            .iter()
            .map(|(name, lines)| (name.clone(), lines.join(",")))
            .collect(),
    }
}

fn id(model: &Model, index: ObjectIndex) -> Option<&ObjectId> {
    model.mesh.object(index).map(|object| &object.id)
}

/// Every index that an outcome holds is of the model; a wrong one must not end the answer.
fn no_object() -> wire::ObjectRef {
    wire::ObjectRef {
        kind: String::new(),
        namespace: None,
        name: String::new(),
    }
}
