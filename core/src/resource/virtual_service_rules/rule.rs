//! What is refused in one rule for HTTP.

use super::super::syntax::{duration, is_header_name, is_label};
use super::super::violation::Violations;
use super::super::{
    CorsPolicy, GRPC_STATUSES, Headers, HttpFaultInjection, HttpMatchRequest, HttpRedirect,
    HttpRetry, HttpRewrite, Percent, StringMatch, VirtualServiceHttpRoute,
};
use crate::matcher::compile_regex;
use crate::sorted;

/// Reports what is refused: in a rule of a VirtualService that others delegate to or not, that is for the mesh or for
/// gateways alone.
pub(super) fn validate(
    rule: &VirtualServiceHttpRoute,
    delegate: bool,
    for_mesh: bool,
    at: &str,
    out: &mut Violations,
) {
    together(rule, delegate, at, out);
    for (position, written) in rule.matches.iter().enumerate() {
        match_of(written, for_mesh, &format!("{at}.match[{position}]"), out);
    }
    if let Some(written) = &rule.headers {
        headers(written, &format!("{at}.headers"), out);
    }
    for (index, one) in rule.route.iter().enumerate() {
        if let Some(written) = &one.headers {
            headers(written, &format!("{at}.route[{index}].headers"), out);
        }
    }
    super::destinations(&rule.route, &format!("{at}.route"), out);
    mirrors(rule, at, out);
    if let Some(written) = &rule.redirect {
        redirect(written, &rule.matches, &format!("{at}.redirect"), out);
    }
    if let Some(written) = &rule.direct_response {
        status(written.status, format!("{at}.directResponse.status"), out);
    }
    if let Some(written) = &rule.rewrite {
        rewrite(written, &format!("{at}.rewrite"), out);
    }
    authority(rule, at, out);
    if let Some(written) = &rule.retries {
        retries(written, &format!("{at}.retries"), out);
    }
    if let Some(written) = &rule.fault {
        fault(written, &format!("{at}.fault"), out);
    }
    if let Some(written) = &rule.cors_policy {
        cors(written, &format!("{at}.corsPolicy"), out);
    }
    time(rule.timeout.as_ref(), format!("{at}.timeout"), out);
}

/// What does not go together. (validateHTTPRouteConflict)
fn together(rule: &VirtualServiceHttpRoute, delegate: bool, at: &str, out: &mut Violations) {
    if rule.delegate.is_some() && delegate {
        out.error(
            format!("{at}.delegate"),
            "what is delegated to does not delegate again",
        );
    } else if rule.delegate.is_some() {
        for (field, is_there) in [
            ("redirect", rule.redirect.is_some()),
            ("route", !rule.route.is_empty()),
        ] {
            if is_there {
                out.error(
                    format!("{at}.{field}"),
                    format!("a rule that delegates takes no `{field}`"),
                );
            }
        }
        return;
    }
    let answers = [
        ("redirect", rule.redirect.is_some()),
        ("directResponse", rule.direct_response.is_some()),
    ];
    for (field, is_there) in answers {
        for (other, both) in [
            ("route", !rule.route.is_empty()),
            ("fault", rule.fault.is_some()),
            ("rewrite", rule.rewrite.is_some()),
        ] {
            if is_there && both {
                out.error(
                    format!("{at}.{other}"),
                    format!("`{other}` does not go with `{field}`"),
                );
            }
        }
    }
    match (answers[0].1, answers[1].1, rule.route.is_empty()) {
        (true, true, _) => out.error(
            format!("{at}.directResponse"),
            "`directResponse` does not go with `redirect`",
        ),
        (false, false, true) => out.error(
            at,
            "a rule needs one of `route`, `redirect`, `directResponse`, `delegate`",
        ),
        _ => {}
    }
}

