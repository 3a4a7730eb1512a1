//! One rule of a VirtualService as rules of an HTTPRoute: what is matched, what is done.
//! `kubernetes-sigs/gateway-api: apis/v1/httproute_types.go`.

use serde_json::{Map, Value};

use super::convert::Destinations;
use super::notes::Notes;
use super::object;
use crate::matcher::Pattern;
use crate::resource::{
    self, HeaderOperations, Headers, HttpMatchRequest, HttpRedirect, HttpRouteDestination,
    StringMatch, VirtualServiceHttpRoute,
};
use crate::sorted;

/// Where a rule is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A Service, at its waypoint.
    Mesh,
    /// A gateway.
    Gateway(AtGateway),
}

/// What is known of a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AtGateway {
    /// Whether requests come in TLS; `None`: some do, or nobody knows.
    pub(super) ends_tls: Option<bool>,
    /// Whether they come at port 80 of http and 443 of https.
    pub(super) usual_ports: bool,
    /// Whether matches that ask for other pods than the gateway's own are left out already.
    pub(super) knows_source: bool,
}

impl Target {
    /// The scheme of all requests; `None`: nobody knows.
    fn scheme(self) -> Option<&'static str> {
        let ends_tls = match self {
            Self::Mesh => Some(false),
            Self::Gateway(gateway) => gateway.ends_tls,
        };
        ends_tls.map(|ends_tls| if ends_tls { "https" } else { "http" })
    }
}

const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// The rules that one rule becomes; none, if it cannot be said at all.
pub(super) fn convert(
    rule: &VirtualServiceHttpRoute,
    matches: &[(usize, &HttpMatchRequest)],
    target: Target,
    destinations: &mut Destinations<'_>,
    notes: &mut Notes<'_>,
) -> Vec<Value> {
    if let Some(answer) = &rule.direct_response
        && answer.status != 500
    {
        notes.lost(
            "directResponse",
            format!(
                "Gateway API has no direct response; the rule that answers {} is left out",
                answer.status
            ),
            "let a small backend answer",
        );
        return Vec::new();
    }
    if rule.fault.is_some() {
        notes.lost(
            "fault",
            "Gateway API injects no faults; the rule goes on without",
            "inject faults in tests only, from the client",
        );
    }
    // Without a match the rule takes everything, which is Gateway API's default.
    let mut converted: Vec<(Value, Option<&StringMatch>)> = Vec::new();
    for &(index, written) in matches {
        let found = match_of((index, written), target, notes);
        converted.extend(found.into_iter().map(|one| (one, written.uri.as_ref())));
    }
    if !rule.matches.is_empty() && converted.is_empty() {
        return Vec::new();
    }
    // A replaced prefix belongs to one match, so that each has a rule of its own.
    let by_match = rule
        .rewrite
        .as_ref()
        .is_some_and(|rewrite| rewrite.uri.is_some())
        || rule
            .redirect
            .as_ref()
            .is_some_and(|redirect| redirect.prefix_rewrite.is_some());
    let groups: Vec<(Vec<Value>, Option<&StringMatch>)> = if by_match && !converted.is_empty() {
        converted
            .into_iter()
            .map(|(one, uri)| (vec![one], uri))
            .collect()
    } else {
        let uri = converted.first().and_then(|(_, uri)| *uri);
        vec![(converted.into_iter().map(|(one, _)| one).collect(), uri)]
    };
    groups
        .into_iter()
        .map(|(matches, uri)| {
            let mut out = Map::new();
            let filters = filters(rule, (&matches, uri), target, destinations, notes);
            if !matches.is_empty() {
                out.insert("matches".to_owned(), matches.into());
            }
            if !filters.is_empty() {
                out.insert("filters".to_owned(), filters.into());
            }
            times(rule, &mut out, notes);
            let backends = backends(&rule.route, destinations, notes);
            if !backends.is_empty() {
                out.insert("backendRefs".to_owned(), backends.into());
            }
            Value::Object(out)
        })
        .collect()
}

