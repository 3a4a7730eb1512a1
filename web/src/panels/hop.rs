//! One proxy of a trace: the tokens, policies, rules and clauses that it asks, with what was wanted and what came; the
//! routes that it tries; what the request leaves behind there. What has a place in the text leads to its line.

use std::borrow::Cow;

use ambient_core::decode::json_line;
use ambient_core::{sorted, wire};
use yew::prelude::*;

use super::element::{all, button, code, el, none, row, say, table, word};
use super::prose;
use super::trace::{backends, hop_name, object, response_text, truth};
use crate::state::{Message, Tab};

/// One proxy: what it sees, asks, decides and leaves behind.
pub(super) fn view(hop: &wire::HopAnswer, send: &Callback<Message>) -> Html {
    let (class, word_of_verdict) = match hop.verdict {
        wire::HopVerdict::Allow => ("allow", "lets it pass"),
        wire::HopVerdict::Deny => ("deny", "refuses"),
        wire::HopVerdict::Unknown => ("unknown", "unknown"),
        wire::HopVerdict::Skipped => ("skipped", "not reached"),
    };
    let layer = match hop.layer {
        wire::Layer::L4 => "L4",
        wire::Layer::L7 => "L7",
    };
    let mut title = vec![word(hop_name(hop.hop))];
    if let Some(share) = hop.share {
        title.push(say("span", "layer", &format!("{share} % of connections")));
    }
    if let Some(proxy) = &hop.proxy {
        title.push(say("span", "object", &object(proxy)));
    }
    title.push(say("span", "layer", layer));
    title.push(say("span", "hop-verdict", word_of_verdict));
    let peer = hop.peer.as_deref().unwrap_or("none (plaintext)");
    let mut parts = vec![
        el("h3", "", title),
        el("p", "peer", vec![word("Identity seen: "), code(peer)]),
    ];
    if hop.verdict != wire::HopVerdict::Skipped && enforces(hop.hop) && hop.policies.is_empty() {
        parts.push(say("p", "empty", "No policy is enforced here."));
    }
    parts.extend(hop.authentication.iter().map(|rule| jwt_rule(rule, send)));
    parts.extend(hop.policies.iter().map(|policy| policy_view(&policy, send)));
    if let Some(response) = &hop.response {
        parts.push(say(
            "p",
            "",
            &format!("Answers: {}", response_text(response)),
        ));
    }
    routes(hop, &mut parts, send);
    parts.extend(hop.telemetry.as_ref().map(telemetry));
    el("li", class, parts)
}

/// The caller's ztunnel only carries.
fn enforces(hop: wire::HopKind) -> bool {
    !matches!(hop, wire::HopKind::SourceZtunnel | wire::HopKind::Client)
}

fn policy_view(policy: &wire::PolicyAnswer<'_>, send: &Callback<Message>) -> Html {
    let mut title = vec![
        truth(policy.matched),
        say("span", "action", &policy.action),
        say("span", "object", &object(&policy.policy)),
        say("span", "scope", &format!("here by {}", policy.scope)),
    ];
    if policy.dry_run {
        title.push(say("span", "scope", "dry run: does not count"));
    }
    let mut parts = vec![el("h4", "", title)];
    if !policy.losses.is_empty() {
        let losses = policy
            .losses
            .iter()
            .map(|loss| el("li", "", vec![prose(loss)]));
        parts.push(el("ul", "losses", losses.collect()));
    }
    if policy.rules.is_empty() {
        parts.push(say("p", "empty", "No rule of it can match here."));
    }
    parts.extend(policy.rules.iter().map(|rule| rule_view(rule, send)));
    el("div", "policy", parts)
}

fn rule_view(rule: &wire::RuleAnswer<'_>, send: &Callback<Message>) -> Html {
    let title = vec![truth(rule.matched), word(&format!("rule {}", rule.index))];
    let mut parts = vec![el("h5", "", title)];
    if !rule.missing.is_empty() {
        let count = rule.missing.len();
        let missing = rule.missing.join("`, `");
        let sentence = format!("It would match if {count} more held: `{missing}`");
        parts.push(el("p", "missing", vec![prose(&sentence)]));
    }
    parts.push(if rule.clauses.is_empty() {
        say("p", "empty", "Without conditions: it matches everything.")
    } else {
        let rows = rule.clauses.iter().map(|clause| {
            let name = place_button(&clause.path, clause.range, send);
            condition(clause.matched, name, &clause.want.join(", "), clause.got)
        });
        conditions(rows.collect())
    });
    el("div", "rule", parts)
}

