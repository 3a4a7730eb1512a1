//! The page: the files of `web/dist`, inside the binary. A build without them serves a page that says how to
//! make them.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{
    negotiate::quality,
    problem::{Kind, Problem},
};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Ambient Playground</title>
<p>This server was built without the page. Build both, and start: <code>cargo xtask run</code></p>
<p>The REST API under <code>/v1</code> is here.</p>
</html>
";

/// Content codings with a file of their own beside the file, best first.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// Serves a file of the page: what no endpoint takes ends up here.
pub(crate) async fn serve(request: Request) -> Response {
    serve_from::<Dist>(&request)
}

fn serve_from<Files: RustEmbed>(request: &Request) -> Response {
    let path = match request.uri().path().trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    let Some(file) = Files::get(path) else {
        return if path == INDEX {
            not_built()
        } else {
            Problem::new(Kind::NotFound).into_response()
        };
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(Kind::MethodNotAllowed)
            .header(header::ALLOW, HeaderValue::from_static("GET,HEAD"))
            .into_response();
    }
    send::<Files>(path, file, request.headers())
}

fn send<Files: RustEmbed>(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    let content_type = media_type(&plain);
    let (coding, file) =
        encoded::<Files>(path, headers).map_or((None, plain), |(c, f)| (Some(c), f));
    let etag = etag(&file);
    let mut response = if none_match(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data.into_owned()).into_response();
        set(&mut response, header::CONTENT_TYPE, &content_type);
        if let Some(coding) = coding {
            set(&mut response, header::CONTENT_ENCODING, coding);
        }
        response
    };
    set(&mut response, header::ETAG, &etag);
    set(&mut response, header::VARY, "accept-encoding");
    set(&mut response, header::CACHE_CONTROL, caching(path));
    response
}

/// The precompressed sibling that the client likes best, if any is better than the file itself.
fn encoded<Files: RustEmbed>(
    path: &str,
    headers: &HeaderMap,
) -> Option<(&'static str, EmbeddedFile)> {
    let liking = |coding: &str| {
        quality(headers, &header::ACCEPT_ENCODING, |element| {
            if element == coding {
                Some(1)
            } else {
                (element == "*").then_some(0)
            }
        })
    };
    // Everyone understands a file as it is, even if nobody asks for it.
    let mut best_liking = liking("identity").unwrap_or(0);
    let mut best = None;
    for (coding, extension) in CODINGS {
        // Of two equals the coded one is better than the plain one, and the first coding than the second.
        let better = match liking(coding).unwrap_or(0) {
            0 => false,
            liking if best.is_none() => liking >= best_liking,
            liking => liking > best_liking,
        };
        if better && let Some(file) = Files::get(&format!("{path}.{extension}")) {
            best_liking = liking(coding).unwrap_or(0);
            best = Some((coding, file));
        }
    }
    best
}

/// How long a browser may keep a file without asking: for ever where the name changes with the content.
fn caching(path: &str) -> &'static str {
    if is_hashed(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// Whether a name ends with esbuild's hash, eight characters of base 32: `editor-4GXMVQ2K.js`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == 8
            && hash
                .bytes()
                .all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
    })
}

