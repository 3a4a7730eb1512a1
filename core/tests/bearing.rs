//! The findings that an answer repeats: those of the objects on the way of its request, and no others.

#[path = "common/shop.rs"]
mod shop;

use ambient_core::wire;
use serde_json::json;
use shop::SHOP;

const EXTENSIONS: &str = "---
apiVersion: v1
kind: Namespace
metadata: { name: office, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Service
metadata: { name: desk, namespace: office }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: plugin, namespace: shop }
spec: { targetRefs: [{ kind: Service, name: cart }], url: oci://example.com/plugin }
";

/// The names of the objects whose findings bear on a request to a Service.
fn bearing(service: &str) -> Vec<String> {
    let input = json!({
        "manifests": format!("{SHOP}{EXTENSIONS}"),
        "requests": [{
            "from": { "serviceAccount": "shop/web" },
            "to": { "service": service, "port": 80 },
            "http": { "method": "GET", "path": "/" },
        }],
    });
    let input: wire::Input = serde_json::from_value(input).expect("the contract's shape");
    let evaluation = ambient_core::evaluate(&input);
    let of_answer = &evaluation.results[0].diagnostics;
    assert!(
        of_answer
            .iter()
            .all(|finding| evaluation.diagnostics.contains(finding)),
        "every finding is in the list of all"
    );
    let resources = of_answer
        .iter()
        .map(|finding| finding.resource.clone().unwrap_or_default());
    resources.collect()
}

#[test]
fn what_is_not_modelled_on_the_way_is_said() {
    assert_eq!(bearing("shop/cart"), ["WasmPlugin/shop/plugin"]);
}

#[test]
fn what_is_elsewhere_is_not() {
    assert_eq!(bearing("office/desk"), [] as [&str; 0]);
}
