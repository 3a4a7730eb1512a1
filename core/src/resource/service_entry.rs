//! ServiceEntry and WorkloadEntry (`networking.istio.io`): Services and workloads that Kubernetes does not know.

use crate::decode::Decode;
use crate::sorted;

use super::Labels;

/// `spec` of a ServiceEntry.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServiceEntry {
    /// The names it stands for.
    pub(crate) hosts: Vec<String>,
    /// The VIPs; absent: istiod allocates one where it can.
    pub(crate) addresses: Vec<String>,
    /// Ports.
    pub(crate) ports: Vec<ServiceEntryPort>,
    /// `MESH_EXTERNAL` (default) or `MESH_INTERNAL`.
    pub(crate) location: Option<String>,
    /// `NONE` (default), `STATIC`, `DNS`, `DNS_ROUND_ROBIN`, `DYNAMIC_DNS`.
    pub(crate) resolution: Option<String>,
    /// Endpoints written out here.
    pub(crate) endpoints: Vec<WorkloadEntry>,
    /// The workloads behind it, instead of `endpoints`.
    pub(crate) workload_selector: Option<LabelsSelector>,
    /// The namespaces that see it; absent: all.
    pub(crate) export_to: Vec<String>,
    /// Not modelled.
    pub(crate) subject_alt_names: Option<super::NotModelled>,
}

/// `workloadSelector` of Istio's networking kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct LabelsSelector {
    /// Labels that must be there with these values.
    pub(crate) labels: Labels,
}

/// `spec.ports[]` of a ServiceEntry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServiceEntryPort {
    /// The port.
    pub(crate) number: u16,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
    pub(crate) protocol: Option<String>,
    /// The port's name.
    pub(crate) name: String,
    /// The endpoints' port; absent: `number`.
    pub(crate) target_port: Option<u16>,
}

/// `spec` of a WorkloadEntry, and an entry of a ServiceEntry's `endpoints`.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WorkloadEntry {
    /// The address.
    pub(crate) address: Option<String>,
    /// Ports by name.
    pub(crate) ports: sorted::Map<String, u16>,
    /// Labels, beside those of the metadata.
    pub(crate) labels: Labels,
    /// The service account; absent: `default`.
    pub(crate) service_account: Option<String>,
    /// Not modelled.
    pub(crate) network: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) locality: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) weight: Option<super::NotModelled>,
}