fn media_type(file: &EmbeddedFile) -> String {
    let media_type = file.metadata.mimetype();
    if media_type.starts_with("text/") {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}

fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

fn not_built() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, NOT_BUILT).into_response()
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(RustEmbed)]
    #[folder = "tests/page"]
    struct Page;

    #[derive(RustEmbed)]
    #[folder = "tests/no-page"]
    #[allow_missing = true]
    struct Nothing;

    fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        serve_from::<Page>(&request.body(Body::empty()).unwrap())
    }

    fn header(response: &Response, name: HeaderName) -> Option<&str> {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        let limit = usize::MAX;
        axum::body::to_bytes(response.into_body(), limit)
            .await
            .unwrap()
            .to_vec()
    }

    #[tokio::test]
    async fn the_root_is_the_index() {
        let response = get("/", &[]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            header(&response, header::CONTENT_TYPE),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(header(&response, header::CACHE_CONTROL), Some("no-cache"));
        assert_eq!(body(response).await, *Page::get(INDEX).unwrap().data);
    }

    #[test]
    fn pages_in_folders_are_served_as_they_are_named() {
        let response = get("/reference/WP0001.html", &[]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            header(&response, header::CONTENT_TYPE),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(header(&response, header::CACHE_CONTROL), Some("no-cache"));
        assert_eq!(get("/reference/", &[]).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn names_with_a_hash_are_kept_for_ever() {
        let response = get("/engine_bg-4GXMVQ2K.wasm", &[]);
        assert_eq!(
            header(&response, header::CONTENT_TYPE),
            Some("application/wasm")
        );
        assert_eq!(
            header(&response, header::CACHE_CONTROL),
            Some("public, max-age=31536000, immutable")
        );
        assert!(!is_hashed("main.js"));
        assert!(!is_hashed("monaco-features.js"));
        assert!(!is_hashed("a-4GXMVQ2/main.js"));
    }

    #[tokio::test]
    async fn the_best_coding_of_those_there_are() {
        let cases = [
            ("", None),
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0.5, gzip;q=0.9", Some("gzip")),
            ("br;q=0, *", Some("gzip")),
            ("br;q=0, gzip;q=0", None),
            ("identity, br;q=0.5", None),
            ("BR", Some("br")),
            ("br;q=nonsense", None),
        ];
        for (accepted, coding) in cases {
            let response = get("/main.js", &[(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(
                header(&response, header::CONTENT_ENCODING),
                coding,
                "{accepted}"
            );
            assert_eq!(header(&response, header::VARY), Some("accept-encoding"));
            assert_eq!(
                header(&response, header::CONTENT_TYPE),
                Some("text/javascript; charset=utf-8")
            );
            let file = match coding {
                Some("br") => "main.js.br",
                Some(_) => "main.js.gz",
                None => "main.js",
            };
            assert_eq!(
                body(response).await,
                *Page::get(file).unwrap().data,
                "{accepted}"
            );
        }
        let only_gzip = get(
            "/engine_bg-4GXMVQ2K.wasm",
            &[(header::ACCEPT_ENCODING, "br, gzip;q=0.9")],
        );
        assert_eq!(header(&only_gzip, header::CONTENT_ENCODING), Some("gzip"));
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let accept = (header::ACCEPT_ENCODING, "br");
        let first = get("/main.js", std::slice::from_ref(&accept));
        let etag = header(&first, header::ETAG).unwrap().to_owned();
        let again = get(
            "/main.js",
            &[accept, (header::IF_NONE_MATCH, &format!("\"x\", W/{etag}"))],
        );
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&again, header::ETAG), Some(etag.as_str()));
        assert!(body(again).await.is_empty());
        let plain = get("/main.js", &[(header::IF_NONE_MATCH, &etag)]);
        assert_eq!(
            plain.status(),
            StatusCode::OK,
            "another coding is another representation"
        );
    }

    #[test]
    fn only_files_that_are_there_and_only_reading() {
        assert_eq!(get("/nope.js", &[]).status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/../page.rs", &[]).status(), StatusCode::NOT_FOUND);
        let post = |path: &str| Request::post(path).body(Body::empty()).unwrap();
        let response = serve_from::<Page>(&post("/main.js"));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(
            serve_from::<Page>(&post("/nope.js")).status(),
            StatusCode::NOT_FOUND
        );
    }

    #[tokio::test]
    async fn without_the_page_the_root_says_how_to_build_it() {
        let request = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let response = serve_from::<Nothing>(&request("/"));
        assert_eq!(response.status(), StatusCode::OK);
        let text = String::from_utf8(body(response).await).unwrap();
        assert!(text.contains("cargo xtask run"), "{text}");
        assert_eq!(
            serve_from::<Nothing>(&request("/main.js")).status(),
            StatusCode::NOT_FOUND
        );
    }
}
