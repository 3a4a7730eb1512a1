//! What those who operate the service ask, and the page.

use crate::support::*;

#[tokio::test]
async fn to_those_who_operate_the_service() {
    assert_eq!(fetch("/healthz").await.json(), json!({ "status": "ok" }));
    assert_eq!(fetch("/readyz").await.json(), json!({ "status": "ready" }));
    let version = fetch("/version").await.json();
    assert_eq!(version["engine"], env!("CARGO_PKG_VERSION"));
    for modelled in ["istio", "gatewayApi"] {
        assert!(version[modelled].is_string(), "{version}");
    }
}

#[tokio::test]
async fn at_the_root_are_the_page() {
    let reply = fetch("/").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(
        reply.header(header::CONTENT_TYPE),
        "text/html; charset=utf-8"
    );
}
