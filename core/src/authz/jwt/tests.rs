//! What jwtRules make of tokens: stated by their claims, or real ones. The keys and tokens in `testdata` were made
//! for these tests.

use serde_json::json;

use super::token::Content;
use super::*;
use crate::authz::{PolicySet, Table};
use crate::wire;

const ISSUER: &str = "https://issuer.example";
const JWKS: &str = include_str!("testdata/jwks.json");
const TOKENS: &str = include_str!("testdata/tokens.json");

fn http() -> Http {
    Http {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        authority: "shop".to_owned(),
        ..Http::default()
    }
}

/// Tokens in the contract's short form.
fn tokens(yaml: &str) -> Vec<Token> {
    let tokens: Vec<wire::Jwt> = crate::source::from_yaml(yaml);
    tokens.iter().map(Token::from).collect()
}

/// One RequestAuthentication a text, numbered from 0.
fn providers(policies: &[&str]) -> Providers {
    let policies: Vec<RequestAuthentication> = policies
        .iter()
        .map(|rules| crate::source::from_yaml(&format!("{{ jwtRules: [{rules}] }}")))
        .collect();
    Providers::new((0..).map(ObjectIndex).zip(&policies))
}

fn passed() -> (Authentication, Option<TokenError>) {
    (Authentication::Passed, None)
}

fn refused(by: u32, error: TokenError) -> (Authentication, Option<TokenError>) {
    let by = Some(ObjectIndex(by));
    (Authentication::Refused { by }, Some(error))
}

fn outcome(policies: &[&str], jwt: &str, now: Option<i64>) -> (Authentication, Option<TokenError>) {
    let check = providers(policies).check(&http(), &tokens(jwt), now);
    (check.authentication, check.error)
}

#[test]
fn one_rule() {
    use TokenError::{AudienceNotAllowed, BadSignature, Expired, NotYetValid, UnknownIssuer};
    const RULE: &str = "{ issuer: i }";
    const WITH_AUDIENCE: &str = "{ issuer: i, audiences: [a, 'https://b/'] }";
    for (rule, jwt, now, expected) in [
        (RULE, "[]", None, passed()),
        (RULE, "[{ issuer: i }]", None, passed()),
        (RULE, "[{ issuer: i, valid: true }]", None, passed()),
        (
            RULE,
            "[{ issuer: i, valid: false }]",
            None,
            refused(0, BadSignature),
        ),
        (RULE, "[{ issuer: j }]", None, refused(0, UnknownIssuer)),
        (RULE, "[{ claims: { iss: i } }]", None, passed()),
        (RULE, "[{}]", None, refused(0, UnknownIssuer)),
        (
            "{ jwksUri: 'http://x' }",
            "[{ issuer: anybody }]",
            None,
            passed(),
        ),
        // Another place than the rule looks at.
        (
            RULE,
            "[{ issuer: j, in: { header: x-token } }]",
            None,
            passed(),
        ),
        (
            RULE,
            "[{ issuer: j, in: { param: access_token } }]",
            None,
            refused(0, UnknownIssuer),
        ),
        (
            "{ issuer: i, fromHeaders: [{ name: X-Token }] }",
            "[{ issuer: j, in: { header: x-token } }]",
            None,
            refused(0, UnknownIssuer),
        ),
        (
            "{ issuer: i, fromHeaders: [{ name: X-Token }] }",
            "[{ issuer: j }]",
            None,
            passed(),
        ),
        (
            "{ issuer: i, fromCookies: [c] }",
            "[{ issuer: j, in: { cookie: c } }]",
            None,
            refused(0, UnknownIssuer),
        ),
        // Audiences.
        (
            WITH_AUDIENCE,
            "[{ issuer: i }]",
            None,
            refused(0, AudienceNotAllowed),
        ),
        (
            WITH_AUDIENCE,
            "[{ issuer: i, audiences: [x, a] }]",
            None,
            passed(),
        ),
        (
            WITH_AUDIENCE,
            "[{ issuer: i, claims: { aud: b } }]",
            None,
            passed(),
        ),
        (
            WITH_AUDIENCE,
            "[{ issuer: i, audiences: [x], valid: false }]",
            None,
            refused(0, AudienceNotAllowed),
        ),
        (
            WITH_AUDIENCE,
            "[{ issuer: j, audiences: [x] }]",
            None,
            refused(0, UnknownIssuer),
        ),
        (RULE, "[{ issuer: i, audiences: [x] }]", None, passed()),
        // Times, with a minute to spare.
        (
            RULE,
            "[{ issuer: i, claims: { exp: 1000 } }]",
            None,
            passed(),
        ),
        (
            RULE,
            "[{ issuer: i, claims: { exp: 1000 } }]",
            Some(1060),
            passed(),
        ),
        (
            RULE,
            "[{ issuer: i, claims: { exp: 1000 } }]",
            Some(1061),
            refused(0, Expired),
        ),
        (
            RULE,
            "[{ issuer: i, claims: { exp: 1000 }, valid: true }]",
            Some(1061),
            passed(),
        ),
        (
            RULE,
            "[{ issuer: i, claims: { nbf: 1000 } }]",
            Some(940),
            passed(),
        ),
        (
            RULE,
            "[{ issuer: i, claims: { nbf: 1000 } }]",
            Some(939),
            refused(0, NotYetValid),
        ),
        (
            WITH_AUDIENCE,
            "[{ issuer: i, claims: { exp: 1000 } }]",
            Some(2000),
            refused(0, Expired),
        ),
        // Every token that a rule finds must be good.
        (
            RULE,
            "[{ issuer: i }, { issuer: j, in: { param: access_token } }]",
            None,
            refused(0, UnknownIssuer),
        ),
    ] {
        assert_eq!(outcome(&[rule], jwt, now), expected, "{rule} {jwt} {now:?}");
    }
}

