//! The filters and routes that waypoints get, chain by chain.

use yew::prelude::*;

use super::report;
use crate::report::Topic;
use crate::state::{Message, State};

const NOTHING: &str = "There is no waypoint in the manifests.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let about = html! { "What istiod would tell the Envoy of each waypoint about the traffic of each Service: RBAC, JWT and ext_authz filters, and routes, in Envoy's own fields. What concerns the selected object comes first." };
    report::view(state, Topic::Envoy, about, NOTHING, |found| {
        html! {
            { for found.sheets.iter().map(|chain| {
                let title = html! { <><code>{ &chain.title }</code><span class="scope">{ format!(" at {}", chain.object) }</span></> };
                report::text(title, &chain.text, chain.selected, state, send)
            }) }
        }
    })
}
