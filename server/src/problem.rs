//! Errors as RFC 9457 problem details. A handler answers with a [`Problem`]; [`complete`], the outermost layer,
//! writes it down together with the id of the request. So every error of the service has one shape, those
//! included that the framework makes itself.

use std::any::Any;

use axum::{
    Json,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::request_id::RequestId;

/// The kinds of problems. Clients may rely on [`Kind::slug`]: a slug is never renamed or used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is no JSON or YAML.
    MalformedBody,
    /// The body is JSON or YAML, but not of the shape that the endpoint reads.
    InvalidBody,
    /// There is nothing at this path.
    NotFound,
    /// The path does not know the method.
    MethodNotAllowed,
    /// The client took too long to send its body.
    BodyTimeout,
    /// The body has more bytes than the service accepts.
    BodyTooLarge,
    /// The body is neither JSON nor YAML by its `Content-Type`, or it is compressed.
    UnsupportedMediaType,
    /// The request cannot be served for another reason on the client's side.
    BadRequest,
    /// The service has a bug.
    InternalError,
    /// All places for evaluations are taken.
    Busy,
    /// The evaluation took longer than the service allows.
    EvaluationTimeout,
}

impl Kind {
    /// All kinds, as `GET /problems` lists them.
    pub const ALL: [Self; 11] = [
        Self::MalformedBody,
        Self::InvalidBody,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::BadRequest,
        Self::InternalError,
        Self::Busy,
        Self::EvaluationTimeout,
    ];

    /// The last segment of `type`.
    pub fn slug(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.row().1
    }

    /// What all problems of the kind have in common, in a few words.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// What a client can do about it.
    pub fn advice(self) -> &'static str {
        self.row().3
    }

    /// The value of `type`: a path of this service that explains the kind.
    pub fn uri(self) -> String {
        format!("/problems/{}", self.slug())
    }

    fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedBody => (
                "malformed-body",
                StatusCode::BAD_REQUEST,
                "The body cannot be parsed",
                "`line` and `column` in `errors` say where the parser stopped.",
            ),
            Self::InvalidBody => (
                "invalid-body",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body has another shape than expected",
                "`errors` names the fields by `pointer`. Problems of manifests and requests are not errors: they come back as diagnostics.",
            ),
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "GET /openapi.json describes the endpoints.",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The method is not allowed here",
                "The header `Allow` lists the methods.",
            ),
            Self::BodyTimeout => (
                "body-timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time",
                "Send the request again.",
            ),
            Self::BodyTooLarge => (
                "body-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "Send fewer manifests, or start the service with a larger `--body-limit`.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is of a type that is not read here",
                "Send `Content-Type: application/json` or `application/yaml`, in UTF-8 and uncompressed.",
            ),
            Self::BadRequest => (
                "bad-request",
                StatusCode::BAD_REQUEST,
                "The request cannot be served",
                "Correct the request.",
            ),
            Self::InternalError => (
                "internal-error",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The service failed",
                "This is a bug: please report it with the body that causes it.",
            ),
            Self::Busy => (
                "busy",
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is busy",
                "Send the request again after the seconds in `Retry-After`.",
            ),
            Self::EvaluationTimeout => (
                "evaluation-timeout",
                StatusCode::GATEWAY_TIMEOUT,
                "The evaluation took too long",
                "Send fewer manifests or requests, or start the service with a larger `--time-limit`.",
            ),
        }
    }

    /// The kind for an error that the framework made.
    fn of_status(status: StatusCode) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.status() == status && *kind != Self::MalformedBody)
            .unwrap_or(if status.is_client_error() {
                Self::BadRequest
            } else {
                Self::InternalError
            })
    }
}

/// An error, as RFC 9457 has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Document<'a> {
    /// The kind: a path of this service, which explains it.
    r#type: String,
    /// What all problems of the kind have in common.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this very request.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What is wrong with the body.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Complaint],
    /// What a client can do about it.
    help: &'a str,
    /// The id of the request, as in the header `X-Request-Id`.
    request_id: &'a str,
}

/// One error.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<Complaint>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Complaint {
    /// One sentence.
    pub detail: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

impl Complaint {
    /// A complaint about a place.
    pub fn new(detail: impl Into<String>, place: Place) -> Self {
        Self {
            detail: detail.into(),
            place,
        }
    }
}

/// A place in a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The field, as a JSON Pointer: `#/settings/behavior`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column, from 1, in UTF-16 code units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Problem {
    /// A problem of a kind, without detail.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Says what is wrong with this very request.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Lists what is wrong with the body; the first complaint is the detail, too.
    pub fn errors(mut self, errors: Vec<Complaint>) -> Self {
        self.detail = errors.first().map(|first| first.detail.clone());
        self.errors = errors;
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn write(&self, request_id: &RequestId) -> Response {
        let document = Document {
            r#type: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            help: self.kind.advice(),
            request_id: request_id.as_str(),
        };
        let mut response = (self.kind.status(), Json(document)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The layer that writes problems down; it stands outside of everything that may fail, and inside of
/// [`crate::request_id::assign`].
pub async fn complete(request: Request, next: Next) -> Response {
    let request_id = RequestId::of(&request);
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts
        .extensions
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::new(Kind::of_status(status)));
    let mut written = problem.write(&request_id);
    if let Some(allow) = parts.headers.remove(header::ALLOW) {
        written.headers_mut().insert(header::ALLOW, allow);
    }
    written
}

/// What a panic is answered with. Its message goes to the log alone: it may quote what the user sent.
pub fn of_panic(_: Box<dyn Any + Send>) -> axum::http::Response<Body> {
    Problem::new(Kind::InternalError).into_response()
}
