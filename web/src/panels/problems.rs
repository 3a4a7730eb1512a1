//! Every finding, in the order of the texts; a click leads to its place.

use ambient_core::wire;
use yew::prelude::*;

use super::element::{all, button, el, icon, none, say, word};
use super::{code_link, prose};
use crate::state::{Message, State, Tab};

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let Some(answer) = &state.answer else {
        return none();
    };
    let found = &answer.evaluation.diagnostics;
    if found.is_empty() {
        return say("p", "empty", "No problems found.");
    }
    let problems = found.iter().map(|one| problem(one, state, send));
    el("ul", "problem-list", problems.collect())
}

fn problem(diagnostic: &wire::Diagnostic, state: &State, send: &Callback<Message>) -> Html {
    let (class, sign, name) = match diagnostic.severity {
        wire::Severity::Error => ("severity error", "✖", " error"),
        wire::Severity::Warning => ("severity warning", "▲", " warning"),
        wire::Severity::Info => ("severity info", "ℹ", " info"),
    };
    let tab = Tab::of_file(diagnostic.file.as_deref());
    let mut parts = vec![
        el("span", class, vec![icon(sign), word(name)]),
        el("span", "message", vec![prose(&diagnostic.message)]),
    ];
    if let Some(help) = &diagnostic.help {
        parts.push(el("span", "help", vec![prose(help)]));
    }
    let mut place = vec![code_link(&diagnostic.code)];
    let body = match diagnostic.range {
        Some(range) => {
            let wire::Range {
                start_line,
                start_column,
                ..
            } = range;
            place.push(word(&format!(
                " · {} {start_line}:{start_column}",
                tab.name()
            )));
            let onclick = send.reform(move |_| Message::Reveal(tab, range));
            button("problem", "", all(parts), onclick)
        }
        None => el("div", "problem", parts),
    };
    let mut about = vec![el("span", "place", place)];
    let fix = diagnostic.fix.as_ref().filter(|_| state.editor_ready);
    about.extend(fix.map(|fix| fix_view(fix, tab, state, send)));
    el("li", "", vec![body, el("div", "about-problem", about)])
}

/// What a fix would change, and a button that does it.
fn fix_view(fix: &wire::Fix, tab: Tab, state: &State, send: &Callback<Message>) -> Html {
    let edits = fix.edits.clone();
    let onclick = send.reform(move |_| Message::Fix(tab, edits.clone()));
    let mut changes = Vec::new();
    for edit in &fix.edits {
        let old = replaced(state.texts.get(tab), edit.range);
        let new = edit.text.trim_matches('\n');
        if !old.is_empty() {
            changes.push(say("del", "", &format!("− {old}")));
        }
        if !new.is_empty() {
            changes.push(say("ins", "", &format!("+ {new}")));
        }
    }
    let parts = vec![
        el("summary", "", vec![word("Fix: "), prose(&fix.title)]),
        el("pre", "", changes),
        button("", "", word("Apply"), onclick),
    ];
    el("details", "fix", parts)
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
