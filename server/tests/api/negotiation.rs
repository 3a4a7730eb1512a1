//! The form of questions and answers: `Content-Type` and `Accept`.

use crate::support::*;

#[tokio::test]
async fn are_yaml_if_the_client_asks() {
    let app = app(Config::default());
    let ask = async |accept: &str| {
        let request = request("/v1/evaluate", JSON).header(header::ACCEPT, accept);
        send(&app, request.body("{}".into()).unwrap()).await
    };
    let cases = [
        ("application/yaml", YAML),
        ("text/yaml", YAML),
        ("application/json;q=0.5, application/yaml", YAML),
        ("application/*;q=0.2, application/yaml;q=0.1", JSON),
        ("application/yaml;q=0.5, application/json", JSON),
        ("*/*", JSON),
        ("text/html", JSON),
    ];
    for (accept, content_type) in cases {
        let reply = ask(accept).await;
        assert_eq!(reply.header(header::CONTENT_TYPE), content_type, "{accept}");
        assert_eq!(reply.header(header::VARY), "accept");
    }
    let yaml = ask(YAML).await.body;
    // Every JSON is YAML too.
    assert!(serde_json::from_slice::<Value>(&yaml).is_err());
    let yaml: Value = serde_yaml::from_slice(&yaml).unwrap();
    assert_eq!(yaml, ask(JSON).await.json());
}

#[tokio::test]
async fn without_a_type_are_for_json_objects() {
    let app = app(Config::default());
    let untyped = Request::post("/v1/graph").body(" \n{}".into()).unwrap();
    assert_eq!(send(&app, untyped).await.status, StatusCode::OK);
}
