//! Requests that policies seem to stop and that get through: each sort of way, and each policy without one.

use ambient_core::wire::{self, Way};
use serde_json::json;

const MESH: &str = r#"
{ apiVersion: v1, kind: Namespace, metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient } } }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop, labels: { istio.io/use-waypoint: waypoint } }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
{ apiVersion: v1, kind: Pod, metadata: { name: cart, namespace: shop, labels: { app: cart } } }
"#;

const WAYPOINT: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: shop }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
";

const INGRESS: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec: { parentRefs: [{ name: public }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
";

const AT_SERVICE: &str = "targetRefs: [{ group: '', kind: Service, name: cart }], ";

fn input(more: &str, spec: &str) -> wire::Input {
    let policy = format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{ name: p, namespace: shop }}\nspec: {{ {spec} }}\n"
    );
    wire::Input {
        manifests: wire::Manifests::Text(format!("{MESH}{more}{policy}")),
        ..wire::Input::default()
    }
}

fn ways(more: &str, spec: &str) -> Vec<Way> {
    let input = input(more, spec);
    let found = ambient_core::ways_around(&input).ways;
    for way in &found {
        let request = serde_json::to_value(&way.request).expect("plain data");
        let again = wire::Input {
            requests: wire::Requests::List(vec![request]),
            ..input.clone()
        };
        let verdict = ambient_core::evaluate(&again).results[0].verdict;
        assert_eq!(verdict, wire::Verdict::Allow, "{}", way.summary);
    }
    found.into_iter().map(|way| way.way).collect()
}

const DENY_POST: &str = "action: DENY, rules: [{ to: [{ operation: { methods: [POST] } }] }]";

#[test]
fn who_does_not_pass_the_waypoint_does_not_meet_its_policies() {
    let spec = format!("{AT_SERVICE}{DENY_POST}");
    assert_eq!(
        ways(WAYPOINT, &spec),
        [Way::DirectToPod, Way::OutsideTheMesh]
    );
    assert_eq!(
        ways(&format!("{WAYPOINT}{INGRESS}"), &spec),
        [Way::DirectToPod, Way::OutsideTheMesh, Way::Ingress]
    );
}

#[test]
fn a_missing_waypoint_enforces_nothing() {
    assert_eq!(
        ways("", &format!("{AT_SERVICE}{DENY_POST}")),
        [Way::NotEnforced]
    );
}

#[test]
fn nothing_is_left_of_http_at_a_ztunnel() {
    assert_eq!(ways("", DENY_POST), [Way::NotEnforced]);
    let found = ambient_core::ways_around(&input("", DENY_POST)).ways;
    assert!(
        found[0].summary.contains("nothing of HTTP"),
        "{}",
        found[0].summary
    );
    assert_eq!(
        found[0]
            .request
            .http
            .as_ref()
            .map(|http| http.method.as_str()),
        Some("POST")
    );
}

#[test]
fn what_ztunnel_enforces_nobody_gets_around() {
    let namespace = "action: DENY, rules: [{ from: [{ source: { notNamespaces: [shop] } }] }]";
    assert_eq!(ways("", namespace), []);
    assert_eq!(
        ways(
            "",
            "rules: [{ from: [{ source: { namespaces: [shop] } }] }]"
        ),
        []
    );
}

#[test]
fn an_allow_at_the_waypoint_leaves_the_pod_open() {
    let spec = format!("{AT_SERVICE}rules: [{{ from: [{{ source: {{ namespaces: [shop] }} }}] }}]");
    assert_eq!(
        ways(WAYPOINT, &spec),
        [Way::DirectToPod, Way::OutsideTheMesh]
    );
}

#[test]
fn what_allows_everything_stops_nobody() {
    assert_eq!(ways(WAYPOINT, &format!("{AT_SERVICE}rules: [{{}}]")), []);
}

#[test]
fn the_witness_is_a_request_of_the_contract() {
    let found =
        ambient_core::ways_around(&input(WAYPOINT, &format!("{AT_SERVICE}{DENY_POST}"))).ways;
    assert_eq!(
        serde_json::to_value(&found[0]).expect("plain data"),
        json!({
            "policy": { "kind": "AuthorizationPolicy", "namespace": "shop", "name": "p" },
            "way": "directToPod",
            "summary": "a caller of the pod's own address goes past the waypoint of `shop/cart`",
            "request": {
                "from": { "serviceAccount": "somewhere-else/stranger" },
                "to": { "workload": "shop/cart", "port": 8080 },
                "http": { "method": "POST", "path": "/" },
            },
            "verdict": "allow",
        })
    );
}
