//! `GET /problems`: the kinds of errors. The `type` of every error is the path of its kind here.

use axum::{Json, extract::Path};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    endpoint::{Endpoint, Example, PathParameter},
    problem::{Kind, Problem},
};

pub(super) fn list_endpoint() -> Endpoint {
    Endpoint::get("/problems", list)
        .about("The kinds of errors", "")
        .answers::<Vec<Description>>()
        .example(Example {
            name: "all",
            summary: "Every kind, with what to do about it.",
            query: "",
            body: "",
        })
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/problems/{slug}", one)
        .about("One kind of errors", "The `type` of an error is this path.")
        .in_path(PathParameter {
            name: "slug",
            description: "The last segment of `type`.",
            example: "busy",
        })
        .answers::<Description>()
        .problems(&[Kind::NotFound])
        .example(Example {
            name: "busy",
            summary: "What to do if the service is busy.",
            query: "",
            body: "",
        })
}

/// A kind of errors.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemKind")]
struct Description {
    /// The path that names it, and explains it.
    r#type: String,
    /// The HTTP status.
    status: u16,
    /// A few words.
    title: &'static str,
    /// What a client can do about it.
    help: &'static str,
}

async fn list() -> Json<Vec<Description>> {
    Json(Kind::ALL.into_iter().map(describe).collect())
}

async fn one(Path(slug): Path<String>) -> Result<Json<Description>, Problem> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.slug() == slug)
        .map(|kind| Json(describe(kind)))
        .ok_or_else(|| Problem::new(Kind::NotFound).detail("there is no such kind of problem"))
}

fn describe(kind: Kind) -> Description {
    Description {
        r#type: kind.uri(),
        status: kind.status().as_u16(),
        title: kind.title(),
        help: kind.advice(),
    }
}
