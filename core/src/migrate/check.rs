//! One request against both forms: what routes make of it, with the Services that subsets became taken for the subsets.

use super::convert::Converted;
use crate::eval;
use crate::model::Model;
use crate::trace::NoTrace;
use crate::wire;

/// What is treated differently, if anything is.
pub(super) fn difference(
    before: &Model,
    after: &Model,
    converted: &Converted,
    request: &wire::Request,
) -> Option<wire::MigrationDifference> {
    let old = treatment(before, request, None)?;
    let new = treatment(after, request, Some(converted))?;
    (old != new).then(|| wire::MigrationDifference {
        request: request.clone(),
        before: old,
        after: new,
    })
}

fn treatment(
    model: &Model,
    request: &wire::Request,
    converted: Option<&Converted>,
) -> Option<wire::Treatment> {
    let call = eval::resolve(model, request).ok()?;
    let outcome = eval::evaluate::<NoTrace>(model, &call);
    let mut backends = outcome.backends;
    for backend in &mut backends {
        // Weights are compared by what they come to.
        backend.weight = None;
        let key = (
            backend.object.namespace.clone().unwrap_or_default(),
            backend.object.name.clone(),
        );
        if let Some((name, subset)) = converted.and_then(|converted| converted.subsets.get(&key)) {
            backend.object.name.clone_from(name);
            backend.subset = Some(subset.clone());
        }
        // Where it is not there, it is not there in either form.
        backend.invalid = backend.invalid.as_ref().map(|_| "invalid".to_owned());
    }
    Some(wire::Treatment {
        verdict: Some(outcome.verdict),
        status: outcome
            .response
            .as_ref()
            .and_then(|response| response.status),
        location: outcome
            .response
            .and_then(|response| response.headers.get("location").cloned()),
        backends,
        request: outcome.request.map(|http| wire::HttpRequest {
            method: http.method,
            path: http.path,
            host: Some(http.authority),
            headers: http
                .headers
                .into_iter()
                .map(|(name, lines)| (name, wire::HeaderValue::One(lines.join(","))))
                .collect(),
        }),
    })
}
