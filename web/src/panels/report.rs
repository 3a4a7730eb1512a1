//! What the panels of reports have in common: waiting, emptiness, texts that can be copied, witnesses that become
//! requests.

use ambient_core::wire;
use yew::prelude::*;

use super::{code_link, copy_button, prose};
use crate::report::{Report, Sheet, Topic};
use crate::state::{Message, State, Tab};

/// The report of a topic below a sentence about it, or that it is on its way, or why there is nothing.
pub(super) fn view(
    state: &State,
    topic: Topic,
    about: Html,
    nothing: &'static str,
    body: impl Fn(&Report) -> Html,
) -> Html {
    let Some(report) = state.report_of(topic) else {
        return html! { <p class="empty">{ "Asking the engine …" }</p> };
    };
    if report.sheets.is_empty() && report.text.is_empty() && report.notes.is_empty() {
        return html! { <p class="empty">{ nothing }</p> };
    }
    let is_old = state
        .answer
        .as_ref()
        .is_some_and(|answer| answer.sequence != report.sequence);
    html! {
        <>
            <p class="about">{ about }</p>
            <div class={classes!(is_old.then_some("stale"))}>{ body(report) }</div>
        </>
    }
}

/// A text under a title, open or not, with a button that copies it.
pub(super) fn text(
    title: Html,
    text: &str,
    open: bool,
    state: &State,
    send: &Callback<Message>,
) -> Html {
    html! {
        <details class="sheet" {open}>
            <summary>{ title }</summary>
            { copy_button(text, "Copy", text, state, send) }
            <pre tabindex="0">{ text }</pre>
        </details>
    }
}

/// A request that shows something: its YAML, and a button that puts it among the requests.
pub(super) fn witness(sheet: &Sheet, state: &State, send: &Callback<Message>) -> Html {
    let Some(request) = sheet.request.clone() else {
        return html! {};
    };
    let onclick = send.reform(move |_| Message::AddRequest(request.clone()));
    html! {
        <div class="witness">
            <button class="small" {onclick} disabled={!state.editor_ready}>{ "Add to the requests" }</button>
            <details>
                <summary>{ "The request" }</summary>
                <pre tabindex="0">{ &sheet.text }</pre>
            </details>
        </div>
    }
}

/// A finding of a report, which leads to its line.
pub(super) fn note(note: &wire::Diagnostic, send: &Callback<Message>) -> Html {
    let place = note.range.map(|range| {
        let onclick = send.reform(move |_| Message::Reveal(Tab::Manifests, range));
        html! { <button class="jump" {onclick}>{ format!("line {}", range.start_line) }</button> }
    });
    html! {
        <li>
            { code_link(&note.code) }{ " " }{ place.unwrap_or_default() }
            <p>{ prose(&note.message) }{ note.help.as_ref().map(|help| prose(&format!(" — {help}"))).unwrap_or_default() }</p>
        </li>
    }
}
