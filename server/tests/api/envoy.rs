//! `POST /v1/envoy`

use crate::support::*;

const MANIFESTS: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: shop, labels: { istio.io/waypoint-for: all } }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
---
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop, labels: { istio.io/use-waypoint: waypoint } }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: shop }
spec:
  targetRefs: [{ kind: Service, name: reviews }]
  rules: [{ to: [{ operation: { methods: [GET] } }] }]
"#;

/// What Envoy makes of the filters is compared elsewhere; here, that they are asked for and named as promised.
#[tokio::test]
async fn about_envoy_name_the_waypoint_and_its_filters() {
    let body = json!({ "manifests": MANIFESTS }).to_string();
    let ask = async |waypoint: &str| {
        let path = format!("/v1/envoy?waypoint={waypoint}");
        post(&path, JSON, body.clone()).await
    };
    let reply = ask("shop/waypoint").await;
    assert_eq!(reply.status, StatusCode::OK);
    let answer = reply.json();
    let summary: Vec<Value> = answer["chains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chain| {
            let filters = chain["filters"].as_array().unwrap();
            let rbac = filters
                .iter()
                .find(|filter| filter["name"] == "envoy.filters.http.rbac");
            let policies = &rbac.unwrap_or(&Value::Null)["typed_config"]["rules"]["policies"];
            let names: Vec<&String> = policies
                .as_object()
                .into_iter()
                .flat_map(|policies| policies.keys())
                .collect();
            json!([
                chain["proxy"],
                chain["service"],
                filters
                    .iter()
                    .map(|filter| &filter["name"])
                    .collect::<Vec<_>>(),
                names
            ])
        })
        .collect();
    assert_eq!(
        json!(summary),
        json!([
            [
                "Gateway/shop/waypoint",
                null,
                ["envoy.filters.http.fault", "envoy.filters.http.cors"],
                []
            ],
            [
                "Gateway/shop/waypoint",
                "Service/shop/reviews",
                [
                    "envoy.filters.http.rbac",
                    "envoy.filters.http.fault",
                    "envoy.filters.http.cors"
                ],
                ["ns[shop]-policy[readers]-rule[0]"]
            ],
        ])
    );
    let other = ask("shop/other").await.json();
    assert_eq!(other["chains"], json!([]));
    let unknown = post("/v1/envoy?gateway=a/b", JSON, body.clone()).await;
    unknown.is_problem(Kind::BadRequest);
}
