//! WasmPlugin, TrafficExtension (`extensions.istio.io`) and Telemetry (`telemetry.istio.io`): policies whose effect is
//! not modelled, only where they attach.

use crate::decode::Decode;

use super::{PolicyTargetReference, WorkloadSelector};

/// `spec` of a WasmPlugin.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WasmPlugin {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// One target; read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<PolicyTargetReference>,
    /// Targets.
    pub(crate) target_refs: Vec<PolicyTargetReference>,
    /// Not modelled, like all below.
    pub(crate) url: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) sha256: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) image_pull_policy: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) image_pull_secret: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) verification_key: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) plugin_config: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) plugin_name: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) phase: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) priority: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) fail_strategy: Option<super::NotModelled>,
    /// See `url`.
    pub(crate) vm_config: Option<super::NotModelled>,
    /// See `url`.
    #[serde(rename = "match")]
    pub(crate) matches: Option<super::NotModelled>,
    /// See `url`.
    #[serde(rename = "type")]
    pub(crate) plugin_type: Option<super::NotModelled>,
}

/// `spec` of a TrafficExtension.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TrafficExtension {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// One target; read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<PolicyTargetReference>,
    /// Targets.
    pub(crate) target_refs: Vec<PolicyTargetReference>,
}

/// `spec` of a Telemetry.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Telemetry {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// One target; read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<PolicyTargetReference>,
    /// Targets.
    pub(crate) target_refs: Vec<PolicyTargetReference>,
    /// Not modelled.
    pub(crate) tracing: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) metrics: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) access_logging: Option<super::NotModelled>,
}
