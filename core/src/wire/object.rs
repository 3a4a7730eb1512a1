//! References to Kubernetes objects.

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

/// A Kubernetes object by kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// The kind. A classic Istio Gateway is `Gateway.networking.istio.io`: Gateway API has a `Gateway` too.
    pub kind: String,
    /// The namespace; absent for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectRef {
    /// The id used by graph and diagnostics: `Kind/namespace/name`, or `Kind//name` without a namespace.
    pub fn id(&self) -> String {
        format!(
            "{}/{}/{}",
            self.kind,
            self.namespace.as_deref().unwrap_or_default(),
            self.name
        )
    }
}
