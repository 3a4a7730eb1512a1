//! ReferenceGrants: whether an object may refer to one of another namespace.
//! `istio/istio: pilot/pkg/config/kube/gatewaycommon/references.go`.

use crate::mesh::Mesh;
use crate::resource::{Kind, Resource};

/// Whether a grant in the target's namespace lets `from` (group, kind, namespace) refer to `to` (group, kind,
/// namespace, name). Within one namespace none is asked for.
pub(super) fn permits(mesh: &Mesh, from: (&str, &str, &str), to: (&str, &str, &str, &str)) -> bool {
    let (group, kind, namespace, name) = to;
    mesh.live_in(Kind::ReferenceGrant, namespace)
        .any(|(_, object)| match &object.resource {
            Resource::ReferenceGrant(grant) => grant.grants(from, (group, kind, name)),
            _ => false,
        })
}
