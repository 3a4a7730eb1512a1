//! Signatures of tokens against the keys of a set. Which keys are tried, and how, is `envoyproxy/envoy:
//! source/common/jwt/verify.cc` (verifyJwtWithoutTimeChecking); the arithmetic is that of the RustCrypto crates.

use ecdsa::elliptic_curve::sec1::{EncodedPoint, FromEncodedPoint, ModulusSize, ToEncodedPoint};
use ecdsa::elliptic_curve::{self, AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize};
use ecdsa::hazmat::VerifyPrimitive;
use ecdsa::{PrimeCurve, SignatureSize};
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

/// The length of a signature, in bytes.
const ED25519_SIGNATURE: usize = 64;

/// What comes of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// A key confirms it.
    Good,
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
        // Such a key ends the search by the length alone, whatever the token says of its algorithm.
        let is_ed25519 = matches!(&key.key, Key::Okp { curve, .. } if curve == "Ed25519");
        if is_ed25519 && signature.len() != ED25519_SIGNATURE {
            return Verification::Bad;
        }
        if confirms(&key.key, algorithm, message.as_bytes(), signature) {
            return Verification::Good;
        }
        result = Verification::Bad;
    }
    result
}

/// Whether one key confirms a signature. The kind of the key decides how; of the algorithm only the digest is read, which
/// is SHA-256 where the algorithm is of another kind.
///
/// Never inlined: few need the arithmetic, and the page fetches it when this is first called.
#[inline(never)]
fn confirms(key: &Key, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
    match key {
        Key::Rsa { modulus, exponent } => {
            let modulus = BigUint::from_bytes_be(modulus);
            let exponent = BigUint::from_bytes_be(exponent);
            let Ok(key) = RsaPublicKey::new(modulus, exponent) else {
                return false;
            };
            let digest = digest(["RS384", "PS384"], ["RS512", "PS512"], algorithm, message);
            let verified = match algorithm {
                "RS256" => key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature),
                "RS384" => key.verify(Pkcs1v15Sign::new::<Sha384>(), &digest, signature),
                "RS512" => key.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, signature),
                "PS256" => key.verify(Pss::new::<Sha256>(), &digest, signature),
                "PS384" => key.verify(Pss::new::<Sha384>(), &digest, signature),
                "PS512" => key.verify(Pss::new::<Sha512>(), &digest, signature),
                _ => return false,
            };
            verified.is_ok()
        }
        Key::Ec { curve, x, y } => {
            let digest = digest(["ES384"], ["ES512"], algorithm, message);
            let confirmed = match curve.as_str() {
                "P-256" => ecdsa_confirms::<p256::NistP256>(x, y, &digest, signature),
                "P-384" => ecdsa_confirms::<p384::NistP384>(x, y, &digest, signature),
                "P-521" => ecdsa_confirms::<p521::NistP521>(x, y, &digest, signature),
                _ => None,
            };
            confirmed.unwrap_or(false)
        }
        Key::Okp { x, .. } => ed25519_confirms(x, message, signature).unwrap_or(false),
        Key::Symmetric { secret } => {
            let code = match algorithm {
                "HS384" => hmac::<Sha384>(128, secret, message),
                "HS512" => hmac::<Sha512>(128, secret, message),
                _ => hmac::<Sha256>(64, secret, message),
            };
            code == signature
        }
    }
}

fn digest<const N: usize>(
    long: [&str; N],
    longest: [&str; N],
    algorithm: &str,
    message: &[u8],
) -> Vec<u8> {
    if long.contains(&algorithm) {
        Sha384::digest(message).to_vec()
    } else if longest.contains(&algorithm) {
        Sha512::digest(message).to_vec()
    } else {
        Sha256::digest(message).to_vec()
    }
}

/// RFC 2104. `block`: of the digest, in bytes.
fn hmac<D: Digest>(block: usize, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if secret.len() > block {
        D::digest(secret).to_vec()
    } else {
        secret.to_vec()
    };
    key.resize(block, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = D::new().chain_update(padded(0x36)).chain_update(message);
    let outer = D::new().chain_update(padded(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

/// Whether a key of a curve confirms a signature over a digest; `None`: the numbers are no key and no signature of it.
#[expect(
    deprecated,
    reason = "the trait is the older one, as long as the crates of the curves are of its time"
)]
fn ecdsa_confirms<C>(x: &[u8], y: &[u8], digest: &[u8], signature: &[u8]) -> Option<bool>
where
    C: PrimeCurve + CurveArithmetic,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C> + VerifyPrimitive<C>,
    FieldBytesSize<C>: ModulusSize,
    SignatureSize<C>: elliptic_curve::generic_array::ArrayLength<u8>,
{
    let point =
        EncodedPoint::<C>::from_affine_coordinates(&number::<C>(x)?, &number::<C>(y)?, false);
    let key = AffinePoint::<C>::from_encoded_point(&point).into_option()?;
    let (r, s) = signature.split_at_checked(signature.len() / 2)?;
    let signature = ecdsa::Signature::<C>::from_scalars(number::<C>(r)?, number::<C>(s)?).ok()?;
    // The leftmost bits of a digest, as many as the order has; a shorter one is a number as it is.
    let size = FieldBytes::<C>::default().len();
    let digest = number::<C>(digest.get(..size).unwrap_or(digest))?;
    Some(key.verify_prehashed(&digest, &signature).is_ok())
}

/// A number of any length as a field of a curve has it; `None`: it is too large.
fn number<C: elliptic_curve::Curve>(bytes: &[u8]) -> Option<FieldBytes<C>> {
    let start = bytes.iter().position(|byte| *byte != 0);
    let digits = start.map_or(&[][..], |start| bytes.get(start..).unwrap_or_default());
    let mut number = FieldBytes::<C>::default();
    let place = number.len().checked_sub(digits.len())?;
    number.get_mut(place..)?.copy_from_slice(digits);
    Some(number)
}

fn ed25519_confirms(x: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};
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
        let curve = proptest::sample::select(vec!["P-256", "P-384", "P-521", "Ed25519", ""]);
        let exponent = prop_oneof![Just(vec![1, 0, 1]), Just(vec![3]), bytes(6)];
        prop_oneof![
            (bytes(140), exponent).prop_map(|(modulus, exponent)| Key::Rsa { modulus, exponent }),
            (curve.clone(), bytes(67), bytes(67)).prop_map(|(curve, x, y)| Key::Ec {
                curve: curve.to_owned(),
                x,
                y
            }),
            (curve, bytes(34)).prop_map(|(curve, x)| Key::Okp {
                curve: curve.to_owned(),
                x
            }),
            bytes(200).prop_map(|secret| Key::Symmetric { secret }),
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
            prop_assert!(!confirms(&key, algorithm, b"message", &signature));
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
        let oct = || Key::Symmetric { secret: vec![1] };
        let good = || Key::Symmetric { secret: vec![2] };
        let signature = hmac::<Sha256>(64, &[2], b"m");
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
                vec![key(None, Some("HS256"), oct())],
                None,
                Verification::Bad,
            ),
            (vec![key(None, None, good())], None, Verification::Good),
            (
                vec![key(None, Some("EdDSA"), okp()), key(None, None, good())],
                None,
                Verification::Good,
            ),
            // The length is not that of an Ed25519 signature.
            (
                vec![key(None, None, okp()), key(None, None, good())],
                None,
                Verification::Bad,
            ),
        ] {
            let got = verify(&keys, "HS256", kid, "m", &signature);
            assert_eq!(got, expected, "{keys:?} {kid:?}");
        }
    }
}
