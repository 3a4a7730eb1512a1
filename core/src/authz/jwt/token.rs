//! A token, as it is or by its claims, and what can be wrong with it.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use super::{Claims, Location};
use crate::decode::{json, json_line};
use crate::resource::jwks;
use crate::wire::Jwt;

/// How far clocks may be apart, in seconds. `google/jwt_verify_lib: jwt_verify_lib/verify.h` (kClockSkewInSecond).
const CLOCK_SKEW: i64 = 60;

/// A token that a request carries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    /// Where.
    pub(crate) location: Location,
    /// What.
    pub(crate) content: Content,
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// The token itself, three parts with dots between them.
    Encoded(String),
    /// Its claims, and somebody's word for whether signature and times hold; `None`: the signature does.
    Stated {
        /// All claims, `iss` and `aud` among them.
        claims: Claims,
        /// Whether signature and times hold.
        valid: Option<bool>,
    },
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// It is not three parts of base64url, two of them JSON.
    Malformed,
    /// It is signed in a way that Envoy does not know.
    UnknownAlgorithm,
    /// No rule is for its issuer.
    UnknownIssuer,
    /// It counts only from later on.
    NotYetValid,
    /// It counts no more.
    Expired,
    /// It is for somebody else.
    AudienceNotAllowed,
    /// No key of the set is for it.
    NoMatchingKey,
    /// Its signature does not hold.
    BadSignature,
}

impl TokenError {
    /// The status that Envoy answers with.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::AudienceNotAllowed => 403,
            Self::Malformed
            | Self::UnknownAlgorithm
            | Self::UnknownIssuer
            | Self::NotYetValid
            | Self::Expired
            | Self::NoMatchingKey
            | Self::BadSignature => 401,
        }
    }

    /// What is wrong, to be said of the token.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "is not of the form header.payload.signature",
            Self::UnknownAlgorithm => "is signed with an algorithm that Envoy does not know",
            Self::UnknownIssuer => "has an issuer that no jwtRule is for",
            Self::NotYetValid => "is not valid yet",
            Self::Expired => "has expired",
            Self::AudienceNotAllowed => "is for none of the audiences of the jwtRule",
            Self::NoMatchingKey => "is signed with a key that is not in the key set",
            Self::BadSignature => "has a signature that does not hold",
        }
    }
}

impl From<&Jwt> for Token {
    fn from(jwt: &Jwt) -> Self {
        let content = match &jwt.token {
            Some(token) => Content::Encoded(token.clone()),
            None => {
                let mut claims = jwt.claims.clone();
                if let Some(issuer) = &jwt.issuer {
                    claims.insert("iss".to_owned(), issuer.as_str().into());
                }
                if !jwt.audiences.is_empty() {
                    claims.insert("aud".to_owned(), jwt.audiences.clone().into());
                }
                Content::Stated {
                    claims,
                    valid: jwt.valid,
                }
            }
        };
        Self {
            location: jwt.location.as_ref().into(),
            content,
        }
    }
}

/// A token, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed {
    pub(super) claims: Claims,
    /// The payload in base64url, as it was or would be in the token.
    pub(super) payload: String,
    pub(super) seal: Seal,
}

/// What vouches for a token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seal {
    /// Its signature.
    Signature {
        algorithm: String,
        kid: Option<String>,
        /// What is signed.
        message: String,
        signature: Vec<u8>,
    },
    /// Somebody's word.
    Word(Option<bool>),
}

impl Content {
    /// Reads it. `envoyproxy/envoy: source/common/jwt/jwt.cc` (parseFromString).
    pub(super) fn parse(&self) -> Result<Parsed, TokenError> {
        match self {
            Self::Encoded(token) => parse_encoded(token),
            Self::Stated { claims, valid } => Ok(Parsed {
                payload: encode(&Value::Object(claims.clone())),
                claims: claims.clone(),
                seal: Seal::Word(*valid),
            }),
        }
    }
}

fn parse_encoded(token: &str) -> Result<Parsed, TokenError> {
    // Empty parts do not count.
    let mut parts = token.split('.').filter(|part| !part.is_empty());
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    let decode = |part| jwks::decode_web_safe(part).ok_or(TokenError::Malformed);
    let object = |part| -> Result<Claims, TokenError> {
        let text = String::from_utf8(decode(part)?).map_err(|_| TokenError::Malformed)?;
        match json(&text) {
            Some(Value::Object(claims)) => Ok(claims),
            _ => Err(TokenError::Malformed),
        }
    };
    let header_claims = object(header)?;
    let text = |name: &str| header_claims.get(name).and_then(Value::as_str);
    let algorithm = text("alg").ok_or(TokenError::Malformed)?;
    if !super::signature::is_known(algorithm) {
        return Err(TokenError::UnknownAlgorithm);
    }
    let kid = match header_claims.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err(TokenError::Malformed),
    };
    let claims = object(payload)?;
    let well_typed = |name: &str, good: fn(&Value) -> bool| claims.get(name).is_none_or(good);
    // As far as 64 bits go.
    let is_time = |time: &Value| {
        let time = time.as_f64();
        time.is_some_and(|time| (0.0..18_446_744_073_709_551_616.0).contains(&time))
    };
    let is_list_of_texts = |value: &Value| match value {
        Value::Array(list) => list.iter().all(Value::is_string),
        other => other.is_string(),
    };
    if !["iss", "sub", "jti"]
        .iter()
        .all(|name| well_typed(name, Value::is_string))
        || !["iat", "nbf", "exp"]
            .iter()
            .all(|name| well_typed(name, is_time))
        || !well_typed("aud", is_list_of_texts)
    {
        return Err(TokenError::Malformed);
    }
    Ok(Parsed {
        payload: payload.to_owned(),
        seal: Seal::Signature {
            algorithm: algorithm.to_owned(),
            kid,
            message: format!("{header}.{payload}"),
            signature: decode(signature)?,
        },
        claims,
    })
}

/// A value in base64url.
fn encode(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(json_line(value).as_bytes())
}

impl Parsed {
    pub(super) fn issuer(&self) -> &str {
        self.claims
            .get("iss")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn audiences(&self) -> impl Iterator<Item = &str> {
        let (single, list) = match self.claims.get("aud") {
            Some(Value::String(audience)) => (Some(audience.as_str()), None),
            Some(Value::Array(audiences)) => (None, Some(audiences)),
            _ => (None, None),
        };
        let list = list.into_iter().flatten().filter_map(Value::as_str);
        single.into_iter().chain(list)
    }

    /// Whether it counts now. `envoyproxy/envoy: source/common/jwt/jwt.cc` (verifyTimeConstraint).
    pub(super) fn check_times(&self, now: Option<i64>) -> Result<(), TokenError> {
        let Some(now) = now.filter(|_| self.seal != Seal::Word(Some(true))) else {
            return Ok(());
        };
        // Fractions of seconds are dropped.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float too large becomes the largest time"
        )]
        let time = |name| {
            self.claims
                .get(name)
                .and_then(Value::as_f64)
                .map(|time| time as i64)
        };
        if time("nbf").is_some_and(|start| now.saturating_add(CLOCK_SKEW) < start) {
            Err(TokenError::NotYetValid)
        } else if time("exp").is_some_and(|end| end != 0 && now > end.saturating_add(CLOCK_SKEW)) {
            Err(TokenError::Expired)
        } else {
            Ok(())
        }
    }
}
