//! Every finding, in the order of the texts; a click leads to its place.

use ambient_core::wire;
use yew::prelude::*;

use super::{code_link, prose};
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
            { for answer.evaluation.diagnostics.iter().map(|diagnostic| problem(diagnostic, state, send)) }
        </ul>
    }
}

fn problem(diagnostic: &wire::Diagnostic, state: &State, send: &Callback<Message>) -> Html {
    let (class, icon, word) = match diagnostic.severity {
        wire::Severity::Error => ("error", "✖", "error"),
        wire::Severity::Warning => ("warning", "▲", "warning"),
        wire::Severity::Info => ("info", "ℹ", "info"),
    };
    let tab = Tab::of_file(diagnostic.file.as_deref());
    let position = diagnostic.range.map(|range| {
        format!(
            " · {} {}:{}",
            tab.name(),
            range.start_line,
            range.start_column
        )
    });
    let body = html! {
        <>
            <span class={classes!("severity", class)}><span aria-hidden="true">{ icon }</span>{ format!(" {word}") }</span>
            <span class="message">{ prose(&diagnostic.message) }</span>
            if let Some(help) = &diagnostic.help { <span class="help">{ prose(help) }</span> }
        </>
    };
    let place = match diagnostic.range {
        Some(range) => {
            let onclick = send.reform(move |_| Message::Reveal(tab, range));
            html! { <button class="problem" {onclick}>{ body }</button> }
        }
        None => html! { <div class="problem">{ body }</div> },
    };
    let fix = diagnostic.fix.as_ref().filter(|_| state.editor_ready);
    html! {
        <li>
            { place }
            <div class="about-problem">
                <span class="place">{ code_link(&diagnostic.code) }{ position }</span>
                { fix.map(|fix| fix_view(fix, tab, state, send)).unwrap_or_default() }
            </div>
        </li>
    }
}

/// What a fix would change, and a button that does it.
fn fix_view(fix: &wire::Fix, tab: Tab, state: &State, send: &Callback<Message>) -> Html {
    let edits = fix.edits.clone();
    let onclick = send.reform(move |_| Message::Fix(tab, edits.clone()));
    html! {
        <details class="fix">
            <summary>{ "Fix: " }{ prose(&fix.title) }</summary>
            <pre>
                { for fix.edits.iter().map(|edit| {
                    let old = replaced(state.texts.get(tab), edit.range);
                    let text = edit.text.trim_matches('\n');
                    html! {
                        <>
                            if !old.is_empty() { <del>{ format!("− {old}") }</del> }
                            if !text.is_empty() { <ins>{ format!("+ {text}") }</ins> }
                        </>
                    }
                }) }
            </pre>
            <button {onclick}>{ "Apply" }</button>
        </details>
    }
}

/// The text that a range covers.
fn replaced(text: &str, range: wire::Range) -> String {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(line, _)| (range.start_line..=range.end_line).contains(line));
    let cut = |(line, text): (u32, &str)| {
        let units: Vec<u16> = text.encode_utf16().collect();
        let from = match line == range.start_line {
            true => range.start_column as usize - 1,
            false => 0,
        };
        let to = match line == range.end_line {
            true => range.end_column as usize - 1,
            false => units.len(),
        };
        String::from_utf16_lossy(units.get(from..to.min(units.len())).unwrap_or_default())
    };
    let covered: Vec<String> = lines.map(cut).collect();
    covered.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_shows_what_goes() {
        let range = |start_line, start_column, end_line, end_column| wire::Range {
            start_line,
            start_column,
            end_line,
            end_column,
        };
        let text = "kind: A\nname: 𝒳y\nlast: z\n";
        assert_eq!(replaced(text, range(1, 7, 1, 8)), "A");
        assert_eq!(replaced(text, range(2, 7, 2, 9)), "𝒳");
        assert_eq!(replaced(text, range(1, 7, 3, 5)), "A\nname: 𝒳y\nlast");
        assert_eq!(replaced(text, range(2, 1, 2, 1)), "");
        assert_eq!(replaced(text, range(9, 1, 9, 4)), "");
    }
}