/// The matches that one match becomes: one for each method, if it is a pattern; none if it cannot be said.
fn match_of(
    (index, written): (usize, &HttpMatchRequest),
    target: Target,
    notes: &mut Notes<'_>,
) -> Vec<Value> {
    let at = |field: &str| format!("match[{index}].{field}");
    let help = "tell the requests apart by something else; what the rule took falls to the rules behind it";
    let of_source = [
        (!written.source_labels.is_empty(), "sourceLabels"),
        (written.source_namespace.is_some(), "sourceNamespace"),
    ];
    let knows_source = matches!(target, Target::Gateway(gateway) if gateway.knows_source);
    let mut of_source = of_source.iter().filter(|_| !knows_source);
    if let Some((_, field)) = of_source.find(|(is_there, _)| *is_there) {
        notes.lost(
            &at(field),
            "Gateway API does not match by the source; the match is left out",
            help,
        );
        return Vec::new();
    }
    if !written.without_headers.is_empty() {
        notes.lost(
            &at("withoutHeaders"),
            "Gateway API cannot ask for a header not to be there; the match is left out",
            "put a rule for the header before, with another destination",
        );
        return Vec::new();
    }
    if let Some(wanted) = &written.scheme {
        let scheme = target.scheme();
        // What a gateway never gets is no loss.
        if scheme.is_some_and(|scheme| !wants(wanted, scheme)) && target != Target::Mesh {
            return Vec::new();
        }
        if !scheme.is_some_and(|scheme| wants(wanted, scheme)) {
            notes.lost(
                &at("scheme"),
                "Gateway API does not match the scheme; the match is left out",
                "attach the route to the listener of that protocol",
            );
            return Vec::new();
        }
    }
    let mut out = Map::new();
    if let Some(uri) = &written.uri
        && let Some(path) = path((index, uri), written.ignore_uri_case, notes)
    {
        out.insert("path".to_owned(), path);
    }
    let mut headers: Vec<Value> = Vec::new();
    if let Some(authority) = &written.authority {
        headers.push(value("Host", Some(authority)));
    }
    for (name, wanted) in &written.headers {
        if name.starts_with("@request.auth.claims") {
            notes.lost(
                &at(&format!("headers[\"{name}\"]")),
                "Gateway API does not match claims of a token; the match is left out",
                help,
            );
            return Vec::new();
        }
        headers.push(value(name, wanted.as_ref()));
    }
    if !headers.is_empty() {
        out.insert("headers".to_owned(), headers.into());
    }
    let query: Vec<Value> = written
        .query_params
        .iter()
        .map(|(name, wanted)| value(name, wanted.as_ref()))
        .collect();
    if !query.is_empty() {
        out.insert("queryParams".to_owned(), query.into());
    }
    let Some(method) = &written.method else {
        return vec![Value::Object(out)];
    };
    let methods: Vec<&&str> = METHODS.iter().filter(|name| wants(method, name)).collect();
    if methods.is_empty() {
        notes.lost(
            &at("method"),
            "no method that Gateway API knows is matched; the match is left out",
            help,
        );
    }
    methods
        .into_iter()
        .map(|name| {
            let mut one = out.clone();
            one.insert("method".to_owned(), (*name).into());
            Value::Object(one)
        })
        .collect()
}

/// Whether a text is one that is wanted.
pub(super) fn wants(wanted: &StringMatch, text: &str) -> bool {
    match (&wanted.exact, &wanted.prefix, &wanted.regex) {
        (Some(exact), _, _) => exact == text,
        (None, Some(prefix), _) => text.starts_with(prefix.as_str()),
        (None, None, Some(regex)) => regex == "*" || Pattern::new(regex).matches(text),
        (None, None, None) => true,
    }
}

