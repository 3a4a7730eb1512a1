//! The whole trace of a verdict: hops, policies, rules, clauses with what was wanted and what came; routes; what
//! arrives. Clauses and rules lead to their lines.

use ambient_core::wire;
use yew::prelude::*;

use super::prose;
use crate::state::{Message, Tab};

pub(super) fn view(answer: &wire::Answer, send: &Callback<Message>) -> Html {
    html! {
        <>
            if let Some(expected) = answer.expected.as_ref().filter(|expected| !expected.met) {
                <ul class="differences">{ for expected.differences.iter().map(|line| html! { <li>{ prose(line) }</li> }) }</ul>
            }
            <ol class="hops">{ for answer.hops.iter().map(|hop| hop_view(hop, send)) }</ol>
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

fn hop_view(hop: &wire::HopAnswer, send: &Callback<Message>) -> Html {
    let (class, word) = match hop.verdict {
        wire::HopVerdict::Allow => ("allow", "lets it pass"),
        wire::HopVerdict::Deny => ("deny", "refuses"),
        wire::HopVerdict::Unknown => ("unknown", "unknown"),
        wire::HopVerdict::Skipped => ("skipped", "not reached"),
    };
    let layer = match hop.layer {
        wire::Layer::L4 => "L4",
        wire::Layer::L7 => "L7",
    };
    html! {
        <li class={class}>
            <h3>
                { hop_name(hop.hop) }
                if let Some(proxy) = &hop.proxy { <span class="object">{ object(proxy) }</span> }
                <span class="layer">{ layer }</span>
                <span class="hop-verdict">{ word }</span>
            </h3>
            <p class="peer">{ "Identity seen: " }<code>{ hop.peer.as_deref().unwrap_or("none (plaintext)") }</code></p>
            if hop.verdict != wire::HopVerdict::Skipped && enforces(hop.hop) && hop.policies.is_empty() {
                <p class="empty">{ "No policy is enforced here." }</p>
            }
            { for hop.policies.iter().map(|policy| policy_view(policy, send)) }
            if let Some(response) = &hop.response { <p>{ "Answers: " }{ response_text(response) }</p> }
            { routes(hop, send) }
        </li>
    }
}

/// The caller's ztunnel only carries.
fn enforces(hop: wire::HopKind) -> bool {
    !matches!(hop, wire::HopKind::SourceZtunnel | wire::HopKind::Client)
}

fn policy_view(policy: &wire::PolicyAnswer, send: &Callback<Message>) -> Html {
    html! {
        <div class="policy">
            <h4>
                { truth(policy.matched) }
                <span class="action">{ policy.action.as_ref() }</span>
                <span class="object">{ object(&policy.policy) }</span>
                <span class="scope">{ format!("here by {}", policy.scope) }</span>
                if policy.dry_run { <span class="scope">{ "dry run: does not count" }</span> }
            </h4>
            if !policy.losses.is_empty() {
                <ul class="losses">{ for policy.losses.iter().map(|loss| html! { <li>{ prose(loss) }</li> }) }</ul>
            }
            if policy.rules.is_empty() { <p class="empty">{ "No rule of it can match here." }</p> }
            { for policy.rules.iter().map(|rule| rule_view(rule, send)) }
        </div>
    }
}

fn rule_view(rule: &wire::RuleAnswer, send: &Callback<Message>) -> Html {
    html! {
        <div class="rule">
            <h5>{ truth(rule.matched) }{ format!("rule {}", rule.index) }</h5>
            if rule.clauses.is_empty() {
                <p class="empty">{ "Without conditions: it matches everything." }</p>
            } else {
                <table>
                    <thead><tr><th>{ "" }</th><th>{ "condition" }</th><th>{ "wanted" }</th><th>{ "found" }</th></tr></thead>
                    <tbody>{ for rule.clauses.iter().map(|clause| clause_view(clause, send)) }</tbody>
                </table>
            }
        </div>
    }
}

fn clause_view(clause: &wire::ClauseAnswer, send: &Callback<Message>) -> Html {
    html! {
        <tr>
            <td>{ truth(clause.matched) }</td>
            <td>{ place_button(&clause.path, clause.range, send) }</td>
            <td><code>{ clause.want.join(", ") }</code></td>
            <td>{ found(&clause.got) }</td>
        </tr>
    }
}

/// A path that leads to its line, if it has one.
fn place_button(text: &str, range: Option<wire::Range>, send: &Callback<Message>) -> Html {
    match range {
        Some(range) => {
            let onclick = send.reform(move |_| Message::Reveal(Tab::Manifests, range));
            let title = format!("To line {}", range.start_line);
            html! { <button class="jump" {onclick} {title}><code>{ text.to_owned() }</code></button> }
        }
        None => html! { <code>{ text.to_owned() }</code> },
    }
}

fn found(got: &serde_json::Value) -> Html {
    match got {
        serde_json::Value::Null => html! { <em>{ "nothing" }</em> },
        serde_json::Value::String(text) => html! { <code>{ text }</code> },
        other => html! { <code>{ other.to_string() }</code> },
    }
}

fn routes(hop: &wire::HopAnswer, send: &Callback<Message>) -> Html {
    if hop.candidates.is_empty() {
        return html! {};
    }
    html! {
        <div class="policy">
            <h4>{ "Routes, in the order in which they were tried" }</h4>
            { for hop.candidates.iter().map(|candidate| {
                let index = candidate.route.match_index.map(|index| format!(", match {index}")).unwrap_or_default();
                let name = format!("{} rule {}{index}", object(&candidate.route.object), candidate.route.rule);
                html! {
                    <div class="rule">
                        <h5>{ truth(candidate.matched) }{ place_button(&name, candidate.route.range, send) }</h5>
                        <table>
                            <thead><tr><th>{ "" }</th><th>{ "condition" }</th><th>{ "wanted" }</th><th>{ "found" }</th></tr></thead>
                            <tbody>
                                { for candidate.conditions.iter().map(|condition| html! {
                                    <tr>
                                        <td>{ truth(condition.matched) }</td>
                                        <td><code>{ &condition.name }</code></td>
                                        <td><code>{ &condition.want }</code></td>
                                        <td>{ found(&condition.got) }</td>
                                    </tr>
                                }) }
                            </tbody>
                        </table>
                    </div>
                }
            }) }
        </div>
    }
}

fn truth(matched: wire::Matched) -> Html {
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

fn backends(backends: &[wire::Backend]) -> Html {
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
                        <code>{ format!("{}{port}", object(&backend.object)) }</code>{ share }
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

fn response_text(response: &wire::Response) -> String {
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
