//! Requests that one would expect policies to stop, and that get through.

use yew::prelude::*;

use super::element::el;
use super::{object_button, prose, report};
use crate::report::Topic;
use crate::state::{Message, State};

const ABOUT: &str =
    "Requests that one would expect a policy to stop, and that get through; each was evaluated.";
const NOTHING: &str = "No way around a policy was found: every request that a policy is there to stop is stopped, straight \
    on, past waypoints, through gateways and through other Services.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    report::view(state, Topic::WaysAround, ABOUT, NOTHING, |found| {
        // The policy once, above all of its ways.
        let mut last = "";
        let ways = found.sheets.iter().map(|way| {
            let is_next = std::mem::replace(&mut last, &way.object) != way.object;
            let policy = is_next.then(|| el("h3", "", vec![object_button(&way.object, send)]));
            let mut parts: Vec<Html> = policy.into_iter().collect();
            parts.push(el("p", "", vec![prose(&way.title)]));
            parts.push(report::witness(way, state, send));
            el("li", if way.selected { "selected" } else { "" }, parts)
        });
        vec![el("ul", "sheets", ways.collect())]
    })
}
