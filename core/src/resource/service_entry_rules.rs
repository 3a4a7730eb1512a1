//! What Istio's webhook refuses in a ServiceEntry. `istio/istio: pkg/config/validation/validation.go`
//! (ValidateServiceEntry), `pkg/config/validation/agent/validation.go` (ValidateWildcardDomain, ValidateFQDN).

use std::net::IpAddr;

use super::syntax::{is_domain, is_fqdn, is_label};
use super::violation::Violations;
use super::{Labels, ServiceEntry};
use crate::matcher;
use crate::sorted;

/// Protocols that a port may have, in whatever case.
pub(super) const PROTOCOLS: &[&str] = &[
    "tcp",
    "udp",
    "grpc",
    "grpc-web",
    "http",
    "http_proxy",
    "http2",
    "https",
    "tls",
    "mongo",
    "redis",
    "mysql",
];
/// Of these those for which hosts can be looked up on each request.
const DYNAMIC_PROTOCOLS: &[&str] = &["http", "tls", "grpc", "http2"];
/// And those whose requests name their host.
const NAMING_PROTOCOLS: &[&str] = &[
    "http",
    "http2",
    "http_proxy",
    "grpc",
    "grpc-web",
    "https",
    "tls",
];

/// Reports what is refused.
pub(super) fn validate(entry: &ServiceEntry, labels: &Labels, out: &mut Violations) {
    hosts(entry, out);
    ports(entry, out);
    addresses(entry, out);
    if entry.workload_selector.is_some() && !entry.endpoints.is_empty() {
        out.error(
            "spec.workloadSelector",
            "only one of `workloadSelector` and `endpoints` may be there",
        );
    }
    one_host_for_tcp(entry, out);
    match entry.resolution.as_deref().unwrap_or("NONE") {
        "NONE" if !entry.endpoints.is_empty() => {
            out.error("spec.endpoints", "resolution `NONE` takes no `endpoints`");
        }
        "STATIC" => {
            for (index, endpoint) in entry.endpoints.iter().enumerate() {
                let address = endpoint.address.as_deref().unwrap_or_default();
                // Without an address it is in another network.
                let is_elsewhere = address.is_empty() && endpoint.network.is_some();
                if !(is_elsewhere || address.starts_with("unix://") || is_ip(address)) {
                    out.error_with_help(
                        format!("spec.endpoints[{index}].address"),
                        format!("`{address}` is no IP address"),
                        "with resolution `DNS` it may be a host name",
                    );
                }
            }
        }
        "DNS" => by_dns(entry, out),
        "DNS_ROUND_ROBIN" => {
            if entry.endpoints.len() > 1 {
                out.error(
                    "spec.endpoints",
                    "resolution `DNS_ROUND_ROBIN` takes one endpoint at most",
                );
            }
            by_dns(entry, out);
        }
        "DYNAMIC_DNS" => by_dynamic_dns(entry, labels, out),
        _ => {}
    }
}

fn hosts(entry: &ServiceEntry, out: &mut Violations) {
    if entry.hosts.is_empty() {
        out.error("spec.hosts", "a ServiceEntry needs a host");
    }
    for (index, host) in entry.hosts.iter().enumerate() {
        if host == "*" || !is_domain(host) {
            out.error(
                format!("spec.hosts[{index}]"),
                format!("`{host}` is no host name; a wildcard may only be its first label"),
            );
        }
    }
}

fn ports(entry: &ServiceEntry, out: &mut Violations) {
    let (mut names, mut numbers) = (sorted::Set::new(), sorted::Set::new());
    for (index, port) in entry.ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        if !names.insert(&port.name) {
            out.error(
                format!("{at}.name"),
                format!("another port is named `{}`", port.name),
            );
        }
        if !is_label(&port.name) {
            out.error(
                format!("{at}.name"),
                format!("`{}` is no name of a port", port.name),
            );
        }
        if !numbers.insert(port.number) {
            out.error(
                format!("{at}.number"),
                format!("another port has number {}", port.number),
            );
        }
        if port.number == 0 {
            out.error(format!("{at}.number"), "0 is no port");
        }
        if let Some(protocol) = port.protocol.as_deref().filter(|name| !name.is_empty())
            && !is_one_of(protocol, PROTOCOLS)
        {
            out.error(
                format!("{at}.protocol"),
                format!("`{protocol}` is no protocol that Istio knows"),
            );
        }
    }
}

