//! The filters and routes that waypoints get, chain by chain.

use yew::prelude::*;

use super::element::{all, code, say};
use super::report;
use crate::report::Topic;
use crate::state::{Message, State};

const ABOUT: &str = "What istiod would tell the Envoy of each waypoint about the traffic of each Service: RBAC, JWT and \
    ext_authz filters, and routes, in Envoy's own fields. What concerns the selected object comes first.";
const NOTHING: &str = "There is no waypoint in the manifests.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    report::view(state, Topic::Envoy, ABOUT, NOTHING, |found| {
        let chains = found.sheets.iter().map(|chain| {
            let proxy = say("span", "scope", &format!(" at {}", chain.object));
            let title = all(vec![code(&chain.title), proxy]);
            report::text(title, &chain.text, chain.selected, state, send)
        });
        chains.collect()
    })
}
