//! What becomes of a request that a rule takes: it goes to backends, changed or not, or the proxy answers it.
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRoute, applyHTTPRouteDestination),
//! order of filters: `pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointHTTPFilters).

use std::borrow::Cow;

use super::backend::Backend;
use super::condition::PathMatch;
use super::cors::Cors;
use super::fault::{Abort, Fault};
use super::headers::HeaderChanges;
use super::path::PathChange;
use super::redirect::{self, Redirect};
use crate::flow::Http;
use crate::sorted;
use crate::wire;

/// What a rule does with the requests that one of its matches takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Action {
    /// Where requests go.
    pub(super) backends: Vec<Backend>,
    /// The status where none of them can be used.
    pub(crate) without_backend: NoBackend,
    pub(crate) redirect: Option<Redirect>,
    /// An answer without a backend.
    pub(crate) direct_response: Option<u16>,
    pub(crate) fault: Fault,
    pub(crate) cors: Option<Cors>,
    pub(crate) path: Option<PathChange>,
    pub(crate) host: Option<String>,
    pub(crate) request_headers: HeaderChanges,
    pub(crate) response_headers: HeaderChanges,
    /// Who gets a copy, of which share of requests in percent.
    pub(crate) mirrors: Vec<(Backend, f64)>,
    /// For the whole request; `None`: none.
    pub(crate) timeout: Option<String>,
    /// `None`: the mesh's default.
    pub(crate) retry: Option<Retry>,
}

/// How often a request is tried again. It changes neither route nor backend, and is told only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retry {
    /// How often.
    pub(crate) attempts: u32,
    /// The time of one try.
    pub(crate) per_try_timeout: Option<String>,
    /// On what.
    pub(crate) retry_on: String,
}

/// What a client gets where no backend can be used: `ClusterNotFoundResponseCode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NoBackend {
    /// 500: Gateway API says so.
    #[default]
    GatewayApi,
    /// 503: Envoy's own.
    Envoy,
}

impl NoBackend {
    fn status(self) -> u16 {
        match self {
            Self::GatewayApi => 500,
            Self::Envoy => 503,
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It goes on, in this form.
    Forward(Http),
    /// The proxy answers.
    Answer {
        /// Why.
        why: Answered,
        /// The status.
        status: u16,
        /// The gRPC status, where the rule names one.
        grpc_status: Option<u16>,
        /// Headers of the answer.
        headers: sorted::Map<String, String>,
    },
}

/// Why a proxy answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answered {
    /// A fault that is injected into every request.
    Fault,
    /// The answer to a preflight.
    Preflight,
    /// A redirect.
    Redirect,
    /// A direct response.
    DirectResponse,
    /// No backend can be used.
    NoBackend,
    /// No rule takes the request.
    NoRoute,
    /// A gateway serves no such host.
    NoHost,
    /// A gateway has nothing for such a connection on the port.
    NoListener,
    /// Plain HTTP where a classic Gateway wants TLS.
    HttpsRedirect,
    /// Envoy reads no such path.
    BadPath,
    /// What comes is no HTTP, and the port speaks nothing else.
    NotHttp,
    /// The Gateway that a label names has no port that ztunnel can reach.
    NoWaypoint,
    /// The Service has no such port.
    NoPort,
}

/// The port and scheme on which a proxy was called: what redirects keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener {
    /// The port.
    pub(crate) port: u16,
    /// It terminates TLS.
    pub(crate) tls: bool,
}

