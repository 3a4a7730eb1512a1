//! One condition of a route's match. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (createURIMatch,
//! createHeadersMatch, createQueryParamsMatch, createMethodMatch).

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

use crate::flow::Http;
use crate::trace::Truth;

/// One condition; a match holds if all of its conditions do.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// The path, without query.
    Path(PathMatch),
    /// The method, exactly.
    Method(String),
    /// Some line of a header; the name is in lower case.
    Header(String, ValueMatch),
    /// The first occurrence of a query parameter.
    Query(String, ValueMatch),
}

/// How a path must look.
#[derive(Clone, Debug)]
pub(crate) enum PathMatch {
    /// It is this.
    Exact(String),
    /// It is this or goes on behind it with a `/`; without trailing `/`, but for `/` itself.
    Prefix(String),
    /// The whole of it matches.
    Regex(Pattern),
}

/// How a value must look.
#[derive(Clone, Debug)]
pub(crate) enum ValueMatch {
    /// It is this.
    Exact(String),
    /// The whole of it matches.
    Regex(Pattern),
    /// It is there.
    Present,
}

/// A regular expression that must match a whole text. `None` inside: it is none, and matches nothing.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Option<Regex>,
}

/// Envoy's own limit is on the size of the compiled program as well.
const MAX_PROGRAM: usize = 1 << 20;

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let regex = RegexBuilder::new(&format!("^(?:{text})$"))
            .size_limit(MAX_PROGRAM)
            .build()
            .ok();
        Self {
            text: text.to_owned(),
            regex,
        }
    }

    /// As written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn matches(&self, text: &str) -> bool {
        self.regex
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }
}

impl PathMatch {
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) if prefix == "/" => path.starts_with('/'),
            Self::Prefix(prefix) => path
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Self::Regex(pattern) => pattern.matches(path),
        }
    }
}

impl ValueMatch {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(exact) => value == exact,
            Self::Regex(pattern) => pattern.matches(value),
            Self::Present => true,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Exact(exact) => exact.clone(),
            Self::Regex(pattern) => format!("regex {}", pattern.text()),
            Self::Present => "present".to_owned(),
        }
    }
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn holds(&self, http: &Http) -> Truth {
        let holds = match self {
            Self::Path(path) => path.matches(http.path_only()),
            Self::Method(method) => http.method == *method,
            // Several lines of one name are tested one by one; any match counts.
            Self::Header(name, value) => header(http, name).iter().any(|line| value.matches(line)),
            Self::Query(name, value) => query(http, name).is_some_and(|found| value.matches(found)),
        };
        holds.into()
    }

    /// What it asks about: `path`, `method`, `headers[x-user]`, `queryParams[page]`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Path(_) => "path".to_owned(),
            Self::Method(_) => "method".to_owned(),
            Self::Header(name, _) => format!("headers[{name}]"),
            Self::Query(name, _) => format!("queryParams[{name}]"),
        }
    }

    /// What it wants.
    pub(crate) fn want(&self) -> String {
        match self {
            Self::Path(PathMatch::Exact(path)) => format!("exact {path}"),
            Self::Path(PathMatch::Prefix(path)) => format!("prefix {path}"),
            Self::Path(PathMatch::Regex(pattern)) => format!("regex {}", pattern.text()),
            Self::Method(method) => method.clone(),
            Self::Header(_, value) | Self::Query(_, value) => value.describe(),
        }
    }

    /// What a request has of it; `null`: nothing.
    pub(crate) fn observe(&self, http: &Http) -> Value {
        match self {
            Self::Path(_) => http.path_only().into(),
            Self::Method(_) => http.method.as_str().into(),
            Self::Header(name, _) => match header(http, name) {
                [] => Value::Null,
                [line] => line.as_str().into(),
                lines => lines.into(),
            },
            Self::Query(name, _) => query(http, name).into(),
        }
    }
}

/// The lines of a header; Host is the authority.
fn header<'a>(http: &'a Http, name: &str) -> &'a [String] {
    match name {
        "host" | ":authority" => std::slice::from_ref(&http.authority),
        _ => http.header(name),
    }
}

/// The first occurrence of a query parameter.
fn query<'a>(http: &'a Http, name: &str) -> Option<&'a str> {
    http.query().split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Http {
        Http {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: [("x-a".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into(),
            ..Http::default()
        }
    }

    #[test]
    fn paths() {
        let prefix = |text: &str| PathMatch::Prefix(text.to_owned());
        let exact = |text: &str| PathMatch::Exact(text.to_owned());
        let regex = |text: &str| PathMatch::Regex(Pattern::new(text));
        for (condition, path, holds) in [
            (prefix("/"), "/", true),
            (prefix("/"), "/x", true),
            (prefix("/foo"), "/foo", true),
            (prefix("/foo"), "/foo/", true),
            (prefix("/foo"), "/foo/x", true),
            (prefix("/foo"), "/foo?q=1", true),
            (prefix("/foo"), "/foobar", false),
            (prefix("/foo"), "/Foo", false),
            (exact("/foo"), "/foo?q=1", true),
            (exact("/foo"), "/foo/", false),
            (regex("/v[0-9]+"), "/v12", true),
            (regex("/v[0-9]+"), "/v12/x", false),
            (regex("/v[0-9]+"), "/api/v12", false),
            (regex("/a|/b"), "/ab", false),
            (regex("("), "/(", false),
        ] {
            assert_eq!(
                Condition::Path(condition.clone()).holds(&request(path)),
                holds.into(),
                "{condition:?} {path}"
            );
        }
    }

    #[test]
    fn headers_line_by_line_and_the_first_of_equal_parameters() {
        let header = |value: ValueMatch| Condition::Header("x-a".to_owned(), value);
        let query =
            |value: &str| Condition::Query("p".to_owned(), ValueMatch::Exact(value.to_owned()));
        for (condition, path, holds) in [
            (header(ValueMatch::Exact("2".to_owned())), "/", true),
            (header(ValueMatch::Exact("1,2".to_owned())), "/", false),
            (header(ValueMatch::Regex(Pattern::new("[12]"))), "/", true),
            (header(ValueMatch::Present), "/", true),
            (
                Condition::Header("x-b".to_owned(), ValueMatch::Present),
                "/",
                false,
            ),
            (query("1"), "/?p=1&p=2", true),
            (query("2"), "/?p=1&p=2", false),
            (query("1"), "/?P=1", false),
            (Condition::Method("GET".to_owned()), "/", true),
            (Condition::Method("get".to_owned()), "/", false),
        ] {
            assert_eq!(
                condition.holds(&request(path)),
                holds.into(),
                "{condition:?} {path}"
            );
        }
    }
}
