//! One proxy of a trace: the tokens, policies, rules and clauses that it asks, with what was wanted and what came; the
//! routes that it tries; what the request leaves behind there. What has a place in the text leads to its line.

use std::borrow::Cow;

use ambient_core::{sorted, wire};
use yew::prelude::*;

use super::prose;
use super::trace::{backends, hop_name, object, response_text, truth};
use crate::state::{Message, Tab};

/// One proxy: what it sees, asks, decides and leaves behind.
pub(super) fn view(hop: &wire::HopAnswer, send: &Callback<Message>) -> Html {
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
                if let Some(share) = hop.share { <span class="layer">{ format!("{share} % of connections") }</span> }
                if let Some(proxy) = &hop.proxy { <span class="object">{ object(proxy) }</span> }
                <span class="layer">{ layer }</span>
                <span class="hop-verdict">{ word }</span>
            </h3>
            <p class="peer">{ "Identity seen: " }<code>{ hop.peer.as_deref().unwrap_or("none (plaintext)") }</code></p>
            if hop.verdict != wire::HopVerdict::Skipped && enforces(hop.hop) && hop.policies.is_empty() {
                <p class="empty">{ "No policy is enforced here." }</p>
            }
            { for hop.authentication.iter().map(|rule| jwt_rule(rule, send)) }
            { for hop.policies.iter().map(|policy| policy_view(policy, send)) }
            if let Some(response) = &hop.response { <p>{ "Answers: " }{ response_text(response) }</p> }
            { routes(hop, send) }
            { hop.telemetry.as_ref().map(telemetry).unwrap_or_default() }
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
            if !rule.missing.is_empty() {
                <p class="missing">
                    { format!("It would match if {} more held: ", rule.missing.len()) }
                    { prose(&format!("`{}`", rule.missing.join("`, `"))) }
                </p>
            }
            if rule.clauses.is_empty() {
                <p class="empty">{ "Without conditions: it matches everything." }</p>
            } else {
                { conditions_table(rule.clauses.iter().map(|clause| clause_view(clause, send)).collect()) }
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
    html! {
        <>
            if !hop.candidates.is_empty() {
                <div class="policy">
                    <h4>{ "Routes, in the order in which they were tried" }</h4>
                    { for hop.candidates.iter().map(|candidate| candidate_view(candidate, send)) }
                </div>
            }
            if let Some(route) = &hop.route {
                <p>{ "Takes " }{ route_button(route, send) }{ hop.options.as_ref().map(options).unwrap_or_default() }</p>
            }
            if let Some(tie) = &hop.tie_breaker {
                <p class="scope">{ "before " }{ route_button(&tie.over, send) }{ ", which matches too: " }{ prose(&tie.because) }</p>
            }
            if !hop.backends.is_empty() {
                <div>{ "Sends it to:" }{ backends(&hop.backends) }</div>
            }
        </>
    }
}

fn candidate_view(candidate: &wire::RouteCandidate, send: &Callback<Message>) -> Html {
    let conditions = candidate.conditions.iter().map(|condition| {
        html! {
            <tr>
                <td>{ truth(condition.matched) }</td>
                <td><code>{ &condition.name }</code></td>
                <td><code>{ &condition.want }</code></td>
                <td>{ found(&condition.got) }</td>
            </tr>
        }
    });
    html! {
        <div class="rule">
            <h5>{ truth(candidate.matched) }{ route_button(&candidate.route, send) }</h5>
            if candidate.conditions.is_empty() {
                <p class="empty">{ "Without conditions: it takes everything." }</p>
            } else {
                { conditions_table(conditions.collect()) }
            }
        </div>
    }
}

/// A rule of a route, which leads to its line.
fn route_button(route: &wire::RouteChoice, send: &Callback<Message>) -> Html {
    let index = route
        .match_index
        .map(|index| format!(", match {index}"))
        .unwrap_or_default();
    let name = format!("{} rule {}{index}", object(&route.object), route.rule);
    place_button(&name, route.range, send)
}

fn conditions_table(rows: Html) -> Html {
    html! {
        <table>
            <thead><tr><th>{ "" }</th><th>{ "condition" }</th><th>{ "wanted" }</th><th>{ "found" }</th></tr></thead>
            <tbody>{ rows }</tbody>
        </table>
    }
}

/// What the rule taken says of time and of faults, in words.
fn options(options: &wire::RouteOptions) -> String {
    let mut words = Vec::new();
    if let Some(timeout) = &options.timeout {
        words.push(format!("timeout {timeout}"));
    }
    if let Some(retries) = &options.retries {
        let each = retries
            .per_try_timeout
            .iter()
            .map(|time| format!(" of {time} each"));
        let on = Some(&retries.retry_on).filter(|on| !on.is_empty());
        let on = on.iter().map(|on| format!(" on {on}"));
        let more: String = each.chain(on).collect();
        words.push(format!("up to {} retries{more}", retries.attempts));
    }
    if let Some(delay) = &options.delay {
        words.push(format!("{} % held up for {}", delay.percent, delay.time));
    }
    if let Some(abort) = &options.abort {
        let status = match (abort.grpc_status, abort.status) {
            (Some(status), _) => format!("gRPC status {status}"),
            (None, status) => format!("status {}", status.unwrap_or_default()),
        };
        words.push(format!(
            "{} % answered with {status} instead",
            abort.percent
        ));
    }
    words.iter().map(|word| format!("; {word}")).collect()
}

/// What a jwtRule says, of all tokens and of each.
fn jwt_rule(rule: &wire::JwtRuleAnswer, send: &Callback<Message>) -> Html {
    let name = format!("{} jwtRule {}", object(&rule.policy), rule.rule);
    html! {
        <div class="policy">
            <h4>
                { token_truth(rule.result) }
                { place_button(&name, rule.range, send) }
                <span class="scope">{ rule.issuer.as_ref().map(|issuer| format!("for {issuer}: ")) }{ token_word(rule.result) }</span>
            </h4>
            <ul class="rule">
                { for rule.tokens.iter().map(|token| {
                    let issuer = token.issuer.as_ref().map(|issuer| format!(" of {issuer}"));
                    let why = token.reason.as_ref().map(|reason| format!(": it {reason}"));
                    html! {
                        <li>
                            { token_truth(token.result) }{ " the token" }{ issuer }{ " in " }<code>{ location(&token.location) }</code>
                            { format!(" is {}", token_word(token.result)) }{ why.as_deref().map(prose).unwrap_or_default() }
                        </li>
                    }
                }) }
            </ul>
        </div>
    }
}

fn location(location: &wire::JwtLocation) -> String {
    match location {
        wire::JwtLocation::Header { header } => format!("header {header}"),
        wire::JwtLocation::Param { param } => format!("parameter {param}"),
        wire::JwtLocation::Cookie { cookie } => format!("cookie {cookie}"),
    }
}

fn token_word(result: wire::TokenResult) -> &'static str {
    match result {
        wire::TokenResult::Missing => "missing",
        wire::TokenResult::Accepted => "accepted",
        wire::TokenResult::Rejected => "rejected",
        wire::TokenResult::Unknown => "unknown: only keys that are not here can tell",
        wire::TokenResult::NotAsked => "not asked",
    }
}

