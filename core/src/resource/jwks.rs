//! JSON Web Key Sets, as `jwks` of a jwtRule holds them in one text. Only the shape is read here; signatures are
//! checked in `authz::jwt`.

use crate::decode::{self, Decode};
use base64ct::{Base64UrlUnpadded, Encoding};

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
    Symmetric,
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
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| NotJwks)?;
    let keys = match decode::from_json(&json) {
        Ok(Set { keys }) => keys,
        Err(_) => vec![decode::from_json(&json).map_err(|_| NotJwks)?],
    };
    keys.into_iter()
        .map(|key| key.read().ok_or(NotJwks))
        .collect()
}

impl WrittenKey {
    fn read(self) -> Option<Jwk> {
        let number = |text: Option<String>| Base64UrlUnpadded::decode_vec(&text?).ok();
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
            "oct" => self.k.map(|_| Key::Symmetric)?,
            _ => return None,
        };
        Some(Jwk {
            kid: self.kid,
            algorithm: self.alg,
            private: self.d.is_some() || key == Key::Symmetric,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
