//! `POST /v1/graph`: what attaches to what, as nodes and edges; with `?format=` or by `Accept` as a text that other
//! tools read.

use ambient_core::wire::{self, GraphFormat};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Service,
    body::Question,
    endpoint::{Endpoint, Example},
    negotiate::quality,
    parameters::Parameters,
    problem::Problem,
};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/v1/graph", handle)
        .about(
            "What attaches to what, and why not",
            "Every object and every reference between objects, with what becomes of it: attached, rejected, ignored, or \
             turned into a denial, with the reason of Gateway API or Istio. By `format` or by `Accept` as a text that \
             other tools read.",
        )
        .query::<Wanted>()
        .answers::<wire::Graph>()
        .texts(&["text/vnd.mermaid", "text/vnd.graphviz", "image/svg+xml"])
        .example(Example {
            name: "a-waypoint",
            summary: "A waypoint, what uses it, and a policy on a Service behind it.",
            query: "",
            body: include_str!("../openapi/examples/waypoint.yaml"),
        })
        .example(Example {
            name: "as-mermaid",
            summary: "A label that names nothing, as a Mermaid flowchart.",
            query: "?format=mermaid",
            body: include_str!("../openapi/examples/missing-waypoint.yaml"),
        })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The form of the answer; absent: what `Accept` names.
    format: Option<Format>,
}

/// What `?format=` can ask for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum Format {
    /// Nodes and edges, as JSON or YAML.
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz digraph.
    Dot,
    /// A drawing.
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
