//! Every finding, in the order of the texts; a click leads to its place.

use ambient_core::wire;
use yew::prelude::*;

use super::prose;
use crate::state::{Message, State, Tab};

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let Some(answer) = &state.answer else {
        return html! {};
    };
    if answer.evaluation.diagnostics.is_empty() {
        return html! { <p class="empty">{ "No problems found." }</p> };
    }
    html! {
        <ul class="problem-list">
            { for answer.evaluation.diagnostics.iter().map(|diagnostic| problem(diagnostic, send)) }
        </ul>
    }
}

fn problem(diagnostic: &wire::Diagnostic, send: &Callback<Message>) -> Html {
    let (class, icon, word) = match diagnostic.severity {
        wire::Severity::Error => ("error", "✖", "error"),
        wire::Severity::Warning => ("warning", "▲", "warning"),
        wire::Severity::Info => ("info", "ℹ", "info"),
    };
    let tab = Tab::of_file(diagnostic.file.as_deref());
    let place = diagnostic
        .range
        .map(|range| format!("{} {}:{}", tab.name(), range.start_line, range.start_column));
    let body = html! {
        <>
            <span class={classes!("severity", class)}><span aria-hidden="true">{ icon }</span>{ format!(" {word}") }</span>
            <span class="message">{ prose(&diagnostic.message) }</span>
            if let Some(help) = &diagnostic.help { <span class="help">{ prose(help) }</span> }
            <span class="place">{ &diagnostic.code }{ place.map(|place| format!(" · {place}")).unwrap_or_default() }</span>
        </>
    };
    match diagnostic.range {
        Some(range) => {
            let onclick = send.reform(move |_| Message::Reveal(tab, range));
            html! { <li><button {onclick}>{ body }</button></li> }
        }
        None => html! { <li><div class="no-place">{ body }</div></li> },
    }
}
