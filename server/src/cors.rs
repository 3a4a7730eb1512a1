//! Cross-origin requests: refused by browsers unless the operator names the origins. Evaluations need no
//! credentials, so none are ever allowed.

use std::{str::FromStr, time::Duration};

use axum::http::{HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::request_id;

/// How long browsers may keep the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(60 * 60);

/// Pages that may call the service, as browsers write them in `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Every page: `*`.
    Any,
    /// The pages of one scheme, host and port.
    Exact(HeaderValue),
}

/// An origin that no browser would ever send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is `*`, or scheme and host in lower case without a path: `https://example.com:8443`"
)]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let uri: Uri = text.parse().map_err(|_| NoOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NoOrigin);
        };
        // Browsers compare bytes: a slash at the end or a capital would make an entry that never matches.
        let sent = format!("{scheme}://{authority}").to_ascii_lowercase();
        if text != sent || text.contains('@') {
            return Err(NoOrigin);
        }
        HeaderValue::from_str(text)
            .map(Self::Exact)
            .map_err(|_| NoOrigin)
    }
}

/// The layer for the origins; `None`, which leaves every answer as it is, without any.
pub(crate) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    let exact = origins
        .iter()
        .map(|origin| match origin {
            Origin::Any => None,
            Origin::Exact(origin) => Some(origin.clone()),
        })
        .collect::<Option<Vec<_>>>();
    let allowed = match exact {
        None => AllowOrigin::any(),
        Some(exact) if exact.is_empty() => return None,
        Some(exact) => AllowOrigin::list(exact),
    };
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::CONTENT_TYPE, request_id::HEADER])
            .expose_headers([request_id::HEADER, header::RETRY_AFTER])
            .max_age(PREFLIGHT_AGE),
    )
}
