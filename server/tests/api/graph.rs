//! `POST /v1/graph`

use crate::support::*;

#[tokio::test]
async fn about_graphs_are_texts_for_other_tools_too() {
    let app = app(Config::default());
    let ask = async |path: &str, accept: &str| {
        let request = request(path, JSON).header(header::ACCEPT, accept);
        send(&app, request.body("{}".into()).unwrap()).await
    };
    for (path, accept, content_type, start) in [
        (
            "/v1/graph?format=mermaid",
            "*/*",
            "text/vnd.mermaid",
            "flowchart",
        ),
        (
            "/v1/graph?format=dot",
            "*/*",
            "text/vnd.graphviz",
            "digraph",
        ),
        ("/v1/graph?format=svg", "*/*", "image/svg+xml", "<svg"),
        ("/v1/graph", "image/svg+xml", "image/svg+xml", "<svg"),
        (
            "/v1/graph",
            "text/vnd.graphviz;q=0.5",
            "text/vnd.graphviz",
            "digraph",
        ),
        ("/v1/graph?format=json", "image/svg+xml", JSON, "{"),
        ("/v1/graph", "*/*", JSON, "{"),
    ] {
        let reply = ask(path, accept).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(
            reply.header(header::CONTENT_TYPE),
            content_type,
            "{path} {accept}"
        );
        assert!(reply.body.starts_with(start.as_bytes()), "{path} {accept}");
    }
    ask("/v1/graph?format=png", "*/*")
        .await
        .is_problem(Kind::BadRequest);
    ask("/v1/graph?form=svg", "*/*")
        .await
        .is_problem(Kind::BadRequest);
}
