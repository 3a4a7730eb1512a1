//! `POST /v1/graph`: what attaches to what, as nodes and edges; with `?format=` or by `Accept` as a text that other
//! tools read.

use ambient_core::wire::GraphFormat;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;

use crate::{
    Service, body::Question, negotiate::quality, parameters::Parameters, problem::Problem,
};

pub(super) fn route() -> Router<Service> {
    Router::new().route("/v1/graph", post(handle))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    format: Option<Format>,
}

/// What `?format=` can ask for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Format {
    Json,
    Mermaid,
    Dot,
    Svg,
}

/// The texts, with their media types. Mermaid has no registered one.
const TEXTS: [(GraphFormat, &str); 3] = [
    (GraphFormat::Mermaid, "text/vnd.mermaid"),
    (GraphFormat::Dot, "text/vnd.graphviz"),
    (GraphFormat::Svg, "image/svg+xml"),
];

/// The text asked for: the parameter before the header, which must name it exactly.
fn text(wanted: &Wanted, headers: &HeaderMap) -> Option<(GraphFormat, &'static str)> {
    let named = match wanted.format {
        Some(Format::Json) => return None,
        Some(Format::Mermaid) => Some(GraphFormat::Mermaid),
        Some(Format::Dot) => Some(GraphFormat::Dot),
        Some(Format::Svg) => Some(GraphFormat::Svg),
        None => None,
    };
    let accepted = |media_type: &str| {
        quality(headers, &header::ACCEPT, |range| {
            (range == media_type).then_some(2)
        })
        .is_some_and(|quality| quality > 0)
    };
    TEXTS.into_iter().find(|(format, media_type)| match named {
        Some(named) => named == *format,
        None => accepted(media_type),
    })
}

async fn handle(
    State(service): State<Service>,
    Parameters(wanted): Parameters<Wanted>,
    headers: HeaderMap,
    question: Question,
) -> Result<Response, Problem> {
    service
        .run(move || {
            let graph = ambient_core::graph(&question.input()?);
            let Some((format, media_type)) = text(&wanted, &headers) else {
                return Ok(question.answer(&graph)?.into_response());
            };
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::VARY, HeaderValue::from_static("accept")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            Ok((headers, ambient_core::export(&graph, format)).into_response())
        })
        .await
}
