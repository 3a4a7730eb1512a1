//! What becomes of a request that a rule takes: it goes to backends, changed or not, or the proxy answers it.
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (applyHTTPRouteDestination, ApplyRedirect).

use std::collections::BTreeMap;

use super::headers::HeaderChanges;
use super::path::PathChange;
use crate::flow::Http;
use crate::resource::{HttpCorsFilter, ObjectId};
use crate::wire;

/// A backend with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    /// What it is.
    pub(crate) object: ObjectId,
    /// Its port.
    pub(crate) port: Option<u16>,
    /// Its weight, as written or 1.
    pub(crate) weight: u32,
    /// Why its share of the requests fails.
    pub(crate) invalid: Option<Invalid>,
    pub(super) headers: HeaderChanges,
}

impl Backend {
    /// A backend that is reached with all its weight and no changes of its own.
    pub(crate) fn new(
        object: ObjectId,
        port: Option<u16>,
        weight: u32,
        invalid: Option<Invalid>,
    ) -> Self {
        Self {
            object,
            port,
            weight,
            invalid,
            headers: HeaderChanges::default(),
        }
    }
}

/// Why a backend cannot be used. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (isInvalidBackend).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invalid {
    /// It does not exist.
    BackendNotFound,
    /// Its kind is none that a route may name.
    UnknownKind,
    /// It has no such port; no condition says so.
    NoSuchPort,
}

impl Invalid {
    /// The condition reason, where there is one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BackendNotFound => "BackendNotFound",
            Self::UnknownKind => "InvalidKind",
            Self::NoSuchPort => "NoSuchPort",
        }
    }
}

/// What a rule does with the requests that one of its matches takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Action {
    pub(super) backends: Vec<Backend>,
    pub(super) redirect: Option<Redirect>,
    pub(super) path: Option<PathChange>,
    pub(super) host: Option<String>,
    pub(super) request_headers: HeaderChanges,
    pub(super) response_headers: HeaderChanges,
    pub(super) mirrors: Vec<Backend>,
    pub(super) cors: Option<HttpCorsFilter>,
}

/// A redirect, defaults applied.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) status: u16,
    pub(super) scheme: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) path: Option<PathChange>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It goes on, in this form.
    Forward(Http),
    /// The proxy answers: a redirect, a preflight, or 500 where no backend is left.
    Answer {
        /// The status.
        status: u16,
        /// Headers of the answer.
        headers: BTreeMap<String, String>,
    },
}

impl Action {
    /// The backends that get a share, in the order of the manifest; invalid ones too.
    pub(crate) fn backends(&self) -> impl Iterator<Item = &Backend> {
        // One backend gets everything, whatever its number; of several, those without weight get nothing.
        self.backends.iter().filter(|backend| backend.weight > 0)
    }

    /// The shares of [`Self::backends`] in percent.
    pub(crate) fn percent(&self, backend: &Backend) -> f64 {
        let total: f64 = self
            .backends
            .iter()
            .map(|backend| f64::from(backend.weight))
            .sum();
        if total > 0.0 {
            f64::from(backend.weight) * 100.0 / total
        } else {
            0.0
        }
    }

    /// What becomes of a request. `port`: the port that the proxy was called on, which redirects keep.
    pub(crate) fn apply(&self, http: &Http, port: u16) -> Outcome {
        if let Some(answer) = self.cors.as_ref().and_then(|cors| preflight(cors, http)) {
            return answer;
        }
        if let Some(redirect) = &self.redirect {
            let mut headers =
                BTreeMap::from([("location".to_owned(), redirect.location(http, port))]);
            self.response_headers.apply_to_answer(&mut headers);
            return Outcome::Answer {
                status: redirect.status,
                headers,
            };
        }
        if self.backends().all(|backend| backend.invalid.is_some()) {
            let mut headers = BTreeMap::new();
            self.response_headers.apply_to_answer(&mut headers);
            return Outcome::Answer {
                status: 500,
                headers,
            };
        }
        Outcome::Forward(self.changed(http))
    }

    fn changed(&self, http: &Http) -> Http {
        let mut changed = http.clone();
        let mut only = self.backends();
        let of_backend = match (only.next(), only.next()) {
            (Some(backend), None) => Some(&backend.headers),
            // With several, the changes of a backend are known only once it is chosen.
            _ => None,
        };
        self.request_headers.apply(&mut changed.headers);
        if let Some(changes) = of_backend {
            changes.apply(&mut changed.headers);
        }
        let host = self
            .host
            .as_deref()
            .or(self.request_headers.host())
            .or(of_backend.and_then(HeaderChanges::host));
        if let Some(host) = host {
            host.clone_into(&mut changed.authority);
        }
        if let Some(path) = &self.path {
            changed.path = path.apply(&http.path);
        }
        changed
    }
}

impl Redirect {
    fn location(&self, http: &Http, listener_port: u16) -> String {
        let scheme = self.scheme.as_deref().unwrap_or("http");
        let (name, sent_port) = split_port(&http.authority);
        let port = match (self.port, &self.scheme) {
            (Some(port), _) => Some(port),
            (None, Some(_)) => None,
            (None, None) => Some(listener_port),
        };
        let well_known = matches!((scheme, port), ("http", Some(80)) | ("https", Some(443)));
        let port = port.filter(|_| !well_known);
        let host = match (&self.host, port) {
            (Some(host), _) => host.as_str(),
            (None, Some(_)) => name,
            (None, None) if sent_port.is_some() => name,
            (None, None) => &http.authority,
        };
        let path = self
            .path
            .as_ref()
            .map_or_else(|| http.path.clone(), |path| path.apply(&http.path));
        match port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }
}

