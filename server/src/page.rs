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
    let path = match request.uri().path().trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    let Some(file) = Dist::get(path) else {
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
    send(path, file, request.headers())
}

fn send(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    let content_type = media_type(&plain);
    let (coding, file) = encoded(path, headers).map_or((None, plain), |(c, f)| (Some(c), f));
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
fn encoded(path: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let liking = |coding: &str| {
        quality(headers, &header::ACCEPT_ENCODING, |element| {
            if element == coding {
                Some(1)
            } else {
                (element == "*").then_some(0)
            }
        })
    };
    // What a client does not name, it does not understand; sent as it is, everyone understands a file.
    let plain = liking("identity").unwrap_or(1);
    let mut best = None;
    let mut best_liking = plain.max(1) - 1;
    for (coding, extension) in CODINGS {
        let liking = liking(coding).unwrap_or(0);
        if liking > best_liking
            && let Some(file) = Dist::get(&format!("{path}.{extension}"))
        {
            best = Some((coding, file));
            best_liking = liking;
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
