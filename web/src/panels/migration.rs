//! VirtualServices and Istio Gateways as Gateway API's objects: the text, what it cannot say, and what it treats differently.

use yew::prelude::*;

use super::element::{code, el, row, say, table, word};
use super::report;
use crate::report::{Report, Sheet, Topic};
use crate::state::{Message, State};

const ABOUT: &str = "VirtualServices, with the subsets of DestinationRules and Istio's own Gateways, as Gateway API's \
    routes, Services and Gateways. Apply them beside the rest once the others are gone.";
const NOTHING: &str = "There is no VirtualService or Istio Gateway to convert.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    report::view(state, Topic::Migration, ABOUT, NOTHING, |found| {
        let mut parts = Vec::new();
        if !found.text.is_empty() {
            let title = word("Converted manifests");
            parts.push(report::text(title, &found.text, true, state, send));
        }
        if !found.notes.is_empty() {
            let notes = found.notes.iter().map(|note| report::note(note, send));
            parts.push(say(
                "h3",
                "",
                "What cannot be said there, or means something else",
            ));
            parts.push(el("ul", "sheets", notes.collect()));
        }
        let sheets = found
            .sheets
            .iter()
            .map(|sheet| difference(sheet, state, send));
        parts.push(say("h3", "", &checked(found)));
        parts.push(el("ul", "sheets", sheets.collect()));
        parts
    })
}

/// A request that the two forms treat differently.
fn difference(sheet: &Sheet, state: &State, send: &Callback<Message>) -> Html {
    let rows = sheet.differences.iter().map(|one| {
        row([
            word(&one.field),
            say("pre", "", &one.before),
            say("pre", "", &one.after),
        ])
    });
    let parts = vec![
        el("p", "", vec![code(&sheet.title)]),
        table(&["what", "as it is", "converted"], rows.collect()),
        report::witness(sheet, state, send),
    ];
    el("li", "", parts)
}

fn checked(found: &Report) -> String {
    let requests = match found.checked {
        1 => "1 request was".to_owned(),
        many => format!("{many} requests were"),
    };
    let differ = match found.sheets.len() {
        0 => "none is treated differently".to_owned(),
        1 => "1 is treated differently".to_owned(),
        many => format!("{many} are treated differently"),
    };
    format!("{requests} evaluated against both forms: {differ}")
}
