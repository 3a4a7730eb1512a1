//! What affects the selected object, in the order in which it acts, and what the object affects.

use ambient_core::wire;
use yew::prelude::*;

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
        return html! {};
    };
    html! {
        <div class="effective">
            <h3><code>{ &effective.object }</code></h3>
            { list("Affected by, in the order in which it acts", &effective.affected_by, send) }
            { list("Affects", &effective.affects, send) }
        </div>
    }
}

fn list(title: &'static str, influences: &[wire::Influence], send: &Callback<Message>) -> Html {
    if influences.is_empty() {
        return html! {};
    }
    html! {
        <>
            <h4>{ title }</h4>
            <ol>
                { for influences.iter().map(|influence| {
                    let hop = influence.hop.map(|hop| format!(" at the {}", trace::hop_name(hop)));
                    let attached = influence.status == wire::EdgeStatus::Attached;
                    html! {
                        <li class={svg::class(influence.status)}>
                            <span class="phase">{ phase(influence.phase) }{ hop.unwrap_or_default() }</span>
                            { object_button(&influence.object, send) }
                            if !attached {
                                <span class="not-attached">{ format!("{}: {}", svg::status_name(influence.status), influence.reason) }</span>
                            }
                            <span class="message">{ prose(&influence.message) }</span>
                        </li>
                    }
                }) }
            </ol>
        </>
    }
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
