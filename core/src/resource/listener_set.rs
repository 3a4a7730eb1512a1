//! ListenerSet (`gateway.networking.k8s.io`): further listeners for a Gateway, owned by someone else.

use serde::Deserialize;

use super::{Listener, ParentReference};

/// `spec` of a ListenerSet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListenerSet {
    /// The Gateway.
    pub(crate) parent_ref: ParentReference,
    /// Listeners.
    pub(crate) listeners: Vec<Listener>,
}
