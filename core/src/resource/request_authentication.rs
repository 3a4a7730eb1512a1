//! RequestAuthentication (`security.istio.io`): which tokens are accepted, and from where.

use crate::decode::Decode;

use super::violation::Violations;
use super::{Labels, PolicyTargetReference, WorkloadSelector, jwks, policy_attachment, syntax};

/// `spec` of a RequestAuthentication, as written.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RequestAuthentication {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// One target; read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<PolicyTargetReference>,
    /// Targets.
    pub(crate) target_refs: Vec<PolicyTargetReference>,
    /// One for each issuer; none: the object does nothing.
    pub(crate) jwt_rules: Vec<JwtRule>,
}

/// `jwtRules[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct JwtRule {
    /// Who must have issued a token; absent: anybody.
    pub(crate) issuer: Option<String>,
    /// For one of these a token must be; empty: for anybody.
    pub(crate) audiences: Vec<String>,
    /// Where the keys are.
    #[serde(alias = "jwks_uri")]
    pub(crate) jwks_uri: Option<String>,
    /// The keys themselves.
    pub(crate) jwks: Option<String>,
    /// Headers that hold a token.
    pub(crate) from_headers: Vec<JwtHeader>,
    /// Query parameters that hold a token.
    pub(crate) from_params: Vec<String>,
    /// Cookies that hold a token.
    pub(crate) from_cookies: Vec<String>,
    /// The header that gets the payload.
    pub(crate) output_payload_to_header: Option<String>,
    /// The headers that get single claims.
    pub(crate) output_claim_to_headers: Vec<ClaimToHeader>,
    /// The token stays in the request.
    pub(crate) forward_original_token: bool,
    /// Claims whose words count one by one, beside `scope` and `permission`.
    pub(crate) space_delimited_claims: Vec<String>,
    /// Checked, and no more: no key set is fetched here.
    pub(crate) timeout: Option<String>,
}

/// `fromHeaders[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct JwtHeader {
    /// The header.
    pub(crate) name: String,
    /// What stands in front of the token.
    pub(crate) prefix: Option<String>,
}

/// `outputClaimToHeaders[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct ClaimToHeader {
    /// The header.
    pub(crate) header: String,
    /// The claim; dots lead into objects.
    pub(crate) claim: String,
}

/// Checks a policy with its annotations. `istio/istio: pkg/config/validation/validation.go`
/// (ValidateRequestAuthentication, validateJwtRule), `istio/api: security/v1beta1/request_authentication.proto`.
pub(crate) fn validate(policy: &RequestAuthentication, annotations: &Labels) -> Violations {
    let mut out = Violations::default();
    policy_attachment::validate(
        policy.selector.as_ref(),
        policy.target_ref.as_ref(),
        &policy.target_refs,
        &mut out,
    );
    policy_attachment::refuse_dry_run(annotations, &mut out);
    for (index, rule) in policy.jwt_rules.iter().enumerate() {
        validate_rule(rule, &format!("spec.jwtRules[{index}]"), &mut out);
    }
    out
}

