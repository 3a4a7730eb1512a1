//! Whether istiod can convert a route: rule by rule, as its controller goes through them, and with the reason that it
//! gives in the condition `ResolvedRefs`.
//! `istio/istio: pilot/pkg/config/kube/gateway/route_collections.go` (computeRoute), `conversion.go` (convertHTTPRoute,
//! convertGRPCRoute, convertTCPRoute, buildHTTPDestination, buildGRPCDestination, buildTCPDestination).

use super::backend::Backends;
use crate::attach::Reason;
use crate::resource::{
    BackendObjectReference, GrpcRoute, HttpHeaderFilter, HttpRequestMirrorFilter, HttpRoute,
    Layer4Rule, ObjectIndex,
};

/// What istiod cannot convert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// As the condition says it.
    pub(crate) reason: Reason,
    /// The field that is to blame, from the object's root.
    pub(crate) path: String,
    /// Why the whole route is dropped, all rules of it, in one plain sentence; `None`: the route goes on without what is
    /// to blame.
    pub(crate) drops: Option<String>,
}

/// A rule with the problem that it goes on with, if any; or one that drops the whole route.
type Converted = Result<Option<Problem>, Problem>;

/// A problem that drops the whole route.
fn dropped<T>(reason: Reason, path: &str, message: &str) -> Result<T, Problem> {
    Err(Problem {
        reason,
        path: path.to_owned(),
        drops: Some(format!("{message}, so the whole route is dropped")),
    })
}

/// The first problem that drops the route; else the last of the others, which is the one that istiod tells.
fn of_rules(rules: impl Iterator<Item = Converted>) -> Option<Problem> {
    let mut last = None;
    for rule in rules {
        match rule {
            Err(problem) => return Some(problem),
            Ok(problem) => last = problem.or(last),
        }
    }
    last
}

