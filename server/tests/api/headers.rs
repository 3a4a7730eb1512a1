//! Headers of every answer.

use crate::support::*;

#[tokio::test]
async fn protect_every_answer() {
    for path in ["/", "/healthz", "/nope"] {
        let reply = fetch(path).await;
        let policy = reply.header(header::CONTENT_SECURITY_POLICY);
        for directive in [
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "worker-src 'self' blob:",
            "font-src 'self' data:",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(
                policy.split("; ").any(|written| written == directive),
                "{path}: no `{directive}` in `{policy}`"
            );
        }
        assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(reply.header(header::REFERRER_POLICY), "no-referrer");
    }
}

#[tokio::test]
async fn carry_the_clients_request_id_if_it_is_plain() {
    let app = app(Config::default());
    let ask = async |id: &str| {
        let request = Request::get("/nope").header("x-request-id", id);
        let reply = send(&app, request.body(Body::empty()).unwrap()).await;
        reply.is_problem(Kind::NotFound);
        reply.header("x-request-id").to_owned()
    };
    assert_eq!(ask("build-7/step.2").await, "build-7/step.2");
    for refused in ["", "two words", "<script>", &"x".repeat(129)] {
        let made = ask(refused).await;
        assert_ne!(made, refused);
        assert_eq!(made.len(), 36, "{made}");
    }
    assert_ne!(ask("").await, ask("").await);
}

#[tokio::test]
async fn keep_answers_out_of_caches() {
    let reply = post("/v1/evaluate", JSON, "{}").await;
    assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
}