#[test]
fn several_rules() {
    use TokenError::{AudienceNotAllowed, BadSignature, UnknownIssuer};
    let several = (Authentication::Refused { by: None }, Some(UnknownIssuer));
    const A: &str = "{ issuer: a, audiences: [x] }";
    const B: &str = "{ issuer: b, audiences: [x] }";
    const B_ELSEWHERE: &str = "{ issuer: b, fromHeaders: [{ name: x-b }] }";
    for (policies, jwt, expected) in [
        (&[A, B][..], "[]", passed()),
        (&[A, B], "[{ issuer: a, audiences: [x] }]", passed()),
        (&[A, B], "[{ issuer: b, audiences: [x] }]", passed()),
        (&[A, B], "[{ issuer: c }]", several),
        (
            &["{ issuer: a }, { issuer: b }"],
            "[{ issuer: c }]",
            refused(0, UnknownIssuer),
        ),
        (
            &[A, B],
            "[{ issuer: a, audiences: ['y'] }]",
            refused(0, AudienceNotAllowed),
        ),
        // A foreign issuer in front of it is not what is told.
        (
            &[A, B],
            "[{ issuer: b, audiences: ['y'] }]",
            refused(1, AudienceNotAllowed),
        ),
        (
            &[B, A],
            "[{ issuer: b, audiences: ['y'] }]",
            refused(0, AudienceNotAllowed),
        ),
        // A bad token elsewhere is forgiven beside a good one only.
        (
            &[A, B_ELSEWHERE],
            "[{ issuer: a, audiences: [x] }, { issuer: b, valid: false, in: { header: x-b } }]",
            passed(),
        ),
        (
            &[A, B_ELSEWHERE],
            "[{ issuer: b, valid: false, in: { header: x-b } }]",
            refused(1, BadSignature),
        ),
        (
            &[A, B_ELSEWHERE],
            "[{ issuer: b, in: { header: x-b } }, { issuer: c }]",
            passed(),
        ),
        // Of two errors of substance the first is told.
        (
            &[A, B_ELSEWHERE],
            "[{ issuer: a }, { issuer: b, valid: false, in: { header: x-b } }]",
            refused(0, AudienceNotAllowed),
        ),
    ] {
        assert_eq!(outcome(policies, jwt, None), expected, "{policies:?} {jwt}");
    }
    assert_eq!(TokenError::AudienceNotAllowed.status(), 403);
    assert_eq!(TokenError::BadSignature.status(), 401);
}

#[test]
fn no_rules_no_check() {
    assert_eq!(
        outcome(&[""], "[{ issuer: j, valid: false }]", None),
        passed()
    );
    assert_eq!(
        outcome(&[], "[{ issuer: j, valid: false }]", None),
        passed()
    );
}

#[test]
fn preflights_pass() {
    let mut http = http();
    http.method = "OPTIONS".to_owned();
    http.headers
        .insert("origin".to_owned(), vec!["http://a".to_owned()]);
    let bad = tokens("[{ issuer: j }]");
    let providers = providers(&["{ issuer: i }"]);
    assert!(matches!(
        providers.check(&http, &bad, None).authentication,
        Authentication::Refused { .. }
    ));
    let header = "access-control-request-method".to_owned();
    http.headers.insert(header, vec!["GET".to_owned()]);
    let unasked = TokenCheck {
        findings: providers.unasked(0).collect(),
        ..TokenCheck::default()
    };
    assert_eq!(providers.check(&http, &bad, None), unasked);
}

