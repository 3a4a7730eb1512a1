//! Gateway API's routes → groups: HTTPRoutes and GRPCRoutes of one parent and hostname are merged into one, a TLSRoute or
//! TCPRoute is one of its own.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (HTTPRouteCollection, mergeHTTPRoutes).

use super::backend::{Backend, Backends};
use super::condition::Condition;
use super::conversion::{self, Problem};
use super::group::{Group, Member, Precedence, merge};
use super::ingress::Bound;
use super::table::Entry;
use super::{grpc, http, layer4};
use crate::matcher;
use crate::resource::{
    GrpcRoute, HttpRoute, Layer4Rule, Object, ObjectIndex, Resource, TcpRoute, TlsRoute,
};
use crate::sorted;

/// A route that is attached, with what its place in the order depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attached<'a> {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// When it was made; absent counts as oldest.
    pub(crate) created: Option<&'a str>,
    /// The port that its parentRef names.
    pub(crate) port: Option<u16>,
    /// What it says.
    pub(crate) rules: Rules<'a>,
}

impl<'a> Attached<'a> {
    /// A route at a place, by the port that its parentRef names there.
    pub(crate) fn new(
        index: ObjectIndex,
        object: &'a Object,
        port: Option<u16>,
        rules: Rules<'a>,
    ) -> Self {
        Self {
            object: index,
            namespace: &object.id.namespace,
            name: &object.id.name,
            created: object.metadata.creation_timestamp.as_deref(),
            port,
            rules,
        }
    }
}

