//! Finds the backends that routes name, as one proxy knows them.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildDestination),
//! `pilot/pkg/networking/core/listener_waypoint.go` (getWaypointDestinationCluster).

use super::destination_rules::DestinationRules;
use crate::mesh::{Mesh, ServiceIndex};
use crate::resource::{BackendObjectReference, Destination, Kind, ObjectId};
use crate::route::{Backend, Backends, Invalid, Subset};
use crate::wire;

/// Finds backends for one proxy.
pub(super) struct Resolver<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) rules: &'a DestinationRules<'a>,
    /// The namespace of the proxy, whose DestinationRules come first.
    pub(super) proxy_namespace: &'a str,
}

impl Resolver<'_> {
    /// A host of the registry, or one that is not there.
    fn host(&self, host: &str, port: Option<u16>) -> Backend {
        let service = self.mesh.find_host(host);
        let invalid = self.usable(service, port);
        Backend::new(self.object(host, service), service, port, invalid)
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
            _ => wire::ObjectRef {
                kind: "Hostname".to_owned(),
                namespace: None,
                name: host.to_owned(),
            },
        }
    }
}

impl Backends for Resolver<'_> {
    fn reference(&self, reference: &BackendObjectReference, namespace: &str) -> Backend {
        let namespace = reference.namespace.as_deref().unwrap_or(namespace);
        let group = reference.group.as_deref().unwrap_or_default();
        let kind = reference.kind.as_deref().unwrap_or("Service");
        match (group, kind) {
            // A ServiceImport stands for the Service of its name, unless multi-cluster hosts are switched on.
            ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
                let id = ObjectId::new(Kind::Service, namespace, reference.name.as_str());
                let service = self.mesh.find_service(namespace, &reference.name);
                let invalid = self.usable(service, reference.port);
                Backend::new(id.to_wire(), service, reference.port, invalid)
            }
            ("networking.istio.io", "Hostname") => {
                let mut backend = self.host(&reference.name, reference.port);
                if backend.object.kind != "Hostname" {
                    backend.object = wire::ObjectRef {
                        kind: "Hostname".to_owned(),
                        namespace: None,
                        name: reference.name.clone(),
                    };
                }
                backend
            }
            _ => {
                let object = wire::ObjectRef {
                    kind: kind.to_owned(),
                    namespace: Some(namespace.to_owned()),
                    name: reference.name.clone(),
                };
                Backend::new(object, None, reference.port, Some(Invalid::UnknownKind))
            }
        }
    }

    fn destination(&self, destination: &Destination, called: u16) -> Backend {
        let service = self
            .mesh
            .find_host(&destination.host)
            .and_then(|service| self.mesh.service(service));
        let named = destination.port.and_then(|port| port.number);
        // The only port of a Service needs no name.
        let only = match service.map(|service| service.ports.as_slice()) {
            Some([only]) => Some(only.port),
            _ => None,
        };
        let port = named.filter(|&port| port != 0).or(only).unwrap_or(called);
        let mut backend = self.host(&destination.host, Some(port));
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
