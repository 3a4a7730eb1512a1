//! What Istio's webhook and CRD refuse in a VirtualService. `istio/istio: pkg/config/validation/validation.go`
//! (ValidateVirtualService), `pkg/config/validation/virtualservice.go` (validateHTTPRoute, validateHTTPRouteConflict).

mod rule;

use super::syntax::{is_domain, is_fqdn, is_label};
use super::violation::Violations;
use super::{Destination, HttpRouteDestination, VirtualService, VirtualServiceLayer4Route};
use crate::matcher;

/// Reports what is refused in a VirtualService of a namespace.
pub(super) fn validate(service: &VirtualService, namespace: &str, out: &mut Violations) {
    let delegate = service.is_delegate();
    if delegate {
        for (field, is_there) in [
            ("gateways", !service.gateways.is_empty()),
            ("tls", !service.tls.is_empty()),
            ("tcp", !service.tcp.is_empty()),
        ] {
            if is_there {
                out.error(
                    format!("spec.{field}"),
                    format!("a VirtualService without hosts, which others delegate to, takes no `{field}`"),
                );
            }
        }
    }
    if service.http.is_empty() && service.tls.is_empty() && service.tcp.is_empty() {
        out.error("spec", "none of `http`, `tls`, `tcp` is there");
    }
    gateways(&service.gateways, "spec", out);
    hosts(service, out);
    export_to(&service.export_to, namespace, out);
    for (index, written) in service.http.iter().enumerate() {
        let at = format!("spec.http[{index}]");
        rule::validate(written, delegate, service.is_for_mesh(), &at, out);
    }
    for (index, written) in service.tls.iter().enumerate() {
        let at = format!("spec.tls[{index}]");
        connections(written, &at, out);
        if written.matches.is_empty() {
            out.error(format!("{at}.match"), "a rule for TLS needs a match");
        }
        for (position, one) in written.matches.iter().enumerate() {
            sni_hosts(
                &one.sni_hosts,
                service,
                &format!("{at}.match[{position}].sniHosts"),
                out,
            );
        }
    }
    for (index, written) in service.tcp.iter().enumerate() {
        connections(written, &format!("spec.tcp[{index}]"), out);
    }
}

fn hosts(service: &VirtualService, out: &mut Violations) {
    let mut others: Vec<&str> = Vec::new();
    for (index, host) in service.hosts.iter().enumerate() {
        let at = format!("spec.hosts[{index}]");
        // With `sniHosts` a gateway serves names that Istio made up for other clusters.
        let made_up = host.starts_with("outbound_") && !service.is_for_mesh();
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        if host == "*" && service.is_for_mesh() {
            out.error(at, "the host `*` is for gateways only");
        } else if !is_domain(host) && !is_address && !made_up {
            out.error(at, format!("`{host}` is no name of a host"));
        } else if let Some(other) = others
            .iter()
            .find(|other| matcher::hosts_intersect(other, host))
        {
            out.error(
                at,
                format!("`{host}` is a part of `{other}`, or the other way round"),
            );
        }
        others.push(host);
    }
}

/// The names of gateways: `mesh`, `name`, `namespace/name`.
fn gateways(names: &[String], at: &str, out: &mut Violations) {
    for (index, name) in names.iter().enumerate() {
        let valid = match name.split_once('/') {
            Some((namespace, name)) => is_label(namespace) && is_label(name),
            None => is_fqdn(name),
        };
        if !valid {
            out.error(
                format!("{at}.gateways[{index}]"),
                format!("`{name}` is no name of a gateway"),
            );
        }
    }
}

/// `istio/istio: pkg/config/validation/validation.go` (validateExportTo).
fn export_to(written: &[String], namespace: &str, out: &mut Violations) {
    let resolved = |entry: &str| match entry {
        "." => namespace.to_owned(),
        other => other.to_owned(),
    };
    for (index, entry) in written.iter().enumerate() {
        let at = format!("spec.exportTo[{index}]");
        let again = |other: &String| resolved(other) == resolved(entry);
        if written.iter().take(index).any(again) {
            out.error(at, format!("`{entry}` is there already"));
        } else if entry == "*" && written.len() > 1 {
            out.error(at, "`*` stands alone");
        } else if entry != "*" && entry != "." && !is_label(entry) {
            out.error(at, format!("`{entry}` is neither `*`, `.` nor a namespace"));
        }
    }
}