/// (validateHTTPRouteMatchRequest)
fn match_of(written: &HttpMatchRequest, for_mesh: bool, at: &str, out: &mut Violations) {
    let may_be_empty = |field: &str| field == "uri";
    for (field, text) in [
        ("uri", &written.uri),
        ("scheme", &written.scheme),
        ("method", &written.method),
        ("authority", &written.authority),
    ] {
        if let Some(text) = text {
            string_match(text, may_be_empty(field), format!("{at}.{field}"), out);
        }
    }
    for (field, values) in [
        ("headers", &written.headers),
        ("withoutHeaders", &written.without_headers),
        ("queryParams", &written.query_params),
    ] {
        for (name, text) in values {
            let at = format!("{at}.{field}.{name}");
            // Here `*` is no regular expression, and stands for presence.
            let present = |text: &StringMatch| {
                field == "withoutHeaders" && text.regex.as_deref() == Some("*")
            };
            if let Some(text) = text.as_ref().filter(|text| !present(text)) {
                string_match(text, false, at.clone(), out);
            }
            if field == "queryParams" {
                continue;
            }
            let is_claim = name.starts_with("@request.auth.claims");
            if is_claim && for_mesh {
                out.error_with_help(
                    at,
                    "claims of a token are matched at gateways only",
                    "name a gateway in `gateways`, or use an AuthorizationPolicy with `when`",
                );
            } else if !is_claim && !PSEUDO_HEADERS.contains(&name.as_str()) && !is_header_name(name)
            {
                out.error(at, format!("`{name}` is no name of a header"));
            }
        }
    }
    super::gateways(&written.gateways, at, out);
    if let Some(namespace) = written.source_namespace.as_deref()
        && !namespace.is_empty()
        && !is_label(namespace)
    {
        out.error(
            format!("{at}.sourceNamespace"),
            format!("`{namespace}` is no name of a namespace"),
        );
    }
}

const PSEUDO_HEADERS: &[&str] = &[":method", ":scheme", ":authority", ":path", ":status"];

/// One of `exact`, `prefix` and `regex`, of which the latter two say something.
fn string_match(text: &StringMatch, may_be_empty: bool, at: String, out: &mut Violations) {
    let kinds = [&text.exact, &text.prefix, &text.regex];
    if kinds.into_iter().flatten().count() > 1 {
        out.error(at, "only one of `exact`, `prefix` and `regex` can be there");
    } else if text.prefix.as_deref() == Some("") && !may_be_empty {
        out.error(at, "a prefix may not be empty");
    } else if let Some(pattern) = &text.regex {
        regex(pattern, at, out);
    }
}

fn regex(pattern: &str, at: String, out: &mut Violations) {
    if pattern.is_empty() || pattern.len() > 1024 || compile_regex(pattern).is_none() {
        out.error(at, format!("`{pattern}` is no regular expression"));
    }
}

