//! The token check of one hop: what each jwtRule of its RequestAuthentications made of the tokens that it found.

use super::{id, no_object};
use crate::authz::jwt::{Finding, Judged, Location, Opinion, Provider, TokenError};
use crate::eval::HopOutcome;
use crate::model::Model;
use crate::resource::ObjectId;
use crate::source::{FieldPath, Origin};
use crate::wire::{JwtLocation, JwtRuleAnswer, TokenAnswer, TokenResult};

/// The jwtRules of a hop, in the order in which they are asked; of a hop that checks no tokens none.
pub(super) fn explain<T>(model: &Model, hop: &HopOutcome<'_, T>) -> Vec<JwtRuleAnswer> {
    let providers = hop.chain.and_then(|chain| model.policies.tokens_of(chain));
    let providers = providers.into_iter().flat_map(|providers| providers.iter());
    let asked = providers.zip(&hop.tokens);
    asked
        .map(|(provider, finding)| rule(model, provider, finding))
        .collect()
}

fn rule(model: &Model, provider: &Provider, finding: &Finding) -> JwtRuleAnswer {
    let origin = model.mesh.object(provider.object).map(|object| Origin {
        document: object.document,
        path: FieldPath::new()
            .key("spec")
            .key("jwtRules")
            .index(provider.rule),
    });
    let file = origin
        .as_ref()
        .and_then(|origin| model.documents.file(origin.document));
    JwtRuleAnswer {
        policy: id(model, provider.object).map_or_else(no_object, ObjectId::to_wire),
        rule: provider.rule,
        issuer: Some(provider.issuer.clone()).filter(|issuer| !issuer.is_empty()),
        places: provider
            .places
            .iter()
            .map(|place| location(&place.location))
            .collect(),
        result: finding.opinion.map_or(TokenResult::Missing, result),
        tokens: finding.tokens.iter().map(token).collect(),
        file: file.map(str::to_owned),
        range: origin
            .as_ref()
            .and_then(|origin| model.documents.range(origin)),
    }
}

fn token(judged: &Judged) -> TokenAnswer {
    TokenAnswer {
        location: location(&judged.location),
        issuer: judged.issuer.clone(),
        result: result(judged.opinion),
        reason: match judged.opinion {
            Opinion::Rejected(TokenError::UnknownIssuer) => Some("has another issuer".to_owned()),
            Opinion::Rejected(error) => Some(error.sentence().to_owned()),
            Opinion::Accepted | Opinion::Unknown | Opinion::NotAsked => None,
        },
    }
}

fn result(opinion: Opinion) -> TokenResult {
    match opinion {
        Opinion::Accepted => TokenResult::Accepted,
        Opinion::Rejected(_) => TokenResult::Rejected,
        Opinion::Unknown => TokenResult::Unknown,
        Opinion::NotAsked => TokenResult::NotAsked,
    }
}

fn location(location: &Location) -> JwtLocation {
    match location.clone() {
        Location::Header(header) => JwtLocation::Header { header },
        Location::Param(param) => JwtLocation::Param { param },
        Location::Cookie(cookie) => JwtLocation::Cookie { cookie },
    }
}
