//! Gateway API's HTTP routes → groups: those of one parent and hostname are merged into one.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (HTTPRouteCollection, mergeHTTPRoutes).

use std::collections::BTreeMap;

use super::backend::Backends;
use super::group::{Group, Member, Precedence, merge};
use super::http::{self, Dropped};
use crate::resource::{HttpRoute, ObjectIndex, Resource};

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

/// A route by its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rules<'a> {
    /// An HTTPRoute.
    Http(&'a HttpRoute),
}

impl<'a> Rules<'a> {
    /// The rules of a route for HTTP; `None`: it is of another kind.
    pub(crate) fn of(resource: &'a Resource) -> Option<Self> {
        match resource {
            Resource::HttpRoute(route) => Some(Self::Http(route)),
            _ => None,
        }
    }
}

/// Whether istiod drops a whole route, all rules of it, because of something that it cannot convert.
pub(crate) fn check(resource: &Resource) -> Option<Dropped> {
    match resource {
        Resource::HttpRoute(route) => http::check(route),
        _ => None,
    }
}

/// The groups of routes that are attached to one Service, for one of its ports. `host`: the Service's.
pub(crate) fn at_waypoint(
    routes: &[Attached<'_>],
    waypoint_namespace: &str,
    host: &str,
    backends: &dyn Backends,
) -> Vec<Group> {
    let mut by_key: BTreeMap<(&str, Option<u16>), Vec<Member<'_>>> = BTreeMap::new();
    for route in routes {
        if let Some(member) = member(route, backends) {
            let key = (route.namespace, route.port);
            by_key.entry(key).or_default().push(member);
        }
    }
    by_key
        .into_iter()
        .map(|((namespace, port), members)| {
            let precedence = if namespace == waypoint_namespace {
                Precedence::OwnRoutes
            } else {
                Precedence::Rest
            };
            // The name that istiod makes of the key.
            let name = match port {
                Some(port) => format!("{namespace}~{port}~{host}"),
                None => format!("{namespace}~{host}"),
            };
            merge(members, precedence, name)
        })
        .collect()
}

fn member<'a>(route: &Attached<'a>, backends: &dyn Backends) -> Option<Member<'a>> {
    let entries = match route.rules {
        Rules::Http(written) if http::check(written).is_none() => {
            http::entries(route.object, route.namespace, written, backends)
        }
        Rules::Http(_) => return None,
    };
    Some(Member {
        created: route.created,
        namespace: route.namespace,
        name: route.name,
        entries,
    })
}
