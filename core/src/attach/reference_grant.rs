//! ReferenceGrants: whether an object may refer to one of another namespace.
//! `istio/istio: pilot/pkg/config/kube/gatewaycommon/references.go`.

use crate::mesh::Mesh;
use crate::resource::{Kind, Resource};

/// What a grant can open: entries for other kinds are passed over (ReferenceGrantsCollection).
const GRANTABLE: &[(&str, &str)] = &[
    ("", "Service"),
    ("", "Secret"),
    ("", "ConfigMap"),
    ("gateway.networking.x-k8s.io", "XBackend"),
    ("inference.networking.k8s.io", "InferencePool"),
];

/// Whether a grant in the target's namespace lets `from` (group, kind, namespace) refer to `to` (group, kind,
/// namespace, name). Within one namespace none is asked for.
pub(super) fn permits(mesh: &Mesh, from: (&str, &str, &str), to: (&str, &str, &str, &str)) -> bool {
    let (group, kind, namespace, name) = to;
    GRANTABLE.contains(&(group, kind))
        && mesh
            .live_in(Kind::ReferenceGrant, namespace)
            .any(|(_, object)| match &object.resource {
                Resource::ReferenceGrant(grant) => grant.grants(from, (group, kind, name)),
                _ => false,
            })
}