fn validate_rule(rule: &JwtRule, path: &str, out: &mut Violations) {
    match (rule.issuer.as_deref(), rule.jwks_uri.as_deref()) {
        (None, None | Some("")) => out.error(path, "there is neither `issuer` nor `jwksUri`"),
        (Some(""), _) => out.error(format!("{path}.issuer"), "`issuer` is empty"),
        _ => {}
    }
    let uri = rule.jwks_uri.as_deref().filter(|uri| !uri.is_empty());
    let jwks = rule.jwks.as_deref().filter(|jwks| !jwks.is_empty());
    if let Some(uri) = uri
        && !uri.starts_with("http://")
        && !uri.starts_with("https://")
    {
        out.error(
            format!("{path}.jwksUri"),
            format!("`{uri}` starts with neither `http://` nor `https://`"),
        );
    }
    if uri.is_some() && jwks.is_some() {
        out.error(path, "only one of `jwksUri` and `jwks` may be set");
    }
    if let Some(jwks) = jwks {
        match jwks::parse(jwks) {
            Err(jwks::NotJwks) => {
                out.error(format!("{path}.jwks"), "`jwks` is no JSON Web Key Set");
            }
            Ok(keys) => {
                if keys.iter().any(|key| key.private) {
                    out.warning(
                        format!("{path}.jwks"),
                        "`jwks` holds a private key",
                        "tokens are checked with public keys; keep the private part to yourself",
                    );
                }
            }
        }
    }
    let lists = [
        ("audiences", &rule.audiences),
        ("fromParams", &rule.from_params),
        ("fromCookies", &rule.from_cookies),
        ("spaceDelimitedClaims", &rule.space_delimited_claims),
    ];
    for (field, values) in lists {
        for (index, value) in values.iter().enumerate() {
            if value.is_empty() {
                out.error(
                    format!("{path}.{field}[{index}]"),
                    format!("an entry of `{field}` is empty"),
                );
            }
        }
    }
    if let Some(timeout) = &rule.timeout
        && syntax::duration(timeout).is_none_or(|seconds| seconds < 0.001)
    {
        out.error(
            format!("{path}.timeout"),
            format!("`{timeout}` is no duration of a millisecond or more"),
        );
    }
    for (index, header) in rule.from_headers.iter().enumerate() {
        if header.name.is_empty() {
            out.error(
                format!("{path}.fromHeaders[{index}]"),
                "the header has no `name`",
            );
        }
    }
    for (index, output) in rule.output_claim_to_headers.iter().enumerate() {
        let path = format!("{path}.outputClaimToHeaders[{index}]");
        if output.header.is_empty() || output.claim.is_empty() {
            out.error(path, "`header` or `claim` is missing");
        } else if !output
            .header
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        {
            out.error(path, format!("`{}` is no name of a header", output.header));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused() {
        for (rule, expected) in [
            ("issuer: i", &[][..]),
            ("jwksUri: 'https://x/keys'", &[]),
            ("audiences: [a]", &["spec.jwtRules[0]"]),
            (
                "issuer: '', jwksUri: 'https://x/keys'",
                &["spec.jwtRules[0].issuer"],
            ),
            ("issuer: i, jwksUri: x/keys", &["spec.jwtRules[0].jwksUri"]),
            ("issuer: i, jwks: '{ \"keys\": [] }'", &[]),
            ("issuer: i, jwks: '{'", &["spec.jwtRules[0].jwks"]),
            (
                "issuer: i, jwks: '{ \"keys\": [] }', jwksUri: 'http://x'",
                &["spec.jwtRules[0]"],
            ),
            (
                "issuer: i, audiences: ['']",
                &["spec.jwtRules[0].audiences[0]"],
            ),
            (
                "issuer: i, fromParams: [a, '']",
                &["spec.jwtRules[0].fromParams[1]"],
            ),
            (
                "issuer: i, fromCookies: ['']",
                &["spec.jwtRules[0].fromCookies[0]"],
            ),
            (
                "issuer: i, fromHeaders: [{ prefix: a }]",
                &["spec.jwtRules[0].fromHeaders[0]"],
            ),
            (
                "issuer: i, outputClaimToHeaders: [{ header: a }]",
                &["spec.jwtRules[0].outputClaimToHeaders[0]"],
            ),
            (
                "issuer: i, outputClaimToHeaders: [{ header: 'a b', claim: c }]",
                &["spec.jwtRules[0].outputClaimToHeaders[0]"],
            ),
            (
                "issuer: i, outputClaimToHeaders: [{ header: X-a_b, claim: c }]",
                &[],
            ),
            (
                "issuer: i, spaceDelimitedClaims: [roles, '']",
                &["spec.jwtRules[0].spaceDelimitedClaims[1]"],
            ),
            ("issuer: i, timeout: 1ms", &[]),
            ("issuer: i, timeout: 0.5ms", &["spec.jwtRules[0].timeout"]),
            ("issuer: i, timeout: soon", &["spec.jwtRules[0].timeout"]),
        ] {
            let policy = crate::source::from_yaml(&format!("{{ jwtRules: [{{ {rule} }}] }}"));
            let paths: Vec<String> = validate(&policy, &Labels::new())
                .errors
                .into_iter()
                .map(|error| error.path)
                .collect();
            assert_eq!(paths, expected, "{rule}");
        }
    }

    #[test]
    fn private_keys_are_warned_about() {
        let warnings = |jwks: &str| {
            let rule = JwtRule {
                issuer: Some("i".to_owned()),
                jwks: Some(jwks.to_owned()),
                ..JwtRule::default()
            };
            let policy = RequestAuthentication {
                jwt_rules: vec![rule],
                ..RequestAuthentication::default()
            };
            validate(&policy, &Labels::new()).warnings.len()
        };
        assert_eq!(
            warnings(r#"{ "kty": "OKP", "crv": "Ed25519", "x": "AQ" }"#),
            0
        );
        assert_eq!(
            warnings(r#"{ "kty": "OKP", "crv": "Ed25519", "x": "AQ", "d": "AQ" }"#),
            1
        );
        assert_eq!(warnings(r#"{ "kty": "oct", "k": "AQ" }"#), 1);
    }
}
