//! The service without a network, and what all tests ask it with.

use std::{fs, path::PathBuf};

pub(crate) use ambient_server::{
    Config, app,
    problem::{Kind, Problem},
};
pub(crate) use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use http_body_util::channel::{Channel, Sender};
pub(crate) use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const JSON: &str = "application/json";
pub(crate) const YAML: &str = "application/yaml";

/// The paths that take a question, as the OpenAPI document lists them.
pub(crate) fn endpoints() -> Vec<String> {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let questions = paths.filter(|(_, methods)| methods.get("post").is_some());
    questions.map(|(path, _)| path.clone()).collect()
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Asserts that this is the problem, in full.
    #[track_caller]
    pub(crate) fn is_problem(&self, kind: Kind) -> Value {
        assert_eq!(self.status, kind.status());
        assert!(Kind::ALL.contains(&kind), "{kind:?} is not listed");
        assert_eq!(
            self.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{}", kind.slug()));
        assert_eq!(problem["status"], kind.status().as_u16());
        assert_eq!(problem["title"], kind.title());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_ne!(problem["request_id"], "");
        problem
    }
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Reply {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}

pub(crate) fn request(path: &str, content_type: &str) -> Builder {
    Request::post(path).header(header::CONTENT_TYPE, content_type)
}

pub(crate) async fn post(path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
    let app = app(Config::default());
    send(&app, request(path, content_type).body(body.into()).unwrap()).await
}

pub(crate) async fn fetch(path: &str) -> Reply {
    let app = app(Config::default());
    send(&app, Request::get(path).body(Body::empty()).unwrap()).await
}

pub(crate) fn examples() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    assert!(!files.is_empty(), "no examples");
    files
}

/// A body that nobody ends, for as long as the sender lives.
pub(crate) fn open_body() -> (Sender<Bytes, &'static str>, Body) {
    let (sender, body) = Channel::new(1);
    (sender, Body::new(body))
}