/// What rules for connections have in common.
fn connections(rule: &VirtualServiceLayer4Route, at: &str, out: &mut Violations) {
    if rule.route.is_empty() {
        out.error(
            format!("{at}.route"),
            "a rule for connections needs destinations",
        );
    }
    destinations(&rule.route, &format!("{at}.route"), out);
    for (position, one) in rule.matches.iter().enumerate() {
        gateways(&one.gateways, &format!("{at}.match[{position}]"), out);
    }
}

/// A name that a rule for TLS asks about is one of the VirtualService's. (validateSniHost)
fn sni_hosts(names: &[String], service: &VirtualService, at: &str, out: &mut Violations) {
    if names.is_empty() {
        out.error(at, "a rule for TLS needs `sniHosts` in each match");
    }
    for (index, name) in names.iter().enumerate() {
        let at = format!("{at}[{index}]");
        if name.parse::<std::net::IpAddr>().is_ok() || name.starts_with("outbound_") {
            continue;
        }
        let within = |host: &String| matcher::narrower_host(name, host) == Some(name.as_str());
        if !is_domain(name) {
            out.error(at, format!("`{name}` is no name of a host"));
        } else if !service.hosts.iter().any(within) {
            out.error(at, format!("`{name}` lies in none of `hosts`"));
        }
    }
}

fn destinations(all: &[HttpRouteDestination], at: &str, out: &mut Violations) {
    for (index, one) in all.iter().enumerate() {
        destination(&one.destination, &format!("{at}[{index}].destination"), out);
    }
    let total: u64 = all
        .iter()
        .map(|one| u64::from(one.weight.unwrap_or(0)))
        .sum();
    if all.len() > 1 && total == 0 {
        out.error(at, "the weights of several destinations come to 0");
    }
}

