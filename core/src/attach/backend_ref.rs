//! `backendRefs` and mirrors of routes: whether what they name exists and may be named.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildDestination).

use super::{Reason, Row, origin};
use crate::mesh::Mesh;
use crate::resource::{BackendObjectReference, HttpRoute, Kind, ObjectId, Resource};
use crate::source::FieldPath;
use crate::wire::Via;

/// One edge for each backendRef and mirror of each route.
pub(super) fn rows(mesh: &Mesh, rows: &mut Vec<Row>) {
    for (index, object) in mesh.objects() {
        let Resource::HttpRoute(route) = &object.resource else {
            continue;
        };
        for (path, reference) in references(route) {
            let Some(to) = target(&reference, &object.id.namespace) else {
                continue;
            };
            let reason = if object.refused {
                Reason::Invalid
            } else {
                resolve(mesh, &to, &reference)
            };
            let mut row = Row::new(index, to, Via::BackendRef, reason, origin(object, path));
            row.port = reference.port;
            rows.push(row);
        }
    }
}

/// The references of a route, each with its path.
fn references(route: &HttpRoute) -> Vec<(FieldPath, BackendObjectReference)> {
    let mut references = Vec::new();
    for (position, rule) in route.rules.iter().flatten().enumerate() {
        let rule_path = FieldPath::new().key("spec").key("rules").index(position);
        for (backend_position, backend) in rule.backend_refs.iter().enumerate() {
            let path = rule_path.clone().key("backendRefs").index(backend_position);
            references.push((path, backend.reference()));
        }
        for (filter_position, filter) in rule.filters.iter().enumerate() {
            if let Some(mirror) = &filter.request_mirror {
                let path = rule_path.clone().key("filters").index(filter_position);
                references.push((
                    path.key("requestMirror").key("backendRef"),
                    mirror.backend_ref.clone(),
                ));
            }
        }
    }
    references
}

/// The object that a reference names; `None` for a kind that the graph does not know.
fn target(reference: &BackendObjectReference, namespace: &str) -> Option<ObjectId> {
    let kind = reference.kind.as_deref().unwrap_or("Service");
    let kind = [Kind::Service, Kind::Gateway]
        .into_iter()
        .find(|known| known.name() == kind)?;
    Some(ObjectId::new(
        kind,
        reference.namespace.as_deref().unwrap_or(namespace),
        reference.name.as_str(),
    ))
}

/// Whether a backend can be used, and if not, why.
pub(crate) fn resolve(
    mesh: &Mesh,
    target: &ObjectId,
    reference: &BackendObjectReference,
) -> Reason {
    match (reference.group.as_deref().unwrap_or_default(), target.kind) {
        ("", Kind::Service) if mesh.find(target).is_some() => Reason::Accepted,
        ("", Kind::Service) => Reason::BackendNotFound,
        _ => Reason::InvalidKind,
    }
}
