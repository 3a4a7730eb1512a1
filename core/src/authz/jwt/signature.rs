//! Signatures of tokens against the keys of a set. Which keys are tried is `google/jwt_verify_lib: src/verify.cc`
//! (verifyJwtWithoutTimeChecking); the arithmetic is that of the RustCrypto crates.

use p256::ecdsa::signature::Verifier;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::resource::jwks::{Jwk, Key};

/// The algorithms that Envoy knows.
const KNOWN: [&str; 13] = [
    "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
    "PS384", "PS512", "EdDSA",
];

/// Whether Envoy knows an algorithm.
pub(super) fn is_known(algorithm: &str) -> bool {
    KNOWN.contains(&algorithm)
}

/// What comes of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// A key confirms it.
    Good,
    /// A key that could confirm it is of a kind that is not computed here.
    NotCheckedHere,
    /// The keys that could confirm it do not.
    Bad,
    /// No key could confirm it.
    NoMatchingKey,
}

/// Tries the keys of a set.
pub(super) fn verify(
    keys: &[Jwk],
    algorithm: &str,
    kid: Option<&str>,
    message: &str,
    signature: &[u8],
) -> Verification {
    let same = |wanted: Option<&str>, has: Option<&str>| match (wanted, has) {
        (None | Some(""), _) | (_, None | Some("")) => true,
        (Some(wanted), Some(has)) => wanted == has,
    };
    let mut result = Verification::NoMatchingKey;
    for key in keys {
        if !same(kid, key.kid.as_deref()) || !same(Some(algorithm), key.algorithm.as_deref()) {
            continue;
        }
        match confirms(&key.key, algorithm, message.as_bytes(), signature) {
            Some(true) => return Verification::Good,
            Some(false) if result == Verification::NoMatchingKey => result = Verification::Bad,
            Some(false) => {}
            None => result = Verification::NotCheckedHere,
        }
    }
    result
}

/// Whether one key confirms a signature; `None`: it is not computed here.
fn confirms(key: &Key, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    match key {
        Key::Rsa { modulus, exponent } => {
            let modulus = BigUint::from_bytes_be(modulus);
            let exponent = BigUint::from_bytes_be(exponent);
            let Ok(key) = RsaPublicKey::new(modulus, exponent) else {
                return Some(false);
            };
            let digest = match algorithm {
                "RS256" | "PS256" => Sha256::digest(message).to_vec(),
                "RS384" | "PS384" => Sha384::digest(message).to_vec(),
                "RS512" | "PS512" => Sha512::digest(message).to_vec(),
                _ => return Some(false),
            };
            let verified = match algorithm {
                "RS256" => key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature),
                "RS384" => key.verify(Pkcs1v15Sign::new::<Sha384>(), &digest, signature),
                "RS512" => key.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, signature),
                "PS256" => key.verify(Pss::new::<Sha256>(), &digest, signature),
                "PS384" => key.verify(Pss::new::<Sha384>(), &digest, signature),
                _ => key.verify(Pss::new::<Sha512>(), &digest, signature),
            };
            Some(verified.is_ok())
        }
        Key::Ec { curve, x, y } => match (curve.as_str(), algorithm) {
            ("P-256", "ES256") => Some(p256_confirms(x, y, message, signature).unwrap_or(false)),
            ("P-384", "ES384") | ("P-521", "ES512") => None,
            _ => Some(false),
        },
        Key::Okp { curve, x } => match (curve.as_str(), algorithm) {
            ("Ed25519", "EdDSA") => Some(ed25519_confirms(x, message, signature).unwrap_or(false)),
            _ => Some(false),
        },
        Key::Symmetric if algorithm.starts_with("HS") => None,
        Key::Symmetric => Some(false),
    }
}

fn p256_confirms(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    use p256::EncodedPoint;
    use p256::ecdsa::{Signature, VerifyingKey};
    let x: [u8; 32] = x.try_into().ok()?;
    let y: [u8; 32] = y.try_into().ok()?;
    let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
    let key = VerifyingKey::from_encoded_point(&point).ok()?;
    let signature = Signature::from_slice(signature).ok()?;
    Some(key.verify(message, &signature).is_ok())
}

fn ed25519_confirms(x: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    use ed25519_dalek::{Signature, VerifyingKey};
    let key = VerifyingKey::from_bytes(x.try_into().ok()?).ok()?;
    let signature = Signature::from_slice(signature).ok()?;
    Some(key.verify(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(at_most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..at_most)
    }

    fn key() -> impl Strategy<Value = Key> {
        let curve = proptest::sample::select(vec!["P-256", "P-384", "Ed25519", ""]);
        let exponent = prop_oneof![Just(vec![1, 0, 1]), Just(vec![3]), bytes(6)];
        prop_oneof![
            (bytes(140), exponent).prop_map(|(modulus, exponent)| Key::Rsa { modulus, exponent }),
            (curve.clone(), bytes(34), bytes(34)).prop_map(|(curve, x, y)| Key::Ec {
                curve: curve.to_owned(),
                x,
                y
            }),
            (curve, bytes(34)).prop_map(|(curve, x)| Key::Okp {
                curve: curve.to_owned(),
                x
            }),
            Just(Key::Symmetric),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Keys come from pasted text: whatever they are, they confirm nothing and end nothing.
        #[test]
        fn no_key_and_no_signature_is_too_strange(
            key in key(),
            algorithm in proptest::sample::select(KNOWN.to_vec()),
            signature in bytes(140),
        ) {
            prop_assert_ne!(confirms(&key, algorithm, b"message", &signature), Some(true));
        }
    }

    #[test]
    fn which_keys_are_tried() {
        let key = |kid: Option<&str>, algorithm: Option<&str>, key| Jwk {
            kid: kid.map(str::to_owned),
            algorithm: algorithm.map(str::to_owned),
            key,
            private: false,
        };
        let okp = || Key::Okp {
            curve: "Ed25519".to_owned(),
            x: vec![],
        };
        for (keys, kid, expected) in [
            (vec![], None, Verification::NoMatchingKey),
            (vec![key(None, None, okp())], Some("a"), Verification::Bad),
            (vec![key(Some("a"), None, okp())], None, Verification::Bad),
            (
                vec![key(Some("b"), None, okp())],
                Some("a"),
                Verification::NoMatchingKey,
            ),
            (
                vec![key(None, Some("ES256"), okp())],
                None,
                Verification::NoMatchingKey,
            ),
            (
                vec![key(None, Some("HS256"), Key::Symmetric)],
                None,
                Verification::NotCheckedHere,
            ),
            (
                vec![key(None, None, Key::Symmetric), key(None, None, okp())],
                None,
                Verification::NotCheckedHere,
            ),
        ] {
            let got = verify(&keys, "HS256", kid, "m", b"s");
            assert_eq!(got, expected, "{keys:?} {kid:?}");
        }
    }
}