fn condition(matched: wire::Matched, name: Html, want: &str, got: &serde_json::Value) -> Html {
    row([truth(matched), name, code(want), found(got)])
}

fn conditions(rows: Vec<Html>) -> Html {
    table(&["", "condition", "wanted", "found"], rows)
}

/// A path that leads to its line, if it has one.
fn place_button(text: &str, range: Option<wire::Range>, send: &Callback<Message>) -> Html {
    let Some(range) = range else {
        return code(text);
    };
    let onclick = send.reform(move |_| Message::Reveal(Tab::Manifests, range));
    button(
        "jump",
        &format!("To line {}", range.start_line),
        code(text),
        onclick,
    )
}

fn found(got: &serde_json::Value) -> Html {
    match got {
        serde_json::Value::Null => say("em", "", "nothing"),
        serde_json::Value::String(text) => code(text),
        other => code(&json_line(other)),
    }
}

fn routes(hop: &wire::HopAnswer, parts: &mut Vec<Html>, send: &Callback<Message>) {
    if !hop.candidates.is_empty() {
        let mut tried = vec![say(
            "h4",
            "",
            "Routes, in the order in which they were tried",
        )];
        tried.extend(hop.candidates.iter().map(|one| candidate(one, send)));
        parts.push(el("div", "policy", tried));
    }
    if let Some(route) = &hop.route {
        let options = hop.options.as_ref().map(options).unwrap_or_default();
        parts.push(el(
            "p",
            "",
            vec![word("Takes "), route_button(route, send), word(&options)],
        ));
    }
    if let Some(tie) = &hop.tie_breaker {
        let why = vec![
            word("before "),
            route_button(&tie.over, send),
            word(", which matches too: "),
            prose(&tie.because),
        ];
        parts.push(el("p", "scope", why));
    }
    if !hop.backends.is_empty() {
        parts.push(el(
            "div",
            "",
            vec![word("Sends it to:"), backends(&hop.backends)],
        ));
    }
}

fn candidate(candidate: &wire::RouteCandidate, send: &Callback<Message>) -> Html {
    let title = vec![
        truth(candidate.matched),
        route_button(&candidate.route, send),
    ];
    let asked = if candidate.conditions.is_empty() {
        say("p", "empty", "Without conditions: it takes everything.")
    } else {
        let rows = candidate
            .conditions
            .iter()
            .map(|one| condition(one.matched, code(&one.name), &one.want, &one.got));
        conditions(rows.collect())
    };
    el("div", "rule", vec![el("h5", "", title), asked])
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
    let issuer = rule.issuer.as_ref().map(|issuer| format!("for {issuer}: "));
    let says = issuer.unwrap_or_default() + token_word(rule.result);
    let title = vec![
        token_truth(rule.result),
        place_button(&name, rule.range, send),
        say("span", "scope", &says),
    ];
    let tokens = rule.tokens.iter().map(|token| {
        let issuer = token.issuer.as_ref().map(|issuer| format!(" of {issuer}"));
        let reason = token.reason.as_ref().map(|reason| format!(": it {reason}"));
        let sentence = format!(
            " the token{} in `{}` is {}{}",
            issuer.unwrap_or_default(),
            location(&token.location),
            token_word(token.result),
            reason.unwrap_or_default()
        );
        el("li", "", vec![token_truth(token.result), prose(&sentence)])
    });
    el(
        "div",
        "policy",
        vec![el("h4", "", title), el("ul", "rule", tokens.collect())],
    )
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
        wire::TokenResult::Missing | wire::TokenResult::NotAsked => none(),
    }
}

/// Metrics with their labels, and the line in the access log.
fn telemetry(telemetry: &wire::Telemetry) -> Html {
    let metrics = telemetry
        .metrics
        .iter()
        .flat_map(|metric| [code(metric), word(" ")]);
    let parts = vec![
        say("summary", "", "Metrics and access log"),
        el("p", "", metrics.collect()),
        fields("Labels", &telemetry.labels),
        fields("Access log", &telemetry.access_log),
    ];
    el("details", "telemetry", parts)
}

type Fields = sorted::Map<Cow<'static, str>, Option<Cow<'static, str>>>;

fn fields(title: &str, fields: &Fields) -> Html {
    if fields.is_empty() {
        return none();
    }
    let rows = fields.iter().flat_map(|(name, value)| {
        let value = match value {
            Some(value) => code(value),
            None => say("em", "", "not determined by manifests"),
        };
        [el("dt", "", vec![code(name)]), el("dd", "", vec![value])]
    });
    all(vec![
        say("h5", "", title),
        el("dl", "fields", rows.collect()),
    ])
}
