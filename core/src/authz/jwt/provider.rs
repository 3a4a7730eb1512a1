//! One jwtRule, compiled: what it makes of the tokens that it finds. The order of the checks is that of
//! `envoyproxy/envoy: source/extensions/filters/http/jwt_authn/authenticator.cc` (startVerify): what a rule can tell
//! without its keys, it tells for certain.

use serde_json::Value;

use super::location::{self, Found, Location, Place};
use super::output::{HeaderChanges, claim_as_header};
use super::signature::{self, Verification};
use super::token::{Parsed, Seal, Token, TokenError};
use super::{Claims, Judged, Opinion};
use crate::flow::Http;
use crate::resource::ObjectIndex;
use crate::resource::jwks::{self, Jwk};
use crate::resource::request_authentication::{ClaimToHeader, JwtRule};

/// Claims whose words always count one by one. `istio/istio: pilot/pkg/security/authn/policy_applier.go`
/// (buildSpaceDelimitedClaims).
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

/// One jwtRule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Provider {
    /// The RequestAuthentication.
    pub(crate) object: ObjectIndex,
    /// Its place among the policy's jwtRules.
    pub(crate) rule: usize,
    /// Empty: any issuer.
    pub(crate) issuer: String,
    /// Empty: any audience.
    pub(crate) audiences: Vec<String>,
    /// `None`: they are elsewhere.
    keys: Option<Vec<Jwk>>,
    /// The keys as written.
    pub(crate) jwks: Option<String>,
    /// Where the keys are, if they are elsewhere.
    pub(crate) jwks_uri: Option<String>,
    /// Where it looks for tokens.
    pub(crate) places: Vec<Place>,
    /// Claims whose words count one by one.
    pub(crate) space_delimited: Vec<String>,
    /// The token stays in the request.
    pub(crate) forward: bool,
    /// The header that gets the payload.
    pub(crate) payload_header: Option<String>,
    /// The headers that get claims.
    pub(crate) claim_headers: Vec<ClaimToHeader>,
}

/// What a provider says.
pub(super) enum Status {
    /// There is no token where it looks.
    Missing,
    /// All tokens are good.
    Good(Accepted),
    /// The keys of some are not here.
    Unknown(Accepted),
    /// A token is bad. Good ones that were found first have had their effect all the same.
    Bad(TokenError, Option<Accepted>),
}

impl Status {
    /// The same without what follows; `None`: there is no token.
    pub(super) fn opinion(&self) -> Option<Opinion> {
        match self {
            Self::Missing => None,
            Self::Good(_) => Some(Opinion::Accepted),
            Self::Unknown(_) => Some(Opinion::Unknown),
            Self::Bad(error, _) => Some(Opinion::Rejected(*error)),
        }
    }
}

/// What follows from a good token.
pub(super) struct Accepted {
    /// Whether the keys are here; if not, this is what follows if the tokens are good.
    pub(super) certain: bool,
    pub(super) claims: Claims,
    pub(super) headers: HeaderChanges,
}

impl Provider {
    pub(super) fn new(object: ObjectIndex, index: usize, rule: &JwtRule) -> Self {
        let inline = rule.jwks.as_deref().filter(|jwks| !jwks.is_empty());
        let lower = |name: &String| name.to_ascii_lowercase();
        let mut space_delimited: Vec<String> = SPACE_DELIMITED.map(str::to_owned).into();
        space_delimited.extend(rule.space_delimited_claims.iter().cloned());
        space_delimited.sort();
        space_delimited.dedup();
        Self {
            object,
            rule: index,
            issuer: rule.issuer.clone().unwrap_or_default(),
            audiences: rule.audiences.clone(),
            keys: inline.map(jwks::at_envoy),
            jwks: inline.map(str::to_owned),
            jwks_uri: rule.jwks_uri.clone(),
            places: location::places(rule),
            space_delimited,
            forward: rule.forward_original_token,
            payload_header: rule
                .output_payload_to_header
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(lower),
            claim_headers: rule
                .output_claim_to_headers
                .iter()
                .map(|output| ClaimToHeader {
                    header: lower(&output.header),
                    claim: output.claim.clone(),
                })
                .collect(),
        }
    }

    /// Whether it looks where rules look that say nothing of it.
    pub(crate) fn looks_where_usual(&self) -> bool {
        self.places == location::usual()
    }

    /// Nobody but the check itself may set the headers that it sets.
    pub(super) fn strip_outputs(&self, headers: &mut HeaderChanges) {
        let outputs = self.claim_headers.iter().map(|output| &output.header);
        for name in self.payload_header.iter().chain(outputs) {
            headers.remove(name);
        }
    }