fn path(
    (index, uri): (usize, &StringMatch),
    ignore_case: bool,
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let kind = match (&uri.exact, &uri.prefix) {
        (Some(_), _) => "exact",
        (None, Some(_)) => "prefix",
        (None, None) => "regex",
    };
    let at = format!("match[{index}].uri.{kind}");
    let case_at = format!("match[{index}].ignoreUriCase");
    let regex = |text: String| Some(typed("RegularExpression", "value", text.into()));
    let pattern = match (&uri.exact, &uri.prefix) {
        (Some(exact), _) if !resource::is_route_path(exact) => Some(regex_lite::escape(exact)),
        (None, Some(prefix)) if !prefix.is_empty() && !resource::is_route_path(prefix) => {
            Some(format!("{}.*", regex_lite::escape(prefix)))
        }
        _ => None,
    };
    if let Some(pattern) = pattern {
        notes.differs(&at, "Gateway API takes such a path in a regular expression only, which stands behind every prefix", "use a path that begins with `/` and is normalized");
        let case = if ignore_case { "(?i)" } else { "" };
        return regex(format!("{case}{pattern}"));
    }
    match (&uri.exact, &uri.prefix, &uri.regex) {
        (Some(exact), _, _) if ignore_case => {
            notes.differs(&case_at, "without regard to case the path becomes a regular expression, which stands behind every prefix", "list the spellings that occur");
            regex(format!("(?i){}", regex_lite::escape(exact)))
        }
        (Some(exact), _, _) => Some(typed("Exact", "value", exact.as_str().into())),
        (None, Some(prefix), _) if ignore_case => {
            notes.differs(&case_at, "without regard to case the path becomes a regular expression, which stands behind every prefix", "list the spellings that occur");
            regex(format!("(?i){}.*", regex_lite::escape(prefix)))
        }
        (None, Some(prefix), _) if prefix == "/" || prefix.is_empty() => None,
        (None, Some(prefix), _) => {
            let value = prefix.strip_suffix('/').unwrap_or(prefix);
            let (message, help) = if value == prefix {
                (
                    format!(
                        "`{prefix}` is any text here; as a PathPrefix it ends where a path element ends, so that `{prefix}x` is not matched"
                    ),
                    "use a RegularExpression where that is wanted, and mind that it stands behind every prefix",
                )
            } else {
                (
                    format!(
                        "a PathPrefix takes no `/` at the end, so that `{value}` is matched too"
                    ),
                    "write a rule for that path alone where it is to go elsewhere",
                )
            };
            notes.differs(&at, message, help);
            Some(typed("PathPrefix", "value", value.into()))
        }
        (None, None, Some(written)) => {
            notes.differs(&at, "a regular expression stands behind every prefix in Gateway API's order, whatever the order of the rules", "use Exact or PathPrefix where the paths allow it");
            regex(written.clone())
        }
        (None, None, None) => None,
    }
}

/// A header or query parameter.
fn value(name: &str, wanted: Option<&StringMatch>) -> Value {
    let regex = |text: String| {
        object(vec![
            ("type", "RegularExpression".into()),
            ("name", name.into()),
            ("value", text.into()),
        ])
    };
    let Some(wanted) = wanted else {
        return regex(".*".to_owned());
    };
    match (&wanted.exact, &wanted.prefix, &wanted.regex) {
        (Some(exact), _, _) => object(vec![
            ("name", name.into()),
            ("value", exact.as_str().into()),
        ]),
        (None, Some(prefix), _) => regex(format!("{}.*", regex_lite::escape(prefix))),
        (None, None, Some(written)) if written != "*" => regex(written.clone()),
        _ => regex(".*".to_owned()),
    }
}

const NO_PREFIX: &str =
    "only a prefix can be replaced, and this one becomes a regular expression; the path stays";

/// What is of a type, with the field that goes with it.
fn typed(kind: &str, field: &str, value: Value) -> Value {
    object(vec![("type", kind.into()), (field, value)])
}

/// Whether the prefix of a path can be replaced: the only match is one of a prefix.
fn replaces_prefix(matches: &[Value]) -> bool {
    let is_prefix = |one: &Value| {
        one.get("path")
            .is_none_or(|path| path.get("type").is_some_and(|kind| kind == "PathPrefix"))
    };
    matches.len() <= 1 && matches.iter().all(is_prefix)
}