fn real(algorithm: &str) -> String {
    let tokens: Claims = serde_json::from_str(TOKENS).unwrap();
    tokens[algorithm].as_str().unwrap().to_owned()
}

fn real_rule(more: &str) -> String {
    let jwks = serde_json::to_string(JWKS).unwrap();
    format!("{{ issuer: '{ISSUER}', jwks: {jwks}{more} }}")
}

fn check_real(rule: &str, token: &str, now: Option<i64>) -> TokenCheck {
    let token = Token {
        location: None.into(),
        content: Content::Encoded(token.to_owned()),
    };
    providers(&[rule]).check(&http(), &[token], now)
}

#[test]
fn real_tokens() {
    for algorithm in [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
        "HS256", "HS384", "HS512",
    ] {
        let token = real(algorithm);
        let good = check_real(&real_rule(""), &token, None);
        assert_eq!((good.authentication, good.error), passed(), "{algorithm}");
        let claims = good.claims.unwrap();
        assert_eq!(claims["sub"], json!("jane"));
        assert_eq!(claims["scope"], json!(["read", "write"]));

        let (message, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
        let tampered = format!("{message}.{flipped}{}", &signature[1..]);
        let bad = check_real(&real_rule(""), &tampered, None);
        assert_eq!(
            (bad.authentication, bad.error),
            refused(0, TokenError::BadSignature),
            "{algorithm}"
        );
        assert_eq!(bad.claims, None);
    }
}

#[test]
fn real_tokens_that_are_refused() {
    use TokenError::{
        AudienceNotAllowed, Expired, Malformed, NoMatchingKey, UnknownAlgorithm, UnknownIssuer,
    };
    let token = real("RS256");
    let empty = format!("{{ issuer: '{ISSUER}', jwks: '{{ \"keys\": [] }}' }}");
    let ec_only = format!(
        "{{ issuer: '{ISSUER}', jwks: '{{ \"kty\": \"EC\", \"alg\": \"ES256\", \"crv\": \"P-256\", \"x\": \"AQ\", \"y\": \"AQ\" }}' }}"
    );
    let remote = |more: &str| format!("{{ issuer: '{ISSUER}', jwksUri: 'https://keys'{more} }}");
    for (rule, token, now, expected) in [
        (real_rule(""), "a.b", None, Malformed),
        (real_rule(""), "", None, Malformed),
        (real_rule(""), "e30.e30.", None, Malformed),
        // `{"alg":"EdDSA"}` with `{"sub":3}`, which is no text, and with `{"sub":"3"}`.
        (
            real_rule(""),
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOjN9.AA",
            None,
            Malformed,
        ),
        (
            real_rule(""),
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIzIn0.AA",
            None,
            UnknownIssuer,
        ),
        // {"alg":"none"}, without a signature and with one.
        (real_rule(""), "eyJhbGciOiJub25lIn0.e30.", None, Malformed),
        (
            real_rule(""),
            "eyJhbGciOiJub25lIn0.e30.AA",
            None,
            UnknownAlgorithm,
        ),
        // {"alg":"EdDSA","kid":3}
        (
            real_rule(""),
            "eyJhbGciOiJFZERTQSIsImtpZCI6M30.e30.AA",
            None,
            Malformed,
        ),
        (
            real_rule(", audiences: [other]"),
            &token,
            None,
            AudienceNotAllowed,
        ),
        (real_rule(""), &token, Some(2_000_000_061), Expired),
        (empty, &token, None, NoMatchingKey),
        (ec_only, &token, None, NoMatchingKey),
        ("{ issuer: other }".to_owned(), &token, None, UnknownIssuer),
        // What can be told without the keys is told for certain.
        (
            remote(", audiences: [other]"),
            &token,
            None,
            AudienceNotAllowed,
        ),
        (remote(""), &token, Some(2_000_000_061), Expired),
    ] {
        let check = check_real(&rule, token, now);
        assert_eq!(
            (check.authentication, check.error),
            refused(0, expected),
            "{rule} {token}"
        );
    }
    let check = check_real(&remote(""), &token, Some(2_000_000_000));
    let by = Some(ObjectIndex(0));
    assert_eq!(
        (check.authentication, check.error),
        (Authentication::Unknown { by }, None)
    );
    assert_eq!(check.claims.unwrap()["sub"], json!("jane"));
}

#[test]
fn a_token_in_the_text_of_the_request_counts() {
    let mut http = http();
    http.headers.insert(
        "authorization".to_owned(),
        vec![format!("Bearer {}", real("ES256"))],
    );
    let check = providers(&[&real_rule("")]).check(&http, &[], None);
    assert_eq!(check.claims.as_ref().unwrap()["sub"], json!("jane"));
    let mut flow = Flow {
        http: Some(http),
        ..Flow::default()
    };
    check.apply(&mut flow);
    assert!(flow.claims.is_some());
    assert_eq!(
        flow.http.unwrap().header("authorization"),
        [] as [String; 0]
    );
}

#[test]
fn a_good_token_goes_though_a_bad_one_follows_and_then_there_is_none() {
    let mut http = http();
    let line = format!("Bearer {}", real("ES256"));
    http.headers.insert("authorization".to_owned(), vec![line]);
    // The same line twice: as a token behind `Bearer `, and as one that is none.
    let twice = real_rule(
        ", fromHeaders: [{ name: Authorization, prefix: 'Bearer ' }, { name: Authorization }]",
    );
    let other = "{ issuer: z, fromParams: [elsewhere] }";
    let check = providers(&[&twice, other]).check(&http, &[], None);
    assert_eq!((check.authentication, check.error), passed());
    assert_eq!(check.claims.unwrap()["sub"], json!("jane"));
    // Of a rule that is alone nobody asks whether there is no token any more.
    let check = providers(&[&twice]).check(&http, &[], None);
    assert_eq!(
        (check.authentication, check.error),
        refused(0, TokenError::Malformed)
    );
    // The token stays for the one that cannot read it.
    let forwarding = twice.replace(", fromHeaders", ", forwardOriginalToken: true, fromHeaders");
    let check = providers(&[&forwarding, other]).check(&http, &[], None);
    assert_eq!(
        (check.authentication, check.error),
        refused(0, TokenError::Malformed)
    );
}

#[test]
fn headers_behind_the_check() {
    let rule = "{ issuer: i, outputPayloadToHeader: X-Payload, spaceDelimitedClaims: [roles],
        outputClaimToHeaders: [{ header: X-Sub, claim: sub }, { header: X-None, claim: none }] }";
    let with_headers = |method: &str| {
        let mut http = http();
        http.method = method.to_owned();
        for name in ["authorization", "x-payload", "x-sub", "x-none", "x-other"] {
            http.headers
                .insert(name.to_owned(), vec!["forged".to_owned()]);
        }
        http.headers.remove("authorization");
        http
    };
    let headers_after = |rule: &str, jwt: &str| {
        let mut flow = Flow {
            http: Some(with_headers("GET")),
            ..Flow::default()
        };
        let check = providers(&[rule]).check(flow.http.as_ref().unwrap(), &tokens(jwt), None);
        check.apply(&mut flow);
        flow.http.unwrap().headers
    };
    let expect = |entries: &[(&str, &str)]| {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect::<crate::sorted::Map<_, _>>()
    };
    let jwt = "[{ issuer: i, claims: { sub: jane } }]";
    assert_eq!(
        headers_after(rule, jwt),
        expect(&[
            ("x-other", "forged"),
            ("x-payload", "eyJpc3MiOiJpIiwic3ViIjoiamFuZSJ9"),
            ("x-sub", "jane")
        ])
    );
    assert_eq!(headers_after(rule, "[]"), expect(&[("x-other", "forged")]));
    let changes = |rule: &str| {
        providers(&[rule])
            .check(&http(), &tokens(jwt), None)
            .headers
    };
    assert_eq!(changes("{ issuer: i }").removed, ["authorization"]);
    assert_eq!(
        changes("{ issuer: i, forwardOriginalToken: true }"),
        HeaderChanges::default()
    );
    assert_eq!(
        changes("{ issuer: i, fromParams: [t] }"),
        HeaderChanges::default()
    );
}

#[test]
fn words_count_one_by_one() {
    let claims = |rule: &str| {
        let jwt = "[{ issuer: i, claims: { scope: 'a  b', permission: '', roles: 'c d', other: 'e f' } }]";
        providers(&[rule])
            .check(&http(), &tokens(jwt), None)
            .claims
            .unwrap()
    };
    let standard = claims("{ issuer: i }");
    assert_eq!(standard["scope"], json!(["a", "b"]));
    assert_eq!(standard["permission"], json!(""));
    assert_eq!(standard["roles"], json!("c d"));
    assert_eq!(
        claims("{ issuer: i, spaceDelimitedClaims: [roles] }")["roles"],
        json!(["c", "d"])
    );
}

#[test]
fn a_refused_token_decides_the_chain() {
    let check = providers(&["{ issuer: i }"]).check(&http(), &tokens("[{ issuer: j }]"), None);
    let decision = PolicySet::default().decide(
        Table::from(&[][..]),
        &Flow::default(),
        check.authentication,
        &mut crate::trace::NoTrace,
    );
    assert_eq!(decision.verdict, wire::Verdict::Deny);
    assert_eq!(decision.by.unwrap().cause, wire::Cause::Authentication);
}
