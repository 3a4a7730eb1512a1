//! How a visit begins.

use super::{Notice, State, Tab, Texts, Theme, texts};
use crate::examples;
use crate::share::{Shared, Unreadable};

/// What a visitor had stored, and came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The fragment of the address.
    pub(crate) fragment: String,
    /// What it says, if it is a link.
    pub(crate) shared: Option<Result<Shared, Unreadable>>,
    /// Texts of an earlier visit.
    pub(crate) stored: Option<Texts>,
    /// The theme of an earlier visit.
    pub(crate) theme: Theme,
}

impl State {
    /// The state with which a visit begins: a link beats what is stored, and never destroys it.
    pub(crate) fn arrive(arrival: Arrival) -> Self {
        let Arrival {
            fragment,
            shared,
            stored,
            theme,
        } = arrival;
        let first = examples::all().into_iter().next();
        let default = first.as_ref().map(texts).unwrap_or_default();
        let mut state = Self {
            theme,
            ..Self::default()
        };
        let linked = fragment.strip_prefix("#example/").map(examples::find);
        match (shared, linked) {
            (Some(Ok(shared)), _) => {
                state.tab = if shared.requests_tab {
                    Tab::Requests
                } else {
                    Tab::Manifests
                };
                state.texts = Texts {
                    manifests: shared.manifests,
                    requests: shared.requests,
                };
                state.open = shared.open.into_iter().collect();
                state.node = shared.node;
                state.documented = shared.documented;
                state.notice = stored
                    .filter(|mine| *mine != state.texts)
                    .map(Notice::TheirsOpen);
            }
            // Never somebody else's demo in place of a link that does not open: both texts stay empty.
            (Some(Err(unreadable)), _) => {
                state.notice = Some(Notice::Unreadable(unreadable.sentence()))
            }
            (None, Some(Some(example))) => {
                state.texts = texts(&example);
                state.notice = match stored.filter(|mine| *mine != state.texts) {
                    Some(mine) => Some(Notice::TheirsOpen(mine)),
                    None => Some(Notice::Example(example.notice)),
                };
            }
            (None, Some(None)) => {
                state.notice = Some(Notice::Unreadable(
                    "There is no example of this name.".to_owned(),
                ));
            }
            (None, None) => match stored {
                Some(mine) => state.texts = mine,
                None => {
                    state.texts = default;
                    state.notice = first.map(|example| Notice::Example(example.notice));
                }
            },
        }
        state
    }
}