/// An HTTPRoute's problem.
pub(super) fn http(
    route: &HttpRoute,
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Option<Problem> {
    of_rules(
        route
            .rules
            .iter()
            .flatten()
            .enumerate()
            .map(|(position, rule)| {
                let at = format!("spec.rules[{position}]");
                let mut of_mirror = None;
                for (index, filter) in rule.filters.iter().enumerate() {
                    let at = format!("{at}.filters[{index}]");
                    supported(&filter.filter_type, HTTP_FILTERS, &at)?;
                    header_values(&filter.request_header_modifier, &at)?;
                    header_values(&filter.response_header_modifier, &at)?;
                    // A mirror that cannot be used is left out, whatever is wrong with it.
                    if let Some((reason, path)) =
                        mirror(&filter.request_mirror, &at, object, backends)
                    {
                        of_mirror = Some(Problem {
                            reason,
                            path,
                            drops: None,
                        });
                    }
                }
                let redirects = rule
                    .filters
                    .iter()
                    .any(|filter| filter.request_redirect.is_some());
                let mut of_backend = None;
                if redirects
                    || rule
                        .backend_refs
                        .iter()
                        .any(|backend| backend.weight != Some(0))
                {
                    for (index, backend) in rule.backend_refs.iter().enumerate() {
                        if backend.weight == Some(0) {
                            continue;
                        }
                        let at = format!("{at}.backendRefs[{index}]");
                        of_backend = destination(&backend.reference(), &at, object, backends)?
                            .or(of_backend);
                        for (index, filter) in backend.filters.iter().enumerate() {
                            let at = format!("{at}.filters[{index}]");
                            supported(&filter.filter_type, BACKEND_FILTERS, &at)?;
                            header_values(&filter.request_header_modifier, &at)?;
                            header_values(&filter.response_header_modifier, &at)?;
                        }
                    }
                }
                Ok(of_backend.or(of_mirror))
            }),
    )
}

/// A GRPCRoute's problem. Unlike an HTTPRoute's, a mirror that cannot be used drops the route.
pub(super) fn grpc(
    route: &GrpcRoute,
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Option<Problem> {
    of_rules(route.rules.iter().enumerate().map(|(position, rule)| {
        let at = format!("spec.rules[{position}]");
        for (index, written) in rule.matches.iter().enumerate() {
            if let Some(method) = &written.method
                && method.service.is_none()
                && method.method.is_none()
            {
                let message = "a method match names neither service nor method";
                let path = format!("{at}.matches[{index}].method");
                return dropped(Reason::InvalidConfiguration, &path, message);
            }
        }
        for (index, filter) in rule.filters.iter().enumerate() {
            let at = format!("{at}.filters[{index}]");
            supported(&filter.filter_type, GRPC_FILTERS, &at)?;
            header_values(&filter.request_header_modifier, &at)?;
            header_values(&filter.response_header_modifier, &at)?;
            if let Some((reason, path)) = mirror(&filter.request_mirror, &at, object, backends) {
                let message = format!("the mirror cannot be used ({})", reason.name());
                return dropped(reason, &path, &message);
            }
        }
        let mut of_backend = None;
        for (index, backend) in rule.backend_refs.iter().enumerate() {
            if backend.weight == Some(0) {
                continue;
            }
            let at = format!("{at}.backendRefs[{index}]");
            of_backend = destination(&backend.reference(), &at, object, backends)?.or(of_backend);
            for (index, filter) in backend.filters.iter().enumerate() {
                let at = format!("{at}.filters[{index}]");
                supported(&filter.filter_type, BACKEND_FILTERS, &at)?;
                header_values(&filter.request_header_modifier, &at)?;
                header_values(&filter.response_header_modifier, &at)?;
            }
        }
        Ok(of_backend)
    }))
}

/// A TCPRoute's or TLSRoute's problem.
pub(super) fn layer4(
    rules: &[Layer4Rule],
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Option<Problem> {
    of_rules(rules.iter().enumerate().map(|(position, rule)| {
        let mut of_backend = None;
        for (index, backend) in rule.backend_refs.iter().enumerate() {
            if backend.weight == Some(0) {
                continue;
            }
            let at = format!("spec.rules[{position}].backendRefs[{index}]");
            of_backend = destination(&backend.reference(), &at, object, backends)?.or(of_backend);
        }
        Ok(of_backend)
    }))
}

/// Why a mirror cannot be used, and the field to blame.
fn mirror(
    filter: &Option<HttpRequestMirrorFilter>,
    at: &str,
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Option<(Reason, String)> {
    let reference = &filter.as_ref()?.backend_ref;
    let reason = backends.refusal(reference, object)?;
    Some((reason, format!("{at}.requestMirror.backendRef")))
}

/// A backend that counts. One that cannot be used keeps its share, which is answered with an error.
fn destination(
    reference: &BackendObjectReference,
    at: &str,
    object: ObjectIndex,
    backends: &dyn Backends,
) -> Converted {
    let Some(reason) = backends.refusal(reference, object) else {
        return Ok(None);
    };
    if reason != Reason::InvalidDestination {
        let path = at.to_owned();
        return Ok(Some(Problem {
            reason,
            path,
            drops: None,
        }));
    }
    let name = &reference.name;
    let is_host = reference.kind.as_deref() == Some("Hostname");
    let (field, message) = if is_host && reference.namespace.is_some() {
        (
            ".namespace",
            "a backend of kind `Hostname` takes no namespace".to_owned(),
        )
    } else if !is_host && name.contains('.') {
        (
            ".name",
            format!("`{name}` is a host name where a Service's name is wanted"),
        )
    } else {
        ("", format!("backend `{name}` has no port"))
    };
    dropped(reason, &format!("{at}{field}"), &message)
}

const HTTP_FILTERS: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "CORS",
];
const GRPC_FILTERS: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
];
/// What a backend may have.
const BACKEND_FILTERS: &[&str] = &["RequestHeaderModifier", "ResponseHeaderModifier"];

/// A filter that istiod does not take in this place drops the route.
fn supported(filter: &str, supported: &[&str], at: &str) -> Result<(), Problem> {
    if supported.contains(&filter) {
        return Ok(());
    }
    let message = format!("Istio takes no filter `{filter}` here");
    dropped(Reason::InvalidFilter, at, &message)
}

/// So does a value that no header can have (isValidHeaderValue).
fn header_values(filter: &Option<HttpHeaderFilter>, at: &str) -> Result<(), Problem> {
    let is_control = |byte: u8| byte != b'\t' && (byte < b' ' || byte == 0x7f);
    let bad = filter
        .iter()
        .flat_map(|filter| filter.set.iter().chain(&filter.add))
        .find(|header| header.value.bytes().any(is_control));
    match bad {
        None => Ok(()),
        Some(header) => {
            let message = format!(
                "the value of header `{}` has control characters",
                header.name
            );
            dropped(Reason::InvalidFilter, at, &message)
        }
    }
}
