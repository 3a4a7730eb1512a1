//! The service as a client sees it.

use std::{fs, path::PathBuf, time::Duration};

use ambient_core::wire::{Evaluation, Input, Requests};
use ambient_server::{
    Config, Service, app,
    cors::Origin,
    decode::decode,
    format::Format,
    layered,
    problem::{Kind, Problem},
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
    routing::get,
};
use http_body_util::channel::{Channel, Sender};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const ENDPOINTS: [&str; 8] = [
    "/v1/evaluate",
    "/v1/graph",
    "/v1/analyze",
    "/v1/effective",
    "/v1/status",
    "/v1/ways-around",
    "/v1/envoy",
    "/v1/migrate",
];

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Asserts that this is the problem, in full.
    #[track_caller]
    fn is_problem(&self, kind: Kind) -> Value {
        assert_eq!(self.status, kind.status());
        assert!(Kind::ALL.contains(&kind), "{kind:?} is not listed");
        assert_eq!(
            self.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{}", kind.slug()));
        assert_eq!(problem["status"], kind.status().as_u16());
        assert_eq!(problem["title"], kind.title());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_ne!(problem["request_id"], "");
        problem
    }
}

async fn send(app: &Router, request: Request<Body>) -> Reply {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}

fn request(path: &str, content_type: &str) -> Builder {
    Request::post(path).header(header::CONTENT_TYPE, content_type)
}

async fn post(path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
    let app = app(Config::default());
    send(&app, request(path, content_type).body(body.into()).unwrap()).await
}

async fn fetch(path: &str) -> Reply {
    let app = app(Config::default());
    send(&app, Request::get(path).body(Body::empty()).unwrap()).await
}

fn examples() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    assert!(!files.is_empty(), "no examples");
    files
}

mod answers {
    use super::*;

    #[tokio::test]
    async fn of_every_example_are_the_engines() {
        for (path, bytes) in examples() {
            let input: Input = decode(&bytes, Format::Yaml).unwrap();
            let engine = [
                serde_json::to_vec(&ambient_core::evaluate(&input)).unwrap(),
                serde_json::to_vec(&ambient_core::graph(&input)).unwrap(),
                serde_json::to_vec(&ambient_core::analyze(&input)).unwrap(),
                serde_json::to_vec(&ambient_core::effective(&input, None)).unwrap(),
                serde_json::to_vec(&ambient_core::status(&input)).unwrap(),
                serde_json::to_vec(&ambient_core::ways_around(&input)).unwrap(),
                serde_json::to_vec(&ambient_core::envoy(&input, None)).unwrap(),
                serde_json::to_vec(&ambient_core::migrate(&input)).unwrap(),
            ];
            for (endpoint, expected) in ENDPOINTS.into_iter().zip(engine) {
                let reply = post(endpoint, YAML, bytes.clone()).await;
                assert_eq!(reply.status, StatusCode::OK);
                assert_eq!(reply.header(header::CONTENT_TYPE), JSON);
                assert_eq!(reply.body, expected, "{endpoint} {}", path.display());
            }
        }
    }

