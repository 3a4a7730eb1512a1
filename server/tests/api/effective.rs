//! `POST /v1/effective`

use crate::support::*;

#[tokio::test]
async fn about_one_object_name_it() {
    let manifests =
        "{ apiVersion: v1, kind: Service, metadata: { name: reviews, namespace: shop } }";
    let body = serde_json::json!({ "manifests": manifests }).to_string();
    let reply = post(
        "/v1/effective?object=Service/shop/reviews",
        JSON,
        body.clone(),
    )
    .await;
    assert_eq!(reply.json()["results"][0]["object"], "Service/shop/reviews");
    let reply = post("/v1/effective?object=Service/shop/other", JSON, body).await;
    reply.is_problem(Kind::BadRequest);
}
