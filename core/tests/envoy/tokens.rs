//! Tokens, signed with keys that are made for each run and mean nothing elsewhere; and the rules that take them.

use std::sync::LazyLock;
use std::time::SystemTime;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::random::Random;

pub(crate) const ISSUERS: [&str; 3] = ["https://a.example", "https://a.example/b", "issuer"];
pub(crate) const AUDIENCES: [&str; 5] =
    ["web", "https://web", "https://web/", "api", "http://api/"];
pub(crate) const WORDS: [&str; 8] = ["me", "you", "read", "write", "admin", "a b", "", "1"];
pub(crate) const CLAIM_KEYS: [&str; 10] = [
    "[groups]",
    "[scope]",
    "[custom]",
    "[nested][key]",
    "[nested]",
    "[number]",
    "[truth]",
    "[sub]",
    "[none]",
    "[nested][list]",
];

/// The clock of the run: an Envoy has no other.
static NOW: LazyLock<u64> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
});

/// Now, as settings write it.
pub(crate) fn now_text() -> String {
    let days = *NOW / 86_400;
    let (hour, minute, second) = (*NOW / 3_600 % 24, *NOW / 60 % 60, *NOW % 60);
    // Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Some keys of other kinds.
const KEYS: &str = include_str!("../../src/authz/jwt/testdata/jwks.json");

/// Shared with the rules that have the set with it.
const SECRET: &[u8] = b"not much of a secret";

fn jwks(random: &mut Random) -> String {
    let numbers = random.pick(&[&[1_u8][..], &[1, 2], &[2]]);
    let mut keys: Vec<Value> = numbers
        .iter()
        .map(|&number| {
            let x = encode(key(number).verifying_key().as_bytes());
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": format!("k{number}"), "x": x })
        })
        .collect();
    if random.chance(60) {
        keys[0]["alg"] = "EdDSA".into();
    }
    if random.chance(30) {
        keys.push(json!({ "kty": "oct", "kid": "secret", "k": encode(SECRET) }));
    }
    if random.chance(15) {
        let known: Value = serde_json::from_str(KEYS).expect("JSON");
        let modulus = &known["keys"][0]["n"];
        // Of these Envoy knows only the first one.
        keys.push(match random.below(5) {
            0 => json!({ "kty": "RSA", "alg": "RSA-OAEP", "n": modulus, "e": "AQAB" }),
            1 => json!({ "kty": "RSA", "n": modulus, "e": "EQ" }),
            2 => json!({ "kty": "oct", "alg": "A128KW", "k": "AAAA" }),
            3 => json!({ "kty": "OKP", "crv": "Ed25519", "alg": "ES256", "x": encode([1; 32]) }),
            _ => json!({ "kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ" }),
        });
    }
    json!({ "keys": keys }).to_string()
}

/// HMAC with SHA-256 (RFC 2104).
fn hmac(message: &str) -> Vec<u8> {
    let mut key = SECRET.to_vec();
    key.resize(64, 0);
    let pad = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(pad(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

/// A jwtRule.
pub(crate) fn rule(random: &mut Random) -> Value {
    let mut rule = json!({
        "issuer": random.pick(&ISSUERS),
        "jwks": jwks(random),
    });
    if random.chance(35) {
        rule["audiences"] = random
            .some(2, |random| random.pick(&AUDIENCES).to_owned())
            .into();
    }
    if random.chance(30) {
        let prefix = random.pick(&["", "Bearer ", "JWT "]);
        let mut header = json!({ "name": random.pick(&["x-token", "Authorization"]) });
        if !prefix.is_empty() {
            header["prefix"] = prefix.into();
        }
        rule["fromHeaders"] = json!([header]);
        if random.chance(40) {
            let second = json!({ "name": random.pick(&["x-token", "a-token", "Authorization"]) });
            rule["fromHeaders"] = json!([header, second]);
        }
    }
    if random.chance(15) {
        rule["fromParams"] = json!(["t"]);
    }
    if random.chance(15) {
        rule["fromCookies"] = json!(["session"]);
    }
    if random.chance(30) {
        rule["forwardOriginalToken"] = true.into();
    }
    if random.chance(25) {
        rule["outputClaimToHeaders"] = json!([{ "header": random.pick(&["x-a", "X-User"]), "claim": random.pick(&["sub", "groups", "nested.key", "number", "truth"]) }]);
    }
    if random.chance(10) {
        rule["outputPayloadToHeader"] = "x-b3-traceid".into();
    }
    if random.chance(20) {
        rule["spaceDelimitedClaims"] = json!(["custom"]);
    }
    rule
}

fn token(random: &mut Random) -> String {
    let mut claims = json!({ "iss": random.pick(&ISSUERS), "sub": random.pick(&WORDS) });
    let mut maybe = |random: &mut Random, name: &str, percent: usize, value: Value| {
        if random.chance(percent) {
            claims[name] = value;
        }
    };
    let time = |random: &mut Random| {
        let offset = random.pick(&[&-86_400_i64, &-3_600, &3_600, &86_400]);
        json!(NOW.saturating_add_signed(*offset))
    };
    let word = |random: &mut Random| json!(random.pick(&WORDS));
    let value = word(random);
    maybe(random, "sub", 20, json!(3));
    maybe(random, "azp", 40, value);
    let value = time(random);
    maybe(random, "exp", 25, value);
    let value = time(random);
    maybe(random, "nbf", 15, value);
    let audiences = random.some(2, |random| random.pick(&AUDIENCES).to_owned());
    let audience = json!(audiences[0]);
    maybe(random, "aud", 60, json!(audiences));
    maybe(random, "aud", 20, audience);
    let groups = random.some(3, |random| random.pick(&WORDS).to_owned());
    maybe(random, "groups", 60, json!(groups));
    for name in ["groups", "scope", "custom"] {
        let value = json!(random.pick(&["read", "read write", "admin", " read  me ", ""]));
        maybe(random, name, 30, value);
    }
    let nested = json!({ "key": word(random), "list": groups });
    maybe(random, "nested", 50, nested);
    maybe(random, "number", 30, json!(1));
    maybe(random, "truth", 30, json!(true));
    let number = if random.chance(85) { 1 } else { 2 };
    // The kind of the key decides, not what a token says of itself.
    let shared = random.chance(15);
    let algorithm = match (shared, random.below(8)) {
        (_, 0) => random.pick(&["RS256", "ES256", "HS256", "HS384", "none"]),
        (true, _) => "HS256",
        (false, _) => "EdDSA",
    };
    let mut header = json!({ "alg": algorithm, "typ": "JWT" });
    if shared && random.chance(50) {
        header["kid"] = "secret".into();
    } else if random.chance(50) {
        header["kid"] = random.pick(&["k1", "k1", "k2", "k3"]).into();
    }
    let message = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = if shared {
        encode(hmac(&message))
    } else {
        encode(key(number).sign(message.as_bytes()).to_bytes())
    };
    match random.below(24) {
        0 => format!("{message}.{}", encode([0; 64])),
        1 => message,
        2 => format!("{message}.{signature}.x"),
        3 => "not-a-token".to_owned(),
        4 => format!("{message}.{signature}="),
        5 => format!("{message}.{signature}=="),
        6 => format!("{message}.{}", bend_last(&signature)),
        7 => format!(".{message}..{signature}."),
        _ => format!("{message}.{signature}"),
    }
}

/// Changes bits that belong to no byte.
fn bend_last(signature: &str) -> String {
    let bent = match signature.chars().next_back() {
        Some('A') => 'B',
        Some('Q') => 'R',
        Some('g') => 'h',
        _ => 'x',
    };
    let (rest, _) = signature.split_at(signature.len() - 1);
    format!("{rest}{bent}")
}

/// Puts tokens, or none, into a request.
pub(crate) fn place(random: &mut Random, headers: &mut Map<String, Value>, path: &mut String) {
    for _ in 0..random.below(3) {
        let token = token(random);
        match random.below(10) {
            0..=5 => {
                let scheme = random.pick(&[
                    "Bearer ", "Bearer ", "Bearer ", "bearer ", "Basic ", "JWT ", "",
                ]);
                headers.insert(
                    "authorization".to_owned(),
                    format!("{scheme}{token}").into(),
                );
            }
            6 => {
                let name = random.pick(&["x-token", "a-token"]);
                headers.insert((*name).to_owned(), token.into());
            }
            7 => {
                let name = random.pick(&["access_token", "t"]);
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str(&format!("{name}={token}"));
            }
            8 => {
                headers.insert("cookie".to_owned(), format!("a=1; session={token}").into());
            }
            _ => {
                headers.insert("origin".to_owned(), "https://a.example".into());
                headers.insert("access-control-request-method".to_owned(), "GET".into());
            }
        }
    }
}
