//! Tokens: what the RequestAuthentications of one chain say to a request. In come the rules and what the request
//! carries, out comes whether it may go on, with which claims, and with which headers changed. Nothing is fetched: a
//! token whose keys are elsewhere is judged as far as it can be, and otherwise nobody knows.
//!
//! The rules become the providers of Envoy's filter, and their combination is that of `istio/istio:
//! pilot/pkg/security/authn/policy_applier.go` (convertToEnvoyJwtConfig): a request passes if one provider accepts
//! its tokens, or if every provider finds none.

mod location;
mod output;
mod provider;
mod signature;
mod time;
mod token;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::decision::Authentication;
use crate::flow::{Flow, Http};
use crate::resource::{ObjectIndex, RequestAuthentication};
use crate::sorted;

pub(crate) use location::Location;
pub(crate) use output::HeaderChanges;
pub(crate) use provider::Provider;
pub(crate) use time::parse_time;
pub(crate) use token::{Token, TokenError};

use provider::Status;

/// The claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// The jwtRules of all RequestAuthentications of one chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Providers(Vec<Provider>);

/// What the token check comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TokenCheck {
    /// For [`PolicySet::decide`](super::PolicySet::decide).
    pub(crate) authentication: Authentication,
    /// What is wrong with the token that is refused.
    pub(crate) error: Option<TokenError>,
    /// The claims that policies see; where nobody knows, those that the token has if it is good.
    pub(crate) claims: Option<Claims>,
    /// What becomes of the headers.
    pub(crate) headers: HeaderChanges,
    /// What each provider found, in their order.
    pub(crate) findings: Vec<Finding>,
}

/// What one provider made of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// Of all tokens together; `None`: there is none where it looks.
    pub(crate) opinion: Option<Opinion>,
    /// Of each token.
    pub(crate) tokens: Vec<Judged>,
}

/// A token that a provider found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// Where.
    pub(crate) location: Location,
    /// Who issued it, as far as it says.
    pub(crate) issuer: Option<String>,
    /// What the provider says of it.
    pub(crate) opinion: Opinion,
}

/// What a provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// It is good.
    Accepted,
    /// It is bad.
    Rejected(TokenError),
    /// The keys are not here.
    Unknown,
    /// Nobody asked: what was said before settled it.
    NotAsked,
}

impl Providers {
    /// Compiles valid policies. Their order is that of the chain; providers are sorted by issuer, as istiod does.
    pub(crate) fn new<'a>(
        policies: impl IntoIterator<Item = (ObjectIndex, &'a RequestAuthentication)>,
    ) -> Self {
        let mut providers: Vec<Provider> = policies
            .into_iter()
            .flat_map(|(object, policy)| {
                let rules = (0..).zip(&policy.jwt_rules);
                rules.map(move |(index, rule)| Provider::new(object, index, rule))
            })
            .collect();
        providers.sort_by(|a, b| a.issuer.cmp(&b.issuer));
        Self(providers)
    }

