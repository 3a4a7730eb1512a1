//! What the five kinds of routes have in common: parents, hostnames and backends.

use super::http_route::{BackendRef, HttpRequestMirrorFilter};
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
        let mut add = |position: usize, references: Vec<_>, mirrors: Vec<(usize, _)>| {
            let rule = FieldPath::new().key("spec").key("rules").index(position);
            let list = rule.clone().key("backendRefs");
            for (place, reference) in references.into_iter().enumerate() {
                backends.push((list.clone().index(place), reference));
            }
            let list = rule.key("filters");
            for (place, reference) in mirrors {
                let filter = list.clone().index(place);
                backends.push((filter.key("requestMirror").key("backendRef"), reference));
            }
        };
        match self.resource {
            Resource::HttpRoute(route) => {
                for (position, rule) in route.rules.iter().flatten().enumerate() {
                    let filters = rule.filters.iter().map(|filter| &filter.request_mirror);
                    add(position, references(&rule.backend_refs), mirrors(filters));
                }
            }
            Resource::GrpcRoute(route) => {
                for (position, rule) in route.rules.iter().enumerate() {
                    let filters = rule.filters.iter().map(|filter| &filter.request_mirror);
                    add(position, references(&rule.backend_refs), mirrors(filters));
                }
            }
            Resource::TlsRoute(_) | Resource::TcpRoute(_) | Resource::UdpRoute(_) => {
                for (position, rule) in self.layer4_rules().iter().enumerate() {
                    let backends = rule.backend_refs.iter();
                    let references = backends.map(|backend| backend.reference()).collect();
                    add(position, references, Vec::new());
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

fn references<F>(backends: &[BackendRef<F>]) -> Vec<BackendObjectReference> {
    backends.iter().map(BackendRef::reference).collect()
}

/// What filters mirror to, each with its place among them.
fn mirrors<'a>(
    filters: impl Iterator<Item = &'a Option<HttpRequestMirrorFilter>>,
) -> Vec<(usize, BackendObjectReference)> {
    let mirrors = filters.enumerate();
    let backend = |(place, filter): (usize, &Option<HttpRequestMirrorFilter>)| {
        Some((place, filter.as_ref()?.backend_ref.clone()))
    };
    mirrors.filter_map(backend).collect()
}