fn token_truth(result: wire::TokenResult) -> Html {
    match result {
        wire::TokenResult::Accepted => truth(wire::Matched::Yes),
        wire::TokenResult::Rejected => truth(wire::Matched::No),
        wire::TokenResult::Unknown => truth(wire::Matched::Unknown),
        wire::TokenResult::Missing | wire::TokenResult::NotAsked => html! {},
    }
}

/// Metrics with their labels, and the line in the access log.
fn telemetry(telemetry: &wire::Telemetry) -> Html {
    html! {
        <details class="telemetry">
            <summary>{ "Metrics and access log" }</summary>
            <p>{ for telemetry.metrics.iter().map(|metric| html! { <><code>{ metric.as_ref() }</code>{ " " }</> }) }</p>
            { fields("Labels", &telemetry.labels) }
            { fields("Access log", &telemetry.access_log) }
        </details>
    }
}

fn fields(title: &'static str, fields: &sorted::Map<Cow<'static, str>, Option<Cow<'static, str>>>) -> Html {
    html! {
        if !fields.is_empty() {
            <h5>{ title }</h5>
            <dl class="fields">
                { for fields.iter().map(|(name, value)| html! {
                    <>
                        <dt><code>{ name.as_ref() }</code></dt>
                        <dd>{ match value { Some(value) => html! { <code>{ value.as_ref() }</code> }, None => html! { <em>{ "not determined by manifests" }</em> } } }</dd>
                    </>
                }) }
            </dl>
        }
    }
}
