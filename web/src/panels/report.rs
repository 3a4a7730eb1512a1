//! What the panels of reports have in common: waiting, emptiness, texts that can be copied, witnesses that become
//! requests.

use ambient_core::wire;
use yew::prelude::*;

use super::element::{all, button, el, el_with, none, say, word};
use super::{code_link, copy_button, prose};
use crate::report::{Report, Sheet, Topic};
use crate::state::{Message, State, Tab};

/// The report of a topic below a sentence about it, or that it is on its way, or why there is nothing.
pub(super) fn view(
    state: &State,
    topic: Topic,
    about: &str,
    nothing: &str,
    body: impl FnOnce(&Report) -> Vec<Html>,
) -> Html {
    let Some(report) = state.report_of(topic) else {
        return say("p", "empty", "Asking the engine …");
    };
    if report.sheets.is_empty() && report.text.is_empty() && report.notes.is_empty() {
        return say("p", "empty", nothing);
    }
    let answer = state.answer.as_ref();
    let is_old = answer.is_some_and(|answer| answer.sequence != report.sequence);
    let class = if is_old { "stale" } else { "" };
    all(vec![
        el("p", "about", vec![prose(about)]),
        el("div", class, body(report)),
    ])
}

/// A text under a title, open or not, with a button that copies it.
pub(super) fn text(
    title: Html,
    text: &str,
    open: bool,
    state: &State,
    send: &Callback<Message>,
) -> Html {
    let attributes = [("class", "sheet"), ("open", "")];
    let attributes = attributes.get(..1 + usize::from(open)).unwrap_or_default();
    let parts = vec![
        el("summary", "", vec![title]),
        copy_button(text, "Copy", text, state, send),
        pre(text),
    ];
    el_with("details", attributes, parts)
}

/// Keys can scroll it.
fn pre(text: &str) -> Html {
    el_with("pre", &[("tabindex", "0")], vec![word(text)])
}

/// A request that shows something: its YAML, and a button that puts it among the requests.
pub(super) fn witness(sheet: &Sheet, state: &State, send: &Callback<Message>) -> Html {
    let Some(request) = sheet.request.clone() else {
        return none();
    };
    let mut parts = Vec::new();
    if state.editor_ready {
        let onclick = send.reform(move |_| Message::AddRequest(request.clone()));
        parts.push(button("small", "", word("Add to the requests"), onclick));
    }
    let request = vec![say("summary", "", "The request"), pre(&sheet.text)];
    parts.push(el("details", "", request));
    el("div", "witness", parts)
}

/// A finding of a report, which leads to its line.
pub(super) fn note(note: &wire::Diagnostic, send: &Callback<Message>) -> Html {
    let mut parts = vec![code_link(&note.code), word(" ")];
    if let Some(range) = note.range {
        let onclick = send.reform(move |_| Message::Reveal(Tab::Manifests, range));
        let line = format!("line {}", range.start_line);
        parts.push(button("jump", "", word(&line), onclick));
    }
    let help = note.help.as_ref().map(|help| format!(" — {help}"));
    let sentence = note.message.clone() + &help.unwrap_or_default();
    parts.push(el("p", "", vec![prose(&sentence)]));
    el("li", "", parts)
}
