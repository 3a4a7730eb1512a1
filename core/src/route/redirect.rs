//! Redirects: where a proxy sends the client. `istio/istio: pilot/pkg/networking/core/route/route.go` (ApplyRedirect),
//! `envoyproxy/envoy: source/common/router/config_impl.cc` (newUri, processRequestHost).

use super::action::Listener;
use super::condition::PathMatch;
use super::path::PathChange;
use crate::flow::Http;

/// A redirect, defaults applied.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    /// The status.
    pub(crate) status: u16,
    /// The new scheme.
    pub(crate) scheme: Option<String>,
    /// The new host.
    pub(crate) host: Option<String>,
    /// The port to write.
    pub(crate) port: RedirectPort,
    /// The new path.
    pub(crate) path: Option<PathChange>,
}

/// Which port a redirect writes; one that is the scheme's own is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectPort {
    /// None: Envoy keeps the host as it came, with its port.
    Keep,
    /// The one on which the proxy was called.
    Request,
    /// This one.
    Number(u16),
}

impl Redirect {
    /// The `location` header. `listener`: where the proxy was called.
    pub(super) fn location(
        &self,
        http: &Http,
        matched: Option<&PathMatch>,
        listener: Listener,
    ) -> String {
        let request_scheme = http.scheme(listener.scheme());
        let scheme = self.scheme.as_deref().unwrap_or(request_scheme);
        let port = match self.port {
            RedirectPort::Keep => None,
            RedirectPort::Request => Some(listener.port),
            RedirectPort::Number(port) => Some(port),
        };
        // istiod decides which port is not written, and knows the listener's scheme only.
        let expected = self.scheme.as_deref().unwrap_or(listener.scheme());
        let port = port.filter(|&port| own_port(expected) != Some(port));
        let host = match &self.host {
            Some(host) => host.as_str(),
            None => {
                // As a proxy in front says it, in its own spelling.
                let said = http.header("x-forwarded-proto").first();
                let protocol = said.map_or(request_scheme, String::as_str);
                kept_host(&http.authority, port.is_some(), scheme, protocol)
            }
        };
        let path = match &self.path {
            // A new path with a query of its own leaves the old query out.
            Some(PathChange::Full(full)) if full.contains('?') => full.clone(),
            Some(path) => path.apply(&http.path, matched),
            None => http.path.clone(),
        };
        // A path begins with one, whatever is put in its place.
        let slash = if path.starts_with('/') { "" } else { "/" };
        match port {
            Some(port) => format!("{scheme}://{host}:{port}{slash}{path}"),
            None => format!("{scheme}://{host}{slash}{path}"),
        }
    }
}

/// Where plain HTTP is sent that must be TLS: the same place by https, at the port that the client wrote.
/// `envoyproxy/envoy: source/common/http/utility.cc` (createSslRedirectPath).
pub(crate) fn https_location(http: &Http) -> String {
    format!("https://{}{}", http.authority, http.path)
}

/// Where a client is that is sent nowhere else.
pub(super) fn same_place(http: &Http, listener: Listener) -> String {
    let redirect = Redirect {
        status: 301,
        scheme: None,
        host: None,
        port: RedirectPort::Keep,
        path: None,
    };
    redirect.location(http, None, listener)
}

fn own_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The host of the request. Its port goes if another one is written, or if it was the old scheme's own and the scheme
/// changes.
fn kept_host<'a>(authority: &'a str, writes_port: bool, scheme: &str, protocol: &str) -> &'a str {
    let (host, port) = split_port(authority);
    let Some(port) = port else { return authority };
    let own = own_port(&protocol.to_ascii_lowercase());
    let is_own = own.is_some_and(|own| port.parse() == Ok(own));
    if writes_port || (scheme != protocol && is_own) {
        host
    } else {
        authority
    }
}

/// Host and port of an authority; the brackets of an IPv6 address stay.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_redirect_sends_the_client() {
        let plain = || Redirect {
            status: 302,
            scheme: None,
            host: None,
            port: RedirectPort::Request,
            path: None,
        };
        let scheme = |scheme: &str| Redirect {
            scheme: Some(scheme.to_owned()),
            port: RedirectPort::Keep,
            ..plain()
        };
        let port = |port: u16| Redirect {
            port: RedirectPort::Number(port),
            ..plain()
        };
        let host = |host: &str| Redirect {
            host: Some(host.to_owned()),
            ..plain()
        };
        let full = |path: &str| Redirect {
            path: Some(PathChange::Full(path.to_owned())),
            ..plain()
        };
        for (redirect, authority, listener, expected) in [
            (plain(), "host", 80, "http://host/p?q=1"),
            (scheme("https"), "host", 80, "https://host/p?q=1"),
            (scheme("https"), "host:80", 80, "https://host/p?q=1"),
            (port(8080), "host", 80, "http://host:8080/p?q=1"),
            (plain(), "host:8080", 8080, "http://host:8080/p?q=1"),
            (plain(), "host", 8080, "http://host:8080/p?q=1"),
            (scheme("https"), "host", 8080, "https://host/p?q=1"),
            // No port is written, so that the host stays as the client wrote it.
            (
                scheme("https"),
                "host:8080",
                8080,
                "https://host:8080/p?q=1",
            ),
            (port(80), "host", 8080, "http://host/p?q=1"),
            (port(80), "host:8080", 8080, "http://host:8080/p?q=1"),
            (host("other"), "host", 9080, "http://other:9080/p?q=1"),
            (full("/x"), "host", 80, "http://host/x?q=1"),
            (full("/x?a=b"), "host", 80, "http://host/x?a=b"),
            (full("x"), "host", 80, "http://host/x?q=1"),
            (plain(), "[::1]:80", 9080, "http://[::1]:9080/p?q=1"),
        ] {
            let http = Http {
                path: "/p?q=1".to_owned(),
                authority: authority.to_owned(),
                ..Http::default()
            };
            assert_eq!(
                redirect.location(
                    &http,
                    None,
                    Listener {
                        port: listener,
                        tls: false
                    }
                ),
                expected,
                "{redirect:?} of {authority} on {listener}"
            );
        }
    }
}
