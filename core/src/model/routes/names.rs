//! Names in Istio's own kinds: what a short one stands for.

use std::net::IpAddr;

use crate::mesh::Mesh;

/// A host as a VirtualService or DestinationRule of a namespace means it: one without a dot is completed, any other is
/// taken as it is. `istio/istio: pilot/pkg/model/config.go` (ResolveShortnameToFQDN).
pub(super) fn full_host(host: &str, namespace: &str, mesh: &Mesh) -> String {
    if host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok() {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.{}", mesh.settings().cluster_domain)
    }
}

/// An Istio Gateway as a VirtualService of a namespace names it, as `namespace/name`; `mesh` stays.
/// `istio/istio: pilot/pkg/model/config.go` (resolveGatewayName).
pub(super) fn full_gateway(gateway: &str, namespace: &str) -> String {
    if gateway == "mesh" || gateway.contains('/') {
        return match gateway.strip_prefix("./") {
            Some(name) => format!("{namespace}/{name}"),
            None => gateway.to_owned(),
        };
    }
    match gateway.split_once('.') {
        // The old form, with a domain.
        Some((name, rest)) => {
            let namespace = rest.split('.').next().unwrap_or(rest);
            format!("{namespace}/{name}")
        }
        None => format!("{namespace}/{gateway}"),
    }
}
