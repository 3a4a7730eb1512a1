//! `backendRefs` and mirrors of routes, and destinations of VirtualServices: whether what they name exists and may be
//! named. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildDestination).

use super::{Reason, Row, origin, reference_grant};
use crate::mesh::Mesh;
use crate::resource::{
    BackendObjectReference, GATEWAY_API, ISTIO_NETWORKING, Kind, Object, ObjectId, Resource,
};
use crate::sorted;
use crate::wire::Via;

/// The group of multi-cluster Services.
const MULTI_CLUSTER: &str = "multicluster.x-k8s.io";

/// One edge for each backendRef and mirror of each route, and for each destination of each VirtualService. `parents`
/// are the edges of routes to their parents.
pub(super) fn rows(mesh: &Mesh, parents: &[Row], rows: &mut Vec<Row>) {
    let needs_grant = needs_grant(parents);
    for (index, object) in mesh.drawn() {
        if let Resource::VirtualService(service) = &object.resource {
            for (path, destination) in service.destinations() {
                let (to, found) = of_host(mesh, &destination.host, &object.id.namespace);
                let reason = if object.refused {
                    Reason::Invalid
                } else if found {
                    Reason::Accepted
                } else {
                    Reason::BackendNotFound
                };
                let mut row = Row::new(index, to, Via::BackendRef, reason, origin(object, path));
                row.port = destination.port.and_then(|port| port.number);
                rows.push(row);
            }
            continue;
        }
        let Some(route) = object.resource.as_route() else {
            continue;
        };
        for (path, reference) in route.backends() {
            let grant = needs_grant.contains(&index);
            let Some((to, reason)) = resolve(mesh, object, &reference, grant) else {
                continue;
            };
            let reason = if object.refused {
                Reason::Invalid
            } else if route.kind == Kind::UdpRoute {
                Reason::UnsupportedKind
            } else {
                reason
            };
            let mut row = Row::new(index, to, Via::BackendRef, reason, origin(object, path));
            row.port = reference.port;
            rows.push(row);
        }
    }
}

/// The routes whose references into other namespaces need a ReferenceGrant: those with a Gateway among the parents in
/// effect, or among all parents if none is in effect. Service parents ask for none.
fn needs_grant(parents: &[Row]) -> sorted::Set<crate::resource::ObjectIndex> {
    let is_gateway = |row: &&Row| matches!(row.to.kind, Kind::Gateway | Kind::ListenerSet);
    let in_effect: sorted::Set<_> = parents
        .iter()
        .filter(|row| row.is_attached())
        .map(|row| row.from)
        .collect();
    parents
        .iter()
        .filter(is_gateway)
        .filter(|row| row.is_attached() || !in_effect.contains(&row.from))
        .map(|row| row.from)
        .collect()
}

/// What a reference names, and whether a route of this object can use it. `None`: a kind that the graph does not know.
pub(crate) fn resolve(
    mesh: &Mesh,
    route: &Object,
    reference: &BackendObjectReference,
    needs_grant: bool,
) -> Option<(ObjectId, Reason)> {
    let own = route.id.namespace.as_str();
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    let (group, kind) = kind_of(reference);
    let (to, reason) = match (group, kind) {
        ("", "Service") | (MULTI_CLUSTER, "ServiceImport") => {
            let to = ObjectId::new(Kind::Service, namespace, reference.name.as_str());
            let is_hostname = kind == "Service" && reference.name.contains('.');
            let reason = if reference.port.is_none() || is_hostname {
                Reason::InvalidDestination
            } else if mesh.find(&to).is_none() {
                Reason::BackendNotFound
            } else {
                Reason::Accepted
            };
            (to, reason)
        }
        (ISTIO_NETWORKING, "Hostname") => {
            // Taken as it is, never completed.
            let (to, found) = of_full_host(mesh, reference.name.clone(), own);
            let reason = if reference.namespace.is_some() || reference.port.is_none() {
                Reason::InvalidDestination
            } else if found {
                Reason::Accepted
            } else {
                Reason::BackendNotFound
            };
            (to, reason)
        }
        (group, kind) => {
            let kind = Kind::of_reference(group, kind)?;
            let to = ObjectId::new(kind, namespace, reference.name.as_str());
            (to, Reason::InvalidKind)
        }
    };
    if needs_grant && !is_permitted(mesh, route, reference) {
        return Some((to, Reason::RefNotPermitted));
    }
    Some((to, reason))
}

/// What istiod says about a reference in the route's condition `ResolvedRefs`, where it is not content. Of a host name
/// it asks whether the route's own namespace has it; proxies know it all the same.
pub(crate) fn refusal(
    mesh: &Mesh,
    route: &Object,
    reference: &BackendObjectReference,
    needs_grant: bool,
) -> Option<Reason> {
    let Some((_, reason)) = resolve(mesh, route, reference, needs_grant) else {
        let permitted = !needs_grant || is_permitted(mesh, route, reference);
        return Some(if permitted {
            Reason::InvalidKind
        } else {
            Reason::RefNotPermitted
        });
    };
    let is_own = |name: &str| {
        let owner = mesh.service_of_host(name, &route.id.namespace);
        owner
            .and_then(|index| mesh.service(index))
            .is_some_and(|service| service.namespace == route.id.namespace)
    };
    match reason {
        Reason::Accepted if kind_of(reference).1 == "Hostname" && !is_own(&reference.name) => {
            Some(Reason::BackendNotFound)
        }
        Reason::Accepted => None,
        reason => Some(reason),
    }
}

fn kind_of(reference: &BackendObjectReference) -> (&str, &str) {
    (
        reference.group.as_deref().unwrap_or_default(),
        reference.kind.as_deref().unwrap_or("Service"),
    )
}

/// Whether a reference stays in the route's namespace, or a ReferenceGrant lets it leave. This is asked before
/// everything else.
fn is_permitted(mesh: &Mesh, route: &Object, reference: &BackendObjectReference) -> bool {
    let own = route.id.namespace.as_str();
    let (group, kind) = kind_of(reference);
    match reference.namespace.as_deref() {
        None => true,
        Some(namespace) if namespace == own => true,
        Some(namespace) => {
            let from = (GATEWAY_API, route.id.kind.written(), own);
            reference_grant::permits(mesh, from, (group, kind, namespace, &reference.name))
        }
    }
}

/// The object that owns a host name, else the host itself; and whether there is one. A name without dots is completed
/// with the namespace of the object that states it, any other is taken as it is.
/// `istio/istio: pilot/pkg/model/config.go` (ResolveShortnameToFQDN).
pub(super) fn of_host(mesh: &Mesh, host: &str, namespace: &str) -> (ObjectId, bool) {
    let full = if host.contains(['.', '*']) {
        host.to_ascii_lowercase()
    } else {
        format!("{host}.{namespace}.svc.{}", mesh.settings().cluster_domain)
    };
    of_full_host(mesh, full, namespace)
}

fn of_full_host(mesh: &Mesh, host: String, namespace: &str) -> (ObjectId, bool) {
    let owner = mesh
        .service_of_host(&host, namespace)
        .and_then(|index| mesh.object(mesh.service(index)?.object));
    match owner {
        Some(object) => (object.id.clone(), true),
        None => (ObjectId::new(Kind::Host, "", host), false),
    }
}
