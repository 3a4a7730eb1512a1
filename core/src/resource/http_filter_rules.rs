//! What the CRD of HTTPRoute refuses in filters, of rules and of backends:
//! `kubernetes-sigs/gateway-api: apis/v1/httproute_types.go`.

use super::syntax::{is_header_name, is_precise_hostname};
use super::violation::Violations;
use super::{
    HttpCorsFilter, HttpHeaderFilter, HttpPathModifier, HttpRequestMirrorFilter, HttpRouteFilter,
};

const REDIRECTS: &[u16] = &[301, 302, 303, 307, 308];
/// Filters that may not be repeated.
const SINGLE: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestRedirect",
    "URLRewrite",
    "CORS",
];

/// Reports what is refused of one list.
pub(super) fn validate(filters: &[HttpRouteFilter], at: &str, out: &mut Violations) {
    for (index, filter) in filters.iter().enumerate() {
        filter_of(filter, &format!("{at}[{index}]"), out);
    }
    let has = |name: &str| filters.iter().any(|filter| filter.filter_type == name);
    if has("RequestRedirect") && has("URLRewrite") {
        out.error(
            at,
            "RequestRedirect and URLRewrite do not go together in one rule",
        );
    }
    for name in SINGLE {
        let mut same = filters
            .iter()
            .enumerate()
            .filter(|(_, filter)| filter.filter_type == *name);
        if let (Some(_), Some((second, _))) = (same.next(), same.next()) {
            out.error(
                format!("{at}[{second}]"),
                format!("a rule takes one filter `{name}`"),
            );
        }
    }
}

/// A filter has the field of its type, and no other.
fn filter_of(filter: &HttpRouteFilter, at: &str, out: &mut Violations) {
    let fields = [
        (
            "RequestHeaderModifier",
            "requestHeaderModifier",
            filter.request_header_modifier.is_some(),
        ),
        (
            "ResponseHeaderModifier",
            "responseHeaderModifier",
            filter.response_header_modifier.is_some(),
        ),
        (
            "RequestMirror",
            "requestMirror",
            filter.request_mirror.is_some(),
        ),
        (
            "RequestRedirect",
            "requestRedirect",
            filter.request_redirect.is_some(),
        ),
        ("URLRewrite", "urlRewrite", filter.url_rewrite.is_some()),
        ("CORS", "cors", filter.cors.is_some()),
        (
            "ExtensionRef",
            "extensionRef",
            filter.extension_ref.is_some(),
        ),
        (
            "ExternalAuth",
            "externalAuth",
            filter.external_auth.is_some(),
        ),
    ];
    for (name, field, is_there) in fields {
        let wanted = filter.filter_type == name;
        if wanted && !is_there {
            out.error(at, format!("a filter of type `{name}` needs `{field}`"));
        } else if is_there && !wanted {
            out.error(
                format!("{at}.{field}"),
                format!(
                    "a filter of type `{}` takes no `{field}`",
                    filter.filter_type
                ),
            );
        }
    }
    let status = filter
        .request_redirect
        .as_ref()
        .and_then(|redirect| redirect.status_code);
    if let Some(status) = status.filter(|status| !REDIRECTS.contains(status)) {
        out.error(
            format!("{at}.requestRedirect.statusCode"),
            format!("`{status}` is no status of a redirect"),
        );
    }
    modifier(
        &filter.request_header_modifier,
        &format!("{at}.requestHeaderModifier"),
        out,
    );
    modifier(
        &filter.response_header_modifier,
        &format!("{at}.responseHeaderModifier"),
        out,
    );
    if let Some(redirect) = &filter.request_redirect {
        let at = format!("{at}.requestRedirect");
        if let Some(scheme) = &redirect.scheme
            && !["http", "https"].contains(&scheme.as_str())
        {
            out.error(
                format!("{at}.scheme"),
                format!("`{scheme}` is no scheme of a redirect"),
            );
        }
        place(&redirect.hostname, &redirect.path, &at, out);
    }
    if let Some(rewrite) = &filter.url_rewrite {
        place(
            &rewrite.hostname,
            &rewrite.path,
            &format!("{at}.urlRewrite"),
            out,
        );
    }
    if let Some(mirror) = &filter.request_mirror {
        share(mirror, &format!("{at}.requestMirror"), out);
    }
    if let Some(cors) = &filter.cors {
        cors_of(cors, &format!("{at}.cors"), out);
    }
}

/// Names stand once in each list.
fn modifier(filter: &Option<HttpHeaderFilter>, at: &str, out: &mut Violations) {
    let Some(filter) = filter else {
        return;
    };
    let names = |headers: &[super::HttpHeader]| {
        headers
            .iter()
            .map(|header| header.name.clone())
            .collect::<Vec<_>>()
    };
    for (field, names, is_named) in [
        ("set", names(&filter.set), true),
        ("add", names(&filter.add), true),
        ("remove", filter.remove.clone(), false),
    ] {
        for (index, name) in names.iter().enumerate() {
            let at = format!("{at}.{field}[{index}]");
            if is_named && !is_header_name(name) {
                out.error(at, format!("`{name}` is no name of a header"));
            } else if names.iter().take(index).any(|other| other == name) {
                out.error(at, format!("`{name}` is listed twice in `{field}`"));
            }
        }
    }
}

