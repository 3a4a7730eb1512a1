//! Service (`v1`).

use crate::decode::Decode;

use super::{IntOrString, Labels};

/// `spec` of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Service {
    /// Labels of the pods behind it; empty selects nothing.
    pub(crate) selector: Labels,
    /// Ports.
    pub(crate) ports: Vec<ServicePort>,
    /// `ClusterIP`, `ExternalName`, …
    #[serde(rename = "type")]
    pub(crate) service_type: Option<String>,
    /// The VIP; `None` as a word: headless.
    #[serde(rename = "clusterIP")]
    pub(crate) cluster_ip: Option<String>,
    /// All VIPs, of a Service of two address families; the first is `clusterIP`.
    #[serde(rename = "clusterIPs")]
    pub(crate) cluster_ips: Vec<String>,
    /// The name that an ExternalName Service stands for.
    pub(crate) external_name: Option<String>,
}

impl Service {
    /// All VIPs that are written.
    pub(crate) fn vips(&self) -> &[String] {
        if self.cluster_ips.is_empty() {
            self.cluster_ip.as_slice()
        } else {
            &self.cluster_ips
        }
    }
}

/// `spec.ports[]` of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServicePort {
    /// The port's name.
    pub(crate) name: Option<String>,
    /// `TCP` unless said otherwise.
    pub(crate) protocol: Option<String>,
    /// The application protocol; replaces what the name says.
    pub(crate) app_protocol: Option<String>,
    /// The port.
    pub(crate) port: u16,
    /// Number or name of the container port; absent: `port`.
    pub(crate) target_port: Option<IntOrString>,
}
