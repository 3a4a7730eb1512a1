//! One request against both forms: what routes make of it, with the Services that subsets became taken for the subsets.

use super::convert::Converted;
use super::sample::Sample;
use crate::eval;
use crate::model::Model;
use crate::resource::ObjectIndex;
use crate::trace::NoTrace;
use crate::wire;

/// What is treated differently, if anything is.
pub(super) fn difference(
    before: &Model,
    after: &Model,
    converted: &Converted,
    sample: &Sample,
) -> Option<wire::MigrationDifference> {
    let gateway = sample.gateway.and_then(|at| converted.gateways.get(at));
    let written = gateway.map(|gateway| gateway.written);
    let old = treatment(before, &sample.request, written, None)?;
    let new = match gateway {
        None => treatment(after, &sample.request, None, Some(converted))?,
        // What has no listener at all is not there.
        Some(gateway) => after
            .mesh
            .find(&gateway.id)
            .and_then(|made| treatment(after, &sample.request, Some(made), Some(converted)))
            .unwrap_or_else(|| wire::Treatment {
                verdict: Some(wire::Verdict::Deny),
                ..wire::Treatment::default()
            }),
    };
    (old != new).then(|| wire::MigrationDifference {
        request: sample.request.clone(),
        before: old,
        after: new,
    })
}

/// `gateway`: the one through which the request comes, where its name may mean another.
fn treatment(
    model: &Model,
    request: &wire::Request,
    gateway: Option<ObjectIndex>,
    converted: Option<&Converted>,
) -> Option<wire::Treatment> {
    let mut call = eval::resolve(model, request).ok()?;
    if gateway.is_some() {
        call.client.gateway = gateway;
    }
    let outcome = eval::evaluate::<NoTrace>(model, &call);
    let mut backends = outcome.backends;
    for backend in &mut backends {
        // Weights are compared by what they come to.
        backend.weight = None;
        let key = (
            backend.object.namespace.clone().unwrap_or_default(),
            backend.object.name.clone(),
        );
        if let Some(made_of) = converted.and_then(|converted| converted.subsets.get(&key)) {
            backend.object.name.clone_from(&made_of.service);
            backend.subset = Some(made_of.subset.clone());
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
