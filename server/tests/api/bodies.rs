//! Bodies that are not what the service reads.

use crate::support::*;

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

#[tokio::test]
async fn a_body_that_says_what_it_is_about() {
    let body =
        r#"{"name": "a case", "description": "of many", "source": "a book", "requests": []}"#;
    for content_type in [JSON, YAML] {
        let answer = post("/v1/evaluate", content_type, body).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn a_body_whose_fields_are_null() {
    let body = r#"{"manifests": null, "settings": null, "requests": null}"#;
    for content_type in [JSON, YAML] {
        let answer = post("/v1/evaluate", content_type, body).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn a_body_with_a_setting_of_another_sort() {
    for (body, expected) in [
        (
            r#"{"settings": {"behavior": "actual"}}"#,
            "`actual` is not known here; expected `implemented` or `documented`",
        ),
        (
            r#"{"settings": {"xffTrustedHops": "two"}}"#,
            "invalid type: string \"two\", expected a whole number",
        ),
        (
            r#"{"settings": 7}"#,
            "invalid type: integer `7`, expected an object of settings",
        ),
    ] {
        for content_type in [JSON, YAML] {
            let problem = post("/v1/evaluate", content_type, body)
                .await
                .is_problem(Kind::InvalidBody);
            assert_eq!(problem["detail"], expected, "{content_type}");
        }
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
