//! The table of kinds: which `apiVersion` and `kind` become which type.

/// A kind of object, or of node in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Kubernetes' own")]
pub(crate) enum Kind {
    Namespace,
    ServiceAccount,
    Service,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ReplicationController,
    Job,
    CronJob,
    GatewayClass,
    Gateway,
    HttpRoute,
    AuthorizationPolicy,
    /// Not an object: the mesh itself, which mesh-wide policies point at.
    Mesh,
}

impl Kind {
    /// As graph ids and sentences write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::Service => "Service",
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::GatewayClass => "GatewayClass",
            Self::Gateway => "Gateway",
            Self::HttpRoute => "HTTPRoute",
            Self::AuthorizationPolicy => "AuthorizationPolicy",
            Self::Mesh => "Mesh",
        }
    }

    /// Whether objects of the kind live in a namespace.
    pub(crate) fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::GatewayClass | Self::Mesh)
    }
}
