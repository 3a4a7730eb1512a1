//! VirtualServices with all names completed and delegates put in: what each proxy gets of them.
//! `istio/istio: pilot/pkg/model/virtualservice_controller.go` (mergeVirtualServices),
//! `pilot/pkg/networking/core/listener_waypoint.go` (getVirtualServiceForWaypoint).

use super::export::Export;
use super::names::{full_gateway, full_host};
use crate::mesh::Mesh;
use crate::resource::{
    Destination, HttpRouteDestination, Kind, Object, ObjectId, ObjectIndex, Resource,
    VirtualService, VirtualServiceHttpRoute, VirtualServiceLayer4Route,
};
use crate::route::{self, Backends, Group, Place, Precedence, Section, VirtualServiceRule as Rule};

/// A VirtualService that has hosts.
pub(crate) struct Written<'a> {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    created: Option<&'a str>,
    /// Its hosts, complete.
    pub(crate) hosts: Vec<String>,
    /// `mesh`, or `namespace/name`.
    pub(crate) gateways: Vec<String>,
    export: Export,
    /// Its rules for HTTP, with those of its delegates.
    pub(crate) http: Vec<Rule>,
    /// Its rules for TLS that is passed through.
    pub(crate) tls: Vec<VirtualServiceLayer4Route>,
    /// Its rules for other connections.
    pub(crate) tcp: Vec<VirtualServiceLayer4Route>,
}

/// All VirtualServices that have hosts.
pub(crate) fn gather(mesh: &Mesh) -> Vec<Written<'_>> {
    mesh.live(Kind::VirtualService)
        .filter_map(|(index, object)| match &object.resource {
            Resource::VirtualService(spec) if !spec.is_delegate() => {
                Some(written(mesh, index, object, spec))
            }
            _ => None,
        })
        .collect()
}

fn written<'a>(
    mesh: &'a Mesh,
    index: ObjectIndex,
    object: &'a Object,
    spec: &VirtualService,
) -> Written<'a> {
    let namespace = &object.id.namespace;
    let gateways: Vec<String> = if spec.gateways.is_empty() {
        vec!["mesh".to_owned()]
    } else {
        let gateways = spec.gateways.iter();
        gateways
            .map(|gateway| full_gateway(gateway, namespace))
            .collect()
    };
    let layer4 = |routes: &[VirtualServiceLayer4Route]| {
        let complete = |route: &VirtualServiceLayer4Route| {
            let mut route = route.clone();
            complete_destinations(&mut route.route, namespace, mesh);
            for written in &mut route.matches {
                complete_gateways(&mut written.gateways, namespace);
            }
            route
        };
        routes.iter().map(complete).collect()
    };
    Written {
        object: index,
        namespace,
        name: &object.id.name,
        created: object.metadata.creation_timestamp.as_deref(),
        hosts: spec
            .hosts
            .iter()
            .map(|host| full_host(host, namespace, mesh))
            .collect(),
        gateways,
        export: Export::new(&spec.export_to, namespace),
        http: rules(mesh, index, namespace, spec),
        tls: layer4(&spec.tls),
        tcp: layer4(&spec.tcp),
    }
}

/// The HTTP rules, with a delegate's in the place of the rule that names it. Of one that does not exist, or is not
/// exported to the root's namespace, nothing is left.
fn rules(mesh: &Mesh, object: ObjectIndex, namespace: &str, spec: &VirtualService) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (index, written) in spec.http.iter().enumerate() {
        let root = complete(written, namespace, mesh);
        let Some(delegate) = &written.delegate else {
            rules.push(Rule {
                object,
                index,
                route: root,
                root: None,
            });
            continue;
        };
        let of = delegate
            .namespace
            .as_deref()
            .filter(|name| !name.is_empty());
        let id = ObjectId::new(
            Kind::VirtualService,
            of.unwrap_or(namespace),
            delegate.name.as_str(),
        );
        let Some((at, Resource::VirtualService(inner))) = mesh
            .find(&id)
            .and_then(|at| Some((at, &mesh.object(at)?.resource)))
        else {
            continue;
        };
        if !inner.is_delegate() || !Export::new(&inner.export_to, &id.namespace).reaches(namespace)
        {
            continue;
        }
        let merged = inner
            .http
            .iter()
            .enumerate()
            .filter_map(|(position, written)| {
                let inner = complete(written, &id.namespace, mesh);
                let (route, matches) = route::merge_delegate(&root, &inner)?;
                Some(Rule {
                    object: at,
                    index: position,
                    route,
                    root: Some(route::Root {
                        object,
                        index,
                        matches,
                    }),
                })
            });
        rules.extend(merged);
    }
    rules
}

/// The rule with all names completed.
fn complete(
    written: &VirtualServiceHttpRoute,
    namespace: &str,
    mesh: &Mesh,
) -> VirtualServiceHttpRoute {
    let mut rule = written.clone();
    complete_destinations(&mut rule.route, namespace, mesh);
    let mirrors = rule
        .mirrors
        .iter_mut()
        .map(|mirror| &mut mirror.destination);
    for mirror in rule.mirror.iter_mut().chain(mirrors) {
        mirror.host = full_host(&mirror.host, namespace, mesh);
    }
    for written in &mut rule.matches {
        complete_gateways(&mut written.gateways, namespace);
    }
    rule
}

fn complete_destinations(destinations: &mut [HttpRouteDestination], namespace: &str, mesh: &Mesh) {
    for written in destinations {
        written.destination.host = full_host(&written.destination.host, namespace, mesh);
    }
}

fn of_route(route: &[HttpRouteDestination]) -> impl Iterator<Item = &Destination> {
    route.iter().map(|one| &one.destination)
}

fn complete_gateways(gateways: &mut [String], namespace: &str) {
    for gateway in gateways {
        *gateway = full_gateway(gateway, namespace);
    }
}

impl Written<'_> {
    /// Whereto its rules send requests and connections, and copies of them.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let http = self.http.iter().flat_map(|rule| {
            let mirrors = rule.route.mirrors.iter().map(|mirror| &mirror.destination);
            of_route(&rule.route.route)
                .chain(&rule.route.mirror)
                .chain(mirrors)
        });
        let layer4 = self.tls.iter().chain(&self.tcp);
        http.chain(layer4.flat_map(|rule| of_route(&rule.route)))
    }

    /// Whether a gateway, whose pods are in a namespace, has it.
    pub(super) fn is_at_gateway(&self, gateway: &str, namespace: &str) -> bool {
        self.gateways.iter().any(|bound| bound == gateway) && self.export.reaches(namespace)
    }

    /// Its rules, as a proxy has them in one place.
    pub(super) fn group(&self, place: &Place<'_>, backends: &dyn Backends) -> Group {
        let precedence = match &self.export {
            Export::Public => Precedence::Rest,
            Export::Namespaces(_) if self.namespace == place.namespace => Precedence::Private,
            Export::Namespaces(_) => Precedence::Exported,
        };
        let mut group = Group::new(
            precedence,
            self.created,
            (self.namespace, self.name.to_owned()),
        );
        let layer4 = |section, rules| {
            route::virtual_service_layer4(self.object, section, rules, place, backends)
        };
        group.http = route::virtual_service_http(&self.http, place, backends);
        group.tls = layer4(Section::Tls, &self.tls);
        group.tcp = layer4(Section::Tcp, &self.tcp);
        group
    }
}