fn filters(
    rule: &VirtualServiceHttpRoute,
    (matches, uri): (&[Value], Option<&StringMatch>),
    target: Target,
    destinations: &mut Destinations<'_>,
    notes: &mut Notes<'_>,
) -> Vec<Value> {
    let mut filters = header_filters(rule.headers.as_ref());
    if let Some(redirect) = &rule.redirect {
        filters.push(redirect_filter(redirect, matches, target, notes));
    }
    if let Some(rewrite) = &rule.rewrite {
        let mut out = Map::new();
        if let Some(authority) = rewrite.authority.as_ref().filter(|name| !name.is_empty()) {
            if resource::is_precise_hostname(authority) {
                out.insert("hostname".to_owned(), authority.as_str().into());
            } else {
                notes.lost(
                    "rewrite.authority",
                    format!("Gateway API takes no `{authority}` for a host; the host stays"),
                    "use a name in lower case, without a port",
                );
            }
        }
        if rewrite.uri_regex_rewrite.is_some() {
            notes.lost(
                "rewrite.uriRegexRewrite",
                "Gateway API rewrites no parts of a path by regular expression; the path stays",
                "rewrite prefixes, one rule for each",
            );
        } else if let Some(to) = rewrite.uri.as_ref().filter(|to| !to.is_empty()) {
            let whole = uri.is_some_and(|uri| uri.prefix.is_none());
            if whole {
                let path = typed("ReplaceFullPath", "replaceFullPath", to.as_str().into());
                out.insert("path".to_owned(), path);
            } else if replaces_prefix(matches) {
                let path = typed(
                    "ReplacePrefixMatch",
                    "replacePrefixMatch",
                    to.as_str().into(),
                );
                out.insert("path".to_owned(), path);
            } else {
                notes.lost(
                    "rewrite.uri",
                    NO_PREFIX,
                    "list the prefixes in their spellings",
                );
            }
        }
        if !out.is_empty() {
            filters.push(typed("URLRewrite", "urlRewrite", Value::Object(out)));
        }
    }
    let single = rule.mirror.as_ref().map(|destination| {
        let percent = rule.mirror_percentage.map(|share| share.value);
        let percent = percent.or(rule.mirror_percent.map(f64::from));
        ("mirror".to_owned(), destination, percent)
    });
    let several = rule.mirrors.iter().enumerate().map(|(number, mirror)| {
        let at = format!("mirrors[{number}].destination");
        let percent = mirror.percentage.map(|share| share.value);
        (at, &mirror.destination, percent)
    });
    for (at, destination, percent) in single.into_iter().chain(several) {
        let mut out = Map::new();
        out.insert(
            "backendRef".to_owned(),
            Value::Object(destinations.reference(destination, &at, notes)),
        );
        if let Some(percent) = percent.filter(|percent| *percent < 100.0) {
            // A share in millionths is exact for what Envoy keeps.
            out.insert(
                "fraction".to_owned(),
                object(vec![
                    ("numerator", millionths(percent).into()),
                    ("denominator", 1_000_000.into()),
                ]),
            );
        }
        filters.push(typed("RequestMirror", "requestMirror", Value::Object(out)));
    }
    if let Some(cors) = &rule.cors_policy {
        filters.extend(cors_filter(cors, notes));
    }
    filters
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a hundred percent and less"
)]
fn millionths(percent: f64) -> u32 {
    (percent.clamp(0.0, 100.0) * 10_000.0).round() as u32
}

fn redirect_filter(
    redirect: &HttpRedirect,
    matches: &[Value],
    target: Target,
    notes: &mut Notes<'_>,
) -> Value {
    let mut out = Map::new();
    let status = redirect.redirect_code.filter(|code| *code != 0);
    out.insert("statusCode".to_owned(), status.unwrap_or(301).into());
    // What stands behind the host is its port.
    let authority = redirect.authority.as_deref().unwrap_or_default();
    let (host, written) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
        _ => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    if resource::is_precise_hostname(&host) {
        out.insert("hostname".to_owned(), host.into());
    } else if !host.is_empty() {
        notes.lost(
            "redirect.authority",
            format!("Gateway API takes no `{authority}` for a host; the host stays"),
            "use a name",
        );
    }
    let port = redirect.port.or(written);
    let from_request = redirect.derive_port.as_deref() == Some("FROM_REQUEST_PORT");
    let known = ["http", "https"];
    match redirect.scheme.as_deref().filter(|scheme| !scheme.is_empty()) {
        Some(scheme) if known.contains(&scheme) => {
            out.insert("scheme".to_owned(), scheme.into());
            if port.is_none() && from_request {
                notes.differs(
                    "redirect.derivePort",
                    "with a scheme Gateway API writes no port but one that is given",
                    "give the port",
                );
            }
        }
        Some(scheme) => notes.lost(
            "redirect.scheme",
            format!("Gateway API redirects to http and https only, not to `{scheme}`"),
            "use one of these",
        ),
        // Without a scheme Gateway API writes the port of the listener, unless it is the scheme's own.
        None if port.is_none() && !from_request => match target {
            Target::Mesh => {
                out.insert("scheme".to_owned(), "http".into());
            }
            Target::Gateway(gateway) if gateway.usual_ports => {}
            Target::Gateway(_) => notes.differs(
                "redirect",
                "Gateway API writes the port of the listener, unless it is 80 of http or 443 of https",
                "give scheme and port",
            ),
        },
        None => {}
    }
    if let Some(port) = port {
        out.insert("port".to_owned(), port.into());
    }
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let path = match (filled(&redirect.prefix_rewrite), filled(&redirect.uri)) {
        (Some(_), _) if !replaces_prefix(matches) => {
            notes.lost(
                "redirect.prefixRewrite",
                NO_PREFIX,
                "list the prefixes in their spellings",
            );
            None
        }
        (Some(prefix), _) => Some(typed(
            "ReplacePrefixMatch",
            "replacePrefixMatch",
            prefix.as_str().into(),
        )),
        (None, Some(uri)) => Some(typed(
            "ReplaceFullPath",
            "replaceFullPath",
            uri.as_str().into(),
        )),
        (None, None) => None,
    };
    out.extend(path.map(|path| ("path".to_owned(), path)));
    typed("RequestRedirect", "requestRedirect", Value::Object(out))
}

