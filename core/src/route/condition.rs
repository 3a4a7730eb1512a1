//! One condition of a route's match. `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRouteMatch),
//! `pilot/pkg/config/kube/gateway/conversion.go` (createURIMatch, createHeadersMatch, createQueryParamsMatch).

use serde_json::{Map, Value};

use super::value::ValueMatch;
use crate::flow::{Flow, Http};
use crate::matcher;
use crate::matcher::Pattern;
use crate::trace::Truth;

/// One condition; a match holds if all of its conditions do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The path, without query.
    Path(PathMatch),
    /// The method.
    Method(ValueMatch),
    /// The Host header as sent, with its port.
    Authority(ValueMatch),
    /// `http` or `https`, where no proxy in front says otherwise the listener's, known when routes are compiled.
    Scheme(ValueMatch, &'static str),
    /// Some line of a header; the name is in lower case.
    Header(String, ValueMatch),
    /// No line of a header; an absent header counts as empty.
    WithoutHeader(String, ValueMatch),
    /// The first occurrence of a query parameter.
    Query(String, ValueMatch),
    /// A claim of the token that was verified, by its path.
    Claim(Vec<String>, ValueMatch),
    /// Not that claim.
    WithoutClaim(Vec<String>, ValueMatch),
    /// The server name of TLS that is passed through: one of these, `*.` for any number of labels.
    Sni(Vec<String>),
}

/// How a path must look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathMatch {
    /// It is this.
    Exact(String),
    /// It is this or goes on behind it with a `/`; a trailing `/` does not count, but for `/` itself.
    Prefix(String),
    /// The whole of it matches.
    Regex(Pattern),
    /// It is this, whatever the case of its letters.
    ExactIgnoringCase(String),
    /// It begins with this, also in the middle of a path element: what VirtualServices call a prefix.
    Text(String),
    /// The same, whatever the case of its letters.
    TextIgnoringCase(String),
}

impl PathMatch {
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::ExactIgnoringCase(exact) => path.eq_ignore_ascii_case(exact),
            Self::Prefix(prefix) if prefix == "/" => path.starts_with('/'),
            Self::Prefix(prefix) => path
                .strip_prefix(without_slash(prefix))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Self::Regex(pattern) => pattern.matches(path),
            Self::Text(prefix) => path.starts_with(prefix.as_str()),
            Self::TextIgnoringCase(prefix) => path
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        }
    }

    /// How many bytes of a path that matches are what a prefix rewrite replaces: all but for prefixes.
    pub(super) fn matched(&self, path: &str) -> usize {
        match self {
            Self::Prefix(prefix) if prefix != "/" => without_slash(prefix).len(),
            Self::Prefix(prefix) | Self::Text(prefix) | Self::TextIgnoringCase(prefix) => {
                prefix.len()
            }
            Self::Exact(_) | Self::ExactIgnoringCase(_) | Self::Regex(_) => path.len(),
        }
    }
}

