//! The OpenAPI document as committed: up to date, and true. Every example in it is sent to the service, and answers as
//! shown; everything shown is of the shape that the document promises.

use crate::support::*;
use ambient_server::openapi;

fn committed() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

/// Every operation of the document, with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// A schema of the document, with everything that it refers to; closed, so that a field that it does not name is an
/// error.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    for definition in schema["components"]["schemas"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[tokio::test]
async fn is_what_the_code_says() {
    let made = openapi::document().await;
    assert!(
        made == include_str!("../../openapi.json"),
        "server/openapi.json is not up to date: run `cargo xtask docs`"
    );
}

#[tokio::test]
async fn is_served() {
    let app = app(Config::default());
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let reply = send(&app, request).await;
    assert_eq!(reply.header(header::CONTENT_TYPE), JSON);
    assert_eq!(reply.json(), committed());
}

#[tokio::test]
async fn answers_every_example_as_shown() {
    let document = committed();
    let app = app(Config::default());
    let mut sent = 0;
    for (path, method, operation) in operations(&document) {
        let questions = &operation["requestBody"]["content"][JSON]["examples"];
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = response["content"].as_object().into_iter().flatten();
            for (media_type, content) in content {
                let examples = content["examples"].as_object().into_iter().flatten();
                for (name, shown) in examples {
                    let question = &questions[name];
                    let query = question["x-query"].as_str().unwrap_or_default();
                    let request = Request::builder()
                        .method(method.to_uppercase().as_str())
                        .uri(path.replace("{slug}", "busy") + query)
                        .header("x-request-id", "example")
                        .header(header::CONTENT_TYPE, YAML);
                    let body = serde_yaml::to_string(&question["value"]).unwrap();
                    let reply = send(&app, request.body(body.into()).unwrap()).await;
                    let what = format!("{method} {path} {name}");
                    assert_eq!(reply.status.as_str(), status, "{what}");
                    assert_eq!(reply.header(header::CONTENT_TYPE), media_type, "{what}");
                    let answer = serde_json::from_slice(&reply.body)
                        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&reply.body)));
                    assert_eq!(answer, shown["value"], "{what}");
                    sent += 1;
                }
            }
        }
    }
    assert!(sent >= 14, "{sent} examples");
}

#[tokio::test]
async fn describes_its_examples() {
    let document = committed();
    for (path, _, operation) in operations(&document) {
        let bodies = [&operation["requestBody"]];
        let responses = operation["responses"].as_object().unwrap().values();
        for described in bodies.into_iter().chain(responses) {
            for content in described["content"].as_object().into_iter().flatten() {
                let validator = validator(&document, &content.1["schema"]);
                for (name, example) in content.1["examples"].as_object().into_iter().flatten() {
                    // The point of this one is a field that there is not.
                    if name != "misspelt-field" || example["value"].get("request").is_none() {
                        assert_valid(&validator, &example["value"], &format!("{path} {name}"));
                    }
                }
            }
        }
    }
}

/// The stories that the page offers are long enough to have nearly every field in their answers.
#[tokio::test]
async fn describes_what_the_stories_are_answered() {
    let document = committed();
    for (path, method, operation) in operations(&document) {
        if method != "post" {
            continue;
        }
        let schema = &operation["responses"]["200"]["content"][JSON]["schema"];
        let validator = validator(&document, schema);
        for (file, body) in examples() {
            let reply = post(path, YAML, body).await;
            assert_valid(
                &validator,
                &reply.json(),
                &format!("{path} {}", file.display()),
            );
        }
    }
}

#[test]
fn refers_to_nothing_that_it_lacks() {
    fn check(document: &Value, value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let found = document.pointer(reference.trim_start_matches('#'));
            assert!(found.is_some(), "{reference}");
        }
        let fields = value
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.values());
        let items = value.as_array().into_iter().flatten();
        fields.chain(items).for_each(|inner| check(document, inner));
    }
    let document = committed();
    check(&document, &document);
}

/// Doc comments are written for readers of the code as well; here, that none is missing.
#[test]
fn describes_every_field() {
    let document = committed();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].is_string(), "{name}.{field}");
        }
    }
}

/// So that a reader, too, finds every endpoint.
#[test]
fn names_what_the_read_me_names() {
    let read_me = include_str!("../../../README.md");
    for (path, _, _) in operations(&committed()) {
        let path = path.trim_end_matches("/{slug}");
        assert!(read_me.contains(&format!("{path}`")), "{path}");
    }
}
