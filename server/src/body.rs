//! Bodies: JSON or YAML in by `Content-Type`, out by `Accept`.

use std::time::Duration;

use ambient_core::wire::Input;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{
    Service,
    decode::{Malformed, decode},
    format::Format,
    problem::{Kind, Problem},
};

/// What a resource accepts by POST.
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// A body as it came, and the formats that its headers name. Parsing is left to the place where evaluations
/// run: megabytes of YAML would hold up every other connection here.
#[derive(Debug)]
pub struct Question {
    bytes: Bytes,
    format: Format,
    answer: Format,
}

impl FromRequest<Service> for Question {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let format = content_format(&parts.headers)?;
        let answer = Format::of_accept(&parts.headers);
        let config = service.config();
        let bytes = collect(&parts.headers, body, config.body_limit, config.body_timeout).await?;
        let format = match format {
            Some(format) => format,
            None if is_json_object(&bytes) => Format::Json,
            None => return Err(unsupported("the request has no `Content-Type`")),
        };
        Ok(Self {
            bytes,
            format,
            answer,
        })
    }
}

impl Question {
    /// Parses the body.
    pub fn input(&self) -> Result<Input, Problem> {
        decode(&self.bytes, self.format).map_err(Problem::from)
    }

    /// Writes an answer in the format that the client asked for.
    pub fn answer<T: serde::Serialize>(&self, value: &T) -> Result<Answer, Problem> {
        let bytes = self.answer.encode(value).map_err(|error| {
            tracing::error!(%error);
            Problem::new(Kind::InternalError)
        })?;
        Ok(Answer {
            bytes,
            format: self.answer,
        })
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        let kind = if malformed.syntax {
            Kind::MalformedBody
        } else {
            Kind::InvalidBody
        };
        Self::new(kind).errors(malformed.complaints)
    }
}

/// An answer, written.
#[derive(Debug)]
pub struct Answer {
    bytes: Vec<u8>,
    format: Format,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.format.content_type()),
            (header::VARY, HeaderValue::from_static("accept")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, self.bytes).into_response()
    }
}

fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::UnsupportedMediaType)
        .detail(detail)
        .header(
            ACCEPT_POST,
            HeaderValue::from_static("application/json, application/yaml"),
        )
}

/// Whether a body that nobody named starts as a JSON object does. YAML shows by no byte of its own.
fn is_json_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// The format that the headers name; `None`: they name none.
fn content_format(headers: &HeaderMap) -> Result<Option<Format>, Problem> {
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(unsupported("compressed bodies are not read").header(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        ));
    }
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return Ok(None);
    };
    let content_type = String::from_utf8_lossy(content_type.as_bytes());
    let mut parts = content_type.split(';').map(str::trim);
    let format = parts.next().and_then(Format::of_media_type);
    let utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, value)| {
            let charset = value.trim().trim_matches('"').to_ascii_lowercase();
            ["utf-8", "utf8", "us-ascii"].contains(&charset.as_str())
        });
    format.filter(|_| utf8).map(Some).ok_or_else(|| {
        unsupported(format!(
            "the body is `{content_type}`, neither JSON nor YAML in UTF-8"
        ))
    })
}

async fn collect(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(Kind::BodyTooLarge)
            .detail(format!("a body may have {limit} bytes at the most"))
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(time, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Kind::BadRequest).detail("the body broke off")),
        Err(_) => Err(Problem::new(Kind::BodyTimeout).detail(format!(
            "the body took longer than {} s",
            time.as_secs_f32()
        ))),
    }
}
