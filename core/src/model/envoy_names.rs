//! What Envoy calls things: rules and clusters, by the names that istiod gives them.

use super::Model;
use crate::mesh::{GatewayIndex, ServiceIndex};
use crate::resource::{Kind, Resource};
use crate::route::{Entry, Protocol};
use crate::wire;

impl Model {
    /// The name of a rule: its own, else its route's with its place there.
    /// `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (convertHTTPRoute),
    /// `pilot/pkg/networking/core/route/route.go` (TranslateRoute).
    pub(crate) fn route_name(&self, entry: &Entry) -> Option<String> {
        let object = self.mesh.object(entry.route)?;
        let rule = match &object.resource {
            Resource::HttpRoute(route) => route
                .rules
                .as_ref()
                .and_then(|rules| rules.get(entry.rule)?.name.clone()),
            Resource::GrpcRoute(route) => route.rules.get(entry.rule)?.name.clone(),
            Resource::VirtualService(service) => {
                let rule = service.http.get(entry.rule)?;
                let name = rule.name.clone().unwrap_or_default();
                let of_match = entry.match_index.and_then(|index| rule.matches.get(index));
                return Some(match of_match.and_then(|one| one.name.as_ref()) {
                    Some(one) => format!("{name}.{one}"),
                    None => name,
                });
            }
            _ => return None,
        };
        let made = format!("{}.{}.{}", object.id.namespace, object.id.name, entry.rule);
        Some(rule.unwrap_or(made))
    }

    /// The host name of a backend.
    pub(crate) fn backend_host(&self, object: &wire::ObjectRef) -> String {
        match (&object.namespace, object.kind.as_str()) {
            (Some(namespace), kind) if kind == Kind::Service.name() => {
                let domain = &self.mesh.settings().cluster_domain;
                format!("{}.{namespace}.svc.{domain}", object.name)
            }
            _ => object.name.clone(),
        }
    }

    /// The cluster of a backend at a waypoint: one of its own where it serves the Service, or where there is no such
    /// Service. `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getWaypointDestinationCluster).
    pub(crate) fn waypoint_cluster(
        &self,
        waypoint: GatewayIndex,
        service: Option<ServiceIndex>,
        (host, port): (&str, u16),
        subset: Option<&str>,
    ) -> String {
        let owner = service.map(|service| self.attachments.service_waypoint(service));
        if owner.is_some_and(|owner| owner != Some(waypoint)) {
            return outbound_cluster((host, port), subset);
        }
        let known = service
            .and_then(|service| self.mesh.service(service))
            .and_then(|service| service.port(port));
        let protocol = match known.map(Protocol::of) {
            Some(Protocol::Tcp | Protocol::Udp) => "tcp",
            Some(Protocol::Http | Protocol::Auto) | None => "http",
        };
        let subset = subset.map(|subset| format!("/{subset}"));
        format!(
            "inbound-vip|{port}|{protocol}{}|{host}",
            subset.unwrap_or_default()
        )
    }
}

/// The cluster of a backend that somebody else serves. `istio/istio: pilot/pkg/model/push_context.go` (BuildSubsetKey).
pub(crate) fn outbound_cluster((host, port): (&str, u16), subset: Option<&str>) -> String {
    format!("outbound|{port}|{}|{host}", subset.unwrap_or_default())
}