/// Header modifiers of requests and answers.
fn header_filters(headers: Option<&Headers>) -> Vec<Value> {
    let modifier = |operations: &HeaderOperations| {
        let pairs = |map: &sorted::Map<String, String>| -> Vec<Value> {
            map.iter()
                .map(|(name, value)| {
                    object(vec![
                        ("name", name.as_str().into()),
                        ("value", value.as_str().into()),
                    ])
                })
                .collect()
        };
        let mut out = Map::new();
        for (field, values) in [
            ("set", pairs(&operations.set)),
            ("add", pairs(&operations.add)),
            (
                "remove",
                operations
                    .remove
                    .iter()
                    .map(|name| name.as_str().into())
                    .collect(),
            ),
        ] {
            if !values.is_empty() {
                out.insert(field.to_owned(), values.into());
            }
        }
        out
    };
    let Some(headers) = headers else {
        return Vec::new();
    };
    let request = headers.request.as_ref().map(|operations| {
        typed(
            "RequestHeaderModifier",
            "requestHeaderModifier",
            Value::Object(modifier(operations)),
        )
    });
    let response = headers.response.as_ref().map(|operations| {
        typed(
            "ResponseHeaderModifier",
            "responseHeaderModifier",
            Value::Object(modifier(operations)),
        )
    });
    request.into_iter().chain(response).collect()
}

fn cors_filter(cors: &crate::resource::CorsPolicy, notes: &mut Notes<'_>) -> Option<Value> {
    let mut origins: Vec<String> = Vec::new();
    let mut take = |origin: String, at: &str, notes: &mut Notes<'_>| {
        if resource::is_origin(&origin) {
            origins.push(origin);
        } else {
            notes.lost(
                at,
                format!("`{origin}` is no origin to Gateway API; it is left out"),
                "write scheme and host, of which the first part may be `*`",
            );
        }
    };
    for (index, origin) in cors.allow_origin.iter().enumerate() {
        let at = format!("corsPolicy.allowOrigin[{index}]");
        take(origin.clone(), &at, notes);
    }
    for (index, origin) in cors.allow_origins.iter().enumerate() {
        let at = format!("corsPolicy.allowOrigins[{index}]");
        match (&origin.exact, &origin.prefix, &origin.regex) {
            (Some(exact), _, _) => take(exact.clone(), &format!("{at}.exact"), notes),
            (None, Some(prefix), _) => take(format!("{prefix}*"), &format!("{at}.prefix"), notes),
            _ => notes.lost(
                &format!("{at}.regex"),
                "Gateway API takes no regular expression for origins; it is left out",
                "list the origins, or use `*` for a part of them",
            ),
        }
    }
    let origins = alone(origins);
    if cors.unmatched_preflights.as_deref() != Some("IGNORE") {
        notes.differs(
            "corsPolicy",
            "preflights of other origins went to the backend; now the proxy answers them",
            "let the backend answer no preflights",
        );
    }
    if origins.is_empty() {
        return None;
    }
    let mut out = Map::new();
    out.insert("allowOrigins".to_owned(), origins.into());
    let mut methods: Vec<String> = Vec::new();
    for (index, name) in cors.allow_methods.iter().enumerate() {
        if name == "*" || METHODS.contains(&name.as_str()) {
            methods.push(name.clone());
        } else {
            notes.lost(
                &format!("corsPolicy.allowMethods[{index}]"),
                format!("`{name}` is no method to Gateway API; it is left out"),
                "list methods in upper case",
            );
        }
    }
    for (field, values) in [
        ("allowMethods", methods),
        ("allowHeaders", cors.allow_headers.clone()),
        ("exposeHeaders", cors.expose_headers.clone()),
    ] {
        if !values.is_empty() {
            out.insert(field.to_owned(), alone(values).into());
        }
    }
    if cors.allow_credentials == Some(true) {
        out.insert("allowCredentials".to_owned(), true.into());
    }
    let seconds = cors
        .max_age
        .as_deref()
        .and_then(crate::route::seconds)
        .and_then(|seconds| seconds.parse::<u32>().ok());
    match seconds {
        Some(seconds) if seconds > 0 => {
            out.insert("maxAge".to_owned(), seconds.into());
        }
        _ => notes.differs(
            if cors.max_age.is_some() {
                "corsPolicy.maxAge"
            } else {
                "corsPolicy"
            },
            "Gateway API's answers to preflights hold for five seconds at least",
            "say how long they hold",
        ),
    }
    Some(typed("CORS", "cors", Value::Object(out)))
}

