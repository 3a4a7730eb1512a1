//! What Istio's webhook refuses in DestinationRules, in its own Gateways and in WorkloadEntries.
//! `istio/istio: pkg/config/validation/validation.go` (ValidateDestinationRule, ValidateGateway,
//! ValidateWorkloadEntry), `pkg/config/validation/agent/validation.go` (ValidateNamespaceSlashWildcardHostname).

use super::service_entry_rules::{PROTOCOLS, is_ip, is_one_of};
use super::syntax::{is_domain, is_fqdn, is_label};
use super::violation::Violations;
use super::{DestinationRule, IstioGateway, Server, WorkloadEntry};
use crate::sorted;

/// Reports what is refused in a DestinationRule.
pub(super) fn destination_rule(rule: &DestinationRule, out: &mut Violations) {
    if !is_domain(&rule.host) {
        out.error("spec.host", format!("`{}` is no host name", rule.host));
    }
    for (index, subset) in rule.subsets.iter().enumerate() {
        if !is_label(&subset.name) {
            out.error(
                format!("spec.subsets[{index}].name"),
                format!("`{}` is no name of a subset", subset.name),
            );
        }
    }
}

/// Reports what is refused in an Istio Gateway.
pub(super) fn gateway(gateway: &IstioGateway, out: &mut Violations) {
    if gateway.servers.is_empty() {
        out.error("spec.servers", "a Gateway needs a server");
    }
    let mut names = sorted::Set::new();
    for (index, server) in gateway.servers.iter().enumerate() {
        let at = format!("spec.servers[{index}]");
        match server.port.name.as_deref().unwrap_or_default() {
            "" => out.error(format!("{at}.port.name"), "the port needs a name"),
            name if !names.insert(name) => out.error(
                format!("{at}.port.name"),
                format!("another port is named `{name}`"),
            ),
            _ => {}
        }
        self::server(server, &at, out);
    }
}

fn server(server: &Server, at: &str, out: &mut Violations) {
    if server.hosts.is_empty() {
        out.error(format!("{at}.hosts"), "the server needs a host");
    }
    for (index, host) in server.hosts.iter().enumerate() {
        if !is_gateway_host(host) {
            out.error(
                format!("{at}.hosts[{index}]"),
                format!("`{host}` is no host of a Gateway: a full name, behind a namespace and `/` if at all"),
            );
        }
    }
    let protocol = server.port.protocol.as_str();
    if server.port.number == 0 {
        out.error(format!("{at}.port.number"), "0 is no port");
    }
    if !is_one_of(protocol, PROTOCOLS) {
        out.error(
            format!("{at}.port.protocol"),
            format!("`{protocol}` is no protocol that Istio knows"),
        );
    } else if is_one_of(protocol, &["https", "tls"]) && server.tls.is_none() {
        out.error(format!("{at}.tls"), "HTTPS and TLS need `tls`");
    }
}

fn is_gateway_host(host: &str) -> bool {
    let (namespace, name) = match host.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, host),
    };
    namespace.is_none_or(|namespace| matches!(namespace, "*" | ".") || is_label(namespace))
        && (name == "*" || name.contains('.') && (is_domain(name) || is_ip(name)))
}

/// Reports what is refused in a WorkloadEntry.
pub(super) fn workload_entry(entry: &WorkloadEntry, out: &mut Violations) {
    match entry.address.as_deref().unwrap_or_default() {
        "" if entry.network.is_none() => {
            out.error("spec.address", "a WorkloadEntry needs an address");
        }
        "" => {}
        address if address.starts_with("unix://") || is_ip(address) || is_fqdn(address) => {}
        address => out.error(
            "spec.address",
            format!("`{address}` is neither an IP address nor a host name"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(violations: &Violations) -> Vec<&str> {
        let errors = violations.errors.iter();
        errors.map(|error| error.path.as_str()).collect()
    }

    #[test]
    fn refused() {
        for (yaml, expected) in [
            ("{ host: a }", &[][..]),
            ("{ host: '*.a.example', subsets: [{ name: v1 }] }", &[]),
            ("{ host: '' }", &["spec.host"]),
            ("{ host: a b }", &["spec.host"]),
            (
                "{ host: a, subsets: [{ name: v 1 }] }",
                &["spec.subsets[0].name"],
            ),
        ] {
            let mut out = Violations::default();
            destination_rule(&crate::source::from_yaml(yaml), &mut out);
            assert_eq!(paths(&out), expected, "{yaml}");
        }
        for (yaml, expected) in [
            (
                "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: ['*', './a.example', ns/*, 192.0.2.1] }] }",
                &[][..],
            ),
            ("{}", &["spec.servers"]),
            (
                "{ servers: [{ port: { number: 80, protocol: HTTP }, hosts: ['*'] }] }",
                &["spec.servers[0].port.name"],
            ),
            (
                "{ servers: [{ port: { number: 0, name: a, protocol: x } }] }",
                &[
                    "spec.servers[0].hosts",
                    "spec.servers[0].port.number",
                    "spec.servers[0].port.protocol",
                ],
            ),
            (
                "{ servers: [{ port: { number: 443, name: a, protocol: HTTPS }, hosts: [a, '~/*', a/b/c.example] }] }",
                &[
                    "spec.servers[0].hosts[0]",
                    "spec.servers[0].hosts[1]",
                    "spec.servers[0].hosts[2]",
                    "spec.servers[0].tls",
                ],
            ),
            (
                "{ servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: ['*'] }, { port: { number: 81, name: a, protocol: HTTP }, hosts: ['*'] }] }",
                &["spec.servers[1].port.name"],
            ),
        ] {
            let mut out = Violations::default();
            gateway(&crate::source::from_yaml(yaml), &mut out);
            assert_eq!(paths(&out), expected, "{yaml}");
        }
        for (yaml, expected) in [
            ("{ address: 192.0.2.1 }", &[][..]),
            ("{ address: a.example }", &[]),
            ("{ address: unix:///x }", &[]),
            ("{ network: n }", &[]),
            ("{}", &["spec.address"]),
            ("{ address: '*.a' }", &["spec.address"]),
        ] {
            let mut out = Violations::default();
            workload_entry(&crate::source::from_yaml(yaml), &mut out);
            assert_eq!(paths(&out), expected, "{yaml}");
        }
    }
}
