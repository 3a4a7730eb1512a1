//! Finds the backends that routes name, as one proxy knows them.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildDestination),
//! `pilot/pkg/networking/core/listener_waypoint.go` (getWaypointDestinationCluster).

use super::destination_rules::DestinationRules;
use crate::attach::{self, Reason};
use crate::mesh::{Mesh, ServiceIndex};
use crate::resource::{BackendObjectReference, Destination, Kind, ObjectId, ObjectIndex};
use crate::route::{Backend, Backends, Invalid, Subset};
use crate::sorted;
use crate::wire;

/// Finds backends for one proxy.
pub(super) struct Resolver<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) rules: &'a DestinationRules<'a>,
    /// The namespace of the proxy, whose DestinationRules come first.
    pub(super) proxy_namespace: &'a str,
    /// Whether references into other namespaces need a ReferenceGrant: at gateways they do.
    pub(super) needs_grant: bool,
    /// The Services that the proxy is told of; `None`: all of them, as far as is asked.
    pub(super) clusters: Option<&'a sorted::Set<ServiceIndex>>,
}

impl Resolver<'_> {
    /// A host of the registry, or one that is not there.
    fn host(&self, host: &str, port: Option<u16>) -> Backend {
        let service = self.find(host);
        let invalid = self.usable(service, port);
        Backend::new(self.object(host, service), service, port, invalid)
    }

    /// Of the objects of a host the one that the proxy's namespace sees first.
    pub(super) fn find(&self, host: &str) -> Option<ServiceIndex> {
        self.mesh
            .service_of_host(&host.to_ascii_lowercase(), self.proxy_namespace)
    }

    /// The Service that a route's backend means, whether or not it has the port.
    pub(super) fn named(&self, backend: &Backend) -> Option<ServiceIndex> {
        if backend.invalid.is_some_and(|invalid| !invalid.has_host()) {
            return None;
        }
        match backend.object.namespace.as_deref() {
            None => self.find(&backend.object.name),
            Some(namespace) => {
                let name = backend.object.name.as_str();
                self.mesh
                    .service_of(&ObjectId::new(Kind::Service, namespace, name))
            }
        }
    }

    fn usable(&self, service: Option<ServiceIndex>, port: Option<u16>) -> Option<Invalid> {
        match service.and_then(|service| self.mesh.service(service)) {
            None => Some(Invalid::BackendNotFound),
            Some(service) if port.is_none_or(|port| service.port(port).is_none()) => {
                Some(Invalid::NoSuchPort)
            }
            Some(_) => None,
        }
    }

    /// The Service behind a host, or what its name says.
    fn object(&self, host: &str, service: Option<ServiceIndex>) -> wire::ObjectRef {
        let known = service
            .and_then(|service| self.mesh.service(service))
            .and_then(|service| self.mesh.object(service.object))
            .map(|object| &object.id)
            .filter(|id| id.kind == Kind::Service);
        if let Some(id) = known {
            return id.to_wire();
        }
        let suffix = format!(".svc.{}", self.mesh.settings().cluster_domain);
        let name = host
            .strip_suffix(&suffix)
            .and_then(|name| name.split_once('.'));
        match name {
            Some((name, namespace)) if !namespace.contains('.') => {
                ObjectId::new(Kind::Service, namespace, name).to_wire()
            }
            _ => hostname(host),
        }
    }
}

/// A host as the contract names it where it is no Kubernetes Service's.
fn hostname(host: &str) -> wire::ObjectRef {
    wire::ObjectRef {
        kind: "Hostname".to_owned(),
        namespace: None,
        name: host.to_owned(),
    }
}

impl Backends for Resolver<'_> {
    fn reference(&self, reference: &BackendObjectReference, route: ObjectIndex) -> Backend {
        let Some(route) = self.mesh.object(route) else {
            return Backend::new(hostname(&reference.name), None, reference.port, None);
        };
        let namespace = &route.id.namespace;
        let (id, reason) = attach::resolve_backend(self.mesh, route, reference, self.needs_grant);
        let is_host = reference.kind.as_deref() == Some("Hostname");
        let service = if is_host {
            self.mesh.service_of_host(&reference.name, namespace)
        } else {
            self.mesh.service_of(&id)
        };
        let object = if is_host {
            hostname(&reference.name)
        } else {
            id.to_wire()
        };
        let invalid = match reason {
            Reason::RefNotPermitted => Some(Invalid::RefNotPermitted),
            Reason::InvalidKind => Some(Invalid::UnknownKind),
            _ => self.usable(service, reference.port),
        };
        let service = service.filter(|_| invalid.is_none());
        Backend::new(object, service, reference.port, invalid)
    }

    fn refusal(&self, reference: &BackendObjectReference, route: ObjectIndex) -> Option<Reason> {
        let route = self.mesh.object(route)?;
        attach::backend_refusal(self.mesh, route, reference, self.needs_grant)
    }

    fn destination(&self, destination: &Destination, called: u16) -> Backend {
        let service = self
            .find(&destination.host)
            .and_then(|service| self.mesh.service(service));
        let named = destination.port.and_then(|port| port.number);
        // The only port of a Service needs no name.
        let only = match service.map(|service| service.ports.as_slice()) {
            Some([only]) => Some(only.port),
            _ => None,
        };
        let port = named.filter(|&port| port != 0).or(only).unwrap_or(called);
        let mut backend = self.host(&destination.host, Some(port));
        let is_told = |service| self.clusters.is_none_or(|known| known.contains(&service));
        if !backend.service.is_none_or(is_told) {
            backend.invalid = backend.invalid.or(Some(Invalid::NoCluster));
        }
        if let Some(name) = destination.subset.clone().filter(|name| !name.is_empty()) {
            let labels = self.rules.subset(
                &destination.host,
                service.map(|service| service.namespace.as_str()),
                self.proxy_namespace,
                &self.mesh.settings().root_namespace,
                &name,
            );
            if labels.is_none() {
                backend.invalid = backend.invalid.or(Some(Invalid::NoSuchSubset));
            }
            backend.subset = Some(Subset {
                name,
                labels: labels.cloned().unwrap_or_default(),
            });
        }
        backend
    }
}