    /// What Envoy makes of the filters is compared elsewhere; here, that they are asked for and named as promised.
    #[tokio::test]
    async fn about_envoy_name_the_waypoint_and_its_filters() {
        let manifests = r#"
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: { name: waypoint, namespace: shop, labels: { istio.io/waypoint-for: all } }
            spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: reviews, namespace: shop, labels: { istio.io/use-waypoint: waypoint } }
            spec: { ports: [{ name: http, port: 80 }] }
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: readers, namespace: shop }
            spec:
              targetRefs: [{ kind: Service, name: reviews }]
              rules: [{ to: [{ operation: { methods: [GET] } }] }]
        "#
        .replace("\n            ", "\n");
        let body = json!({ "manifests": manifests }).to_string();
        let ask = async |waypoint: &str| {
            let path = format!("/v1/envoy?waypoint={waypoint}");
            post(&path, JSON, body.clone()).await
        };
        let reply = ask("shop/waypoint").await;
        assert_eq!(reply.status, StatusCode::OK);
        let answer = reply.json();
        let summary: Vec<Value> = answer["chains"]
            .as_array()
            .unwrap()
            .iter()
            .map(|chain| {
                let filters = &chain["filters"];
                let policies = &filters[0]["typed_config"]["rules"]["policies"];
                let names: Vec<&String> = policies
                    .as_object()
                    .into_iter()
                    .flat_map(|policies| policies.keys())
                    .collect();
                json!([
                    chain["proxy"],
                    chain["service"],
                    filters.as_array().unwrap().len(),
                    names
                ])
            })
            .collect();
        assert_eq!(
            json!(summary),
            json!([
                ["Gateway/shop/waypoint", null, 0, []],
                [
                    "Gateway/shop/waypoint",
                    "Service/shop/reviews",
                    1,
                    ["ns[shop]-policy[readers]-rule[0]"]
                ],
            ])
        );
        let other = ask("shop/other").await.json();
        assert_eq!(other["chains"], json!([]));
        let unknown = post("/v1/envoy?gateway=a/b", JSON, body.clone()).await;
        unknown.is_problem(Kind::BadRequest);
    }

    #[tokio::test]
    async fn of_every_example_are_as_it_expects() {
        for (path, bytes) in examples() {
            let path = path.display();
            let input: Input = decode(&bytes, Format::Yaml).unwrap();
            let Requests::List(requests) = input.requests else {
                panic!("{path}: the requests of examples are a list");
            };
            let evaluation: Evaluation =
                serde_json::from_slice(&post("/v1/evaluate", YAML, bytes).await.body).unwrap();
            assert_eq!(evaluation.results.len(), requests.len(), "{path}");
            for (request, answer) in requests.iter().zip(&evaluation.results) {
                let met = answer.expected.as_ref().map(|expected| expected.met);
                let wanted = request.get("expect").map(|_| true);
                assert_eq!(met, wanted, "{path}: {answer:#?}");
            }
        }
    }

    #[tokio::test]
    async fn to_json_and_yaml_are_the_same() {
        for (_, bytes) in examples() {
            let value: Value = serde_yaml::from_slice(&bytes).unwrap();
            for endpoint in ENDPOINTS {
                let from_yaml = post(endpoint, YAML, bytes.clone()).await;
                let from_json = post(endpoint, JSON, value.to_string()).await;
                assert_eq!(from_json.status, StatusCode::OK);
                assert_eq!(from_yaml.body, from_json.body);
            }
        }
    }

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

    #[tokio::test]
    async fn about_one_object_name_it() {
        let manifests =
            "{ apiVersion: v1, kind: Service, metadata: { name: reviews, namespace: shop } }";
        let body = serde_json::json!({ "manifests": manifests }).to_string();
        let reply = post(
            "/v1/effective?object=Service/shop/reviews",
            JSON,
            body.clone(),
        )
        .await;
        assert_eq!(reply.json()["results"][0]["object"], "Service/shop/reviews");
        let reply = post("/v1/effective?object=Service/shop/other", JSON, body).await;
        reply.is_problem(Kind::BadRequest);
    }

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
        let yaml: Value = serde_yaml::from_slice(&ask(YAML).await.body).unwrap();
        assert_eq!(yaml, ask(JSON).await.json());
    }

    #[tokio::test]
    async fn need_nothing_but_an_object() {
        for endpoint in ENDPOINTS {
            for content_type in [
                JSON,
                YAML,
                "Application/JSON; charset=\"UTF-8\"",
                "text/x-yaml",
            ] {
                let reply = post(endpoint, content_type, "{}").await;
                assert_eq!(reply.status, StatusCode::OK, "{endpoint} {content_type}");
            }
        }
    }

    #[tokio::test]
    async fn without_a_type_are_for_json_objects() {
        let app = app(Config::default());
        let untyped = Request::post("/v1/graph").body(" \n{}".into()).unwrap();
        assert_eq!(send(&app, untyped).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn to_those_who_operate_the_service() {
        assert_eq!(fetch("/healthz").await.json(), json!({ "status": "ok" }));
        assert_eq!(fetch("/readyz").await.json(), json!({ "status": "ready" }));
        let version = fetch("/version").await.json();
        assert_eq!(version["engine"], env!("CARGO_PKG_VERSION"));
        for modelled in ["istio", "gatewayApi"] {
            assert!(version[modelled].is_string(), "{version}");
        }
    }

    #[tokio::test]
    async fn at_the_root_are_the_page() {
        let reply = fetch("/").await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(
            reply.header(header::CONTENT_TYPE),
            "text/html; charset=utf-8"
        );
    }
}

mod headers {
    use super::*;

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
}

mod origins {
    use super::*;

    const OURS: &str = "https://docs.example:8443";

    fn app_for(origins: &[&str]) -> Router {
        app(Config {
            origins: origins
                .iter()
                .map(|origin| origin.parse().unwrap())
                .collect(),
            ..Config::default()
        })
    }

    async fn ask(app: &Router, origin: &str, body: &'static str) -> Reply {
        let request = request("/v1/evaluate", JSON).header(header::ORIGIN, origin);
        send(app, request.body(body.into()).unwrap()).await
    }

    async fn preflight(app: &Router, origin: &str) -> Reply {
        let request = Request::options("/v1/evaluate")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
        send(app, request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn are_not_let_in_unless_named() {
        let closed = app(Config::default());
        let reply = ask(&closed, OURS, "{}").await;
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
        assert_eq!(reply.header(header::VARY), "accept");
        let refused = preflight(&closed, OURS).await;
        refused.is_problem(Kind::MethodNotAllowed);

        let open = app_for(&["https://other.example", OURS]);
        let reply = ask(&open, "https://evil.example", "{}").await;
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    }

    #[tokio::test]
    async fn that_are_named_get_answers_and_problems() {
        let app = app_for(&["https://other.example", OURS]);
        for (body, status) in [("{}", StatusCode::OK), ("{", StatusCode::BAD_REQUEST)] {
            let reply = ask(&app, OURS, body).await;
            assert_eq!(reply.status, status);
            assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), OURS);
            assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");
            let exposed = reply.header(header::ACCESS_CONTROL_EXPOSE_HEADERS);
            assert!(exposed.contains("x-request-id"), "{exposed}");
            let vary: Vec<_> = reply.headers.get_all(header::VARY).iter().collect();
            let origin = vary
                .iter()
                .any(|names| names.to_str().unwrap().contains("origin"));
            assert!(origin, "{vary:?}");
        }
        let reply = preflight(&app, OURS).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), OURS);
        assert_eq!(reply.header(header::ACCESS_CONTROL_MAX_AGE), "3600");
        let headers = reply.header(header::ACCESS_CONTROL_ALLOW_HEADERS);
        assert!(headers.contains("content-type"), "{headers}");
    }

    #[tokio::test]
    async fn may_be_all() {
        let app = app_for(&[OURS, "*"]);
        let reply = ask(&app, "https://anyone.example", "{}").await;
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    }

    #[test]
    fn that_no_browser_sends_are_refused() {
        for text in [
            "",
            "null",
            "docs.example",
            "https://docs.example/",
            "https://docs.example/page",
            "https://Docs.example",
            "https://me@docs.example",
            "https://*.example/",
            "https://a.example,https://b.example",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}

mod problems {
    use super::*;

    #[tokio::test]
    async fn nothing_here() {
        for path in [
            "/nope",
            "/v1",
            "/v1/nope",
            "/problems/nope",
            "/index.html/x",
        ] {
            fetch(path).await.is_problem(Kind::NotFound);
        }
    }

    #[tokio::test]
    async fn another_method() {
        for endpoint in ENDPOINTS {
            let reply = fetch(endpoint).await;
            reply.is_problem(Kind::MethodNotAllowed);
            assert_eq!(reply.header(header::ALLOW), "POST");
        }
        let reply = post("/healthz", JSON, "").await;
        reply.is_problem(Kind::MethodNotAllowed);
        assert_eq!(reply.header(header::ALLOW), "GET,HEAD");
    }

    #[tokio::test]
    async fn a_type_that_is_not_read() {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "json",
            "",
        ] {
            let reply = post("/v1/evaluate", content_type, "{}").await;
            reply.is_problem(Kind::UnsupportedMediaType);
            assert_eq!(
                reply.header("accept-post"),
                "application/json, application/yaml"
            );
        }
        let app = app(Config::default());
        for body in ["manifests: a", "", "[]"] {
            let untyped = Request::post("/v1/graph").body(body.into()).unwrap();
            let reply = send(&app, untyped).await;
            reply.is_problem(Kind::UnsupportedMediaType);
        }
        let packed = request("/v1/graph", JSON).header(header::CONTENT_ENCODING, "gzip");
        let reply = send(&app, packed.body("{}".into()).unwrap()).await;
        reply.is_problem(Kind::UnsupportedMediaType);
        assert_eq!(reply.header(header::ACCEPT_ENCODING), "identity");
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_parsed() {
        let cases = [
            (JSON, "{\n  \"manifests\": x\n}", 2, 16),
            (JSON, "{\"manifests\": \"ä😀\", x}", 1, 22),
            (JSON, "{}\n{}", 2, 1),
            (YAML, "manifests: a\nrequests: [\n", 3, 1),
            (YAML, "notice: \"ä😀\" x", 1, 15),
            (YAML, "settings: [a\n]\nrequests: }", 3, 11),
        ];
        for (content_type, body, line, column) in cases {
            let problem = post("/v1/evaluate", content_type, body)
                .await
                .is_problem(Kind::MalformedBody);
            let error = &problem["errors"][0];
            let place = (&error["line"], &error["column"]);
            assert_eq!(place, (&json!(line), &json!(column)), "{body}: {problem}");
            assert_eq!(error["detail"], problem["detail"]);
        }
        for content_type in [JSON, YAML] {
            let reply = post("/v1/evaluate", content_type, " \n").await;
            assert_eq!(
                reply.is_problem(Kind::MalformedBody)["detail"],
                "the body is empty"
            );
            let reply = post("/v1/evaluate", content_type, &b"{\"a\xff\": 1}"[..]).await;
            reply.is_problem(Kind::MalformedBody);
        }
    }

    #[tokio::test]
    async fn a_body_of_another_shape() {
        let cases = [
            (r#"{"settings": {"behavior": "x"}}"#, "#/settings/behavior"),
            (
                r#"{"settings": {"trustDomain": []}}"#,
                "#/settings/trustDomain",
            ),
            (r#"{"manifests": 1}"#, "#/manifests"),
            (r#"{"request": []}"#, "#/request"),
            (
                r#"{"settings": {"trustdomain": "a"}}"#,
                "#/settings/trustdomain",
            ),
        ];
        for content_type in [JSON, YAML] {
            for (body, pointer) in cases {
                let problem = post("/v1/evaluate", content_type, body)
                    .await
                    .is_problem(Kind::InvalidBody);
                assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            }
            for body in ["[]", "7", "\"text\""] {
                post("/v1/evaluate", content_type, body)
                    .await
                    .is_problem(Kind::InvalidBody);
            }
        }
    }

    #[tokio::test]
    async fn a_body_with_several_fields_that_nobody_reads() {
        let body = r#"{"request": [], "settings": {"trustdomain": "a", "a.b/c~d": 1}, "mesh": {}}"#;
        for content_type in [JSON, YAML] {
            let problem = post("/v1/evaluate", content_type, body)
                .await
                .is_problem(Kind::InvalidBody);
            let errors = problem["errors"].as_array().unwrap();
            let pointers: Vec<_> = errors.iter().map(|error| &error["pointer"]).collect();
            let expected = [
                "#/request",
                "#/settings/trustdomain",
                "#/settings/a.b~1c~0d",
                "#/mesh",
            ];
            assert_eq!(pointers, expected, "{problem}");
            assert_eq!(problem["detail"], errors[0]["detail"]);
        }
    }

    /// A megabyte is enough for terabytes, if what aliases stand for is written out.
    #[tokio::test]
    async fn a_body_whose_aliases_expand_to_too_much() {
        let scalar = format!("- &a {}\n{}", "x".repeat(100_000), "- *a\n".repeat(100));
        let nested = (1..12).fold("- &a0 x\n".to_owned(), |body, level| {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            format!("{body}- &a{level} [{inner}]\n")
        });
        for requests in [scalar, nested] {
            let body = format!("requests:\n{requests}");
            let problem = post("/v1/evaluate", YAML, body)
                .await
                .is_problem(Kind::MalformedBody);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("aliases"), "{detail}");
            assert!(problem["errors"][0]["line"].as_u64() > Some(2), "{problem}");
        }
        let recursive = post("/v1/evaluate", YAML, "requests: &a [*a]").await;
        recursive.is_problem(Kind::InvalidBody);
    }

    /// A parser that looks back at every open bracket would be busy with this for many minutes.
    #[tokio::test]
    async fn a_body_that_nests_too_deep() {
        for (content_type, open) in [(JSON, "{\"a\":"), (YAML, "["), (YAML, "{a: "), (YAML, "- ")] {
            let body = open.repeat(4_000_000 / open.len());
            let reply = post("/v1/evaluate", content_type, body).await;
            reply.is_problem(Kind::MalformedBody);
        }
    }

    #[tokio::test]
    async fn manifests_posted_as_they_are() {
        for body in [
            "kind: Pod\napiVersion: v1",
            "apiVersion: v1\nkind: Pod",
            "kind: Pod\n---\nkind: Pod",
        ] {
            let problem = post("/v1/graph", YAML, body)
                .await
                .is_problem(Kind::InvalidBody);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("into the field `manifests`"), "{detail}");
        }
    }

    #[tokio::test]
    async fn too_many_bytes() {
        let app = app(Config {
            body_limit: 100,
            ..Config::default()
        });
        let body = |bytes: usize| format!("{}{{}}", " ".repeat(bytes - 2));
        let ask =
            async |body: Body| send(&app, request("/v1/analyze", JSON).body(body).unwrap()).await;
        assert_eq!(ask(body(100).into()).await.status, StatusCode::OK);
        ask(body(101).into()).await.is_problem(Kind::BodyTooLarge);
        // One that says so is not even waited for.
        let announced = request("/v1/analyze", JSON).header(header::CONTENT_LENGTH, 101);
        let (_sender, body) = open_body();
        let reply = send(&app, announced.body(body).unwrap()).await;
        reply.is_problem(Kind::BodyTooLarge);
    }

    #[tokio::test]
    async fn a_body_that_does_not_end() {
        let app = app(Config {
            body_timeout: Duration::from_millis(10),
            ..Config::default()
        });
        let (_sender, body) = open_body();
        let reply = send(&app, request("/v1/graph", JSON).body(body).unwrap()).await;
        reply.is_problem(Kind::BodyTimeout);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off() {
        let (sender, body) = open_body();
        sender.abort("reset");
        post("/v1/graph", JSON, body)
            .await
            .is_problem(Kind::BadRequest);
    }

    #[tokio::test]
    async fn no_place_left() {
        let app = app(Config {
            concurrency: 0,
            patience: Duration::from_millis(10),
            ..Config::default()
        });
        let reply = send(
            &app,
            request("/v1/evaluate", JSON).body("{}".into()).unwrap(),
        )
        .await;
        reply.is_problem(Kind::Busy);
        assert_eq!(reply.header(header::RETRY_AFTER), "1");
        let ready = Request::get("/readyz").body(Body::empty()).unwrap();
        send(&app, ready).await.is_problem(Kind::Busy);
        let alive = Request::get("/healthz").body(Body::empty()).unwrap();
        assert_eq!(send(&app, alive).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn an_evaluation_that_takes_too_long() {
        let service = Service::new(Config {
            concurrency: 1,
            patience: Duration::from_millis(10),
            time_limit: Duration::from_millis(10),
            ..Config::default()
        });
        let slow = async move || -> Result<(), Problem> {
            let work = || {
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            };
            service.run(work).await
        };
        let app = layered(Router::new().route("/slow", get(slow)), &[]);
        let ask = async || send(&app, Request::get("/slow").body(Body::empty()).unwrap()).await;
        ask().await.is_problem(Kind::EvaluationTimeout);
        // It cannot be stopped, so its place stays taken.
        ask().await.is_problem(Kind::Busy);
    }

    #[tokio::test]
    async fn a_panic() {
        let service = Service::new(Config::default());
        let inside =
            async move || -> Result<(), Problem> { service.run(|| panic!("in the engine")).await };
        let outside = async || -> () { panic!("in a handler") };
        let app = layered(
            Router::new()
                .route("/inside", get(inside))
                .route("/outside", get(outside)),
            &[],
        );
        for path in ["/inside", "/outside"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let problem = send(&app, request).await.is_problem(Kind::InternalError);
            assert_eq!(problem.get("detail"), None);
        }
    }

    #[tokio::test]
    async fn of_the_framework() {
        fetch("/problems/%FF").await.is_problem(Kind::BadRequest);
    }

    #[tokio::test]
    async fn are_explained() {
        let list = fetch("/problems").await.json();
        assert_eq!(list.as_array().unwrap().len(), Kind::ALL.len());
        for kind in Kind::ALL {
            let explained = fetch(&kind.uri()).await.json();
            assert_eq!(explained["type"], kind.uri());
            assert_eq!(explained["status"], kind.status().as_u16());
            assert!(list.as_array().unwrap().contains(&explained));
        }
    }
}

/// A body that nobody ends, for as long as the sender lives.
fn open_body() -> (Sender<Bytes, &'static str>, Body) {
    let (sender, body) = Channel::new(1);
    (sender, Body::new(body))
}

/// Texts that are almost what the service reads: parts of it, out of order.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        "  ",
        "- ",
        "---\n",
        "null",
        "1",
        "-1e999",
        "|\n",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "manifests",
        "\"manifests\": ",
        "requests: ",
        "\"settings\"",
        "from: ",
        "to: ",
        "http: ",
        "workload: ",
        "default/sleep",
        "apiVersion: v1\n",
        "kind: Service\n",
        "metadata: ",
        "name: ",
        "\\ud800",
        "\u{feff}",
        "😀",
        "\0",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

/// An example with a few bytes changed, so that the engine gets to see damage, too.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let example = prop::sample::select(examples()).prop_map(|(_, bytes)| bytes);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (example, changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in, the service neither fails nor leaves its one shape of errors.
    #[test]
    fn no_body_makes_the_service_fail(
        endpoint in prop::sample::select(ENDPOINTS.to_vec()),
        content_type in prop_oneof![
            6 => prop::sample::select(vec![JSON, YAML, "text/yaml", "application/x+json"]).prop_map(String::from),
            1 => "[ -~]{0,20}",
        ],
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), almost(), damaged()],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reply = runtime.block_on(post(endpoint, &content_type, body));
        prop_assert!(!reply.status.is_server_error(), "{}", reply.status);
        if reply.status.is_client_error() {
            prop_assert_eq!(reply.header(header::CONTENT_TYPE), "application/problem+json");
        } else {
            prop_assert_eq!(reply.header(header::CONTENT_TYPE), JSON);
            reply.json();
        }
    }
}
