//! `GET /problems`: the kinds of errors. The `type` of every error is the path of its kind here.

use axum::{Json, Router, extract::Path, routing::get};
use serde_json::{Value, json};

use crate::{
    Service,
    problem::{Kind, Problem},
};

pub(super) fn route() -> Router<Service> {
    Router::new()
        .route("/problems", get(list))
        .route("/problems/{slug}", get(one))
}

async fn list() -> Json<Value> {
    Json(Kind::ALL.into_iter().map(describe).collect())
}

async fn one(Path(slug): Path<String>) -> Result<Json<Value>, Problem> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.slug() == slug)
        .map(|kind| Json(describe(kind)))
        .ok_or_else(|| Problem::new(Kind::NotFound).detail("there is no such kind of problem"))
}

fn describe(kind: Kind) -> Value {
    json!({
        "type": kind.uri(),
        "status": kind.status().as_u16(),
        "title": kind.title(),
        "help": kind.advice(),
    })
}
