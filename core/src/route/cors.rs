//! Cross-origin requests: which preflights a proxy answers itself.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (createCorsFilter),
//! `envoyproxy/envoy: source/extensions/filters/http/cors/cors_filter.cc` (decodeHeaders).

use super::value::ValueMatch;
use crate::flow::Http;
use crate::matcher::Pattern;
use crate::resource::HttpCorsFilter;
use crate::sorted;

/// A cross-origin policy, defaults applied.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    /// Origins that may call.
    pub(crate) origins: Vec<ValueMatch>,
    /// `access-control-…` headers of the answer to a preflight, without the origin: also where it is none of those.
    pub(crate) headers: sorted::Map<String, String>,
    /// Headers that a script may read of other answers.
    pub(crate) expose: String,
    /// Whether preflights of other origins go to the backend.
    pub(crate) forwards_unmatched: bool,
}

/// Any well-formed origin, which `null` is not.
const ANY_ORIGIN: &str = r"[a-zA-Z][a-zA-Z0-9+.\-]*://[^/\s?#]+";
const ALLOW_METHODS: &str = "access-control-allow-methods";
const ALLOW_HEADERS: &str = "access-control-allow-headers";
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
/// Its only value is `true`.
pub(crate) const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
/// The CRD's default.
const MAX_AGE: u32 = 5;

impl Cors {
    /// Gateway API's filter.
    pub(super) fn new(filter: &HttpCorsFilter) -> Self {
        let max_age = filter.max_age.unwrap_or(MAX_AGE);
        Self {
            origins: filter
                .allow_origins
                .iter()
                .filter(|origin| !origin.is_empty())
                .map(|origin| self::origin(origin))
                .collect(),
            headers: headers(
                &filter.allow_methods,
                &filter.allow_headers,
                (max_age > 0).then(|| max_age.to_string()),
                filter.allow_credentials == Some(true),
            ),
            expose: filter.expose_headers.join(","),
            forwards_unmatched: false,
        }
    }

    /// The headers of the answer to a preflight, with status 200; `None`: the request is none, or goes on.
    pub(super) fn preflight(&self, http: &Http) -> Option<sorted::Map<String, String>> {
        let origin = http
            .header("origin")
            .first()
            .filter(|origin| !origin.is_empty())?;
        let asks = http.header("access-control-request-method");
        if http.method != "OPTIONS" || asks.iter().all(String::is_empty) {
            return None;
        }
        let mut headers = self.headers.clone();
        // What is asked for is told instead of `*`, which browsers take by the letter where credentials are sent.
        for (allowed, asked) in [
            (ALLOW_METHODS, "access-control-request-method"),
            (ALLOW_HEADERS, "access-control-request-headers"),
        ] {
            if headers.get(allowed).is_some_and(|value| value == "*") {
                headers.insert(allowed.to_owned(), http.header(asked).join(","));
            }
        }
        if self.allows(origin) {
            headers.extend(self.of_answer(http));
        } else if self.forwards_unmatched {
            return None;
        }
        Some(headers)
    }

    /// What is added to every answer to an origin that may call.
    pub(super) fn of_answer(&self, http: &Http) -> sorted::Map<String, String> {
        let mut headers = sorted::Map::new();
        let origin = http.header("origin").first();
        let Some(origin) = origin.filter(|origin| !origin.is_empty() && self.allows(origin)) else {
            return headers;
        };
        headers.insert(ALLOW_ORIGIN.to_owned(), origin.clone());
        let credentials = self.headers.get(ALLOW_CREDENTIALS);
        headers.extend(credentials.map(|value| (ALLOW_CREDENTIALS.to_owned(), value.clone())));
        if !self.expose.is_empty() {
            let name = "access-control-expose-headers";
            headers.insert(name.to_owned(), self.expose.clone());
        }
        headers
    }

    fn allows(&self, origin: &str) -> bool {
        // Envoy takes what matches `*` for "any".
        let mut origins = self.origins.iter();
        origins.any(|allowed| allowed.matches("*") || allowed.matches(origin))
    }
}

/// The headers that do not depend on the request; empty ones are left out.
pub(super) fn headers(
    methods: &[String],
    names: &[String],
    max_age: Option<String>,
    credentials: bool,
) -> sorted::Map<String, String> {
    [
        ("allow-methods", methods.join(",")),
        ("allow-headers", names.join(",")),
        ("max-age", max_age.unwrap_or_default()),
        (
            "allow-credentials",
            if credentials { "true" } else { "" }.to_owned(),
        ),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (format!("access-control-{name}"), value))
    .collect()
}

/// `*` alone is any well-formed origin, a trailing one any text, elsewhere any characters.
fn origin(text: &str) -> ValueMatch {
    match text.split_once('*') {
        None => ValueMatch::Exact(text.to_owned()),
        Some(("", "")) => ValueMatch::Regex(Pattern::new(ANY_ORIGIN)),
        Some((before, "")) => ValueMatch::Prefix(before.to_owned()),
        Some(_) => {
            let pieces: Vec<String> = text.split('*').map(regex_lite::escape).collect();
            ValueMatch::Regex(Pattern::new(&pieces.join(".*")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (allowed, sent, matches) in [
            ("*", "https://a.example", true),
            ("*", "null", false),
            ("https://*.example", "https://a.b.example", true),
            ("https://*.example", "https://.example.org", false),
            ("https://a*", "https://abc.example:8080", true),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "http://a.example", false),
            ("https://*.a.*", "https://x.a.example", true),
        ] {
            assert_eq!(origin(allowed).matches(sent), matches, "{allowed} {sent}");
        }
    }
}