/// `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRouteMatch) drops one `/`.
pub(super) fn without_slash(prefix: &str) -> &str {
    prefix.strip_suffix('/').unwrap_or(prefix)
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn holds(&self, flow: &Flow) -> Truth {
        if let Self::Sni(names) = self {
            return names
                .iter()
                .any(|name| sni_matches(name, flow.sni.as_deref()))
                .into();
        }
        let Some(http) = &flow.http else {
            return Truth::No;
        };
        let holds = match self {
            Self::Path(path) => path.matches(http.path_only()),
            Self::Method(method) => method.matches(&http.method),
            Self::Authority(authority) => authority.matches(&http.authority),
            Self::Scheme(wanted, scheme) => wanted.matches(http.scheme(scheme)),
            // Several lines of one name are tested one by one; any match counts.
            Self::Header(name, value) => header(http, name).iter().any(|line| value.matches(line)),
            Self::WithoutHeader(name, value) => without_header(http, name, value),
            Self::Query(name, value) => query(http, name).is_some_and(|found| value.matches(found)),
            Self::Claim(path, value) => claim(flow, path).iter().any(|found| value.matches(found)),
            Self::WithoutClaim(path, value) => {
                !claim(flow, path).iter().any(|found| value.matches(found))
            }
            Self::Sni(_) => false,
        };
        holds.into()
    }

    /// What it asks about: `path`, `method`, `headers[x-user]`, `queryParams[page]`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Path(_) => "path".to_owned(),
            Self::Method(_) => "method".to_owned(),
            Self::Authority(_) => "authority".to_owned(),
            Self::Scheme(..) => "scheme".to_owned(),
            Self::Header(name, _) => format!("headers[{name}]"),
            Self::WithoutHeader(name, _) => format!("withoutHeaders[{name}]"),
            Self::Query(name, _) => format!("queryParams[{name}]"),
            Self::Claim(path, _) => format!("request.auth.claims[{}]", path.join("][")),
            Self::WithoutClaim(path, _) => {
                format!("without request.auth.claims[{}]", path.join("]["))
            }
            Self::Sni(_) => "sni".to_owned(),
        }
    }

    /// What it wants.
    pub(crate) fn want(&self) -> String {
        match self {
            Self::Path(path) => path.describe(),
            Self::Method(value)
            | Self::Authority(value)
            | Self::Scheme(value, _)
            | Self::Header(_, value)
            | Self::Query(_, value)
            | Self::Claim(_, value) => value.describe(),
            Self::WithoutHeader(_, value) | Self::WithoutClaim(_, value) => {
                format!("not {}", value.describe())
            }
            Self::Sni(names) => names.join(", "),
        }
    }

    /// What a request has of it; `null`: nothing.
    pub(crate) fn observe(&self, flow: &Flow) -> Value {
        if let Self::Sni(_) = self {
            return flow.sni.as_deref().into();
        }
        let Some(http) = &flow.http else {
            return Value::Null;
        };
        match self {
            Self::Path(_) => http.path_only().into(),
            Self::Method(_) => http.method.as_str().into(),
            Self::Authority(_) => http.authority.as_str().into(),
            Self::Scheme(_, scheme) => http.scheme(scheme).into(),
            Self::Header(name, _) | Self::WithoutHeader(name, _) => lines(header(http, name)),
            Self::Query(name, _) => query(http, name).into(),
            Self::Claim(path, _) | Self::WithoutClaim(path, _) => lines(&claim(flow, path)),
            Self::Sni(_) => Value::Null,
        }
    }
}

impl PathMatch {
    fn describe(&self) -> String {
        match self {
            Self::Exact(path) => format!("exact {path}"),
            Self::Prefix(path) => format!("prefix {path}"),
            Self::Regex(pattern) => format!("regex {}", pattern.text()),
            Self::ExactIgnoringCase(path) => format!("exact {path} in any case"),
            Self::Text(path) => format!("text prefix {path}"),
            Self::TextIgnoringCase(path) => format!("text prefix {path} in any case"),
        }
    }
}

fn lines(lines: &[String]) -> Value {
    match lines {
        [] => Value::Null,
        [line] => line.as_str().into(),
        lines => lines.into(),
    }
}

/// `*` is any name, also none. `istio/istio: pilot/pkg/networking/core/gateway.go` makes a filter chain without a server
/// name of it.
fn sni_matches(wanted: &str, sni: Option<&str>) -> bool {
    wanted == "*" || sni.is_some_and(|sni| matcher::host_matches(wanted, sni))
}

/// The lines of a header; Host is the authority.
fn header<'a>(http: &'a Http, name: &str) -> &'a [String] {
    match name {
        "host" | ":authority" => std::slice::from_ref(&http.authority),
        ":method" => std::slice::from_ref(&http.method),
        _ => http.header(name),
    }
}

/// Inverted, with an absent header as an empty one unless presence itself is asked about:
/// `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRouteMatch, TreatMissingHeaderAsEmpty).
fn without_header(http: &Http, name: &str, value: &ValueMatch) -> bool {
    match (header(http, name), value) {
        ([], ValueMatch::Present) => true,
        ([], value) => !value.matches(""),
        (lines, value) => !lines.iter().any(|line| value.matches(line)),
    }
}

/// The first occurrence of a query parameter.
fn query<'a>(http: &'a Http, name: &str) -> Option<&'a str> {
    http.query().split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

