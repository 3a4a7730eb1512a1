//! The one plain sentence of a verdict.

use super::id;
use crate::eval::{Decided, Outcome, Refusal};
use crate::model::Model;
use crate::route::Answered;
use crate::trace::Log;
use crate::wire::{Cause, HopKind, HopVerdict, Response, Verdict};

/// Why the verdict is as it is.
pub(super) fn reason(
    model: &Model,
    outcome: &Outcome<'_, Log>,
    refusal: Option<&Refusal<'_>>,
) -> String {
    match (outcome.verdict, &outcome.decided) {
        _ if !outcome.divided.is_empty() => divided(model, outcome, refusal),
        (Verdict::Allow, Some(decided)) => {
            format!(
                "{} at {} allows it{}.",
                policy(model, decided),
                place(decided.hop),
                destination(outcome)
            )
        }
        (Verdict::Allow, None) => format!("{}{}.", nothing_objects(outcome), destination(outcome)),
        (Verdict::Deny, Some(decided)) => denial(model, outcome, decided, refusal),
        (Verdict::Deny, None) => "It is refused.".to_owned(),
        (Verdict::Unknown, Some(decided)) => {
            format!(
                "It depends on what only the cluster knows: {} at {}.",
                policy(model, decided),
                place(decided.hop)
            )
        }
        (Verdict::Unknown, None) => "It depends on what only the cluster knows.".to_owned(),
    }
}

/// Two waypoints, two verdicts: how many connections get which, and what the one has that the other has not.
fn divided(model: &Model, outcome: &Outcome<'_, Log>, refusal: Option<&Refusal<'_>>) -> String {
    let ways = outcome.divided.iter().map(|way| {
        let gateway = model.mesh.gateway(way.share.gateway);
        let name = gateway
            .and_then(|gateway| id(model, gateway.object))
            .map(|id| id.qualified_name())
            .unwrap_or_default();
        let becomes = match way.verdict {
            Verdict::Allow => "let pass",
            Verdict::Deny => "refused",
            Verdict::Unknown => "decided by what only the cluster knows",
        };
        format!(
            "{} % through waypoint `{name}` are {becomes}",
            way.share.percent
        )
    });
    let ways = ways.collect::<Vec<_>>().join(", ");
    let refused = outcome
        .divided
        .iter()
        .any(|way| way.verdict == Verdict::Deny);
    let why = outcome
        .decided
        .as_ref()
        .filter(|_| refused)
        .map(|decided| denial(model, outcome, decided, refusal))
        .unwrap_or_default();
    format!("It depends on the waypoint that a connection gets: {ways}. {why}")
        .trim_end()
        .to_owned()
}

fn denial(
    model: &Model,
    outcome: &Outcome<'_, Log>,
    decided: &Decided,
    refusal: Option<&Refusal<'_>>,
) -> String {
    let place = place(decided.hop);
    let seen = seen(outcome.response.as_ref());
    match decided.by.cause {
        Cause::Authorization => format!("{} at {place} denies it{seen}.", policy(model, decided)),
        Cause::Default => {
            let nearest = nearest(model, outcome, decided, refusal);
            match decided.by.policy {
                Some(_) => format!(
                    "{} is the only ALLOW policy at {place}, and no rule of it matches{seen}.{nearest}",
                    policy(model, decided)
                ),
                None => format!(
                    "There are ALLOW policies at {place}, and no rule of them matches{seen}.{nearest}"
                ),
            }
        }
        Cause::Authentication => {
            let fault = outcome
                .hops
                .iter()
                .find_map(|hop| hop.token_error)
                .map(|error| format!(", which {}", error.sentence()))
                .unwrap_or_default();
            format!(
                "{} at {place} refuses the token{fault}{seen}.",
                policy(model, decided)
            )
        }
        Cause::Mtls if decided.by.policy.is_none() => format!(
            "{place} refuses the handshake: the caller's trust domain is not one that it knows{seen}."
        )
        .replacen("the ", "The ", 1),
        Cause::Mtls => format!(
            "{} at {place} refuses plaintext{seen}.",
            policy(model, decided)
        ),
        Cause::Routing => routing(outcome, decided.hop, place, &seen),
    }
}

