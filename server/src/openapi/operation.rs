//! One endpoint in OpenAPI's words.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::{
    answers::{self, REQUEST_ID, Shown},
    schemas::Schemas,
};
use crate::{
    endpoint::{Endpoint, Method},
    problem::Kind,
};

/// What may go wrong anywhere.
const ANYWHERE: &[Kind] = &[Kind::InternalError];

const PROBLEM: &str = "application/problem+json";

impl Method {
    /// As OpenAPI writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// The operation object of an endpoint; `shown` has what the service answers to each of its examples.
pub(super) fn describe(endpoint: &Endpoint, shown: &[Shown], schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": parameters(endpoint, schemas),
        "responses": responses(endpoint, shown, schemas),
    });
    if !endpoint.description.is_empty() {
        operation["description"] = endpoint.description.into();
    }
    if let Some(question) = endpoint.question {
        operation["requestBody"] = body(endpoint, &schemas.of_question(question));
    }
    operation
}

/// `/v1/ways-around` → `ways-around`.
fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.trim_start_matches("/v1");
    let words = words
        .split(['/', '{', '}', '.'])
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn parameters(endpoint: &Endpoint, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters = vec![json!({ "$ref": "#/components/parameters/RequestId" })];
    if let Some(parameter) = endpoint.in_path {
        parameters.push(json!({
            "name": parameter.name,
            "in": "path",
            "required": true,
            "description": parameter.description,
            "schema": { "type": "string" },
            "example": parameter.example,
        }));
    }
    let Some(query) = endpoint.query else {
        return parameters;
    };
    let query = schemas.of_question(query);
    let properties = query.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let mut schema = schema.clone();
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        parameters.push(json!({
            "name": name,
            "in": "query",
            "description": description,
            "schema": not_null(schema),
        }));
    }
    parameters
}

/// A parameter that is absent is `null` to Rust, and absent to HTTP.
fn not_null(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [one] = choices.as_mut_slice() {
            return one.take();
        }
    }
    schema
}

fn body(endpoint: &Endpoint, schema: &Schema) -> Value {
    let examples = endpoint.examples.iter().map(|example| {
        let mut shown = json!({
            "summary": example.summary,
            "value": answers::question(example),
        });
        if !example.query.is_empty() {
            shown["x-query"] = example.query.into();
        }
        (example.name.to_owned(), shown)
    });
    json!({
        "required": true,
        "content": {
            "application/json": { "schema": schema, "examples": examples.collect::<Map<_, _>>() },
            "application/yaml": { "schema": schema },
        },
    })
}

fn responses(endpoint: &Endpoint, shown: &[Shown], schemas: &mut Schemas) -> Value {
    let mut content = Map::new();
    if let Some(answer) = endpoint.answer {
        let schema = schemas.of_answer(answer);
        content.insert("application/json".into(), json!({ "schema": schema }));
        if endpoint.method == Method::Post {
            content.insert("application/yaml".into(), json!({ "schema": schema }));
        }
    }
    for media_type in endpoint.texts {
        content.insert(
            (*media_type).into(),
            json!({ "schema": { "type": "string" } }),
        );
    }
    let mut responses = json!({
        "200": {
            "description": endpoint.summary,
            "headers": { "X-Request-Id": { "$ref": "#/components/headers/RequestId" } },
            "content": content,
        },
    });
    for kind in endpoint.problems.iter().chain(ANYWHERE) {
        let status = kind.status().as_u16().to_string();
        responses[&status] = json!({ "$ref": format!("#/components/responses/{}", name(&status)) });
    }
    for (example, shown) in endpoint.examples.iter().zip(shown) {
        let status = shown.status.to_string();
        if shown.media_type == PROBLEM {
            // The reference cannot carry an example: the response is written out here.
            responses[&status] = json!({
                "description": titles(&status),
                "content": { PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            });
        }
        let content = &mut responses[&status]["content"][&shown.media_type];
        content["examples"][example.name] =
            json!({ "summary": example.summary, "value": shown.body });
    }
    responses
}

/// A response for each status that problems have.
pub(super) fn problem_responses(schema: &Schema) -> Map<String, Value> {
    let response = |kind: &Kind| {
        let status = kind.status().as_u16().to_string();
        let response = json!({
            "description": titles(&status),
            "content": { PROBLEM: { "schema": schema } },
        });
        (name(&status), response)
    };
    Kind::ALL.iter().map(response).collect()
}

fn name(status: &str) -> String {
    format!("Problem{status}")
}

/// What problems of a status are about, and what to do.
fn titles(status: &str) -> String {
    let of_status = |kind: &&Kind| kind.status().as_u16().to_string() == status;
    let lines = Kind::ALL
        .iter()
        .filter(of_status)
        .map(|kind| format!("`{}`: {}. {}", kind.slug(), kind.title(), kind.advice()));
    lines.collect::<Vec<_>>().join("\n\n")
}

/// The header that every call may carry.
pub(super) fn request_id() -> Value {
    json!({
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id of the caller's; short and plain, it comes back and is in the log. Without one the service makes one.",
        "schema": { "type": "string", "maxLength": 128 },
        "example": REQUEST_ID,
    })
}

/// The same header of every answer.
pub(super) fn request_id_of_answer() -> Value {
    json!({
        "description": "The id of the request: the caller's, or a new one.",
        "schema": { "type": "string" },
    })
}
