//! Tokens, signed here, of two issuers.

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::json;

use crate::random::Random;

#[derive(Clone, Copy)]
pub(crate) enum Issuer {
    One,
    Two,
}

impl Issuer {
    pub(crate) const ALL: [Self; 2] = [Self::One, Self::Two];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "https://one.test",
            Self::Two => "https://two.test",
        }
    }

    fn key(self) -> SigningKey {
        let byte = match self {
            Self::One => 1,
            Self::Two => 2,
        };
        SigningKey::from_slice(&[byte; 32]).expect("a scalar")
    }

    /// Its public key, as a RequestAuthentication holds it.
    pub(crate) fn keys(self) -> String {
        let point = self.key().verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&_>| {
            let bytes: &p256::FieldBytes = bytes.expect("no point at infinity");
            Base64UrlUnpadded::encode_string(bytes)
        };
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": self.name(),
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }] })
        .to_string()
    }
}

/// A token, good or not.
pub(crate) fn random(random: &mut Random) -> String {
    if random.once_in(12) {
        return (*random.pick(&["nonsense", "a.b.c", ""])).to_owned();
    }
    let issuer = *random.pick(&Issuer::ALL);
    let signer = match random.once_in(8) {
        true => *random.pick(&Issuer::ALL),
        false => issuer,
    };
    let mut claims = json!({ "iss": issuer.name() });
    let mut claim = |random: &mut Random, name: &str, values: &[serde_json::Value]| {
        if !random.once_in(4) {
            claims[name] = random.pick(values).clone();
        }
    };
    claim(random, "sub", &[json!("me"), json!("admin"), json!("")]);
    claim(
        random,
        "aud",
        &[json!("me"), json!(["admin", "other"]), json!("other")],
    );
    claim(random, "azp", &[json!("me"), json!("admin"), json!(1)]);
    claim(
        random,
        "groups",
        &[
            json!(["admin", "dev"]),
            json!("admin"),
            json!([1]),
            json!(true),
            json!([]),
        ],
    );
    claim(
        random,
        "scope",
        &[json!("read write"), json!("read"), json!(["read write"])],
    );
    claim(random, "deep", &[json!({ "er": "admin" }), json!("er")]);
    if random.once_in(4) {
        claims["exp"] = json!(*random.pick(&[1_000_000_000_u64, 9_000_000_000]));
    }
    if random.once_in(10) {
        claims["nbf"] = json!(*random.pick(&[1_000_000_000_u64, 9_000_000_000]));
    }
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": signer.name() });
    let encode =
        |value: &serde_json::Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let signature: Signature = signer.key().sign(text.as_bytes());
    format!(
        "{text}.{}",
        Base64UrlUnpadded::encode_string(&signature.to_bytes())
    )
}
