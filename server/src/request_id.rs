//! One id a request, so that a client, the answer and the log speak of the same one.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

/// The header that carries the id, in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const MAX_LEN: usize = 128;

/// The id of a request.
#[derive(Clone, Debug)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that [`assign`] gave to the request.
    pub fn of(request: &Request) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_else(Self::make)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Both makers below let ASCII through only.
        self.0.to_str().unwrap_or_default()
    }

    fn make() -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self(HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none")))
    }

    /// Takes what the client sent if it is short and plain: it ends up in logs.
    fn accept(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
        (1..=MAX_LEN).contains(&bytes.len()).then_some(())?;
        bytes.iter().all(plain).then(|| Self(value.clone()))
    }
}

/// The layer that takes or makes the id, hands it inward, and returns it.
pub async fn assign(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(HEADER)
        .and_then(RequestId::accept)
        .unwrap_or_else(RequestId::make);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, id.0);
    response
}
