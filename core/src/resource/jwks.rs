//! JSON Web Key Sets, as `jwks` of a jwtRule holds them in one text. Only the shape is read here; signatures are
//! checked in `authz::jwt`.

use crate::decode::{self, Decode};

/// One key of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jwk {
    /// Its id.
    pub(crate) kid: Option<String>,
    /// The algorithm that it is for; absent: any of its kind.
    pub(crate) algorithm: Option<String>,
    /// The key.
    pub(crate) key: Key,
    /// It holds a private or symmetric part.
    pub(crate) private: bool,
}

/// The public part of a key, numbers big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// RSA: modulus and exponent.
    Rsa {
        /// `n`
        modulus: Vec<u8>,
        /// `e`
        exponent: Vec<u8>,
    },
    /// A point of an elliptic curve.
    Ec {
        /// `P-256`, …
        curve: String,
        /// `x`
        x: Vec<u8>,
        /// `y`
        y: Vec<u8>,
    },
    /// An octet key pair: Ed25519.
    Okp {
        /// `Ed25519`, …
        curve: String,
        /// `x`
        x: Vec<u8>,
    },
    /// A shared secret.
    Symmetric {
        /// `k`
        secret: Vec<u8>,
    },
}

/// The text is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJwks;

#[derive(Decode)]
struct Set {
    keys: Vec<WrittenKey>,
}

#[derive(Decode)]
struct WrittenKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<String>,
    k: Option<String>,
}

/// Reads a set, or a single key.
pub(crate) fn parse(text: &str) -> Result<Vec<Jwk>, NotJwks> {
    let json = decode::json(text).ok_or(NotJwks)?;
    let keys = match decode::from_json(&json) {
        Ok(Set { keys }) => keys,
        Err(_) => vec![decode::from_json(&json).map_err(|_| NotJwks)?],
    };
    keys.into_iter()
        .map(|key| key.read().ok_or(NotJwks))
        .collect()
}

/// The keys that Envoy has of a text that is good for istiod: those to its taste, and none if it is no set.
/// `envoyproxy/envoy: source/common/jwt/jwks.cc` (createFromJwksCore).
pub(crate) fn at_envoy(text: &str) -> Vec<Jwk> {
    let json = decode::json(text);
    let mut keys = parse(text).unwrap_or_default();
    if json.is_some_and(|json| json.get("keys").is_some()) {
        keys.retain(Jwk::is_known_to_envoy);
    } else {
        keys.clear();
    }
    keys
}

impl Jwk {
    /// `envoyproxy/envoy: source/common/jwt/jwks.cc` (extractJwk and those below it).
    fn is_known_to_envoy(&self) -> bool {
        let algorithm = self.algorithm.as_deref().unwrap_or_default();
        let of = |kinds: &[&str]| {
            algorithm.is_empty() || kinds.iter().any(|kind| algorithm.starts_with(kind))
        };
        match &self.key {
            Key::Rsa { exponent, .. } => {
                let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
                let exponent = exponent.get(zeros..).unwrap_or_default();
                of(&["RS", "PS"]) && matches!(exponent, [3] | [1, 0, 1])
            }
            Key::Ec { curve, .. } => matches!(
                (curve.as_str(), algorithm),
                ("P-256", "" | "ES256") | ("P-384", "" | "ES384") | ("P-521", "" | "ES512")
            ),
            Key::Okp { curve, x } => {
                matches!(algorithm, "" | "EdDSA") && curve == "Ed25519" && x.len() == 32
            }
            Key::Symmetric { secret } => {
                matches!(algorithm, "" | "HS256" | "HS384" | "HS512") && !secret.is_empty()
            }
        }
    }
}

/// Base64 in the alphabet of URLs, as Envoy reads it: with all of its padding or without any, blanks and the bits that are
/// too many ignored. `abseil/abseil-cpp: absl/strings/escaping.cc` (WebSafeBase64Unescape).
pub(crate) fn decode_web_safe(text: &str) -> Option<Vec<u8>> {
    let is_pad = |byte: u8| matches!(byte, b'=' | b'.');
    let mut bytes = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != 0x0b)
        .peekable();
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut group, mut characters) = (0_u32, 0_usize);
    while let Some(byte) = bytes.next_if(|byte| !is_pad(*byte)) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(value);
        characters += 1;
        if characters % 4 == 0 {
            let [_, whole @ ..] = group.to_be_bytes();
            decoded.extend(whole);
            group = 0;
        }
    }
    let wanted = match characters % 4 {
        0 => 0,
        2 => {
            decoded.extend((group >> 4).to_be_bytes().last());
            2
        }
        3 => {
            let [_, _, whole @ ..] = (group >> 2).to_be_bytes();
            decoded.extend(whole);
            1
        }
        _ => return None,
    };
    let mut padding = 0;
    for byte in bytes {
        if !is_pad(byte) {
            return None;
        }
        padding += 1;
    }
    (padding == 0 || padding == wanted).then_some(decoded)
}

