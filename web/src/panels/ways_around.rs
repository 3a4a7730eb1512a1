//! Requests that one would expect policies to stop, and that get through.

use yew::prelude::*;

use super::{object_button, prose, report};
use crate::report::Topic;
use crate::state::{Message, State};

const NOTHING: &str = "No way around a policy was found: every request that a policy is there to stop is stopped, straight \
    on, past waypoints, through gateways and through other Services.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let about = html! { "Requests that one would expect a policy to stop, and that get through; each was evaluated." };
    report::view(state, Topic::WaysAround, about, NOTHING, |found| {
        // The policy once, above all of its ways.
        let mut last = "";
        html! {
            <ul class="sheets">
                { for found.sheets.iter().map(|way| {
                    let is_next = std::mem::replace(&mut last, &way.object) != way.object;
                    html! {
                        <li class={classes!(way.selected.then_some("selected"))}>
                            if is_next { <h3>{ object_button(&way.object, send) }</h3> }
                            <p>{ prose(&way.title) }</p>
                            { report::witness(way, state, send) }
                        </li>
                    }
                }) }
            </ul>
        }
    })
}
