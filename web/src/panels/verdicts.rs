//! A row for each sample request: outcome, deciding object, one sentence; open, its whole trace.

use ambient_core::wire;
use yew::prelude::*;

use super::element::{all, el, el_with, icon, none, say, word};
use super::{prose, trace, verdict_id};
use crate::reference;
use crate::state::{Message, State};

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let Some(answer) = &state.answer else {
        return html! { <p class="empty" id="verdicts">{ "Evaluating …" }</p> };
    };
    let results = &answer.evaluation.results;
    let switch = send.reform(|_| Message::Documented);
    html! {
        <>
        <div class="behavior">
            { expectations(state) }
            <label title="Where Istio's documentation and its code differ, answer as the documentation says. Settings beside the requests go first.">
                <input type="checkbox" checked={state.documented} onchange={switch} />{ "As documented" }
            </label>
            <a href={reference::BEHAVIOR} target="_blank" rel="noopener" aria-label="Where documentation and code differ" title="Where documentation and code differ">{ "?" }</a>
        </div>
        <div id="verdicts" class={classes!((state.stale_verdicts || state.stale_graph).then_some("stale"))}>
            if state.stale_verdicts || state.stale_graph {
                <p class="stale-note">{ "Based on the last valid text." }</p>
            }
            if results.is_empty() {
                <p class="empty">{ "No sample requests. Write some in the tab Requests." }</p>
            }
            <ol class="verdict-list">
                { for results.iter().enumerate().map(|(index, answer)| row(state, send, index, answer)) }
            </ol>
        </div>
        </>
    }
}

/// How many of the expectations are met.
fn expectations(state: &State) -> Html {
    let (all, unmet) = state.expectations();
    let class = if unmet == 0 {
        "expected met"
    } else {
        "expected unmet"
    };
    match all {
        0 => none(),
        all => say(
            "span",
            class,
            &format!("{} of {all} as expected", all - unmet),
        ),
    }
}

fn row(state: &State, send: &Callback<Message>, index: usize, answer: &wire::Answer) -> Html {
    let open = state.open.contains(&index);
    let onclick = send.reform(move |_| Message::Toggle(index));
    let name = answer
        .name
        .clone()
        .unwrap_or_else(|| format!("request {}", index + 1));
    let details = format!("trace-{index}");
    let content = all(vec![
        badge(answer.verdict),
        say("span", "name", &name),
        answer.expected.as_ref().map_or_else(none, expectation),
        say("span", "decision", &decision(answer)),
        el("span", "reason", vec![prose(&answer.reason)]),
    ]);
    html! {
        <li key={index} id={verdict_id(index)}>
            <button class="verdict-row" {onclick} aria-expanded={open.to_string()} aria-controls={details.clone()}>{ content }</button>
            if open {
                <div id={details} class="trace">{ trace::view(answer, send) }</div>
            }
        </li>
    }
}

fn badge(verdict: wire::Verdict) -> Html {
    let (class, sign, name) = match verdict {
        wire::Verdict::Allow => ("badge allow", "✔", " ALLOW"),
        wire::Verdict::Deny => ("badge deny", "✖", " DENY"),
        wire::Verdict::Unknown => ("badge unknown", "?", " UNKNOWN"),
    };
    el("span", class, vec![icon(sign), word(name)])
}

fn expectation(expected: &wire::Expected) -> Html {
    let (class, sign, name) = match expected.met {
        true => ("expected met", "✓", " expected"),
        false => ("expected unmet", "≠", " not as expected"),
    };
    let title = expected.differences.join("; ");
    let attributes = [("class", class), ("title", &title)];
    el_with("span", &attributes, vec![icon(sign), word(name)])
}

/// The deciding object, or that there is none.
fn decision(answer: &wire::Answer) -> String {
    let Some(decision) = &answer.decision else {
        return "no policy decided".to_owned();
    };
    let place = trace::hop_name(decision.hop);
    match &decision.policy {
        Some(policy) => {
            let rule = policy
                .rule
                .map(|rule| format!(" rule {rule}"))
                .unwrap_or_default();
            format!("{}{rule} at the {place}", trace::object(&policy.object))
        }
        None => format!("{} at the {place}", trace::cause_name(decision.cause)),
    }
}
