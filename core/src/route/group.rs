//! Groups of rules, and the order in which a waypoint tries them. Inside a group Gateway API's order holds; groups are
//! put one behind the other, never against each other.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (mergeHTTPRoutes),
//! `pilot/pkg/model/push_context.go` (VirtualServicesForGateway), `pilot/pkg/model/config.go`
//! (configCompareByCreationTime).

use super::precedence::Key;
use super::table::{Entry, RouteTable};

/// Rules that istiod keeps together: one VirtualService, written or made of Gateway API's routes.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Which groups go first whatever their age.
    pub(super) precedence: Precedence,
    /// When the oldest of its routes was made; absent counts as oldest.
    pub(super) created: Option<String>,
    /// The VirtualService's name, the one that istiod makes up included.
    pub(super) name: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its entries for HTTP, in their order.
    pub(crate) http: Vec<Entry>,
    /// Its entries for TLS.
    pub(crate) tls: Vec<Entry>,
    /// Its entries for all other connections.
    pub(crate) tcp: Vec<Entry>,
}

impl Group {
    /// What its place among other groups depends on.
    pub(crate) fn key(&self) -> impl Ord + use<'_> {
        (
            self.precedence,
            self.created.as_deref(),
            self.name.as_str(),
            self.namespace.as_str(),
        )
    }

    /// Tells its entries which one they are of.
    pub(super) fn number(&mut self, place: usize) {
        let layer4 = self.tls.iter_mut().chain(&mut self.tcp);
        for entry in self.http.iter_mut().chain(layer4) {
            entry.group = place;
        }
    }

    /// A group without entries.
    pub(crate) fn new(
        precedence: Precedence,
        created: Option<&str>,
        (namespace, name): (&str, String),
    ) -> Self {
        Self {
            precedence,
            created: created.map(str::to_owned),
            name,
            namespace: namespace.to_owned(),
            http: Vec::new(),
            tls: Vec::new(),
            tcp: Vec::new(),
        }
    }
}

/// Which groups go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precedence {
    /// VirtualServices of the proxy's namespace that no other namespace sees.
    Private,
    /// VirtualServices of other namespaces that are exported to the proxy's and not to all.
    Exported,
    /// Gateway API's routes of the proxy's own namespace.
    OwnRoutes,
    /// All others.
    Rest,
}

/// An HTTPRoute or GRPCRoute, converted, with what its place in the order depends on.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) created: Option<&'a str>,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) entries: Vec<(Key, Entry)>,
}

/// Merges Gateway API's routes into one group: the more specific match first, then the older route.
pub(super) fn merge(mut members: Vec<Member<'_>>, precedence: Precedence, name: String) -> Group {
    // istiod compares the names that it makes up, in which `~` stands behind the route's own.
    members.sort_by_cached_key(|member| {
        (
            member.created,
            member.namespace,
            format!("{}~", member.name),
        )
    });
    let first = members.first();
    let mut group = Group::new(
        precedence,
        first.and_then(|member| member.created),
        (first.map_or("", |member| member.namespace), name),
    );
    let mut entries: Vec<(Key, Entry)> = members
        .into_iter()
        .flat_map(|member| member.entries)
        .collect();
    entries.sort_by_key(|(key, _)| *key);
    group.http = entries.into_iter().map(|(_, entry)| entry).collect();
    group
}

/// The tables of a waypoint for HTTP and for other connections: all groups, one behind the other. `None`: no group has
/// an entry, and requests go straight to the Service.
pub(crate) fn concatenate(groups: Vec<Group>) -> (Option<RouteTable>, Option<RouteTable>) {
    let (mut http, mut tls, mut tcp) = (Vec::new(), Vec::new(), Vec::new());
    for (place, mut group) in ordered(groups).into_iter().enumerate() {
        group.number(place);
        http.extend(group.http);
        tls.extend(group.tls);
        tcp.extend(group.tcp);
    }
    // `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getWaypointTCPRoutes): TLS before TCP, over all groups.
    tls.extend(tcp);
    let table = |entries: Vec<Entry>| (!entries.is_empty()).then(|| RouteTable::new(entries));
    (table(http), table(tls))
}

/// Groups in the order in which a proxy tries them.
fn ordered(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|left, right| left.key().cmp(&right.key()));
    groups
}
