//! `metadata` and names: what every object has.

use std::fmt;

use crate::decode::Decode;
use crate::sorted;

use super::Kind;
use crate::wire;

/// An object by kind, namespace and name. Cluster-scoped objects have an empty namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId {
    /// The kind.
    pub(crate) kind: Kind,
    /// The namespace; empty for cluster-scoped objects.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
    /// The kind as a reference writes it, if the kind is none that the engine knows.
    pub(crate) other: Option<Box<str>>,
}

impl ObjectId {
    /// An id; the namespace is dropped for cluster-scoped kinds.
    pub(crate) fn new(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        let namespace = if kind.is_namespaced() {
            namespace.into()
        } else {
            String::new()
        };
        Self {
            kind,
            namespace,
            name: name.into(),
            other: None,
        }
    }

    /// What a reference names, whatever its kind.
    pub(crate) fn of_reference(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        match Kind::of_reference(group, kind) {
            Some(kind) => Self::new(kind, namespace, name),
            None => Self {
                other: Some(kind.into()),
                ..Self::new(Kind::Other, namespace, name)
            },
        }
    }

    /// As [`fmt::Display`] writes it, in one piece.
    pub(crate) fn text(&self) -> String {
        match self.kind {
            Kind::Host => ["Host/", &self.name].concat(),
            _ => [self.kind_name(), "/", &self.namespace, "/", &self.name].concat(),
        }
    }

    /// The kind's name.
    pub(crate) fn kind_name(&self) -> &str {
        self.other.as_deref().unwrap_or(self.kind.name())
    }

    /// `namespace/name`, or the name alone for cluster-scoped objects: how sentences name it.
    pub(crate) fn qualified_name(&self) -> String {
        if self.namespace.is_empty() {
            self.name.clone()
        } else {
            [&self.namespace, "/", &self.name].concat()
        }
    }

    /// The contract's form.
    pub(crate) fn to_wire(&self) -> wire::ObjectRef {
        wire::ObjectRef {
            kind: self.kind_name().to_owned(),
            namespace: (!self.namespace.is_empty()).then(|| self.namespace.clone()),
            name: self.name.clone(),
        }
    }
}

/// `Kind/namespace/name`, `Kind//name`, or `Host/name`.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// An object's place among all objects of the manifests, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectIndex(pub(crate) u32);

impl ObjectIndex {
    /// The place as a number.
    pub(crate) fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Label or annotation values by key.
pub(crate) type Labels = sorted::Map<String, String>;

/// `metadata`, as far as any rule reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    /// The name; an object without one is no object.
    pub(crate) name: String,
    /// What the API server makes a name of where there is none.
    pub(crate) generate_name: Option<String>,
    /// The namespace as written; absent means `default`.
    pub(crate) namespace: Option<String>,
    /// Labels.
    pub(crate) labels: Labels,
    /// Annotations.
    pub(crate) annotations: Labels,
    /// RFC 3339; absent in most pasted manifests. Istio's tie-breakers read it.
    pub(crate) creation_timestamp: Option<String>,
    /// Who made it: a ReplicaSet's Deployment, a Pod's ReplicaSet.
    pub(crate) owner_references: Vec<OwnerReference>,
}

/// `metadata.ownerReferences[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct OwnerReference {
    /// The owner's kind.
    pub(crate) kind: String,
    /// The owner's name; it lives in the same namespace.
    pub(crate) name: String,
}
