//! VirtualServices as Gateway API's routes: the text, what it cannot say, and what it treats differently.

use yew::prelude::*;

use super::report;
use crate::report::{Difference, Report, Topic};
use crate::state::{Message, State};

const NOTHING: &str = "There is no VirtualService to convert.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let about = html! { "VirtualServices, with the subsets of DestinationRules, as Gateway API's routes and Services. Apply them beside the rest once the VirtualServices are gone." };
    report::view(state, Topic::Migration, about, NOTHING, |found| {
        html! {
            <>
                if !found.text.is_empty() {
                    { report::text(html! { "Converted manifests" }, &found.text, true, state, send) }
                }
                if !found.notes.is_empty() {
                    <h3>{ "What cannot be said there, or means something else" }</h3>
                    <ul class="sheets">{ for found.notes.iter().map(|note| report::note(note, send)) }</ul>
                }
                <h3>{ checked(found) }</h3>
                <ul class="sheets">
                    { for found.sheets.iter().map(|sheet| html! {
                        <li>
                            <p><code>{ &sheet.title }</code></p>
                            <table>
                                <thead><tr><th>{ "what" }</th><th>{ "as VirtualService" }</th><th>{ "as route" }</th></tr></thead>
                                <tbody>{ for sheet.differences.iter().map(row) }</tbody>
                            </table>
                            { report::witness(sheet, state, send) }
                        </li>
                    }) }
                </ul>
            </>
        }
    })
}

fn row(difference: &Difference) -> Html {
    html! {
        <tr>
            <td>{ &difference.field }</td>
            <td><pre>{ &difference.before }</pre></td>
            <td><pre>{ &difference.after }</pre></td>
        </tr>
    }
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
