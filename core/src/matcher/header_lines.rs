//! How Envoy rewrites headers before anything looks at them: some it takes out, some it makes one line of.

use crate::sorted;

/// Headers of which Envoy keeps one line: further lines are appended behind a comma. What it keeps so is said in
/// `envoyproxy/envoy: envoy/http/header_map.h` (INLINE_REQ_STRING_HEADERS) and, for further names, by its filters; this
/// list is what Envoy 1.40 was seen to do.
const ONE_LINE: [&str; 36] = [
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "referer",
    "te",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-attempt-count",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-external-address",
    "x-envoy-is-timeout-retry",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// Headers that Envoy takes from no caller: those of one connection, those with which Envoys talk to each other, and
/// the certificate that a proxy in front may have seen.
/// `envoyproxy/envoy: source/common/http/conn_manager_utility.cc` (mutateRequestHeaders, cleanInternalHeaders).
const TAKEN_OUT: [&str; 20] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-stream-duration-ms",
    "x-forwarded-client-cert",
];

/// Makes the header lines of a request, names in lower case, what Envoy's filters see.
pub(crate) fn normalize_headers(headers: &mut sorted::Map<String, Vec<String>>) {
    for name in TAKEN_OUT {
        headers.remove(name);
    }
    // Of all that may stand here, Envoy leaves the one word that gRPC needs, or nothing where there is nothing.
    if let Some(lines) = headers.remove("te") {
        let trailers = lines.iter().any(|line| line == "trailers");
        if trailers || lines.join(",").is_empty() {
            let line = if trailers { "trailers" } else { "" };
            headers.insert("te".to_owned(), vec![line.to_owned()]);
        }
    }
    for name in ONE_LINE {
        if let Some(lines) = headers.get_mut(name).filter(|lines| lines.len() > 1) {
            *lines = vec![joined(lines)];
        }
    }
    if headers
        .get("referer")
        .is_some_and(|lines| !lines.iter().all(|line| super::referer::is_accepted(line)))
    {
        headers.remove("referer");
    }
}

/// Adds a line to a header, as Envoy does it.
pub(crate) fn add_header_line(
    headers: &mut sorted::Map<String, Vec<String>>,
    name: &str,
    value: &str,
) {
    let lines = headers.entry(name.to_owned()).or_default();
    lines.push(value.to_owned());
    if lines.len() > 1 && ONE_LINE.contains(&name) {
        *lines = vec![joined(lines)];
    }
}

/// One line of several. Nothing stands beside a comma: `envoyproxy/envoy: source/common/http/header_map_impl.cc`
/// (appendToHeader).
fn joined(lines: &[String]) -> String {
    let filled: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    filled.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_filters_see() {
        for (name, lines, expected) in [
            ("x-a", &["1", "2"][..], Some(&["1", "2"][..])),
            ("cookie", &["a=1", "b=2"], Some(&["a=1", "b=2"])),
            ("origin", &["1", "2"], Some(&["1,2"])),
            ("origin", &["", "2", ""], Some(&["2"])),
            ("origin", &["1"], Some(&["1"])),
            ("connection", &["close"], None),
            ("x-envoy-max-retries", &["3"], None),
            ("te", &["trailers"], Some(&["trailers"])),
            ("te", &["gzip"], None),
            ("te", &[""], Some(&[""])),
            ("referer", &["/a?b=c"], Some(&["/a?b=c"])),
            ("referer", &["/a b"], None),
        ] {
            let lines = lines.iter().map(|line| (*line).to_owned()).collect();
            let mut headers = sorted::Map::from([(name.to_owned(), lines)]);
            normalize_headers(&mut headers);
            let seen = headers
                .get(name)
                .map(|lines| lines.iter().map(String::as_str).collect());
            assert_eq!(seen, expected.map(<[&str]>::to_vec), "{name}");
        }
    }
}
