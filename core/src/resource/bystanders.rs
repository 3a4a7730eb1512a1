//! Kubernetes' own kinds that have no part in attachment, routing or authorization: what `kubectl get` prints beside the
//! kinds that have, and nobody needs to be told of. Others, and misspelt ones, are told.

/// Groups of which nothing has a part.
const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "events.k8s.io",
    "metrics.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Kinds of `v1` and of `apps`.
const KINDS: &[&str] = &[
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "ControllerRevision",
    "Event",
    "LimitRange",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodTemplate",
    "ResourceQuota",
    "Secret",
];

/// Whether an object can stay without a word.
pub(super) fn holds(api_version: &str, kind: &str) -> bool {
    match api_version.split_once('/') {
        None | Some(("apps", _)) => KINDS.contains(&kind),
        Some((group, _)) => GROUPS.contains(&group),
    }
}
