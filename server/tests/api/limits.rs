//! Limits, and what happens beyond them.

use crate::support::*;
use ambient_server::{Service, layered};
use axum::routing::get;
use std::time::Duration;

#[tokio::test]
async fn too_many_bytes() {
    let app = app(Config {
        body_limit: 100,
        ..Config::default()
    });
    let body = |bytes: usize| format!("{}{{}}", " ".repeat(bytes - 2));
    let ask = async |body: Body| send(&app, request("/v1/analyze", JSON).body(body).unwrap()).await;
    assert_eq!(ask(body(100).into()).await.status, StatusCode::OK);
    ask(body(101).into()).await.is_problem(Kind::BodyTooLarge);
    // One that says so is not even waited for.
    let announced = request("/v1/analyze", JSON).header(header::CONTENT_LENGTH, 101);
    let (_sender, body) = open_body();
    let reply = send(&app, announced.body(body).unwrap()).await;
    reply.is_problem(Kind::BodyTooLarge);
}

#[tokio::test]
async fn a_body_that_does_not_end() {
    let app = app(Config {
        body_timeout: Duration::from_millis(10),
        ..Config::default()
    });
    let (_sender, body) = open_body();
    let reply = send(&app, request("/v1/graph", JSON).body(body).unwrap()).await;
    reply.is_problem(Kind::BodyTimeout);
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let (sender, body) = open_body();
    sender.abort("reset");
    post("/v1/graph", JSON, body)
        .await
        .is_problem(Kind::BadRequest);
}

#[tokio::test]
async fn no_place_left() {
    let app = app(Config {
        concurrency: 0,
        patience: Duration::from_millis(10),
        ..Config::default()
    });
    let reply = send(
        &app,
        request("/v1/evaluate", JSON).body("{}".into()).unwrap(),
    )
    .await;
    reply.is_problem(Kind::Busy);
    assert_eq!(reply.header(header::RETRY_AFTER), "1");
    let ready = Request::get("/readyz").body(Body::empty()).unwrap();
    send(&app, ready).await.is_problem(Kind::Busy);
    let alive = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(send(&app, alive).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_evaluation_that_takes_too_long() {
    let service = Service::new(Config {
        concurrency: 1,
        patience: Duration::from_millis(10),
        time_limit: Duration::from_millis(10),
        ..Config::default()
    });
    let slow = async move || -> Result<(), Problem> {
        let work = || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(())
        };
        service.run(work).await
    };
    let app = layered(Router::new().route("/slow", get(slow)), &[]);
    let ask = async || send(&app, Request::get("/slow").body(Body::empty()).unwrap()).await;
    ask().await.is_problem(Kind::EvaluationTimeout);
    // It cannot be stopped, so its place stays taken.
    ask().await.is_problem(Kind::Busy);
}

#[tokio::test]
async fn a_panic() {
    let service = Service::new(Config::default());
    let inside =
        async move || -> Result<(), Problem> { service.run(|| panic!("in the engine")).await };
    let outside = async || -> () { panic!("in a handler") };
    let app = layered(
        Router::new()
            .route("/inside", get(inside))
            .route("/outside", get(outside)),
        &[],
    );
    for path in ["/inside", "/outside"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let problem = send(&app, request).await.is_problem(Kind::InternalError);
        assert_eq!(problem.get("detail"), None);
    }
}