impl Listener {
    /// The scheme of requests.
    pub(crate) fn scheme(self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

impl Action {
    /// A connection's way: backends and nothing else.
    pub(super) fn to(backends: Vec<Backend>) -> Self {
        Self {
            backends,
            ..Self::default()
        }
    }

    /// The backends that get a share, in the order of the manifest; invalid ones too.
    pub(crate) fn backends(&self) -> impl Iterator<Item = &Backend> {
        // One backend gets everything, whatever its number; of several, those without weight get nothing.
        self.backends
            .iter()
            .filter(|backend| backend.weight > 0 || self.only_one_counts())
    }

    /// A VirtualService's only destination needs no weight; Gateway API's needs one.
    fn only_one_counts(&self) -> bool {
        self.backends.len() == 1 && self.without_backend == NoBackend::Envoy
    }

    /// The backend that all requests go to. Of several, istiod tells Envoy of weights even where one has all of it, but
    /// for Gateway API's routes, of which it leaves out those without weight first.
    /// `istio/istio: pilot/pkg/networking/core/route/route.go` (applyHTTPRouteDestination).
    pub(crate) fn only_backend(&self) -> Option<&Backend> {
        let mut counted = self.backends();
        let first = counted.next()?;
        let alone = match self.without_backend {
            NoBackend::GatewayApi => counted.next().is_none(),
            NoBackend::Envoy => self.backends.len() == 1,
        };
        alone.then_some(first)
    }

    /// Whether requests would go to backends, and there is none that gets any.
    pub(crate) fn lacks_backends(&self) -> bool {
        let answers = self.redirect.is_some() || self.direct_response.is_some();
        !answers && self.backends().next().is_none()
    }

    /// What becomes of `/path` where the prefix `/` is replaced, if a slash is lost by it.
    pub(crate) fn rewritten_root(&self, matched: Option<&PathMatch>) -> Option<String> {
        let of_root = matches!(matched, Some(PathMatch::Prefix(path)) if path == "/");
        let changed = self
            .path
            .as_ref()
            .filter(|_| of_root)?
            .apply("/path", matched);
        (changed.ends_with("path") && !changed.ends_with("/path")).then_some(changed)
    }

    /// Whether some backend can be used.
    pub(crate) fn is_usable(&self) -> bool {
        self.backends().any(|backend| backend.invalid.is_none())
    }

    /// The share of one of [`Self::backends`] in percent.
    pub(crate) fn percent(&self, backend: &Backend) -> f64 {
        let total: f64 = self
            .backends()
            .map(|backend| f64::from(backend.weight))
            .sum();
        if total > 0.0 {
            f64::from(backend.weight) * 100.0 / total
        } else {
            100.0
        }
    }

    /// What becomes of a request. `matched`: the path condition that took it.
    pub(crate) fn apply(
        &self,
        http: &Http,
        matched: Option<&PathMatch>,
        listener: Listener,
    ) -> Outcome {
        if let Some(abort) = self.fault.certain_abort() {
            let (status, grpc_status) = match abort {
                Abort::Http(status) => (status, None),
                Abort::Grpc(status) => (200, Some(status)),
            };
            return Outcome::Answer {
                why: Answered::Fault,
                status,
                grpc_status,
                headers: self.answer_headers([]),
            };
        }
        if let Some(redirect) = &self.redirect {
            let location = redirect.location(http, matched, listener);
            let headers = self.answer_headers([("location".to_owned(), location)]);
            return answer(Answered::Redirect, redirect.status, headers);
        }
        if let Some(status) = self.direct_response {
            // `envoyproxy/envoy: source/common/router/router.cc` (decodeHeaders): such an answer needs a place, and
            // where no other is said it is the one that was asked for.
            let headers = if status == 201 || (300..400).contains(&status) {
                let location = redirect::same_place(http, listener);
                self.answer_headers([("location".to_owned(), location)])
            } else {
                self.answer_headers([])
            };
            return answer(Answered::DirectResponse, status, headers);
        }
        // `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertHTTPRoute) makes a direct response of it.
        if self.without_backend == NoBackend::GatewayApi && self.lacks_backends() {
            return answer(Answered::NoBackend, 500, self.answer_headers([]));
        }
        // Only what leads to backends has cross-origin rules to Envoy.
        let cors = self.cors.as_ref();
        if let Some(headers) = cors.and_then(|cors| cors.preflight(http)) {
            return answer(Answered::Preflight, 200, headers);
        }
        if !self.is_usable() {
            let mut headers = self.answer_headers([]);
            headers.extend(cors.map(|cors| cors.of_answer(http)).unwrap_or_default());
            return answer(Answered::NoBackend, self.without_backend.status(), headers);
        }
        Outcome::Forward(self.changed(http, matched))
    }

    /// What the rule itself adds to an answer that its proxy makes.
    fn answer_headers<const N: usize>(
        &self,
        headers: [(String, String); N],
    ) -> sorted::Map<String, String> {
        let mut headers = sorted::Map::from(headers);
        for changes in self.in_order(&self.response_headers, |backend| &backend.response_headers) {
            changes.apply_to_answer(&mut headers);
        }
        headers
    }

    /// The changes of the rule and of the backend that is sure to be chosen, in the order in which Envoy makes them.
    /// istiod puts those of the only backend into the rule's; of several, Envoy makes the chosen one's first.
    fn in_order<'a>(
        &'a self,
        of_rule: &'a HeaderChanges,
        of_backend: impl Fn(&'a Backend) -> &'a HeaderChanges,
    ) -> Vec<Cow<'a, HeaderChanges>> {
        if let Some(only) = self.only_backend() {
            return vec![Cow::Owned(of_rule.then(of_backend(only)))];
        }
        let mut counted = self.backends();
        match (counted.next(), counted.next()) {
            (Some(chosen), None) => vec![Cow::Borrowed(of_backend(chosen)), Cow::Borrowed(of_rule)],
            // With several, the changes of a backend are known only once it is chosen.
            _ => vec![Cow::Borrowed(of_rule)],
        }
    }

    /// The request as a backend gets it.
    fn changed(&self, http: &Http, matched: Option<&PathMatch>) -> Http {
        let mut changed = http.clone();
        let changes = self.in_order(&self.request_headers, |backend| &backend.headers);
        for changes in &changes {
            changes.apply(&mut changed.headers);
        }
        let of_headers = changes.iter().find_map(|changes| changes.host());
        if let Some(host) = self.host.as_deref().or(of_headers) {
            host.clone_into(&mut changed.authority);
        }
        if let Some(path) = &self.path {
            changed.path = path.apply(&http.path, matched);
        }
        changed
    }

    /// The backends as the contract writes them.
    pub(crate) fn wire_backends(&self) -> Vec<wire::Backend> {
        self.backends()
            .map(|backend| backend.to_wire(Some(backend.weight), self.percent(backend)))
            .collect()
    }

    /// The mirrors as the contract writes them.
    pub(crate) fn wire_mirrors(&self) -> Vec<wire::Backend> {
        self.mirrors
            .iter()
            .map(|(mirror, percent)| mirror.to_wire(None, *percent))
            .collect()
    }

    /// What else the rule does, as the contract writes it; `None`: nothing that it says itself.
    pub(crate) fn wire_options(&self) -> Option<wire::RouteOptions> {
        let options = wire::RouteOptions {
            timeout: self.timeout.clone(),
            retries: self.retry.as_ref().map(|retry| wire::Retries {
                attempts: retry.attempts,
                per_try_timeout: retry.per_try_timeout.clone(),
                retry_on: retry.retry_on.clone(),
            }),
            delay: self
                .fault
                .delay
                .as_ref()
                .map(|(time, percent)| wire::Delay {
                    time: time.clone(),
                    percent: *percent,
                }),
            abort: self.fault.abort.map(|(abort, percent)| wire::Abort {
                status: match abort {
                    Abort::Http(status) => Some(status),
                    Abort::Grpc(_) => None,
                },
                grpc_status: match abort {
                    Abort::Http(_) => None,
                    Abort::Grpc(status) => Some(status),
                },
                percent,
            }),
        };
        (options != wire::RouteOptions::default()).then_some(options)
    }
}

fn answer(why: Answered, status: u16, headers: sorted::Map<String, String>) -> Outcome {
    Outcome::Answer {
        why,
        status,
        grpc_status: None,
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::super::backend::Invalid;
    use super::*;
    use crate::resource::{Kind, ObjectId};

    fn backend(weight: u32, invalid: Option<Invalid>) -> Backend {
        let object = ObjectId::new(Kind::Service, "a", "b").to_wire();
        Backend {
            weight,
            ..Backend::new(object, None, Some(80), invalid)
        }
    }

    #[test]
    fn a_rule_without_a_usable_backend_answers() {
        let gone = Some(Invalid::BackendNotFound);
        for (backends, gateway_api, envoy) in [
            (vec![], true, true),
            (vec![backend(0, None)], true, false),
            (vec![backend(1, gone)], true, true),
            (vec![backend(1, None), backend(9, gone)], false, false),
            (vec![backend(7, None)], false, false),
        ] {
            for (without_backend, answers) in [
                (NoBackend::GatewayApi, gateway_api),
                (NoBackend::Envoy, envoy),
            ] {
                let action = Action {
                    backends: backends.clone(),
                    without_backend,
                    ..Action::default()
                };
                let listener = Listener {
                    port: 80,
                    tls: false,
                };
                let outcome = action.apply(&Http::default(), None, listener);
                assert_eq!(
                    matches!(outcome, Outcome::Answer { status, .. } if status == without_backend.status()),
                    answers,
                    "{action:?}"
                );
            }
        }
    }
}