/// The rule that lacks least, the first of several, with what it lacks.
fn nearest(
    model: &Model,
    outcome: &Outcome<'_, Log>,
    decided: &Decided,
    refusal: Option<&Refusal<'_>>,
) -> String {
    let mut hops = outcome.hops.iter();
    let hop = hops.find(|hop| hop.kind == decided.hop && hop.verdict == HopVerdict::Deny);
    let rules = hop.map(|hop| super::near(model, hop, refusal));
    let rules = rules.as_deref().unwrap_or_default();
    let Some(near) = rules.iter().min_by_key(|near| near.lacking) else {
        return String::new();
    };
    let Some(id) = id(model, near.policy.object) else {
        return String::new();
    };
    let levers = near.levers();
    let paths = levers.iter().map(|lever| format!("`{}`", lever.path));
    let paths: Vec<String> = paths.collect();
    let lacking = match paths.as_slice() {
        [] => return String::new(),
        [only] => format!("only {only} does not match"),
        [first @ .., last] => format!("{} and {last} do not match", first.join(", ")),
    };
    format!(
        " Nearest is rule {} of {} `{}`: {lacking}.",
        near.rule(),
        id.kind_name(),
        id.qualified_name()
    )
}

fn routing<T>(outcome: &Outcome<'_, T>, hop: HopKind, place: &str, seen: &str) -> String {
    let answered = outcome
        .hops
        .iter()
        .filter(|candidate| candidate.kind == hop)
        .find_map(|hop| hop.answered);
    match answered {
        Some(Answered::NoRoute) => format!(
            "There are routes for this port at {place}, and none of their rules matches{seen}."
        ),
        Some(Answered::NoHost) => {
            format!("{place} has no routes for this host{seen}.").replacen("the ", "The ", 1)
        }
        Some(Answered::NoListener) => {
            format!("{place} has nothing for such a connection on this port{seen}.")
                .replacen("the ", "The ", 1)
        }
        Some(Answered::NoBackend) => {
            format!("The rule taken at {place} has no backend that can be used{seen}.")
        }
        Some(Answered::Fault) => {
            format!("The rule taken at {place} injects a fault into every request{seen}.")
        }
        Some(Answered::DirectResponse) => {
            format!("The rule taken at {place} answers by itself{seen}.")
        }
        Some(Answered::BadPath) => format!("Envoy at {place} refuses the path{seen}."),
        Some(Answered::NotHttp) => {
            format!("The port speaks HTTP at {place}, and what comes is none{seen}.")
        }
        Some(Answered::NoWaypoint) => format!(
            "The Gateway that the labels name is no waypoint, so connections through it fail{seen}."
        ),
        Some(Answered::NoPort) => {
            format!("The Service has no such port, so {place} closes the connection{seen}.")
        }
        Some(Answered::Preflight | Answered::Redirect | Answered::HttpsRedirect) | None => {
            format!("Nothing at {place} takes it{seen}.")
        }
    }
}

/// The deciding policy, as the beginning of a sentence.
fn policy(model: &Model, decided: &Decided) -> String {
    match decided.by.policy.and_then(|policy| id(model, policy)) {
        Some(id) => {
            let rule = decided
                .by
                .rule
                .map(|rule| format!("Rule {rule} of "))
                .unwrap_or_default();
            format!("{rule}{} `{}`", id.kind_name(), id.qualified_name())
        }
        None => "A policy".to_owned(),
    }
}

fn place(hop: HopKind) -> &'static str {
    match hop {
        HopKind::Client => "the client",
        HopKind::SourceZtunnel => "the caller's ztunnel",
        HopKind::IngressGateway => "the ingress gateway",
        HopKind::Waypoint => "the waypoint",
        HopKind::DestinationZtunnel => "the destination's ztunnel",
    }
}

fn seen(response: Option<&Response>) -> String {
    match response {
        Some(Response {
            grpc_status: Some(status),
            ..
        }) => format!("; the client sees gRPC status {status}"),
        Some(Response {
            status: Some(status),
            ..
        }) => format!("; the client sees {status}"),
        Some(Response { reset: true, .. }) => "; the client sees its connection closed".to_owned(),
        _ => String::new(),
    }
}

fn nothing_objects<T>(outcome: &Outcome<'_, T>) -> String {
    let asked = outcome.hops.iter().any(|hop| {
        matches!(
            hop.kind,
            HopKind::Waypoint | HopKind::IngressGateway | HopKind::DestinationZtunnel
        ) && hop.verdict == HopVerdict::Allow
    });
    if asked {
        "No policy on the way has anything against it".to_owned()
    } else {
        "Nothing on the way enforces anything".to_owned()
    }
}

fn destination<T>(outcome: &Outcome<'_, T>) -> String {
    if let Some(Response {
        status: Some(status),
        ..
    }) = outcome.response
    {
        return format!("; the proxy answers {status} itself");
    }
    match (&outcome.route, outcome.backends.len()) {
        (Some(_), 1) => "; a route sends it on".to_owned(),
        (Some(_), count) => format!("; a route shares it among {count} backends"),
        (None, _) => String::new(),
    }
}
