//! Pages of other origins.

use crate::support::*;
use ambient_server::cors::Origin;

const OURS: &str = "https://docs.example:8443";

fn app_for(origins: &[&str]) -> Router {
    app(Config {
        origins: origins
            .iter()
            .map(|origin| origin.parse().unwrap())
            .collect(),
        ..Config::default()
    })
}

async fn ask(app: &Router, origin: &str, body: &'static str) -> Reply {
    let request = request("/v1/evaluate", JSON).header(header::ORIGIN, origin);
    send(app, request.body(body.into()).unwrap()).await
}

async fn preflight(app: &Router, origin: &str) -> Reply {
    let request = Request::options("/v1/evaluate")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
    send(app, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn are_not_let_in_unless_named() {
    let closed = app(Config::default());
    let reply = ask(&closed, OURS, "{}").await;
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    assert_eq!(reply.header(header::VARY), "accept");
    let refused = preflight(&closed, OURS).await;
    refused.is_problem(Kind::MethodNotAllowed);

    let open = app_for(&["https://other.example", OURS]);
    let reply = ask(&open, "https://evil.example", "{}").await;
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
}

#[tokio::test]
async fn that_are_named_get_answers_and_problems() {
    let app = app_for(&["https://other.example", OURS]);
    for (body, status) in [("{}", StatusCode::OK), ("{", StatusCode::BAD_REQUEST)] {
        let reply = ask(&app, OURS, body).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), OURS);
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");
        let exposed = reply.header(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert!(exposed.contains("x-request-id"), "{exposed}");
        let vary: Vec<_> = reply.headers.get_all(header::VARY).iter().collect();
        let origin = vary
            .iter()
            .any(|names| names.to_str().unwrap().contains("origin"));
        assert!(origin, "{vary:?}");
    }
    let reply = preflight(&app, OURS).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), OURS);
    assert_eq!(reply.header(header::ACCESS_CONTROL_MAX_AGE), "3600");
    let headers = reply.header(header::ACCESS_CONTROL_ALLOW_HEADERS);
    assert!(headers.contains("content-type"), "{headers}");
}

#[tokio::test]
async fn may_be_all() {
    let app = app_for(&[OURS, "*"]);
    let reply = ask(&app, "https://anyone.example", "{}").await;
    assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
}

#[test]
fn that_no_browser_sends_are_refused() {
    for text in [
        "",
        "null",
        "docs.example",
        "https://docs.example/",
        "https://docs.example/page",
        "https://Docs.example",
        "https://me@docs.example",
        "https://*.example/",
        "https://a.example,https://b.example",
    ] {
        assert!(text.parse::<Origin>().is_err(), "{text}");
    }
}
