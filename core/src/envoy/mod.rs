//! What a waypoint's Envoy is told: the compiled policies of each chain as the filters that istiod writes for it, and
//! the compiled routes of each port as its route configuration. In comes the compiled form that the evaluator evaluates, nothing else; out comes Envoy's configuration as JSON, which
//! an Envoy reads. Nothing is decided here.

mod connection_manager;
mod ext_authz;
mod jwt_authn;
mod matchers;
mod rbac;
mod route_action;
mod route_match;
mod routes;

use crate::authz::PolicySet;
use crate::model::{Chain, Model};
use crate::wire;

/// The chains of every waypoint: one for workloads, if it serves them, and one for each Service. `waypoint`, as
/// `namespace/name`, leaves only those of one.
pub(crate) fn chains(model: &Model, waypoint: Option<&str>) -> Vec<wire::EnvoyChain> {
    let mesh = &model.mesh;
    let mut chains = Vec::new();
    for (index, gateway) in mesh.gateways() {
        let Some(id) = mesh.object(gateway.object).map(|object| &object.id) else {
            continue;
        };
        if !gateway.works_as_waypoint(mesh)
            || waypoint.is_some_and(|name| name != format!("{}/{}", id.namespace, id.name))
        {
            continue;
        }
        let workloads = gateway.traffic_type.serves_workloads().then_some(None);
        let services = mesh
            .service_objects()
            .map(|(service, _)| service)
            .filter(|service| model.attachments.serves(index, *service))
            .map(Some);
        for service in workloads.into_iter().chain(services) {
            let chain = Chain::Waypoint(index, service);
            let routes = service
                .map(|service| routes::configurations(model, index, service))
                .unwrap_or_default();
            let service = service
                .and_then(|service| mesh.object(mesh.service(service)?.object))
                .map(|object| object.id.to_string());
            chains.push(wire::EnvoyChain {
                proxy: id.to_string(),
                service,
                connection_manager: connection_manager::options(mesh.settings()),
                filters: http_filters(model, chain),
                network_filters: network_filters(model, chain),
                routes,
            });
        }
    }
    chains
}

/// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointHTTPFilters): external authorizers,
/// then tokens, then all other policies; behind them what routes configure.
fn http_filters(model: &Model, chain: Chain) -> Vec<serde_json::Value> {
    let mut filters = Vec::new();
    let policies = model.policies.of(chain, true);
    if let Some((set, policies)) = policies {
        filters.extend(ext_authz::filters(rbac::Protocol::Http, set, policies));
    }
    if let Some(providers) = model.policies.tokens_of(chain) {
        filters.extend(jwt_authn::filter(providers));
    }
    if let Some((set, policies)) = policies {
        filters.extend(rbac::filters(rbac::Protocol::Http, set, policies));
    }
    filters.extend(route_action::filters());
    filters
}

/// `istio/istio: pilot/pkg/networking/core/networkfilter.go` (buildCompleteNetworkFilters): as above, without tokens.
fn network_filters(model: &Model, chain: Chain) -> Vec<serde_json::Value> {
    let both = |(set, policies): (&PolicySet, _)| {
        let mut filters = ext_authz::filters(rbac::Protocol::Tcp, set, policies);
        filters.extend(rbac::filters(rbac::Protocol::Tcp, set, policies));
        filters
    };
    model
        .policies
        .of(chain, false)
        .map(both)
        .unwrap_or_default()
}