fn destination(written: &Destination, at: &str, out: &mut Violations) {
    let host = &written.host;
    if host.is_empty() {
        out.error(format!("{at}.host"), "a destination needs a host");
    } else if host == "*" || !is_domain(host) {
        out.error(
            format!("{at}.host"),
            format!("`{host}` is no host that a destination can have"),
        );
    }
    let subset = written.subset.as_deref().unwrap_or_default();
    if !subset.is_empty() && !is_label(subset) {
        out.error(
            format!("{at}.subset"),
            format!("`{subset}` is no name of a subset"),
        );
    }
    if let Some(port) = written.port
        && port.number.unwrap_or(0) == 0
    {
        out.error(format!("{at}.port"), "a port has a number from 1 to 65535");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(spec: &str) -> Vec<String> {
        let service = crate::source::from_yaml(spec);
        let mut out = Violations::default();
        validate(&service, "shop", &mut out);
        out.errors.into_iter().map(|error| error.path).collect()
    }

    #[test]
    fn refused_of_the_whole() {
        let to = "route: [{ destination: { host: a } }]";
        let http = format!("http: [{{ {to} }}]");
        for (spec, path) in [
            (format!("{{ {http}, gateways: [g] }}"), "spec.gateways"),
            ("{ hosts: [a] }".to_owned(), "spec"),
            (format!("{{ hosts: ['*'], {http} }}"), "spec.hosts[0]"),
            (
                format!("{{ hosts: ['*'], gateways: [mesh, g], {http} }}"),
                "spec.hosts[0]",
            ),
            (format!("{{ hosts: [a_b], {http} }}"), "spec.hosts[0]"),
            (
                format!("{{ hosts: [a.b, '*.b'], {http} }}"),
                "spec.hosts[1]",
            ),
            (
                format!("{{ hosts: [a], gateways: [a/b/c], {http} }}"),
                "spec.gateways[0]",
            ),
            (
                format!("{{ hosts: [a], exportTo: [., shop], {http} }}"),
                "spec.exportTo[1]",
            ),
            (
                format!("{{ hosts: [a], exportTo: [a, '*'], {http} }}"),
                "spec.exportTo[1]",
            ),
            (
                format!("{{ hosts: [a], exportTo: ['~'], {http} }}"),
                "spec.exportTo[0]",
            ),
            (
                format!("{{ hosts: [a], tls: [{{ {to} }}] }}"),
                "spec.tls[0].match",
            ),
            (
                format!("{{ hosts: [a], tls: [{{ match: [{{ port: 80 }}], {to} }}] }}"),
                "spec.tls[0].match[0].sniHosts",
            ),
            (
                format!("{{ hosts: [a], tls: [{{ match: [{{ sniHosts: [b] }}], {to} }}] }}"),
                "spec.tls[0].match[0].sniHosts[0]",
            ),
            ("{ hosts: [a], tcp: [{}] }".to_owned(), "spec.tcp[0].route"),
            (
                "{ hosts: [a], tcp: [{ route: [{ destination: { host: '*' } }] }] }".to_owned(),
                "spec.tcp[0].route[0].destination.host",
            ),
        ] {
            let found = errors(&spec);
            assert!(found.contains(&path.to_owned()), "{spec}: {found:?}");
        }
    }

    #[test]
    fn refused_of_a_rule() {
        let to = "route: [{ destination: { host: a } }]";
        for (rule, path) in [
            ("".to_owned(), ""),
            (format!("{to}, redirect: {{ uri: / }}"), ".route"),
            (format!("{to}, delegate: {{ name: d }}"), ".route"),
            (
                format!("{to}, mirror: {{ host: b }}, mirrors: [{{ destination: {{ host: b }} }}]"),
                ".mirrors",
            ),
            (format!("{to}, mirror: {{ host: a_b }}"), ".mirror.host"),
            (
                format!("{to}, match: [{{ uri: {{ regex: '(' }} }}]"),
                ".match[0].uri",
            ),
            (
                format!("{to}, match: [{{ method: {{ prefix: '' }} }}]"),
                ".match[0].method",
            ),
            (
                format!("{to}, match: [{{ uri: {{ exact: /, prefix: / }} }}]"),
                ".match[0].uri",
            ),
            (
                format!("{to}, match: [{{ headers: {{ x: {{ regex: '*' }} }} }}]"),
                ".match[0].headers.x",
            ),
            (
                format!("{to}, match: [{{ headers: {{ 'a b': {{}} }} }}]"),
                ".match[0].headers.a b",
            ),
            (
                format!(
                    "{to}, match: [{{ headers: {{ '@request.auth.claims.sub': {{ exact: me }} }} }}]"
                ),
                ".match[0].headers.@request.auth.claims.sub",
            ),
            (
                format!("{to}, match: [{{ sourceNamespace: a.b }}]"),
                ".match[0].sourceNamespace",
            ),
            (
                format!("{to}, match: [{{ gateways: ['a/'] }}]"),
                ".match[0].gateways[0]",
            ),
            (
                "route: [{ destination: { host: a } }, { destination: { host: b } }]".to_owned(),
                ".route",
            ),
            (
                "route: [{ destination: { host: a, port: {} } }]".to_owned(),
                ".route[0].destination.port",
            ),
            (
                "route: [{ destination: { host: a }, headers: { request: { remove: [host] } } }]"
                    .to_owned(),
                ".route[0].headers.request.remove[0]",
            ),
            (format!("{to}, fault: {{}}"), ".fault"),
            (
                format!(
                    "{to}, fault: {{ abort: {{ httpStatus: 500, percentage: {{ value: 101 }} }} }}"
                ),
                ".fault.abort.percentage",
            ),
            (
                format!("{to}, fault: {{ abort: {{ httpStatus: 99 }} }}"),
                ".fault.abort.httpStatus",
            ),
            (
                format!("{to}, fault: {{ abort: {{ grpcStatus: BAD }} }}"),
                ".fault.abort.grpcStatus",
            ),
            (
                format!("{to}, fault: {{ delay: {{ fixedDelay: 1us }} }}"),
                ".fault.delay.fixedDelay",
            ),
            (format!("{to}, timeout: 0s"), ".timeout"),
            (format!("{to}, timeout: soon"), ".timeout"),
            (
                format!("{to}, retries: {{ attempts: 0, retryOn: 5xx }}"),
                ".retries.attempts",
            ),
            (
                format!("{to}, retries: {{ attempts: 1, retryOn: '5xx,never' }}"),
                ".retries.retryOn",
            ),
            (format!("{to}, rewrite: {{}}"), ".rewrite"),
            (
                format!("{to}, rewrite: {{ uri: /, uriRegexRewrite: {{ match: a, rewrite: b }} }}"),
                ".rewrite.uriRegexRewrite",
            ),
            (
                format!(
                    "{to}, rewrite: {{ authority: a }}, headers: {{ request: {{ set: {{ Host: b }} }} }}"
                ),
                ".headers.request",
            ),
            (
                format!("{to}, headers: {{ request: {{ set: {{ ':path': b }} }} }}"),
                ".headers.request.set.:path",
            ),
            (
                format!("{to}, headers: {{ response: {{ add: {{ host: b }} }} }}"),
                ".headers.response.add.host",
            ),
            (
                format!("{to}, corsPolicy: {{ allowOrigins: [{{}}] }}"),
                ".corsPolicy.allowOrigins[0]",
            ),
            (
                format!("{to}, corsPolicy: {{ allowMethods: [get] }}"),
                ".corsPolicy.allowMethods[0]",
            ),
            (
                format!("{to}, corsPolicy: {{ maxAge: 1500ms }}"),
                ".corsPolicy.maxAge",
            ),
            ("redirect: {}".to_owned(), ".redirect"),
            (
                "redirect: { uri: /, redirectCode: 200 }".to_owned(),
                ".redirect.redirectCode",
            ),
            (
                "redirect: { uri: /, scheme: ftp }".to_owned(),
                ".redirect.scheme",
            ),
            (
                "redirect: { port: 80, derivePort: FROM_REQUEST_PORT }".to_owned(),
                ".redirect.derivePort",
            ),
            (
                "match: [{ uri: { exact: / } }], redirect: { prefixRewrite: / }".to_owned(),
                ".redirect.prefixRewrite",
            ),
            (
                "directResponse: { status: 100 }".to_owned(),
                ".directResponse.status",
            ),
        ] {
            let found = errors(&format!("{{ hosts: [a], http: [{{ {rule} }}] }}"));
            assert!(
                found.contains(&format!("spec.http[0]{path}")),
                "{rule}: {found:?}"
            );
        }
    }

    #[test]
    fn taken() {
        for spec in [
            "{ hosts: [a], http: [{ route: [{ destination: { host: a } }] }] }",
            "{ http: [{ route: [{ destination: { host: a } }] }] }",
            "{ hosts: ['*'], gateways: [g], http: [{ match: [{ headers: { '@request.auth.claims.sub': { regex: '.*' } } }], redirect: { uri: / } }] }",
            "{ hosts: [a], http: [{ match: [{ uri: { prefix: '' }, withoutHeaders: { x: { regex: '*' } } }], delegate: { name: d } }, { directResponse: { status: 200 } }] }",
            "{ hosts: [a], http: [{ route: [{ destination: { host: a } }], fault: { abort: {}, delay: {} }, timeout: 1m }] }",
            "{ hosts: [a, 192.0.2.1], exportTo: [a, b], tcp: [{ route: [{ destination: { host: a } }] }] }",
            "{ hosts: ['*.a'], gateways: [b/g], tls: [{ match: [{ sniHosts: [x.a, '*.x.a'] }], route: [{ destination: { host: a } }] }] }",
        ] {
            assert_eq!(errors(spec), Vec::<String>::new(), "{spec}");
        }
    }
}
