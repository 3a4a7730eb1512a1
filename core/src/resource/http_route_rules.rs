//! What the CRD of HTTPRoute refuses in its rules: `kubernetes-sigs/gateway-api: apis/v1/httproute_types.go`.

use super::http_filter_rules;
use super::syntax::{duration, is_header_name};
use super::violation::Violations;
use super::{HttpPathMatch, HttpRoute, HttpRouteFilter, HttpRouteMatch, HttpRouteRule};

const MAX_RULES: usize = 16;
const MAX_MATCHES: usize = 64;
const MAX_MATCHES_OF_ROUTE: usize = 128;
const MAX_WEIGHT: u32 = 1_000_000;
const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// Reports what is refused.
pub(super) fn validate(route: &HttpRoute, out: &mut Violations) {
    let rules = route.rules.as_deref().unwrap_or_default();
    if rules.len() > MAX_RULES {
        out.error("spec.rules", format!("more than {MAX_RULES} `rules`"));
    }
    let matches = rules.iter().map(|rule| rule.matches.len()).sum::<usize>();
    if matches >= MAX_MATCHES_OF_ROUTE {
        out.error(
            "spec.rules",
            format!("{MAX_MATCHES_OF_ROUTE} `matches` or more in all"),
        );
    }
    for (index, rule) in rules.iter().enumerate() {
        rule_of(rule, &format!("spec.rules[{index}]"), out);
    }
}

fn rule_of(rule: &HttpRouteRule, at: &str, out: &mut Violations) {
    if rule.matches.len() > MAX_MATCHES {
        out.error(
            format!("{at}.matches"),
            format!("more than {MAX_MATCHES} `matches`"),
        );
    }
    for (index, written) in rule.matches.iter().enumerate() {
        match_of(written, &format!("{at}.matches[{index}]"), out);
    }
    http_filter_rules::validate(&rule.filters, &format!("{at}.filters"), out);
    for (index, backend) in rule.backend_refs.iter().enumerate() {
        if backend.weight.is_some_and(|weight| weight > MAX_WEIGHT) {
            out.error(
                format!("{at}.backendRefs[{index}].weight"),
                format!("a weight is at most {MAX_WEIGHT}"),
            );
        }
        let at = format!("{at}.backendRefs[{index}].filters");
        http_filter_rules::validate(&backend.filters, &at, out);
    }
    together(rule, at, out);
    timeouts(rule, at, out);
}

/// A try takes no longer than all.
fn timeouts(rule: &HttpRouteRule, at: &str, out: &mut Violations) {
    let Some(timeouts) = &rule.timeouts else {
        return;
    };
    let fields = [
        ("request", &timeouts.request),
        ("backendRequest", &timeouts.backend_request),
    ];
    for (field, written) in fields {
        if let Some(written) = written
            .as_deref()
            .filter(|written| !is_gateway_duration(written))
        {
            out.error(
                format!("{at}.timeouts.{field}"),
                format!("`{written}` is no duration in whole `h`, `m`, `s` and `ms`"),
            );
        }
    }
    let seconds = |written: &Option<String>| written.as_deref().and_then(duration);
    if let (Some(all), Some(one)) = (
        seconds(&timeouts.request),
        seconds(&timeouts.backend_request),
    ) && all > 0.0
        && one > all
    {
        out.error(
            format!("{at}.timeouts.backendRequest"),
            "a try may not take longer than the request",
        );
    }
}

/// At most four parts, each a number of at most five digits with its unit.
fn is_gateway_duration(text: &str) -> bool {
    let numbers: Vec<&str> = text
        .split(|character: char| !character.is_ascii_digit())
        .filter(|number| !number.is_empty())
        .collect();
    let is_short = numbers.len() <= 4 && numbers.iter().all(|number| number.len() <= 5);
    let units = ["h", "m", "s", "ms"];
    let mut known = text
        .split(|character: char| character.is_ascii_digit())
        .filter(|unit| !unit.is_empty());
    is_short
        && text.starts_with(|first: char| first.is_ascii_digit())
        && duration(text).is_some()
        && known.all(|unit| units.contains(&unit))
}

