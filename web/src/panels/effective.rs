//! What affects the selected object, in the order in which it acts, and what the object affects.

use ambient_core::wire;
use yew::prelude::*;

use super::element::{code, el, none, say};
use super::{object_button, prose, trace};
use crate::graph::svg;
use crate::state::{Message, State};

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let effective = state
        .answer
        .as_ref()
        .and_then(|answer| answer.effective.as_ref())
        .filter(|effective| state.node.as_ref() == Some(&effective.object));
    let Some(effective) = effective else {
        return none();
    };
    let mut parts = vec![el("h3", "", vec![code(&effective.object)])];
    let affected_by = "Affected by, in the order in which it acts";
    list(&mut parts, affected_by, &effective.affected_by, send);
    list(&mut parts, "Affects", &effective.affects, send);
    el("div", "effective", parts)
}

fn list(
    parts: &mut Vec<Html>,
    title: &str,
    influences: &[wire::Influence],
    send: &Callback<Message>,
) {
    if influences.is_empty() {
        return;
    }
    let influence = |influence: &wire::Influence| {
        let hop = influence
            .hop
            .map(|hop| format!(" at the {}", trace::hop_name(hop)));
        let phase = phase(influence.phase).to_owned() + &hop.unwrap_or_default();
        let mut parts = vec![
            say("span", "phase", &phase),
            object_button(&influence.object, send),
        ];
        if influence.status != wire::EdgeStatus::Attached {
            let status = svg::status_name(influence.status);
            let why = format!("{status}: {}", influence.reason);
            parts.push(say("span", "not-attached", &why));
        }
        parts.push(el("span", "message", vec![prose(&influence.message)]));
        el("li", svg::class(influence.status), parts)
    };
    parts.push(say("h4", "", title));
    parts.push(el("ol", "", influences.iter().map(influence).collect()));
}

fn phase(phase: wire::Phase) -> &'static str {
    match phase {
        wire::Phase::Enrolment => "waypoint",
        wire::Phase::Mtls => "mutual TLS",
        wire::Phase::Custom => "external authorizer",
        wire::Phase::Authentication => "tokens",
        wire::Phase::Audit => "AUDIT",
        wire::Phase::Deny => "DENY",
        wire::Phase::Allow => "ALLOW",
        wire::Phase::Extension => "extension",
        wire::Phase::Route => "route",
        wire::Phase::Destination => "destination",
        wire::Phase::Telemetry => "telemetry",
        wire::Phase::Delivery => "delivery",
    }
}
