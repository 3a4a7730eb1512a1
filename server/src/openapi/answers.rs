//! What the service answers to the examples of an endpoint.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    Config, app,
    endpoint::{Endpoint, Example, Method},
    request_id,
};

/// The id of the requests in examples, as it shows in problems.
pub(super) const REQUEST_ID: &str = "example";

/// An answer.
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) body: Value,
}

/// One for each example, in their order.
pub(super) async fn of(endpoint: &Endpoint) -> Vec<Shown> {
    let app = app(Config::default());
    let mut answers = Vec::new();
    for example in &endpoint.examples {
        answers.push(ask(&app, endpoint, example).await);
    }
    answers
}

/// The body of an example as the document shows it.
pub(super) fn question(example: &Example) -> Value {
    serde_yaml::from_str(example.body).unwrap_or_default()
}

async fn ask(app: &Router, endpoint: &Endpoint, example: &Example) -> Shown {
    let path = match endpoint.in_path {
        Some(parameter) => {
            let placeholder = format!("{{{}}}", parameter.name);
            endpoint.path.replace(&placeholder, parameter.example)
        }
        None => endpoint.path.to_owned(),
    };
    let request = Request::builder()
        .uri(path + example.query)
        .header(request_id::HEADER, REQUEST_ID);
    let request = match endpoint.method {
        Method::Get => request.body(Body::empty()),
        Method::Post => request
            .method("POST")
            .header(header::CONTENT_TYPE, "application/json")
            .body(question(example).to_string().into()),
    };
    let request = request.expect("paths and parameters of examples are plain");
    let Ok(response) = app.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX)
        .await
        .expect("answers do not break off");
    let media_type = parts.headers.get(header::CONTENT_TYPE);
    let text = String::from_utf8_lossy(&bytes);
    Shown {
        status: parts.status.as_u16(),
        media_type: media_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
        body: serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
    }
}
