//! One line a request. Nothing of what users send is in it: no body, no query, no header but the checked id.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};

use crate::request_id::RequestId;

/// The layer that writes the line.
pub(crate) async fn record(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = RequestId::of(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    tracing::info!(
        request_id = id.as_str(),
        %method,
        path,
        status = response.status().as_u16(),
        ms = start.elapsed().as_millis() as u64,
    );
    response
}
