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
    pub(super) namespace: String,
    /// Its entries, in their order.
    pub(super) entries: Vec<Entry>,
}

/// Which groups go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precedence {
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
    let mut group = Group {
        precedence,
        created: first.and_then(|member| member.created).map(str::to_owned),
        name,
        namespace: first.map_or_else(String::new, |member| member.namespace.to_owned()),
        entries: Vec::new(),
    };
    let mut entries: Vec<(Key, Entry)> = members
        .into_iter()
        .flat_map(|member| member.entries)
        .collect();
    entries.sort_by_key(|(key, _)| *key);
    group.entries = entries.into_iter().map(|(_, entry)| entry).collect();
    group
}

/// The table of a waypoint: all groups, one behind the other. `None`: no group has an entry, and requests go straight to
/// the Service.
pub(crate) fn concatenate(groups: Vec<Group>) -> Option<RouteTable> {
    let entries: Vec<Entry> = ordered(groups)
        .into_iter()
        .flat_map(|group| group.entries)
        .collect();
    (!entries.is_empty()).then(|| RouteTable::new(entries))
}

/// Groups in the order in which a proxy tries them.
pub(super) fn ordered(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|left, right| {
        let key = |group: &Group| {
            (
                group.precedence,
                group.created.clone(),
                group.name.clone(),
                group.namespace.clone(),
            )
        };
        key(left).cmp(&key(right))
    });
    groups
}