/// (ValidateHTTPHeaderWithAuthorityOperationName, ValidateHTTPHeaderOperationName)
fn headers(written: &Headers, at: &str, out: &mut Violations) {
    for (side, operations) in [
        ("request", &written.request),
        ("response", &written.response),
    ] {
        let Some(operations) = operations else {
            continue;
        };
        let mut check = |name: &str, authority: bool, at: String| {
            let internal = name.starts_with(':') || name.eq_ignore_ascii_case("host");
            if name.is_empty() || (internal && !(authority && is_authority(name))) {
                out.error(at, format!("the header `{name}` cannot be changed"));
            }
        };
        for (field, values) in [("set", &operations.set), ("add", &operations.add)] {
            for name in values.keys() {
                let at = format!("{at}.{side}.{field}.{name}");
                check(name, side == "request", at);
            }
        }
        for (index, name) in operations.remove.iter().enumerate() {
            check(name, false, format!("{at}.{side}.remove[{index}]"));
        }
    }
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// The host is rewritten in one place. (validateAuthorityRewrite)
fn authority(rule: &VirtualServiceHttpRoute, at: &str, out: &mut Violations) {
    let rewrite = rule.rewrite.as_ref();
    let rewritten = rewrite.is_some_and(|rewrite| {
        rewrite
            .authority
            .as_ref()
            .is_some_and(|host| !host.is_empty())
    });
    let request = rule
        .headers
        .as_ref()
        .and_then(|headers| headers.request.as_ref());
    let hosts = |values: &sorted::Map<String, String>| {
        let named = values.iter().filter(|(name, _)| is_authority(name));
        named.count()
    };
    let set = request.map_or(0, |request| hosts(&request.set) + hosts(&request.add));
    if set + usize::from(rewritten) > 1 {
        out.error(
            format!("{at}.headers.request"),
            "the host can be rewritten in one place only",
        );
    }
}

fn mirrors(rule: &VirtualServiceHttpRoute, at: &str, out: &mut Violations) {
    if rule.mirror.is_some() && !rule.mirrors.is_empty() {
        out.error(
            format!("{at}.mirrors"),
            "`mirrors` does not go with `mirror`",
        );
    }
    if let Some(mirror) = &rule.mirror {
        super::destination(mirror, &format!("{at}.mirror"), out);
    }
    share(
        rule.mirror_percentage,
        format!("{at}.mirrorPercentage"),
        out,
    );
    for (index, mirror) in rule.mirrors.iter().enumerate() {
        let at = format!("{at}.mirrors[{index}]");
        super::destination(&mirror.destination, &format!("{at}.destination"), out);
        share(mirror.percentage, format!("{at}.percentage"), out);
    }
}

fn share(percent: Option<Percent>, at: String, out: &mut Violations) {
    if percent.is_some_and(|share| !(0.0..=100.0).contains(&share.value)) {
        out.error(at, "a share is from 0 to 100 percent");
    }
}

/// (validateHTTPRedirect)
fn redirect(written: &HttpRedirect, matches: &[HttpMatchRequest], at: &str, out: &mut Violations) {
    let is_there = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let of_prefix = |written: &HttpMatchRequest| {
        let uri = written.uri.as_ref();
        uri.is_none_or(|uri| uri.prefix.is_some())
    };
    if is_there(&written.prefix_rewrite) {
        if is_there(&written.uri) {
            out.error(
                format!("{at}.uri"),
                "`uri` does not go with `prefixRewrite`",
            );
        } else if !matches.iter().all(of_prefix) {
            out.error(
                format!("{at}.prefixRewrite"),
                "`prefixRewrite` needs matches of a prefix",
            );
        }
    }
    if written.port.is_some() && written.derive_port.is_some() {
        out.error(
            format!("{at}.derivePort"),
            "`derivePort` does not go with `port`",
        );
    }
    let texts = [
        &written.uri,
        &written.prefix_rewrite,
        &written.authority,
        &written.scheme,
    ];
    let port = written.port.is_some() || written.derive_port.is_some();
    if !port && !texts.into_iter().any(is_there) {
        out.error(
            at,
            "a redirect needs one of `uri`, `prefixRewrite`, `authority`, `scheme`, `port`",
        );
    }
    if !matches!(
        written.redirect_code,
        None | Some(0 | 301 | 302 | 303 | 307 | 308)
    ) {
        out.error(
            format!("{at}.redirectCode"),
            "a redirect has the status 301, 302, 303, 307 or 308",
        );
    }
    if !matches!(
        written.scheme.as_deref(),
        None | Some("" | "http" | "https")
    ) {
        out.error(format!("{at}.scheme"), "the scheme is `http` or `https`");
    }
}

/// (validateHTTPRewrite)
fn rewrite(written: &HttpRewrite, at: &str, out: &mut Violations) {
    let is_there = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let Some(by_regex) = &written.uri_regex_rewrite else {
        if !is_there(&written.uri) && !is_there(&written.authority) {
            out.error(
                at,
                "a rewrite needs one of `uri`, `uriRegexRewrite`, `authority`",
            );
        }
        return;
    };
    let at = format!("{at}.uriRegexRewrite");
    if is_there(&written.uri) {
        out.error(at, "`uriRegexRewrite` does not go with `uri`");
    } else if by_regex.rewrite.is_empty() {
        out.error(at, "`rewrite` is missing");
    } else {
        regex(&by_regex.pattern, format!("{at}.match"), out);
    }
}

/// (ValidateHTTPRetry)
fn retries(written: &HttpRetry, at: &str, out: &mut Violations) {
    let retry_on = written.retry_on.as_deref().unwrap_or_default();
    let says_more = written.per_try_timeout.is_some()
        || !retry_on.is_empty()
        || written.retry_remote_localities.is_some();
    if written.attempts == 0 && says_more {
        out.error(
            format!("{at}.attempts"),
            "without attempts there is nothing to say about retries",
        );
    }
    let is_status = |word: &str| {
        word.parse()
            .is_ok_and(|code: u16| (100..600).contains(&code))
    };
    let known = |word: &str| RETRY_ON.contains(&word) || is_status(word);
    let mut words = retry_on.split(',').filter(|word| !word.is_empty());
    if let Some(word) = words.find(|word| !known(word)) {
        out.error(
            format!("{at}.retryOn"),
            format!("`{word}` is nothing to retry on"),
        );
    }
    time(
        written.per_try_timeout.as_ref(),
        format!("{at}.perTryTimeout"),
        out,
    );
    time(written.backoff.as_ref(), format!("{at}.backoff"), out);
}

/// `istio/istio: pkg/config/validation/agent/validation.go` (supportedRetryOnPolicies).
const RETRY_ON: &[&str] = &[
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// (validateHTTPFaultInjection)
fn fault(written: &HttpFaultInjection, at: &str, out: &mut Violations) {
    if written.abort.is_none() && written.delay.is_none() {
        out.error(at, "a fault needs `abort` or `delay`");
    }
    if let Some(abort) = &written.abort {
        let at = format!("{at}.abort");
        share(abort.percentage, format!("{at}.percentage"), out);
        if let Some(code) = abort.http_status {
            status(code, format!("{at}.httpStatus"), out);
        }
        if let Some(name) = &abort.grpc_status
            && !GRPC_STATUSES.contains(&name.as_str())
        {
            out.error(
                format!("{at}.grpcStatus"),
                format!("`{name}` is no status of gRPC"),
            );
        }
        if abort.http2_error.is_some() {
            out.error(format!("{at}.http2Error"), "Istio does not support it");
        }
    }
    if let Some(delay) = &written.delay {
        let at = format!("{at}.delay");
        share(delay.percentage, format!("{at}.percentage"), out);
        time(delay.fixed_delay.as_ref(), format!("{at}.fixedDelay"), out);
        if delay.exponential_delay.is_some() {
            out.error(
                format!("{at}.exponentialDelay"),
                "Istio does not support it",
            );
        }
    }
}

/// (validateHTTPStatus)
fn status(code: u16, at: String, out: &mut Violations) {
    if !(200..=600).contains(&code) {
        out.error(at, format!("`{code}` is no status of an answer"));
    }
}

/// (validateCORSPolicy)
fn cors(written: &CorsPolicy, at: &str, out: &mut Violations) {
    for (index, origin) in written.allow_origins.iter().enumerate() {
        let at = format!("{at}.allowOrigins[{index}]");
        let texts = [&origin.exact, &origin.prefix, &origin.regex];
        if !texts.into_iter().flatten().any(|text| !text.is_empty()) {
            out.error(at, "an origin needs one of `exact`, `prefix`, `regex`");
        } else {
            string_match(origin, false, at, out);
        }
    }
    for (index, method) in written.allow_methods.iter().enumerate() {
        if !CORS_METHODS.contains(&method.as_str()) {
            out.error(
                format!("{at}.allowMethods[{index}]"),
                format!("`{method}` is no method"),
            );
        }
    }
    for (field, names) in [
        ("allowHeaders", &written.allow_headers),
        ("exposeHeaders", &written.expose_headers),
    ] {
        for (index, name) in names.iter().enumerate() {
            if !is_header_name(name) {
                out.error(
                    format!("{at}.{field}[{index}]"),
                    format!("`{name}` is no name of a header"),
                );
            }
        }
    }
    let at = format!("{at}.maxAge");
    let seconds = written.max_age.as_deref().and_then(duration);
    if seconds.is_some_and(|seconds| seconds.fract() != 0.0) {
        out.error(at, "the age is in whole seconds");
    } else {
        time(written.max_age.as_ref(), at, out);
    }
}

const CORS_METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*",
];

/// A duration of whole milliseconds, and of one at least. (ValidateDuration)
fn time(text: Option<&String>, at: String, out: &mut Violations) {
    let Some(text) = text else {
        return;
    };
    let millis = duration(text).map(|seconds| seconds * 1000.0);
    let whole = |millis: &f64| *millis >= 1.0 && (millis - millis.round()).abs() < 1e-6;
    if millis.filter(whole).is_none() {
        out.error(at, format!("`{text}` is no duration of 1ms or more"));
    }
}
