//! What comes out of a migration of VirtualServices to Gateway API.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::Decode;

use super::{Backend, Diagnostic, HttpRequest, ObjectRef, Request, Verdict};

/// The answer of `POST /v1/migrate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Routes in the place of the VirtualServices, Gateways of Gateway API in the place of Istio's own, and the Services
    /// that subsets need: YAML, to be applied beside the rest once these are gone.
    pub manifests: String,
    /// The VirtualServices and Istio Gateways that they replace.
    pub replaced: Vec<ObjectRef>,
    /// What cannot be said in Gateway API, or means something else there, at its line.
    pub notes: Vec<Arc<Diagnostic>>,
    /// How many requests were evaluated against both forms.
    pub checked: usize,
    /// Requests that the two forms treat differently.
    pub differences: Vec<MigrationDifference>,
}

/// A request that the two forms treat differently.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrationDifference {
    /// The request.
    pub request: Request,
    /// What became of it.
    pub before: Treatment,
    /// What becomes of it.
    pub after: Treatment,
}

/// What becomes of a request, as far as routes decide it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Treatment {
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The status that a proxy answers itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where a redirect leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where the request may go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<Backend>,
    /// The request as the backend receives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<HttpRequest>,
}