/// Host and port of an authority; the brackets of an IPv6 address stay.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// The answer to a preflight; `None`: the request is none.
fn preflight(cors: &HttpCorsFilter, http: &Http) -> Option<Outcome> {
    let [origin, ..] = http.header("origin") else {
        return None;
    };
    if http.method != "OPTIONS" || http.header("access-control-request-method").is_empty() {
        return None;
    }
    let mut headers = BTreeMap::new();
    if cors
        .allow_origins
        .iter()
        .any(|allowed| origin_matches(allowed, origin))
    {
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                headers.insert(format!("access-control-{name}"), value);
            }
        };
        add("allow-origin", origin.clone());
        add("allow-methods", cors.allow_methods.join(","));
        add("allow-headers", cors.allow_headers.join(","));
        add("max-age", cors.max_age.unwrap_or(5).to_string());
        if cors.allow_credentials == Some(true) {
            add("allow-credentials", "true".to_owned());
        }
    }
    Some(Outcome::Answer {
        status: 200,
        headers,
    })
}

/// `*` alone is any origin; elsewhere it stands for any characters.
fn origin_matches(allowed: &str, origin: &str) -> bool {
    match allowed.split_once('*') {
        None => allowed == origin,
        Some((before, behind)) => {
            origin.len() >= before.len() + behind.len()
                && origin.starts_with(before)
                && origin.ends_with(behind)
        }
    }
}

/// Makes the contract's form of a backend.
impl Action {
    /// The backends as the contract writes them.
    pub(crate) fn wire_backends(&self) -> Vec<wire::Backend> {
        self.backends()
            .map(|backend| backend.to_wire(Some(self.percent(backend))))
            .collect()
    }

    /// The mirrors as the contract writes them.
    pub(crate) fn wire_mirrors(&self) -> Vec<wire::Backend> {
        self.mirrors
            .iter()
            .map(|mirror| wire::Backend {
                weight: None,
                ..mirror.to_wire(None)
            })
            .collect()
    }
}

impl Backend {
    fn to_wire(&self, percent: Option<f64>) -> wire::Backend {
        wire::Backend {
            object: self.object.to_wire(),
            port: self.port,
            subset: None,
            weight: Some(self.weight),
            percent,
            invalid: self.invalid.map(|invalid| invalid.name().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Kind;

    fn request(authority: &str, path: &str) -> Http {
        Http {
            method: "GET".to_owned(),
            path: path.to_owned(),
            authority: authority.to_owned(),
            ..Http::default()
        }
    }

    fn redirect() -> Redirect {
        Redirect {
            status: 302,
            scheme: None,
            host: None,
            port: None,
            path: None,
        }
    }

    #[test]
    fn where_a_redirect_sends_the_client() {
        let scheme = |scheme: &str| Redirect {
            scheme: Some(scheme.to_owned()),
            ..redirect()
        };
        let port = |port: u16| Redirect {
            port: Some(port),
            ..redirect()
        };
        for (redirect, authority, listener, expected) in [
            (redirect(), "host", 80, "http://host/p?q=1"),
            (scheme("https"), "host", 80, "https://host/p?q=1"),
            (port(8080), "host", 80, "http://host:8080/p?q=1"),
            (redirect(), "host:8080", 8080, "http://host:8080/p?q=1"),
            (scheme("https"), "host:8080", 8080, "https://host/p?q=1"),
            (port(80), "host:8080", 8080, "http://host/p?q=1"),
            (
                Redirect {
                    host: Some("other".to_owned()),
                    ..redirect()
                },
                "host",
                9080,
                "http://other:9080/p?q=1",
            ),
        ] {
            assert_eq!(
                redirect.location(&request(authority, "/p?q=1"), listener),
                expected,
                "{redirect:?} on {listener}"
            );
        }
    }

    #[test]
    fn a_rule_without_a_usable_backend_answers_500() {
        let backend = |weight, invalid| {
            Backend::new(
                ObjectId::new(Kind::Service, "a", "b"),
                Some(80),
                weight,
                invalid,
            )
        };
        for (backends, answers) in [
            (vec![], true),
            (vec![backend(0, None)], true),
            (vec![backend(1, Some(Invalid::BackendNotFound))], true),
            (
                vec![backend(1, None), backend(9, Some(Invalid::BackendNotFound))],
                false,
            ),
            (vec![backend(7, None)], false),
        ] {
            let action = Action {
                backends,
                ..Action::default()
            };
            let outcome = action.apply(&request("host", "/"), 80);
            assert_eq!(
                matches!(outcome, Outcome::Answer { status: 500, .. }),
                answers,
                "{action:?}"
            );
        }
    }

    #[test]
    fn origins() {
        for (allowed, origin, matches) in [
            ("*", "https://a.example", true),
            ("https://*.example", "https://a.b.example", true),
            ("https://*.example", "https://.example.org", false),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "http://a.example", false),
        ] {
            assert_eq!(
                origin_matches(allowed, origin),
                matches,
                "{allowed} {origin}"
            );
        }
    }
}
