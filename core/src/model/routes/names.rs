//! Names in Istio's own kinds: what a short one stands for.

use std::net::IpAddr;

use crate::mesh::Mesh;
use crate::resource::gateway_of;

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
pub(super) fn full_gateway(gateway: &str, namespace: &str) -> String {
    if gateway == "mesh" {
        return gateway.to_owned();
    }
    let (namespace, name) = gateway_of(gateway, namespace);
    format!("{namespace}/{name}")
}