/// Each once; of several with `*` that alone.
fn alone(values: Vec<String>) -> Vec<String> {
    if values.iter().any(|value| value == "*") {
        return vec!["*".to_owned()];
    }
    let mut once: Vec<String> = Vec::new();
    for value in values {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    once
}

/// A time as Gateway API writes it, in whole milliseconds.
fn time(written: &str) -> Option<String> {
    let seconds = resource::duration(written)?;
    let milliseconds = (seconds * 1000.0).round();
    // Five digits are what a part may have.
    if milliseconds < 100_000.0 && milliseconds % 1000.0 != 0.0 {
        return Some(format!("{milliseconds}ms"));
    }
    let whole = (milliseconds / 1000.0).round();
    Some(if whole < 100_000.0 {
        format!("{whole}s")
    } else {
        format!("{}h", (whole / 3600.0).round())
    })
}

fn times(rule: &VirtualServiceHttpRoute, out: &mut Map<String, Value>, notes: &mut Notes<'_>) {
    let per_try = rule
        .retries
        .as_ref()
        .and_then(|retries| retries.per_try_timeout.as_ref());
    let mut timeouts = Map::new();
    let seconds = |written: Option<&String>| {
        let seconds = written.and_then(|written| resource::duration(written));
        seconds.filter(|seconds| *seconds > 0.0)
    };
    let of_all = seconds(rule.timeout.as_ref());
    if let Some(timeout) = rule.timeout.as_deref().and_then(time) {
        timeouts.insert("request".to_owned(), timeout.into());
    }
    if let Some(written) = per_try {
        if of_all.is_some_and(|all| seconds(Some(written)).is_some_and(|one| one > all)) {
            notes.differs(
                "retries.perTryTimeout",
                "a try may not take longer than all to Gateway API; its time is left out",
                "give a try less time",
            );
        } else if let Some(written) = time(written) {
            timeouts.insert("backendRequest".to_owned(), written.into());
        }
    }
    if !timeouts.is_empty() {
        out.insert("timeouts".to_owned(), timeouts.into());
    }
    if let Some(retries) = &rule.retries {
        let mut retry = Map::new();
        retry.insert("attempts".to_owned(), retries.attempts.into());
        let words = retries.retry_on.as_deref().unwrap_or_default().split(',');
        let (codes, names): (Vec<&str>, Vec<&str>) = words
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .partition(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        let codes = codes.iter().filter_map(|code| code.parse::<u16>().ok());
        let (codes, others): (Vec<u16>, Vec<u16>) =
            codes.partition(|code| (400..600).contains(code));
        if !codes.is_empty() {
            retry.insert("codes".to_owned(), codes.into());
        }
        if let Some(backoff) = retries.backoff.as_deref().and_then(time) {
            retry.insert("backoff".to_owned(), backoff.into());
        }
        let own = [
            "connect-failure",
            "refused-stream",
            "unavailable",
            "cancelled",
        ];
        if !others.is_empty() || names.iter().any(|name| !own.contains(name)) {
            notes.differs(
                "retries.retryOn",
                "Gateway API retries on statuses, by their codes; other conditions are left out",
                "list the codes",
            );
        }
        out.insert("retry".to_owned(), retry.into());
    }
}

/// Destinations as backends. The only one has all requests, whatever its weight.
fn backends(
    route: &[HttpRouteDestination],
    destinations: &mut Destinations<'_>,
    notes: &mut Notes<'_>,
) -> Vec<Value> {
    let several = route.len() > 1;
    route
        .iter()
        .enumerate()
        .map(|(number, one)| {
            let at = format!("route[{number}].destination");
            let mut out = destinations.reference(&one.destination, &at, notes);
            if several {
                out.insert("weight".to_owned(), one.weight.unwrap_or(0).into());
            }
            let filters = header_filters(one.headers.as_ref());
            if !filters.is_empty() {
                out.insert("filters".to_owned(), filters.into());
            }
            Value::Object(out)
        })
        .collect()
}