/// What does not go together in one rule.
fn together(rule: &HttpRouteRule, at: &str, out: &mut Violations) {
    let has = |name: &str| rule.filters.iter().any(|filter| filter.filter_type == name);
    if has("RequestRedirect") && !rule.backend_refs.is_empty() {
        out.error_with_help(
            format!("{at}.backendRefs"),
            "a rule with a RequestRedirect takes no backends",
            "leave `backendRefs` out: the proxy answers by itself",
        );
    }
    let prefix = |one: &HttpRouteMatch| {
        one.path
            .as_ref()
            .is_none_or(|path| path.match_type.as_deref().unwrap_or("PathPrefix") == "PathPrefix")
    };
    let one_prefix = match rule.matches.as_slice() {
        [] => true,
        [only] => prefix(only),
        _ => false,
    };
    let replaces = rule.filters.iter().position(replaces_prefix);
    if let Some(index) = replaces.filter(|_| !one_prefix) {
        out.error_with_help(
            format!("{at}.filters[{index}]"),
            "ReplacePrefixMatch needs a rule with exactly one match, by PathPrefix",
            "give each match a rule of its own",
        );
    }
}

fn replaces_prefix(filter: &HttpRouteFilter) -> bool {
    let redirect = filter.request_redirect.as_ref();
    let rewrite = filter.url_rewrite.as_ref();
    [
        redirect.and_then(|redirect| redirect.path.as_ref()),
        rewrite.and_then(|rewrite| rewrite.path.as_ref()),
    ]
    .into_iter()
    .flatten()
    .any(|path| path.replace_prefix_match.is_some())
}

fn match_of(written: &HttpRouteMatch, at: &str, out: &mut Violations) {
    if let Some(path) = &written.path {
        path_of(path, &format!("{at}.path"), out);
    }
    if let Some(method) = &written.method
        && !METHODS.contains(&method.as_str())
    {
        out.error_with_help(
            format!("{at}.method"),
            format!("`{method}` is no method that a route can match"),
            format!("use one of {}", METHODS.join(", ")),
        );
    }
    for (field, values) in [
        ("headers", &written.headers),
        ("queryParams", &written.query_params),
    ] {
        for (index, value) in values.iter().enumerate() {
            let at = format!("{at}.{field}[{index}]");
            if !is_header_name(&value.name) || value.value.is_empty() {
                out.error(
                    &*at,
                    format!(
                        "`{}` needs a name without odd characters, and a value",
                        value.name
                    ),
                );
            }
            if values
                .iter()
                .take(index)
                .any(|other| other.name == value.name)
            {
                out.error(
                    &*at,
                    format!("`{}` is listed twice in `{field}`", value.name),
                );
            }
            kind_of(
                value.match_type.as_deref(),
                &["Exact", "RegularExpression"],
                &at,
                out,
            );
        }
    }
}

fn kind_of(written: Option<&str>, known: &[&str], at: &str, out: &mut Violations) {
    if let Some(written) = written.filter(|written| !known.contains(written)) {
        out.error_with_help(
            format!("{at}.type"),
            format!("`{written}` is no way to match"),
            format!("use one of {}", known.join(", ")),
        );
    }
}

/// Only regular expressions may hold what no normalized path has.
fn path_of(path: &HttpPathMatch, at: &str, out: &mut Violations) {
    let kinds = ["Exact", "PathPrefix", "RegularExpression"];
    kind_of(path.match_type.as_deref(), &kinds, at, out);
    let value = path.value.as_deref().unwrap_or("/");
    if path.match_type.as_deref() == Some("RegularExpression") {
        return;
    }
    if let Some(problem) = path_problem(value) {
        out.error(format!("{at}.value"), problem);
    }
}

/// Whether Exact and PathPrefix can match it.
pub(crate) fn is_route_path(text: &str) -> bool {
    path_problem(text).is_none()
}

fn path_problem(value: &str) -> Option<String> {
    if !value.starts_with('/') {
        return Some(format!("`{value}` does not begin with `/`"));
    }
    let parts = ["//", "/./", "/../", "%2f", "%2F", "#"];
    let found = parts
        .into_iter()
        .find(|part| value.contains(part))
        .or_else(|| ["/..", "/."].into_iter().find(|end| value.ends_with(end)));
    match found {
        Some(found) => Some(format!("a path to match may not hold `{found}`")),
        None if is_path(value) => None,
        None => Some(format!("`{value}` has characters that no path has")),
    }
}

