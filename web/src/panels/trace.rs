//! The whole trace of a verdict: every proxy on the way, what arrives, what would change the verdict; and the words for
//! all of it.

use ambient_core::wire;
use yew::prelude::*;

use super::{code_link, hop, prose};
use crate::state::Message;

pub(super) fn view(answer: &wire::Answer, send: &Callback<Message>) -> Html {
    html! {
        <>
            if let Some(expected) = answer.expected.as_ref().filter(|expected| !expected.met) {
                <ul class="differences">{ for expected.differences.iter().map(|line| html! { <li>{ prose(line) }</li> }) }</ul>
            }
            <ol class="hops">{ for answer.hops.iter().map(|hop| hop::view(hop, send)) }</ol>
            <dl class="arrival">
                if let Some(response) = &answer.response {
                    <dt>{ "The client sees" }</dt><dd>{ response_text(response) }</dd>
                }
                if !answer.backends.is_empty() {
                    <dt>{ "It goes to" }</dt><dd>{ backends(&answer.backends) }</dd>
                }
                if !answer.mirrors.is_empty() {
                    <dt>{ "A copy goes to" }</dt><dd>{ backends(&answer.mirrors) }</dd>
                }
                if let Some(request) = &answer.request {
                    <dt>{ "The backend receives" }</dt>
                    <dd><code>{ format!("{} {}", request.method, request.path) }</code>{ " Host: " }<code>{ &request.host }</code>{ headers(request) }</dd>
                }
                if !answer.changes.is_empty() {
                    <dt>{ "It would pass with" }</dt>
                    <dd><ul class="changes">{ for answer.changes.iter().map(|change| html! { <li>{ prose(&change.summary) }</li> }) }</ul></dd>
                }
                if !answer.policy_changes.is_empty() {
                    <dt>{ policy_question(answer.verdict) }</dt>
                    <dd><ul class="changes">{ for answer.policy_changes.iter().map(|change| html! { <li>{ prose(&change.summary) }</li> }) }</ul></dd>
                }
                if answer.enforced == Some(false) {
                    <dt>{ "Enforcement" }</dt>
                    <dd><strong class="invalid">{ "No policy on its way has any say about it." }</strong></dd>
                }
                if !answer.diagnostics.is_empty() {
                    <dt>{ "Findings" }</dt>
                    <dd><ul>{ for answer.diagnostics.iter().map(|it| html! { <li>{ code_link(&it.code) }{ " " }{ prose(&it.message) }</li> }) }</ul></dd>
                }
            </dl>
        </>
    }
}

/// What a change of policies would come to.
fn policy_question(verdict: wire::Verdict) -> &'static str {
    match verdict {
        wire::Verdict::Allow => "It would be refused, if",
        wire::Verdict::Deny | wire::Verdict::Unknown => "It would pass, if",
    }
}

pub(super) fn truth(matched: wire::Matched) -> Html {
    let (class, icon, word) = match matched {
        wire::Matched::Yes => ("yes", "✓", "matches"),
        wire::Matched::No => ("no", "✗", "does not match"),
        wire::Matched::Unknown => ("maybe", "?", "unknown"),
    };
    html! {
        <span class={classes!("truth", class)} title={word}>
            <span aria-hidden="true">{ icon }</span><span class="visually-hidden">{ word }</span>
        </span>
    }
}

pub(super) fn backends(backends: &[wire::Backend]) -> Html {
    html! {
        <ul class="backends">
            { for backends.iter().map(|backend| {
                let port = backend.port.map(|port| format!(":{port}")).unwrap_or_default();
                let share = match (backend.weight, backend.percent) {
                    (Some(weight), Some(percent)) => format!(" weight {weight}, {percent:.0} %"),
                    (Some(weight), None) => format!(" weight {weight}"),
                    _ => String::new(),
                };
                html! {
                    <li>
                        <code>{ format!("{}{port}", object(&backend.object)) }</code>
                        { backend.subset.as_ref().map(|subset| format!(" subset {subset}")) }{ share }
                        if let Some(invalid) = &backend.invalid {
                            <strong class="invalid">{ format!(" invalid: {invalid}, its share is refused") }</strong>
                        }
                    </li>
                }
            }) }
        </ul>
    }
}

fn headers(request: &wire::DeliveredRequest) -> Html {
    html! {
        { for request.headers.iter().map(|(name, value)| html! { <>{ " " }<code>{ format!("{name}: {value}") }</code></> }) }
    }
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
