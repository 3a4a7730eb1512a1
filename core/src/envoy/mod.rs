//! What a waypoint's Envoy is configured with: the compiled policies and token rules of each chain, as the filters
//! that istiod writes for them. Matchers are made from the values as written, the way istiod makes them, and not from
//! the engine's own: what an Envoy says of these filters is then a judgement of the engine.
//!
//! `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointHTTPFilters): `CUSTOM`, token check,
//! `AUDIT`, `DENY`, `ALLOW`.

mod jwt;
mod matcher;
mod rbac;
mod rule;

use serde_json::{Value, json};

use crate::model::{Chain, Model};
use crate::wire::{self, PathNormalization};

/// The chains of waypoints that have policies or token rules, by waypoint and Service.
pub(crate) fn chains(model: &Model) -> Vec<wire::EnvoyChain> {
    let connection_manager = normalization(model.mesh.settings().path_normalization);
    let chains = model.policies.waypoint_chains();
    chains
        .filter_map(|(gateway, service)| {
            let chain = Chain::Waypoint(gateway, service);
            let reference = |object| Some(model.mesh.object(object)?.id.to_wire());
            let service = match service {
                Some(service) => Some(reference(model.mesh.service(service)?.object)?),
                None => None,
            };
            let filters = |http| {
                let (set, policies) = model.policies.of(chain, http)?;
                Some(rbac::Builder::new(&model.mesh, set, policies, http))
            };
            let (http, tcp) = (filters(true)?, filters(false)?);
            let mut http_filters = http.custom();
            http_filters.extend(
                model
                    .policies
                    .tokens_of(chain)
                    .and_then(|tokens| jwt::filter(&model.mesh, tokens)),
            );
            http_filters.extend(http.local());
            let mut network_filters = tcp.custom();
            network_filters.extend(tcp.local());
            Some(wire::EnvoyChain {
                waypoint: reference(model.mesh.gateway(gateway)?.object)?,
                service,
                connection_manager: connection_manager.clone(),
                http_filters,
                network_filters,
            })
        })
        .collect()
}

/// The settings of the connection manager about paths. `istio/istio:
/// pilot/pkg/networking/core/listener_builder.go` (buildHTTPConnectionManager).
fn normalization(setting: PathNormalization) -> Value {
    let decode = setting == PathNormalization::DecodeAndMergeSlashes;
    let merge = decode || setting == PathNormalization::MergeSlashes;
    let mut out = json!({
        "normalizePath": setting != PathNormalization::None,
        "pathWithEscapedSlashesAction": if decode { "UNESCAPE_AND_FORWARD" } else { "KEEP_UNCHANGED" },
    });
    if merge && let Some(fields) = out.as_object_mut() {
        fields.insert("mergeSlashes".to_owned(), true.into());
    }
    out
}