/// Letters, digits, some signs, and others by their code.
fn is_path(text: &str) -> bool {
    let mut pieces = text.split('%');
    let is_plain = |piece: &str| {
        piece
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-/._~!$&'()*+,;=:@".contains(&byte))
    };
    let is_code = |piece: &str| {
        let digits = piece.get(..2);
        digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    pieces.next().is_some_and(is_plain) && pieces.all(|piece| is_code(piece) && is_plain(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused() {
        for (rule, path) in [
            (
                "{ filters: [{ type: RequestRedirect, requestRedirect: {} }], backendRefs: [{ name: a, port: 1 }] }",
                "spec.rules[0].backendRefs",
            ),
            (
                "{ filters: [{ type: RequestRedirect, requestRedirect: {} }, { type: URLRewrite, urlRewrite: {} }] }",
                "spec.rules[0].filters",
            ),
            (
                "{ filters: [{ type: CORS, cors: {} }, { type: CORS, cors: {} }] }",
                "spec.rules[0].filters[1]",
            ),
            (
                "{ filters: [{ type: CORS, urlRewrite: {} }] }",
                "spec.rules[0].filters[0].urlRewrite",
            ),
            (
                "{ matches: [{ path: { type: Exact, value: /a } }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }] }",
                "spec.rules[0].filters[0]",
            ),
            (
                "{ matches: [{ path: { value: a } }] }",
                "spec.rules[0].matches[0].path.value",
            ),
            (
                "{ matches: [{ path: { value: /a/../b } }] }",
                "spec.rules[0].matches[0].path.value",
            ),
            (
                "{ matches: [{ path: { value: /a//b } }] }",
                "spec.rules[0].matches[0].path.value",
            ),
            (
                "{ matches: [{ path: { type: Prefix } }] }",
                "spec.rules[0].matches[0].path.type",
            ),
            (
                "{ matches: [{ method: get }] }",
                "spec.rules[0].matches[0].method",
            ),
            (
                "{ matches: [{ headers: [{ name: a, value: b }, { name: a, value: c }] }] }",
                "spec.rules[0].matches[0].headers[1]",
            ),
            (
                "{ backendRefs: [{ name: a, port: 1, weight: 1000001 }] }",
                "spec.rules[0].backendRefs[0].weight",
            ),
            (
                "{ matches: [{ path: { value: '/a b' } }] }",
                "spec.rules[0].matches[0].path.value",
            ),
            (
                "{ matches: [{ path: { value: '/a%2' } }] }",
                "spec.rules[0].matches[0].path.value",
            ),
            (
                "{ matches: [{ headers: [{ name: 'a b', value: c }] }] }",
                "spec.rules[0].matches[0].headers[0]",
            ),
            (
                "{ timeouts: { request: 1.5s } }",
                "spec.rules[0].timeouts.request",
            ),
            (
                "{ timeouts: { request: 1s, backendRequest: 1001ms } }",
                "spec.rules[0].timeouts.backendRequest",
            ),
            (
                "{ filters: [{ type: RequestRedirect, requestRedirect: { statusCode: 200 } }] }",
                "spec.rules[0].filters[0].requestRedirect.statusCode",
            ),
        ] {
            let route = crate::source::from_yaml(&format!("rules: [{rule}]"));
            let mut out = Violations::default();
            validate(&route, &mut out);
            let found: Vec<&str> = out.errors.iter().map(|error| error.path.as_str()).collect();
            assert!(found.contains(&path), "{rule}: {found:?}");
        }
    }

    #[test]
    fn taken() {
        for rule in [
            "{}",
            "{ matches: [{ path: { value: '/%7Ea;x=1/$(b)' } }], timeouts: { request: 0s, backendRequest: 1m30s } }",
            "{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }] }",
            "{ matches: [{ path: { type: RegularExpression, value: 'a//.*#' } }, { headers: [{ name: a, value: b }, { name: A, value: c }] }] }",
            "{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a } } }, { type: RequestMirror, requestMirror: { backendRef: { name: a } } }] }",
        ] {
            let route = crate::source::from_yaml(&format!("rules: [{rule}]"));
            let mut out = Violations::default();
            validate(&route, &mut out);
            assert!(out.errors.is_empty(), "{rule}: {:?}", out.errors);
        }
    }
}
