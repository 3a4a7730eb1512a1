//! The `status` that istiod would write: of the selected object, then of all others.

use yew::prelude::*;

use super::report;
use crate::report::Topic;
use crate::state::{Message, State};

const NOTHING: &str = "istiod writes a status on none of these objects.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let about = html! {
        <>{ "What istiod would write, to be compared with " }<code>{ "kubectl get … -o yaml" }</code>{ "; messages are worded otherwise there. Select an object to have it first." }</>
    };
    report::view(state, Topic::Status, about, NOTHING, |found| {
        let has = state
            .node
            .as_ref()
            .filter(|_| !found.sheets.iter().any(|sheet| sheet.selected));
        html! {
            <>
                if let Some(node) = has {
                    <p class="empty">{ "istiod writes no status on " }<code>{ node }</code>{ "." }</p>
                }
                { for found.sheets.iter().map(|sheet| {
                    let title = html! { <code>{ &sheet.object }</code> };
                    report::text(title, &sheet.text, sheet.selected, state, send)
                }) }
            </>
        }
    })
}