/// A route by its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rules<'a> {
    /// An HTTPRoute.
    Http(&'a HttpRoute),
    /// A GRPCRoute.
    Grpc(&'a GrpcRoute),
    /// A TLSRoute.
    Tls(&'a TlsRoute),
    /// A TCPRoute.
    Tcp(&'a TcpRoute),
}

impl<'a> Rules<'a> {
    /// The rules of a route; `None`: it is no route, or of a kind that Istio does not read.
    pub(crate) fn of(resource: &'a Resource) -> Option<Self> {
        match resource {
            Resource::HttpRoute(route) => Some(Self::Http(route)),
            Resource::GrpcRoute(route) => Some(Self::Grpc(route)),
            Resource::TlsRoute(route) => Some(Self::Tls(route)),
            Resource::TcpRoute(route) => Some(Self::Tcp(route)),
            _ => None,
        }
    }

    /// What istiod cannot convert of it.
    pub(crate) fn problem(self, object: ObjectIndex, backends: &dyn Backends) -> Option<Problem> {
        match self {
            Self::Http(route) => conversion::http(route, object, backends),
            Self::Grpc(route) => conversion::grpc(route, object, backends),
            Self::Tls(route) => conversion::layer4(&route.rules, object, backends),
            Self::Tcp(route) => conversion::layer4(&route.rules, object, backends),
        }
    }
}

/// The groups of routes that are attached to one Service, for one of its ports. `host`: the Service's. Routes that istiod
/// drops are not among them.
pub(crate) fn at_waypoint(
    routes: &[Attached<'_>],
    waypoint_namespace: &str,
    host: &str,
    port: u16,
    backends: &dyn Backends,
) -> Vec<Group> {
    let mut by_key: sorted::Map<(&str, Option<u16>), Vec<Member<'_>>> = sorted::Map::new();
    let mut groups = Vec::new();
    let precedence = |namespace: &str| {
        if namespace == waypoint_namespace {
            Precedence::OwnRoutes
        } else {
            Precedence::Rest
        }
    };
    for (count, route) in routes.iter().enumerate() {
        let is_for_port = route.port.is_none_or(|only| only == port);
        let of_layer4 = |kind: &str| {
            // The name that istiod makes up; `count` keeps the parentRefs of one route in their order.
            let name = format!("{}~{kind}~{count}", route.name);
            Group::new(
                precedence(route.namespace),
                route.created,
                (route.namespace, name),
            )
        };
        match route.rules {
            Rules::Http(_) | Rules::Grpc(_) if is_for_port => {
                let key = (route.namespace, route.port);
                by_key
                    .entry(key)
                    .or_default()
                    .extend(member(route, backends));
            }
            Rules::Tls(written) => {
                let mut group = of_layer4("tls");
                for (index, rule) in written.rules.iter().enumerate() {
                    let fits = layer4::is_weightless(rule)
                        || (is_for_port && layer4::is_for_host(rule, &written.hostnames, host));
                    if fits {
                        group
                            .tls
                            .extend(layer4_entries(route, &written.rules, index, backends));
                    }
                }
                groups.push(group);
            }
            Rules::Tcp(written) if is_for_port => {
                let mut group = of_layer4("tcp");
                group.tcp = layer4::entries(route.object, &written.rules, &[], backends);
                groups.push(group);
            }
            _ => {}
        }
    }
    groups.extend(by_key.into_iter().map(|((namespace, port), members)| {
        // The name that istiod makes of the key.
        let name = match port {
            Some(port) => format!("{namespace}~{port}~{host}"),
            None => format!("{namespace}~{host}"),
        };
        merge(members, precedence(namespace), name)
    }));
    groups
}

/// The rules of routes that are attached to one listener: for each hostname the HTTPRoutes and GRPCRoutes that name it,
/// and each TLSRoute and TCPRoute by itself. `listener`: the hostname that it serves, if any; `is_allowed`: whether a
/// hostname is left to it by the other listeners.
pub(crate) fn at_listener(
    routes: &[(Attached<'_>, &[String])],
    (gateway, gateway_namespace): (&str, &str),
    listener: Option<&str>,
    is_allowed: &dyn Fn(&str) -> bool,
    backends: &dyn Backends,
) -> Vec<Bound> {
    let mut by_host: sorted::Map<&str, Vec<Member<'_>>> = sorted::Map::new();
    let mut bound = Vec::new();
    let precedence = |namespace: &str| {
        if namespace == gateway_namespace {
            Precedence::OwnRoutes
        } else {
            Precedence::Rest
        }
    };
    let any = ["*".to_owned()];
    for (count, (route, hostnames)) in routes.iter().enumerate() {
        let hostnames = if hostnames.is_empty() {
            any.as_slice()
        } else {
            hostnames
        };
        let of_layer4 = |kind: &str| {
            let name = format!("{}~{kind}~{count}", route.name);
            Group::new(
                precedence(route.namespace),
                route.created,
                (route.namespace, name),
            )
        };
        match route.rules {
            Rules::Http(_) | Rules::Grpc(_) => {
                for hostname in hostnames.iter().filter(|hostname| is_allowed(hostname)) {
                    by_host
                        .entry(hostname)
                        .or_default()
                        .extend(member(route, backends));
                }
            }
            Rules::Tls(written) => {
                let names: Vec<String> = hostnames
                    .iter()
                    .filter_map(|name| match listener {
                        Some(own) => matcher::narrower_host(name, own),
                        None => Some(name),
                    })
                    .map(str::to_owned)
                    .collect();
                let mut group = of_layer4("tls");
                let conditions = [Condition::Sni(names.clone())];
                group.tls = layer4::entries(route.object, &written.rules, &conditions, backends);
                bound.push(Bound {
                    hosts: names,
                    namespace: route.namespace.to_owned(),
                    group,
                });
            }
            Rules::Tcp(written) => {
                let mut group = of_layer4("tcp");
                group.tcp = layer4::entries(route.object, &written.rules, &[], backends);
                bound.push(Bound {
                    hosts: any.to_vec(),
                    namespace: route.namespace.to_owned(),
                    group,
                });
            }
        }
    }
    bound.extend(by_host.into_iter().map(|(hostname, members)| {
        let first = members
            .iter()
            .map(|member| (member.created, member.namespace))
            .min();
        let namespace = first.map_or("", |(_, namespace)| namespace).to_owned();
        let name = format!("{gateway}/{hostname}").replace('/', "~");
        Bound {
            hosts: vec![hostname.to_owned()],
            group: merge(members, precedence(&namespace), name),
            namespace,
        }
    }));
    bound.sort_by(|left, right| left.group.key().cmp(&right.group.key()));
    bound
}

fn layer4_entries(
    route: &Attached<'_>,
    rules: &[Layer4Rule],
    only: usize,
    backends: &dyn Backends,
) -> Option<Entry> {
    layer4::entries(route.object, rules, &[], backends)
        .into_iter()
        .nth(only)
}

/// Every backend and mirror to which a route's rules send anything.
pub(crate) fn backends(route: &Attached<'_>, backends: &dyn Backends) -> Vec<Backend> {
    let of_layer4 = |rules: &[Layer4Rule]| layer4::entries(route.object, rules, &[], backends);
    let entries: Vec<Entry> = match route.rules {
        Rules::Tls(written) => of_layer4(&written.rules),
        Rules::Tcp(written) => of_layer4(&written.rules),
        Rules::Http(_) | Rules::Grpc(_) => {
            let entries = member(route, backends).map(|member| member.entries);
            let entries = entries.unwrap_or_default().into_iter();
            entries.map(|(_, entry)| entry).collect()
        }
    };
    let of_entry = |entry: Entry| {
        let mirrors = entry.action.mirrors.iter().map(|(mirror, _)| mirror);
        entry
            .action
            .backends()
            .chain(mirrors)
            .cloned()
            .collect::<Vec<_>>()
    };
    entries.into_iter().flat_map(of_entry).collect()
}

fn member<'a>(route: &Attached<'a>, backends: &dyn Backends) -> Option<Member<'a>> {
    let mut entries = match route.rules {
        Rules::Http(written) => http::entries(route.object, written, backends),
        Rules::Grpc(written) => grpc::entries(route.object, written, backends),
        Rules::Tls(_) | Rules::Tcp(_) => return None,
    };
    // A parentRef's port is a match to istiod: `conversion.go` (augmentPortMatch).
    if route.port.is_some() {
        entries.iter_mut().for_each(|(key, _)| key.matches());
    }
    Some(Member {
        created: route.created,
        namespace: route.namespace,
        name: route.name,
        entries,
    })
}