/// Nothing in a plain TCP connection tells one host from another.
fn one_host_for_tcp(entry: &ServiceEntry, out: &mut Violations) {
    let ignores_hosts = matches!(entry.resolution.as_deref(), None | Some("NONE"));
    if ignores_hosts || entry.hosts.len() < 2 {
        return;
    }
    let plain = entry.ports.iter().position(|port| {
        !is_one_of(
            port.protocol.as_deref().unwrap_or_default(),
            NAMING_PROTOCOLS,
        )
    });
    if let Some(index) = plain {
        out.error(
            format!("spec.ports[{index}].protocol"),
            "several hosts need HTTP or TLS, whose requests tell which one is meant",
        );
    }
}

fn addresses(entry: &ServiceEntry, out: &mut Violations) {
    let by_name = !matches!(
        entry.resolution.as_deref(),
        None | Some("NONE" | "STATIC" | "")
    );
    for (index, address) in entry.addresses.iter().enumerate() {
        let at = format!("spec.addresses[{index}]");
        let is_block = address.contains('/');
        if matcher::parse_ip_block(address).is_none() {
            out.error(at, format!("`{address}` is no IP address or block"));
        } else if is_block && by_name {
            out.error(
                at,
                "a block of addresses needs resolution `NONE` or `STATIC`",
            );
        }
    }
}

fn by_dns(entry: &ServiceEntry, out: &mut Violations) {
    if entry.endpoints.is_empty() {
        let looked_up = entry.hosts.iter().position(|host| !is_fqdn(host));
        if let Some(index) = looked_up {
            out.error_with_help(
                format!("spec.hosts[{index}]"),
                "without `endpoints` the host itself is looked up, so it cannot be a wildcard",
                "with resolution `DYNAMIC_DNS` the name of each request is looked up",
            );
        }
    }
    for (index, endpoint) in entry.endpoints.iter().enumerate() {
        let address = endpoint.address.as_deref().unwrap_or_default();
        if !is_ip(address) && !is_fqdn(address) {
            out.error(
                format!("spec.endpoints[{index}].address"),
                format!("`{address}` is neither an IP address nor a host name"),
            );
        }
    }
}

fn by_dynamic_dns(entry: &ServiceEntry, labels: &Labels, out: &mut Violations) {
    for (index, host) in entry.hosts.iter().enumerate() {
        if !host.starts_with('*') {
            out.error(
                format!("spec.hosts[{index}]"),
                "resolution `DYNAMIC_DNS` takes wildcard hosts only",
            );
        }
    }
    for (field, is_there) in [
        ("addresses", !entry.addresses.is_empty()),
        ("endpoints", !entry.endpoints.is_empty()),
    ] {
        if is_there {
            out.error(
                format!("spec.{field}"),
                format!("resolution `DYNAMIC_DNS` takes no `{field}`"),
            );
        }
    }
    for (index, port) in entry.ports.iter().enumerate() {
        if !is_one_of(
            port.protocol.as_deref().unwrap_or_default(),
            DYNAMIC_PROTOCOLS,
        ) {
            out.error(
                format!("spec.ports[{index}].protocol"),
                "resolution `DYNAMIC_DNS` takes HTTP, HTTP2, GRPC and TLS only",
            );
        }
    }
    let names_waypoint = labels
        .get("istio.io/use-waypoint")
        .is_some_and(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"));
    if entry.location.as_deref() == Some("MESH_INTERNAL") && names_waypoint {
        out.error(
            "spec.location",
            "resolution `DYNAMIC_DNS` with a waypoint needs location `MESH_EXTERNAL`",
        );
    }
}

pub(super) fn is_one_of(protocol: &str, known: &[&str]) -> bool {
    known.contains(&protocol.to_ascii_lowercase().as_str())
}

pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}
