//! What a request leaves behind at one proxy.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;
use crate::sorted;

/// Metrics and the access log of one proxy. `null` is what manifests do not determine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Telemetry {
    /// Names of the metrics.
    pub metrics: Vec<Cow<'static, str>>,
    /// Their labels.
    pub labels: sorted::Map<Cow<'static, str>, Option<Cow<'static, str>>>,
    /// Fields of the line in the access log, where it is on.
    pub access_log: sorted::Map<Cow<'static, str>, Option<Cow<'static, str>>>,
}
