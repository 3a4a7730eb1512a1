//! The mesh of tests and benchmarks that make their policies and routes themselves.

/// Service `shop/cart` behind waypoint `shop/waypoint`.
pub(crate) const SHOP: &str = r#"
{ apiVersion: v1, kind: Namespace, metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: shop }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
"#;
