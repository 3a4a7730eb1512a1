//! ReferenceGrant (`gateway.networking.k8s.io`): who may refer to objects of a namespace from outside it.

use crate::decode::Decode;

/// `spec` of a ReferenceGrant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct ReferenceGrant {
    /// Who may refer; alternatives.
    pub(crate) from: Vec<ReferenceGrantFrom>,
    /// To what; alternatives.
    pub(crate) to: Vec<ReferenceGrantTo>,
}

/// `spec.from[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct ReferenceGrantFrom {
    /// The group.
    pub(crate) group: String,
    /// The kind.
    pub(crate) kind: String,
    /// The namespace.
    pub(crate) namespace: String,
}

/// `spec.to[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct ReferenceGrantTo {
    /// The group; empty: core.
    pub(crate) group: String,
    /// The kind.
    pub(crate) kind: String,
    /// The name; absent: all of the kind.
    pub(crate) name: Option<String>,
}

impl ReferenceGrant {
    /// Whether it lets objects of one kind and namespace refer to one of another kind and name.
    /// `istio/istio: pilot/pkg/config/kube/gatewaycommon/references.go` (BackendAllowed).
    pub(crate) fn grants(&self, from: (&str, &str, &str), to: (&str, &str, &str)) -> bool {
        let (group, kind, name) = to;
        self.from.iter().any(|one| {
            (
                one.group.as_str(),
                one.kind.as_str(),
                one.namespace.as_str(),
            ) == from
        }) && self.to.iter().any(|one| {
            (one.group.as_str(), one.kind.as_str()) == (group, kind)
                && one.name.as_deref().is_none_or(|only| only == name)
        })
    }
}