/// The values of a claim that is a text, or a list of texts.
fn claim(flow: &Flow, path: &[String]) -> Vec<String> {
    let found = flow
        .claims
        .as_ref()
        .and_then(|claims| find_claim(claims, path));
    match found {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn find_claim<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(claims.get(first)?, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Flow {
        let claims = serde_json::json!({ "sub": "me", "nested": { "groups": ["a", "b"] } });
        Flow {
            http: Some(Http {
                method: "GET".to_owned(),
                path: path.to_owned(),
                authority: "reviews:9080".to_owned(),
                headers: [("x-a".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into(),
                ..Http::default()
            }),
            claims: claims.as_object().cloned(),
            ..Flow::default()
        }
    }

    #[test]
    fn paths() {
        let prefix = |text: &str| PathMatch::Prefix(text.to_owned());
        let exact = |text: &str| PathMatch::Exact(text.to_owned());
        let regex = |text: &str| PathMatch::Regex(Pattern::new(text));
        let text = |text: &str| PathMatch::Text(text.to_owned());
        for (condition, path, holds) in [
            (prefix("/"), "/", true),
            (prefix("/"), "/x", true),
            (prefix("/foo"), "/foo", true),
            (prefix("/foo"), "/foo/", true),
            (prefix("/foo"), "/foo/x", true),
            (prefix("/foo"), "/foo?q=1", true),
            (prefix("/foo"), "/foobar", false),
            (prefix("/foo"), "/Foo", false),
            (prefix("/svc/"), "/svc/Get", true),
            (prefix("/svc/"), "/svcs/Get", false),
            (exact("/foo"), "/foo?q=1", true),
            (exact("/foo"), "/foo/", false),
            (regex("/v[0-9]+"), "/v12", true),
            (regex("/v[0-9]+"), "/v12/x", false),
            (regex("/v[0-9]+"), "/api/v12", false),
            (regex("/a|/b"), "/ab", false),
            (regex("("), "/(", false),
            (text("/foo"), "/foobar", true),
            (text("/foo"), "/Foo", false),
            (
                PathMatch::TextIgnoringCase("/foo".to_owned()),
                "/FOObar",
                true,
            ),
            (PathMatch::TextIgnoringCase("/foo".to_owned()), "/fo", false),
            (
                PathMatch::ExactIgnoringCase("/foo".to_owned()),
                "/FOO",
                true,
            ),
        ] {
            assert_eq!(
                Condition::Path(condition.clone()).holds(&request(path)),
                holds.into(),
                "{condition:?} {path}"
            );
        }
    }

    #[test]
    fn everything_but_paths() {
        let exact = |text: &str| ValueMatch::Exact(text.to_owned());
        let header = |value: ValueMatch| Condition::Header("x-a".to_owned(), value);
        let without =
            |name: &str, value: ValueMatch| Condition::WithoutHeader(name.to_owned(), value);
        let query = |value: &str| Condition::Query("p".to_owned(), exact(value));
        let claim = |path: &[&str], value: ValueMatch| {
            Condition::Claim(path.iter().map(ToString::to_string).collect(), value)
        };
        for (condition, path, holds) in [
            (header(exact("2")), "/", true),
            (header(exact("1,2")), "/", false),
            (header(ValueMatch::regex("[12]")), "/", true),
            (header(ValueMatch::regex("*")), "/", true),
            (header(ValueMatch::Prefix("2".to_owned())), "/", true),
            (
                Condition::Header("x-b".to_owned(), ValueMatch::Present),
                "/",
                false,
            ),
            (without("x-a", exact("2")), "/", false),
            (without("x-a", exact("3")), "/", true),
            (without("x-b", exact("3")), "/", true),
            (without("x-b", exact("")), "/", false),
            (without("x-b", ValueMatch::Present), "/", true),
            (without("x-a", ValueMatch::Present), "/", false),
            (query("1"), "/?p=1&p=2", true),
            (query("2"), "/?p=1&p=2", false),
            (query("1"), "/?P=1", false),
            (Condition::Method(exact("GET")), "/", true),
            (Condition::Method(exact("get")), "/", false),
            (Condition::Authority(exact("reviews")), "/", false),
            (Condition::Authority(exact("reviews:9080")), "/", true),
            (Condition::Scheme(exact("https"), "http"), "/", false),
            (claim(&["sub"], exact("me")), "/", true),
            (claim(&["nested", "groups"], exact("b")), "/", true),
            (claim(&["nested", "groups"], exact("c")), "/", false),
            (
                Condition::WithoutClaim(vec!["sub".to_owned()], exact("me")),
                "/",
                false,
            ),
        ] {
            assert_eq!(
                condition.holds(&request(path)),
                holds.into(),
                "{condition:?} {path}"
            );
        }
    }

    #[test]
    fn server_names() {
        let at = |sni: Option<&str>| Flow {
            sni: sni.map(str::to_owned),
            ..Flow::default()
        };
        for (wanted, sni, holds) in [
            ("*", None, true),
            ("*", Some("a.example"), true),
            ("a.example", Some("a.example"), true),
            ("a.example", None, false),
            ("*.example", Some("a.b.example"), true),
            ("*.example", Some("example"), false),
        ] {
            assert_eq!(
                Condition::Sni(vec![wanted.to_owned()]).holds(&at(sni)),
                holds.into(),
                "{wanted} {sni:?}"
            );
        }
    }
}