impl WrittenKey {
    fn read(self) -> Option<Jwk> {
        let number = |text: Option<String>| decode_web_safe(&text?);
        let key = match self.kty.as_str() {
            "RSA" => Key::Rsa {
                modulus: number(self.n)?,
                exponent: number(self.e)?,
            },
            "EC" => Key::Ec {
                curve: self.crv?,
                x: number(self.x)?,
                y: number(self.y)?,
            },
            "OKP" => Key::Okp {
                curve: self.crv?,
                x: number(self.x)?,
            },
            "oct" => Key::Symmetric {
                secret: number(self.k)?,
            },
            _ => return None,
        };
        Some(Jwk {
            kid: self.kid,
            algorithm: self.alg,
            private: self.d.is_some() || matches!(key, Key::Symmetric { .. }),
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("YQ", Some(b"a")),
            ("YQ==", Some(b"a")),
            ("YQ=", None),
            ("YQ===", None),
            // The bits that are too many.
            ("YR", Some(b"a")),
            ("YWI", Some(b"ab")),
            ("YWI=", Some(b"ab")),
            ("YWI==", None),
            ("YWJj", Some(b"abc")),
            ("YWJj=", None),
            (" YW Jj ", Some(b"abc")),
            ("YWJjY", None),
            ("-_", Some(b"\xfb")),
            ("+/", None),
            ("YQ=x", None),
            ("é", None),
        ] {
            assert_eq!(decode_web_safe(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn which_keys_envoy_knows() {
        for (key, known) in [
            (r#""kty": "RSA", "n": "AQAB", "e": "AQAB""#, true),
            (r#""kty": "RSA", "n": "AQAB", "e": "AAEAAQ""#, true),
            (r#""kty": "RSA", "n": "AQAB", "e": "Aw""#, true),
            (r#""kty": "RSA", "n": "AQAB", "e": "EQ""#, false),
            (
                r#""kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP""#,
                true,
            ),
            (
                r#""kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "ES256""#,
                false,
            ),
            (r#""kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ""#, true),
            (
                r#""kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "alg": "ES384""#,
                false,
            ),
            (
                r#""kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ""#,
                false,
            ),
            (r#""kty": "OKP", "crv": "Ed25519", "x": "AQ""#, false),
            (r#""kty": "oct", "k": "AQ", "alg": "HS256""#, true),
            (r#""kty": "oct", "k": "AQ", "alg": "A128KW""#, false),
        ] {
            let set = format!(r#"{{ "keys": [{{ {key} }}] }}"#);
            assert_eq!(at_envoy(&set).len(), usize::from(known), "{key}");
            assert_eq!(at_envoy(&format!("{{ {key} }}")), [], "{key}");
        }
    }

    #[test]
    fn sets_and_single_keys() {
        for (text, expected) in [
            (r#"{ "keys": [] }"#, Ok(0)),
            (
                r#"{ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }] }"#,
                Ok(1),
            ),
            (r#"{ "kty": "OKP", "crv": "Ed25519", "x": "AQAB" }"#, Ok(1)),
            (
                r#"{ "keys": [{ "kty": "RSA", "n": "AQAB" }] }"#,
                Err(NotJwks),
            ),
            (
                r#"{ "keys": [{ "kty": "RSA", "n": "A+AB", "e": "AQAB" }] }"#,
                Err(NotJwks),
            ),
            (r#"{ "keys": [{ "kty": "DSA" }] }"#, Err(NotJwks)),
            ("{}", Err(NotJwks)),
            ("not json", Err(NotJwks)),
        ] {
            assert_eq!(parse(text).map(|keys| keys.len()), expected, "{text}");
        }
        let private = r#"{ "kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "d": "AQ" }"#;
        assert!(parse(private).unwrap()[0].private);
    }
}