    /// Checks all tokens that this provider finds: each must be good. Beside what they come to, each by itself.
    pub(super) fn check(
        &self,
        http: &Http,
        tokens: &[Token],
        now: Option<i64>,
    ) -> (Status, Vec<Judged>) {
        let found: Vec<Found> = location::in_order(&self.places)
            .into_iter()
            .flat_map(|place| place.find(http, tokens))
            .collect();
        let mut judged: Vec<Judged> = found
            .iter()
            .map(|token| Judged {
                location: token.location.clone(),
                issuer: None,
                opinion: Opinion::NotAsked,
            })
            .collect();
        let mut accepted = None;
        // Envoy takes the last first, so that the first has the last word on claims.
        for (token, judgement) in found.iter().zip(&mut judged).rev() {
            let checked = token.content.parse().and_then(|parsed| {
                judgement.issuer =
                    Some(parsed.issuer().to_owned()).filter(|issuer| !issuer.is_empty());
                Ok((self.check_token(&parsed, now)?, parsed))
            });
            let (known, parsed) = match checked {
                Ok(checked) => checked,
                Err(error) => {
                    judgement.opinion = Opinion::Rejected(error);
                    return (Status::Bad(error, accepted), judged);
                }
            };
            judgement.opinion = if known {
                Opinion::Accepted
            } else {
                Opinion::Unknown
            };
            let Accepted {
                certain,
                claims,
                headers,
            } = accepted.get_or_insert_with(|| Accepted {
                certain: true,
                claims: Claims::new(),
                headers: HeaderChanges::default(),
            });
            *certain &= known;
            self.output(&parsed, &token.location, headers);
            *claims = self.normalize(parsed.claims);
        }
        let status = match accepted {
            None => Status::Missing,
            Some(accepted) if accepted.certain => Status::Good(accepted),
            Some(accepted) => Status::Unknown(accepted),
        };
        (status, judged)
    }

    /// Whether the token is good for certain; if not, nobody knows.
    fn check_token(&self, token: &Parsed, now: Option<i64>) -> Result<bool, TokenError> {
        if !self.issuer.is_empty() && token.issuer() != self.issuer {
            return Err(TokenError::UnknownIssuer);
        }
        token.check_times(now)?;
        if !self.audiences.is_empty()
            && !token.audiences().any(|audience| {
                self.audiences
                    .iter()
                    .any(|allowed| bare(audience) == bare(allowed))
            })
        {
            return Err(TokenError::AudienceNotAllowed);
        }
        match (&token.seal, &self.keys) {
            (Seal::Word(Some(false)), _) => Err(TokenError::BadSignature),
            (Seal::Word(_), _) => Ok(true),
            (Seal::Signature { .. }, None) => Ok(false),
            (
                Seal::Signature {
                    algorithm,
                    kid,
                    message,
                    signature,
                },
                Some(keys),
            ) => match signature::verify(keys, algorithm, kid.as_deref(), message, signature) {
                Verification::Good => Ok(true),
                Verification::Bad => Err(TokenError::BadSignature),
                Verification::NoMatchingKey => Err(TokenError::NoMatchingKey),
            },
        }
    }

    fn output(&self, token: &Parsed, location: &Location, headers: &mut HeaderChanges) {
        if let Some(name) = &self.payload_header {
            headers.add(name, token.payload.clone());
        }
        for output in &self.claim_headers {
            if let Some(value) = claim_as_header(&token.claims, &output.claim) {
                headers.add(&output.header, value);
            }
        }
        // Envoy leaves cookies alone.
        match location {
            _ if self.forward => {}
            Location::Header(name) => headers.remove(name),
            Location::Param(name) => headers.parameters_removed.push(name.clone()),
            Location::Cookie(_) => {}
        }
    }

    /// Splits the claims that are lists of words into lists.
    fn normalize(&self, mut claims: Claims) -> Claims {
        for name in &self.space_delimited {
            if let Some(claim) = claims.get_mut(name)
                && let Some(text) = claim.as_str()
            {
                let words: Vec<Value> = text
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .map(Value::from)
                    .collect();
                if !words.is_empty() {
                    *claim = words.into();
                }
            }
        }
        claims
    }
}

/// An audience as it is compared. `google/jwt_verify_lib: src/check_audience.cc`.
fn bare(audience: &str) -> &str {
    let audience = audience
        .strip_prefix("https://")
        .or_else(|| audience.strip_prefix("http://"))
        .unwrap_or(audience);
    audience.strip_suffix('/').unwrap_or(audience)
}
