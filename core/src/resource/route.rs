//! What the five kinds of routes have in common: parents, hostnames and backends.

use super::violation::Violations;
use super::{BackendObjectReference, Kind, ParentReference, Resource, syntax};
use crate::source::FieldPath;

/// The limits of the CRDs. `kubernetes-sigs/gateway-api: apis/v1/shared_types.go`, `httproute_types.go`.
const MAX_PARENT_REFS: usize = 32;
const MAX_HOSTNAMES: usize = 16;

/// A route of any kind.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    /// Its kind.
    pub(crate) kind: Kind,
    /// What it attaches to.
    pub(crate) parent_refs: &'a [ParentReference],
    /// Its hostnames; TCPRoute and UDPRoute have none.
    pub(crate) hostnames: &'a [String],
    resource: &'a Resource,
}

impl Resource {
    /// The resource as a route, if it is one.
    pub(crate) fn as_route(&self) -> Option<Route<'_>> {
        let (kind, parent_refs, hostnames) = match self {
            Self::HttpRoute(route) => (Kind::HttpRoute, &route.parent_refs, &*route.hostnames),
            Self::GrpcRoute(route) => (Kind::GrpcRoute, &route.parent_refs, &*route.hostnames),
            Self::TlsRoute(route) => (Kind::TlsRoute, &route.parent_refs, &*route.hostnames),
            Self::TcpRoute(route) => (Kind::TcpRoute, &route.parent_refs, &[][..]),
            Self::UdpRoute(route) => (Kind::UdpRoute, &route.parent_refs, &[][..]),
            _ => return None,
        };
        Some(Route {
            kind,
            parent_refs,
            hostnames,
            resource: self,
        })
    }
}

impl Route<'_> {
    /// Every backend and mirror, each with its path.
    pub(crate) fn backends(&self) -> Vec<(FieldPath, BackendObjectReference)> {
        let mut backends = Vec::new();
        let rule = |position| FieldPath::new().key("spec").key("rules").index(position);
        let of_rule = |rule: &FieldPath, references: Vec<BackendObjectReference>| {
            let path = rule.clone().key("backendRefs");
            references
                .into_iter()
                .enumerate()
                .map(move |(position, reference)| (path.clone().index(position), reference))
        };
        let mirror = |path: FieldPath, position| {
            path.key("filters")
                .index(position)
                .key("requestMirror")
                .key("backendRef")
        };
        match self.resource {
            Resource::HttpRoute(route) => {
                for (position, written) in route.rules.iter().flatten().enumerate() {
                    let path = rule(position);
                    let references = written
                        .backend_refs
                        .iter()
                        .map(|backend| backend.reference());
                    backends.extend(of_rule(&path, references.collect()));
                    for (position, filter) in written.filters.iter().enumerate() {
                        backends.extend(filter.request_mirror.iter().map(|filter| {
                            (mirror(path.clone(), position), filter.backend_ref.clone())
                        }));
                    }
                }
            }
            Resource::GrpcRoute(route) => {
                for (position, written) in route.rules.iter().enumerate() {
                    let path = rule(position);
                    let references = written
                        .backend_refs
                        .iter()
                        .map(|backend| backend.reference());
                    backends.extend(of_rule(&path, references.collect()));
                    for (position, filter) in written.filters.iter().enumerate() {
                        backends.extend(filter.request_mirror.iter().map(|filter| {
                            (mirror(path.clone(), position), filter.backend_ref.clone())
                        }));
                    }
                }
            }
            Resource::TlsRoute(_) | Resource::TcpRoute(_) | Resource::UdpRoute(_) => {
                for (position, written) in self.layer4_rules().iter().enumerate() {
                    let references = written
                        .backend_refs
                        .iter()
                        .map(|backend| backend.reference());
                    backends.extend(of_rule(&rule(position), references.collect()));
                }
            }
            _ => {}
        }
        backends
    }

    fn layer4_rules(&self) -> &[super::layer4_route::Layer4Rule] {
        match self.resource {
            Resource::TlsRoute(route) => &route.rules,
            Resource::TcpRoute(route) | Resource::UdpRoute(route) => &route.rules,
            _ => &[],
        }
    }

    /// What the CRDs refuse.
    pub(super) fn validate(&self) -> Violations {
        let mut out = Violations::default();
        if self.parent_refs.len() > MAX_PARENT_REFS {
            out.error(
                "spec.parentRefs",
                format!("more than {MAX_PARENT_REFS} `parentRefs`"),
            );
        }
        for (place, parent) in self.parent_refs.iter().enumerate() {
            if self
                .parent_refs
                .iter()
                .take(place)
                .any(|other| other == parent)
            {
                out.error_with_help(
                    format!("spec.parentRefs[{place}]"),
                    "two parentRefs are the same",
                    "leave one out, or tell them apart by `sectionName`",
                );
            }
        }
        for (place, hostname) in self.hostnames.iter().enumerate() {
            if !syntax::is_gateway_hostname(hostname) {
                out.error_with_help(
                    format!("spec.hostnames[{place}]"),
                    format!("`{hostname}` is no host name as Gateway API writes them"),
                    "write it in lower case, with `*.` in front or nowhere, and without a port",
                );
            }
        }
        if self.hostnames.len() > MAX_HOSTNAMES {
            out.error(
                "spec.hostnames",
                format!("more than {MAX_HOSTNAMES} `hostnames`"),
            );
        }
        if self.layer4_rules().len() > 1 {
            out.error_with_help(
                "spec.rules",
                format!("a {} takes one rule", self.kind.name()),
                "list several backends in the one rule, or write one route for each",
            );
        }
        out
    }
}
