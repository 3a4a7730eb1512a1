//! ListenerSet (`gateway.networking.k8s.io`): further listeners for a Gateway, owned by someone else.

use crate::decode::Decode;

use super::{Listener, ParentReference};

/// `spec` of a ListenerSet.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListenerSet {
    /// The Gateway.
    pub(crate) parent_ref: ParentReference,
    /// Listeners.
    pub(crate) listeners: Vec<Listener>,
}
