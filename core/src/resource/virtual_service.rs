//! VirtualService, DestinationRule and Istio's own Gateway (`networking.istio.io`): the API that Gateway API's routes
//! came after.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Labels;
use super::service_entry::LabelsSelector;
use crate::source::FieldPath;

/// `spec` of a VirtualService.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VirtualService {
    /// The names it is for.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) hosts: Vec<String>,
    /// Istio Gateways, and `mesh`; absent: `mesh` alone.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) gateways: Vec<String>,
    /// Routes for HTTP.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) http: Vec<VirtualServiceHttpRoute>,
    /// Routes for TLS.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) tls: Vec<VirtualServiceLayer4Route>,
    /// Routes for TCP.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) tcp: Vec<VirtualServiceLayer4Route>,
    /// The namespaces that see it; absent: all.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) export_to: Vec<String>,
}

/// `spec.http[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VirtualServiceHttpRoute {
    /// Where requests go.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) route: Vec<HttpRouteDestination>,
    /// Who gets a copy.
    pub(crate) mirror: Option<Destination>,
    /// The same, several of them.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) mirrors: Vec<HttpMirrorPolicy>,
    /// Not modelled.
    pub(crate) name: Option<IgnoredAny>,
    /// Not modelled.
    #[serde(rename = "match")]
    pub(crate) matches: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) redirect: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) direct_response: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) delegate: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) rewrite: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) timeout: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) retries: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) fault: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) mirror_percent: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) mirror_percentage: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) cors_policy: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) headers: Option<IgnoredAny>,
}

/// `spec.tls[]`, `spec.tcp[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VirtualServiceLayer4Route {
    /// Where connections go.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) route: Vec<HttpRouteDestination>,
    /// Not modelled.
    #[serde(rename = "match")]
    pub(crate) matches: Option<IgnoredAny>,
}

/// `route[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HttpRouteDestination {
    /// The destination.
    pub(crate) destination: Destination,
    /// Not modelled.
    pub(crate) weight: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) headers: Option<IgnoredAny>,
}

/// `mirrors[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HttpMirrorPolicy {
    /// The destination.
    pub(crate) destination: Destination,
    /// Not modelled.
    pub(crate) percentage: Option<IgnoredAny>,
}

/// A destination by host name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Destination {
    /// The host; a name without dots is completed with the VirtualService's namespace.
    pub(crate) host: String,
    /// A subset that a DestinationRule defines.
    pub(crate) subset: Option<String>,
    /// The port; absent: the Service's only one.
    pub(crate) port: Option<PortSelector>,
}

/// `port` of a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct PortSelector {
    /// The number.
    pub(crate) number: Option<u16>,
}

impl VirtualService {
    /// Whether it is for traffic inside the mesh.
    pub(crate) fn is_for_mesh(&self) -> bool {
        self.gateways.is_empty() || self.gateways.iter().any(|gateway| gateway == "mesh")
    }

    /// Every destination, mirrors too, each with its path.
    pub(crate) fn destinations(&self) -> Vec<(FieldPath, &Destination)> {
        let mut found = Vec::new();
        for (position, route) in self.http.iter().enumerate() {
            let path = FieldPath::new().key("spec").key("http").index(position);
            for (position, one) in route.route.iter().enumerate() {
                let path = path.clone().key("route").index(position).key("destination");
                found.push((path, &one.destination));
            }
            found.extend(
                route
                    .mirror
                    .iter()
                    .map(|one| (path.clone().key("mirror"), one)),
            );
            for (position, one) in route.mirrors.iter().enumerate() {
                let path = path
                    .clone()
                    .key("mirrors")
                    .index(position)
                    .key("destination");
                found.push((path, &one.destination));
            }
        }
        for (key, routes) in [("tls", &self.tls), ("tcp", &self.tcp)] {
            for (position, route) in routes.iter().enumerate() {
                let path = FieldPath::new().key("spec").key(key).index(position);
                for (position, one) in route.route.iter().enumerate() {
                    let path = path.clone().key("route").index(position).key("destination");
                    found.push((path, &one.destination));
                }
            }
        }
        found
    }
}

/// `spec` of a DestinationRule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DestinationRule {
    /// The host it is for.
    pub(crate) host: String,
    /// Named parts of the host's workloads.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) subsets: Vec<Subset>,
    /// Not modelled.
    pub(crate) traffic_policy: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) export_to: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) workload_selector: Option<IgnoredAny>,
}

/// `spec.subsets[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subset {
    /// The name, which VirtualServices use.
    pub(crate) name: String,
    /// Labels of its workloads.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) labels: Labels,
    /// Not modelled.
    pub(crate) traffic_policy: Option<IgnoredAny>,
}

/// `spec` of Istio's own Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IstioGateway {
    /// Labels of the gateway's pods.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) selector: Labels,
    /// Not modelled.
    pub(crate) servers: Option<IgnoredAny>,
}

/// `spec` of an EnvoyFilter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvoyFilter {
    /// Labels of the workloads it is for.
    pub(crate) workload_selector: Option<LabelsSelector>,
    /// Targets.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) target_refs: Vec<super::PolicyTargetReference>,
    /// Patches.
    #[serde(deserialize_with = "super::null_as_default")]
    pub(crate) config_patches: Vec<EnvoyConfigPatch>,
    /// Not modelled.
    pub(crate) priority: Option<IgnoredAny>,
}

/// `spec.configPatches[]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EnvoyConfigPatch {
    /// Not modelled.
    pub(crate) apply_to: Option<IgnoredAny>,
    /// Not modelled.
    #[serde(rename = "match")]
    pub(crate) matches: Option<IgnoredAny>,
    /// Not modelled.
    pub(crate) patch: Option<IgnoredAny>,
}