    /// The providers, in istiod's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// Checks a request. `tokens` are those that it carries beside what its headers, query and cookies hold already;
    /// `now` is in seconds since 1970, and without it times are not checked.
    pub(crate) fn check(&self, http: &Http, tokens: &[Token], now: Option<i64>) -> TokenCheck {
        if self.0.is_empty() || is_cors_preflight(http) {
            return TokenCheck {
                findings: self.unasked(0).collect(),
                ..TokenCheck::default()
            };
        }
        let mut findings = Vec::with_capacity(self.0.len());
        let mut headers = HeaderChanges::default();
        for provider in &self.0 {
            provider.strip_outputs(&mut headers);
        }
        let mut refused: Vec<(&Provider, TokenError)> = Vec::new();
        let mut unknown = None;
        // What a provider takes out before it meets a bad token, those behind it do not find.
        let mut left: Option<(Http, Vec<Token>)> = None;
        let mut claims = None;
        for provider in &self.0 {
            let (seen, stated) = match &left {
                Some((seen, stated)) => (seen, stated.as_slice()),
                None => (http, tokens),
            };
            let (status, judged) = provider.check(seen, stated, now);
            findings.push(Finding {
                opinion: status.opinion(),
                tokens: judged,
            });
            match status {
                Status::Missing => {}
                Status::Good(accepted) => {
                    headers.extend(accepted.headers);
                    findings.extend(self.unasked(findings.len()));
                    return TokenCheck {
                        claims: Some(accepted.claims),
                        headers,
                        findings,
                        ..TokenCheck::default()
                    };
                }
                Status::Unknown(accepted) => {
                    unknown.get_or_insert((provider.object, accepted));
                }
                Status::Bad(error, partly) => {
                    refused.push((provider, error));
                    // Of a provider that is alone nothing more is asked: see `first` below.
                    let Some(partly) = partly.filter(|_| self.0.len() > 1) else {
                        continue;
                    };
                    let rest = without(seen, stated, &partly.headers);
                    let stays = || {
                        let status = provider.check(&rest.0, &rest.1, now).0;
                        matches!(status, Status::Bad(..))
                    };
                    if partly.certain {
                        left = Some(rest);
                        headers.extend(partly.headers);
                        claims = Some(partly.claims);
                    } else if !stays() {
                        // Only a good token takes the bad one out with it.
                        unknown.get_or_insert((provider.object, partly));
                    }
                }
            }
        }
        if let Some((object, accepted)) = unknown {
            headers.extend(accepted.headers);
            return TokenCheck {
                authentication: Authentication::Unknown { by: Some(object) },
                claims: Some(accepted.claims),
                headers,
                error: None,
                findings,
            };
        }
        // Envoy now asks whether each of several providers accepts its tokens or finds none: of the request as it is left.
        // `istio/istio: pilot/pkg/security/authn/policy_applier.go` (convertToEnvoyJwtConfig).
        let first = match &left {
            Some((seen, stated)) => {
                self.0
                    .iter()
                    .find_map(|provider| match provider.check(seen, stated, now).0 {
                        Status::Bad(error, _) => Some((provider, error)),
                        _ => None,
                    })
            }
            None => refused.first().copied(),
        };
        match first.and_then(|first| reported(first, &refused)) {
            None => TokenCheck {
                claims,
                headers,
                findings,
                ..TokenCheck::default()
            },
            Some((error, by)) => TokenCheck {
                authentication: Authentication::Refused { by },
                error: Some(error),
                headers,
                findings,
                ..TokenCheck::default()
            },
        }
    }

    /// Providers from a place on, which are not asked.
    fn unasked(&self, from: usize) -> impl Iterator<Item = Finding> {
        self.0.iter().skip(from).map(|_| Finding {
            opinion: Some(Opinion::NotAsked),
            tokens: Vec::new(),
        })
    }
}

/// The error that Envoy answers with, and whose it is: the first one, unless that is only a foreign issuer; then the
/// last that is more. `envoyproxy/envoy: source/extensions/filters/http/jwt_authn/verifier.cc` (AnyVerifierImpl,
/// AllVerifierImpl), asked as istiod asks: any of the providers, or all of them with missing tokens allowed.
fn reported(
    first: (&Provider, TokenError),
    refused: &[(&Provider, TokenError)],
) -> Option<(TokenError, Option<ObjectIndex>)> {
    let foreign = |(_, error): &&(&Provider, TokenError)| *error == TokenError::UnknownIssuer;
    let mut of_substance = refused.iter().filter(|refusal| !foreign(refusal));
    match of_substance.next_back() {
        Some(last) => {
            let (provider, error) = if foreign(&&first) { *last } else { first };
            Some((error, Some(provider.object)))
        }
        None => {
            let objects: sorted::Set<ObjectIndex> = refused
                .iter()
                .map(|(provider, _)| provider.object)
                .collect();
            let only = objects.first().copied().filter(|_| objects.len() == 1);
            Some((TokenError::UnknownIssuer, only))
        }
    }
}

/// A request as a provider leaves it for the next ones.
fn without(http: &Http, tokens: &[Token], changes: &HeaderChanges) -> (Http, Vec<Token>) {
    let mut left = http.clone();
    changes.apply(&mut left);
    let stays = |token: &&Token| match &token.location {
        Location::Header(name) => !changes.removed.contains(name),
        Location::Param(name) => !changes.parameters_removed.contains(name),
        Location::Cookie(_) => true,
    };
    (left, tokens.iter().filter(stays).cloned().collect())
}

/// Preflights pass unchecked. `istio/istio: pilot/pkg/security/authn/policy_applier.go` (BypassCorsPreflight).
fn is_cors_preflight(http: &Http) -> bool {
    let has = |name| http.header(name).iter().any(|line| !line.is_empty());
    http.method == "OPTIONS" && has("origin") && has("access-control-request-method")
}

impl TokenCheck {
    /// Shows the flow to policies as it is behind the check.
    pub(crate) fn apply(&self, flow: &mut Flow) {
        flow.claims.clone_from(&self.claims);
        if let Some(http) = &mut flow.http {
            self.headers.apply(http);
        }
    }
}
