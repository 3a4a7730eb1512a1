//! Where RequestAuthentications and PeerAuthentications take effect, as the graph tells it.

use ambient_core::wire::{self, EdgeStatus};

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
---
apiVersion: v1
kind: Pod
metadata: { name: legacy, namespace: shop, labels: { app: legacy, istio.io/dataplane-mode: none } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: shop, labels: { app: orders } }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
";

const INGRESS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }
";

/// The edges of a policy of a kind, in a namespace, with a spec: where to, what becomes of it, why.
fn edges(
    kind: &str,
    namespace: &str,
    spec: &str,
    ingress: bool,
) -> Vec<(String, EdgeStatus, String)> {
    let policy = format!(
        "apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{ name: p, namespace: {namespace} }}\nspec: {{ {spec} }}\n"
    );
    let ingress = if ingress { INGRESS } else { "" };
    let input = wire::Input {
        manifests: wire::Manifests::Text(format!("{MESH}---\n{policy}---\n{ingress}")),
        ..wire::Input::default()
    };
    ambient_core::graph(&input)
        .edges
        .into_iter()
        .filter(|edge| edge.from.starts_with(kind))
        .map(|edge| (edge.to, edge.status, edge.reason.unwrap_or_default()))
        .collect()
}

#[test]
fn where_authentication_takes_effect() {
    use EdgeStatus::{Attached, Ignored, Rejected};
    const RA: &str = "RequestAuthentication";
    const PA: &str = "PeerAuthentication";
    const ORDERS: &str = "selector: { matchLabels: { app: orders } }";
    const LEGACY: &str = "selector: { matchLabels: { app: legacy } }";
    let target = |kind: &str, name: &str, group: &str| {
        format!("targetRefs: [{{ kind: {kind}, name: {name}, group: '{group}' }}]")
    };
    let gateway = target("Gateway", "waypoint", "gateway.networking.k8s.io");
    for (kind, namespace, spec, ingress, expected) in [
        (
            PA,
            "shop",
            "",
            false,
            &[("Namespace//shop", Attached, "Accepted")][..],
        ),
        (
            PA,
            "istio-system",
            "",
            false,
            &[("Mesh//mesh", Attached, "Accepted")],
        ),
        (
            PA,
            "elsewhere",
            "",
            false,
            &[("Namespace//elsewhere", Ignored, "NotCaptured")],
        ),
        (
            PA,
            "shop",
            ORDERS,
            false,
            &[("Pod/shop/orders", Attached, "Accepted")],
        ),
        (
            PA,
            "shop",
            LEGACY,
            false,
            &[("Pod/shop/legacy", Ignored, "NotCaptured")],
        ),
        (
            PA,
            "istio-system",
            ORDERS,
            false,
            &[("Pod/shop/orders", Ignored, "IneffectiveSelector")],
        ),
        (
            PA,
            "shop",
            "portLevelMtls: { 80: {} }",
            false,
            &[("Namespace//shop", Rejected, "Invalid")],
        ),
        (
            RA,
            "shop",
            "",
            false,
            &[("Namespace//shop", Ignored, "NotEnforcedByZtunnel")],
        ),
        (
            RA,
            "shop",
            "",
            true,
            &[("Namespace//shop", Attached, "Accepted")],
        ),
        (
            RA,
            "shop",
            ORDERS,
            false,
            &[
                ("Gateway/shop/waypoint", Ignored, "IneffectiveSelector"),
                ("Pod/shop/orders", Ignored, "NotEnforcedByZtunnel"),
            ],
        ),
        (
            RA,
            "shop",
            &gateway,
            false,
            &[("Gateway/shop/waypoint", Attached, "Accepted")],
        ),
        (
            RA,
            "shop",
            &target("Service", "none", ""),
            false,
            &[("Service/shop/none", Rejected, "TargetNotFound")],
        ),
    ] {
        let got = edges(kind, namespace, spec, ingress);
        let got: Vec<_> = got
            .iter()
            .map(|(to, status, reason)| (to.as_str(), *status, reason.as_str()))
            .collect();
        assert_eq!(got, expected, "{kind} in {namespace}: {spec}");
    }
}