/// A host without a port, and a path that is changed in the way that its type says.
fn place(
    hostname: &Option<String>,
    path: &Option<HttpPathModifier>,
    at: &str,
    out: &mut Violations,
) {
    if let Some(hostname) = hostname
        .as_deref()
        .filter(|hostname| !is_precise_hostname(hostname))
    {
        out.error(
            format!("{at}.hostname"),
            format!("`{hostname}` is no host name in lower case without a port"),
        );
    }
    let Some(path) = path else {
        return;
    };
    let full = path.replace_full_path.is_some();
    let prefix = path.replace_prefix_match.is_some();
    let fits = match path.modifier_type.as_str() {
        "ReplaceFullPath" => full && !prefix,
        "ReplacePrefixMatch" => prefix && !full,
        _ => false,
    };
    if !fits {
        out.error(
            format!("{at}.path"),
            "the type `ReplaceFullPath` needs `replaceFullPath` alone, and `ReplacePrefixMatch` `replacePrefixMatch`",
        );
    }
}

fn share(mirror: &HttpRequestMirrorFilter, at: &str, out: &mut Violations) {
    if mirror.percent.is_some() && mirror.fraction.is_some() {
        out.error(at, "a mirror takes either `percent` or `fraction`");
    }
    let is_more = mirror.percent.is_some_and(|percent| percent > 100)
        || mirror
            .fraction
            .as_ref()
            .is_some_and(|share| share.numerator > share.denominator.unwrap_or(100));
    if is_more {
        out.error(at, "no more than all requests can be copied");
    }
}

fn cors_of(cors: &HttpCorsFilter, at: &str, out: &mut Violations) {
    for (field, values) in [
        ("allowOrigins", &cors.allow_origins),
        ("allowMethods", &cors.allow_methods),
        ("allowHeaders", &cors.allow_headers),
    ] {
        if values.len() > 1 && values.iter().any(|value| value == "*") {
            out.error(
                format!("{at}.{field}"),
                format!("`*` stands alone in `{field}`"),
            );
        }
    }
    let origin = cors
        .allow_origins
        .iter()
        .position(|origin| !is_origin(origin));
    if let Some(index) = origin {
        out.error_with_help(
            format!("{at}.allowOrigins[{index}]"),
            "an origin is a scheme and a host, of which the first part may be `*`, or `*`",
            "write it as `https://a.example` or `https://*.example:8443`",
        );
    }
    if cors.max_age == Some(0) {
        out.error(format!("{at}.maxAge"), "the age is at least 1");
    }
}

/// `*`, or `http(s)://host(:port)`, in which the host or its first part may be `*`.
pub(crate) fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else {
        return text == "*";
    };
    let (host, port) = rest.split_once(':').unwrap_or((rest, "0"));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    is_port && (host == "*" || host.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_and_taken() {
        for (filter, path) in [
            (
                "{ type: CORS, cors: { allowOrigins: ['*', 'https://a.example'] } }",
                Some("f[0].cors.allowOrigins"),
            ),
            (
                "{ type: CORS, cors: { allowMethods: ['*', GET] } }",
                Some("f[0].cors.allowMethods"),
            ),
            (
                "{ type: CORS, cors: { allowOrigins: ['https://a.example', 'null'] } }",
                Some("f[0].cors.allowOrigins[1]"),
            ),
            (
                "{ type: CORS, cors: { allowOrigins: ['https://a*.example'] } }",
                Some("f[0].cors.allowOrigins[0]"),
            ),
            (
                "{ type: CORS, cors: { maxAge: 0 } }",
                Some("f[0].cors.maxAge"),
            ),
            (
                "{ type: CORS, cors: { allowOrigins: ['https://*.a.example:8443', 'http://*'], allowHeaders: ['*'] } }",
                None,
            ),
            (
                "{ type: URLRewrite, urlRewrite: { hostname: 'a.example:81' } }",
                Some("f[0].urlRewrite.hostname"),
            ),
            (
                "{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replacePrefixMatch: / } } }",
                Some("f[0].urlRewrite.path"),
            ),
            (
                "{ type: RequestRedirect, requestRedirect: { scheme: ftp } }",
                Some("f[0].requestRedirect.scheme"),
            ),
            (
                "{ type: RequestRedirect, requestRedirect: { hostname: a.example, path: { type: ReplacePrefixMatch, replacePrefixMatch: '' } } }",
                None,
            ),
            (
                "{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: b }, { name: a, value: c }] } }",
                Some("f[0].requestHeaderModifier.set[1]"),
            ),
            (
                "{ type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: ':path', value: b }] } }",
                Some("f[0].requestHeaderModifier.add[0]"),
            ),
            (
                "{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: b }, { name: A, value: c }], remove: [a] } }",
                None,
            ),
            (
                "{ type: RequestMirror, requestMirror: { backendRef: { name: a }, percent: 1, fraction: { numerator: 1 } } }",
                Some("f[0].requestMirror"),
            ),
            (
                "{ type: RequestMirror, requestMirror: { backendRef: { name: a }, fraction: { numerator: 101 } } }",
                Some("f[0].requestMirror"),
            ),
        ] {
            let filter: HttpRouteFilter = crate::source::from_yaml(filter);
            let mut out = Violations::default();
            validate(std::slice::from_ref(&filter), "f", &mut out);
            let found: Vec<&str> = out.errors.iter().map(|error| error.path.as_str()).collect();
            assert_eq!(found, path.into_iter().collect::<Vec<_>>(), "{filter:?}");
        }
    }
}
