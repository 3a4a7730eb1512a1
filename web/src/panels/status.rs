//! The `status` that istiod would write: of the selected object, then of all others.

use yew::prelude::*;

use super::element::{code, el, word};
use super::report;
use crate::report::Topic;
use crate::state::{Message, State};

const ABOUT: &str = "What istiod would write, to be compared with `kubectl get … -o yaml`; messages are worded otherwise \
    there. Select an object to have it first.";
const NOTHING: &str = "istiod writes a status on none of these objects.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    report::view(state, Topic::Status, ABOUT, NOTHING, |found| {
        let has_one = found.sheets.iter().any(|sheet| sheet.selected);
        let without = state.node.as_ref().filter(|_| !has_one).map(|node| {
            let words = vec![word("istiod writes no status on "), code(node), word(".")];
            el("p", "empty", words)
        });
        let sheets = found.sheets.iter().map(|sheet| {
            report::text(
                code(&sheet.object),
                &sheet.text,
                sheet.selected,
                state,
                send,
            )
        });
        without.into_iter().chain(sheets).collect()
    })
}
