//! Errors have one shape, and are explained.

use crate::support::*;

#[tokio::test]
async fn nothing_here() {
    for path in [
        "/nope",
        "/v1",
        "/v1/nope",
        "/problems/nope",
        "/index.html/x",
    ] {
        fetch(path).await.is_problem(Kind::NotFound);
    }
}

#[tokio::test]
async fn another_method() {
    for endpoint in endpoints() {
        let reply = fetch(&endpoint).await;
        reply.is_problem(Kind::MethodNotAllowed);
        assert_eq!(reply.header(header::ALLOW), "POST");
    }
    let reply = post("/healthz", JSON, "").await;
    reply.is_problem(Kind::MethodNotAllowed);
    assert_eq!(reply.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn of_the_framework() {
    fetch("/problems/%FF").await.is_problem(Kind::BadRequest);
}

#[tokio::test]
async fn are_explained() {
    let list = fetch("/problems").await.json();
    assert_eq!(list.as_array().unwrap().len(), Kind::ALL.len());
    for kind in Kind::ALL {
        let explained = fetch(&kind.uri()).await.json();
        assert_eq!(explained["type"], kind.uri());
        assert_eq!(explained["status"], kind.status().as_u16());
        assert!(list.as_array().unwrap().contains(&explained));
    }
}
