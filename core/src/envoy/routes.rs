//! Route tables as Envoy's route configurations: an entry is a route, in the table's order.
//! `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointInboundHTTPRouteConfig).

use serde_json::{Value, json};

use super::{route_action, route_match};
use crate::mesh::{GatewayIndex, ServiceIndex, ServiceInfo};
use crate::model::Model;
use crate::resource::Resource;
use crate::route::Protocol;
use crate::wire;

/// The route configurations of a Service at its waypoint, one for each port that may speak HTTP.
pub(super) fn configurations(
    model: &Model,
    waypoint: GatewayIndex,
    service: ServiceIndex,
) -> Vec<wire::EnvoyRoutes> {
    let Some(info) = model.mesh.service(service) else {
        return Vec::new();
    };
    let ports = info.ports.iter().filter(|port| {
        let protocol = Protocol::of(port);
        matches!(protocol, Protocol::Http | Protocol::Auto)
    });
    ports
        .map(|port| wire::EnvoyRoutes {
            port: port.port,
            route_configuration: configuration(model, waypoint, (service, info), port.port),
        })
        .collect()
}

fn configuration(
    model: &Model,
    waypoint: GatewayIndex,
    (service, info): (ServiceIndex, &ServiceInfo),
    port: u16,
) -> Value {
    let own = model.waypoint_cluster(waypoint, Some(service), (&info.host, port), None);
    let routes: Vec<Value> = match model.routes.http((waypoint, service, port)) {
        Some(table) => table
            .entries()
            .iter()
            .map(|entry| {
                let mut route = route_action::route(model, waypoint, entry, port);
                if let Some(fields) = route.as_object_mut() {
                    let name = model.route_name(entry).unwrap_or_default();
                    fields.insert("name".to_owned(), name.into());
                    fields.insert("match".to_owned(), route_match::of(&entry.conditions));
                }
                route
            })
            .collect(),
        // No route is for the port: straight to the Service.
        None => vec![json!({
            "name": "default",
            "match": route_match::of(&[]),
            "route": { "cluster": own, "timeout": "0s", "retry_policy": route_action::retry(None) },
        })],
    };
    json!({
        "name": own,
        "virtual_hosts": [{
            "name": format!("inbound|http|{port}"),
            "domains": [domain(model, info)],
            "routes": routes,
        }],
        "validate_clusters": false,
    })
}

/// A Service is known by its VIP; only a name that is looked up as it comes must be the Host.
/// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildRouteVHostDomains).
fn domain<'m>(model: &'m Model, info: &'m ServiceInfo) -> &'m str {
    match model
        .mesh
        .object(info.object)
        .map(|object| &object.resource)
    {
        Some(Resource::ServiceEntry(entry))
            if entry.resolution.as_deref() == Some("DYNAMIC_DNS") =>
        {
            &info.host
        }
        _ => "*",
    }
}
