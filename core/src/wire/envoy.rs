//! What waypoints' Envoys are told.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;
use serde_json::Value;

use super::Diagnostic;

/// The answer of `POST /v1/envoy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
pub struct EnvoyConfiguration {
    /// By waypoint and Service.
    pub chains: Vec<EnvoyChain>,
    /// Findings about the manifests.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// The filters of one chain of a waypoint, in Envoy's own words (protobuf's JSON form, as Envoy reads it).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyChain {
    /// The waypoint, as the graph names it.
    pub proxy: String,
    /// The Service addressed, as the graph names it; absent: workloads addressed themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Fields of the chain's `HttpConnectionManager` that change what filters see.
    pub connection_manager: Value,
    /// Its HTTP filters, where it speaks HTTP.
    pub filters: Vec<Value>,
    /// Its network filters, where it sees bytes.
    pub network_filters: Vec<Value>,
    /// The routes of each port of the Service that may speak HTTP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<EnvoyRoutes>,
}

/// The routes of one port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvoyRoutes {
    /// The Service's port.
    pub port: u16,
    /// Envoy's `RouteConfiguration`.
    pub route_configuration: Value,
}
