//! The whole trace of a verdict: every proxy on the way, what arrives, what would change the verdict; and the words for
//! all of it.

use ambient_core::wire;
use yew::prelude::*;

use super::element::{all, code, el, el_with, icon, say, word};
use super::{code_link, hop, prose};
use crate::state::Message;

pub(super) fn view(answer: &wire::Answer, send: &Callback<Message>) -> Html {
    let mut parts = Vec::new();
    if let Some(expected) = answer.expected.as_ref().filter(|expected| !expected.met) {
        let lines = expected
            .differences
            .iter()
            .map(|line| item(vec![prose(line)]));
        parts.push(el("ul", "differences", lines.collect()));
    }
    let hops = answer.hops.iter().map(|one| hop::view(one, send));
    parts.push(el("ol", "hops", hops.collect()));
    let mut end = Vec::new();
    let mut tell = |what: &str, parts: Vec<Html>| {
        end.extend([say("dt", "", what), el("dd", "", parts)]);
    };
    if let Some(response) = &answer.response {
        tell("The client sees", vec![word(&response_text(response))]);
    }
    if !answer.backends.is_empty() {
        tell("It goes to", vec![backends(&answer.backends)]);
    }
    if !answer.mirrors.is_empty() {
        tell("A copy goes to", vec![backends(&answer.mirrors)]);
    }
    if let Some(request) = &answer.request {
        tell("The backend receives", received(request));
    }
    if !answer.changes.is_empty() {
        let changes = answer
            .changes
            .iter()
            .map(|it| item(vec![prose(&it.summary)]));
        tell(
            "It would pass with",
            vec![el("ul", "changes", changes.collect())],
        );
    }
    if !answer.policy_changes.is_empty() {
        let changes = answer.policy_changes.iter();
        let changes = changes.map(|it| item(vec![prose(&it.summary)]));
        let question = policy_question(answer.verdict);
        tell(question, vec![el("ul", "changes", changes.collect())]);
    }
    if answer.enforced == Some(false) {
        let nothing = "No policy on its way has any say about it.";
        tell("Enforcement", vec![say("strong", "invalid", nothing)]);
    }
    if !answer.diagnostics.is_empty() {
        let findings = answer.diagnostics.iter();
        let findings =
            findings.map(|it| item(vec![code_link(&it.code), word(" "), prose(&it.message)]));
        tell("Findings", vec![el("ul", "", findings.collect())]);
    }
    parts.push(el("dl", "arrival", end));
    all(parts)
}

fn item(parts: Vec<Html>) -> Html {
    el("li", "", parts)
}

/// The request as it arrives.
fn received(request: &wire::DeliveredRequest) -> Vec<Html> {
    let line = format!("{} {}", request.method, request.path);
    let mut parts = vec![code(&line), word(" Host: "), code(&request.host)];
    for (name, value) in &request.headers {
        parts.extend([word(" "), code(&format!("{name}: {value}"))]);
    }
    parts
}

/// What a change of policies would come to.
fn policy_question(verdict: wire::Verdict) -> &'static str {
    match verdict {
        wire::Verdict::Allow => "It would be refused, if",
        wire::Verdict::Deny | wire::Verdict::Unknown => "It would pass, if",
    }
}

pub(super) fn truth(matched: wire::Matched) -> Html {
    let (class, sign, name) = match matched {
        wire::Matched::Yes => ("yes", "✓", "matches"),
        wire::Matched::No => ("no", "✗", "does not match"),
        wire::Matched::Unknown => ("maybe", "?", "unknown"),
    };
    let class = format!("truth {class}");
    let parts = vec![icon(sign), say("span", "visually-hidden", name)];
    el_with("span", &[("class", &class), ("title", name)], parts)
}

pub(super) fn backends(backends: &[wire::Backend]) -> Html {
    let backend = |backend: &wire::Backend| {
        let port = backend.port.map(|port| format!(":{port}"));
        let name = object(&backend.object) + &port.unwrap_or_default();
        let subset = backend
            .subset
            .as_ref()
            .map(|subset| format!(" subset {subset}"));
        let share = match (backend.weight, backend.percent) {
            (Some(weight), Some(percent)) => format!(" weight {weight}, {percent:.0} %"),
            (Some(weight), None) => format!(" weight {weight}"),
            _ => String::new(),
        };
        let mut parts = vec![code(&name), word(&(subset.unwrap_or_default() + &share))];
        if let Some(invalid) = &backend.invalid {
            let sentence = format!(" invalid: {invalid}, its share is refused");
            parts.push(say("strong", "invalid", &sentence));
        }
        item(parts)
    };
    el("ul", "backends", backends.iter().map(backend).collect())
}

pub(super) fn response_text(response: &wire::Response) -> String {
    let mut text = match (response.status, response.reset) {
        (_, true) => "a closed connection".to_owned(),
        (Some(status), _) => format!("status {status}"),
        (None, false) => String::new(),
    };
    if let Some(status) = response.grpc_status {
        text.push_str(&format!(", gRPC status {status}"));
    }
    for (name, value) in &response.headers {
        text.push_str(&format!(", {name}: {value}"));
    }
    text
}

/// An object as a reader names it.
pub(super) fn object(object: &wire::ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

pub(super) fn hop_name(hop: wire::HopKind) -> &'static str {
    match hop {
        wire::HopKind::Client => "client",
        wire::HopKind::SourceZtunnel => "source ztunnel",
        wire::HopKind::IngressGateway => "ingress gateway",
        wire::HopKind::Waypoint => "waypoint",
        wire::HopKind::DestinationZtunnel => "destination ztunnel",
    }
}

pub(super) fn cause_name(cause: wire::Cause) -> &'static str {
    match cause {
        wire::Cause::Authorization => "authorization",
        wire::Cause::Authentication => "authentication",
        wire::Cause::Mtls => "mutual TLS",
        wire::Cause::Routing => "routing",
        wire::Cause::Default => "no ALLOW rule matched",
    }
}
