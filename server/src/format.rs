//! The two formats of bodies.

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use crate::negotiate::quality;

/// A format of bodies, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `application/yaml`
    Yaml,
}

impl Format {
    /// The format that a media type without parameters stands for.
    pub fn of_media_type(essence: &str) -> Option<Self> {
        match essence.to_ascii_lowercase().as_str() {
            "application/json" | "text/json" => Some(Self::Json),
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => {
                Some(Self::Yaml)
            }
            other if other.ends_with("+json") => Some(Self::Json),
            other if other.ends_with("+yaml") => Some(Self::Yaml),
            _ => None,
        }
    }

    /// The format in which a client wants its answer: JSON unless it likes YAML better. A client that accepts
    /// neither gets JSON: a readable answer serves it better than a 406.
    pub fn of_accept(headers: &HeaderMap) -> Self {
        let liking = |format: Self| {
            quality(headers, &header::ACCEPT, |range| match range {
                "*/*" => Some(0),
                "application/*" => Some(1),
                "text/*" if format == Self::Yaml => Some(1),
                exact => (Self::of_media_type(exact) == Some(format)).then_some(2),
            })
            .unwrap_or_default()
        };
        if liking(Self::Yaml) > liking(Self::Json) {
            Self::Yaml
        } else {
            Self::Json
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        })
    }

    /// Writes a value in this format.
    pub fn encode<T: Serialize>(self, value: &T) -> Result<Vec<u8>, EncodeError> {
        Ok(match self {
            Self::Json => serde_json::to_vec(value)?,
            Self::Yaml => serde_yaml::to_string(value)?.into_bytes(),
        })
    }
}

/// An answer that cannot be written: a bug of this program, never a fault of the client.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Not as JSON.
    #[error("the answer cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Not as YAML.
    #[error("the answer cannot be written as YAML: {0}")]
    Yaml(#[from] serde_yaml::Error),
}
