//! What comes out of an evaluation.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::{Decode, Reader, Value};
use crate::sorted;

use super::{Diagnostic, JwtLocation, ObjectRef, Range};

/// The answer of `POST /v1/evaluate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// One for each request, in their order.
    pub results: Vec<Answer>,
    /// Findings about manifests and requests.
    pub diagnostics: Vec<Arc<Diagnostic>>,
}

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The request's label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// One plain sentence.
    pub reason: String,
    /// What the client sees where a proxy answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// What made the verdict; absent where nothing had an opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The rule taken at the last proxy that routed; `null`: none.
    #[serde(default)]
    pub route: Option<RouteChoice>,
    /// Where the request may go, in manifest order.
    #[serde(default)]
    pub backends: Vec<Backend>,
    /// Who gets a copy.
    #[serde(default)]
    pub mirrors: Vec<Backend>,
    /// The request as the backend receives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<DeliveredRequest>,
    /// Every proxy on the way, in order.
    #[serde(default)]
    pub hops: Vec<HopAnswer>,
    /// What would make a denied request allowed: the smallest changes of the request, each verified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The smallest change of policies that gives the other verdict, verified; looked for in small meshes only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_changes: Vec<PolicyChange>,
    /// Of an allowed request: whether any policy has a say about it anywhere on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced: Option<bool>,
    /// Findings that bear on this request.
    #[serde(default)]
    pub diagnostics: Vec<Arc<Diagnostic>>,
    /// Whether `expect` is met; absent without `expect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// A change of a request that changes its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// In words, without a verb.
    pub summary: String,
    /// Fields of the request and what they become, by path; `null`: the field goes.
    pub set: sorted::Map<String, serde_json::Value>,
    /// The verdict of the changed request.
    pub verdict: Verdict,
}

/// A change of policies that changes the verdict of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChange {
    /// In words.
    pub summary: String,
    /// What would have to change, all of it.
    pub policies: Vec<ObjectRef>,
    /// Fields of the policy, where it is one, and what they become, by path; `null`: the field goes.
    pub set: sorted::Map<String, serde_json::Value>,
    /// The verdict that the request then gets.
    pub verdict: Verdict,
}

/// The verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It reaches a backend, or gets an answer below 400.
    Allow,
    /// It certainly does not.
    Deny,
    /// An external authorizer, or a key that is not here, decides.
    Unknown,
}

/// The verdict of one proxy.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum HopVerdict {
    /// It lets the request pass.
    Allow,
    /// It refuses.
    Deny,
    /// Nobody here can tell.
    Unknown,
    /// The request does not get there.
    Skipped,
}

/// What the client sees where a proxy answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers, names in lower case.
    #[serde(default, skip_serializing_if = "sorted::Map::is_empty")]
    pub headers: sorted::Map<String, String>,
    /// The gRPC status of a gRPC call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<u16>,
    /// The connection is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
}

/// What made the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The proxy.
    pub hop: HopKind,
    /// The kind of reason.
    pub cause: Cause,
    /// The policy, where one decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
}

/// A proxy's part on the way of a request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum HopKind {
    /// The caller itself.
    Client,
    /// The ztunnel of the caller's node.
    SourceZtunnel,
    /// An ingress gateway.
    IngressGateway,
    /// A waypoint.
    Waypoint,
    /// The ztunnel of the destination's node.
    DestinationZtunnel,
}

/// The kind of reason behind a verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// A rule of an AuthorizationPolicy.
    Authorization,
    /// A token.
    Authentication,
    /// A PeerAuthentication, or a refused handshake.
    Mtls,
    /// A route, or that there is none.
    Routing,
    /// ALLOW policies exist and none matched.
    Default,
}

/// A policy and, where one decided, its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRef {
    /// The policy.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Index of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
}

/// The rule of a route that takes a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteChoice {
    /// The route.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Index of the rule.
    pub rule: usize,
    /// Index of the match; absent where the rule has none written.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub match_index: Option<usize>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where the rule stands in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

/// A backend with its share.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backend {
    /// The Service, ServiceEntry or host.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// The port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The subset of a DestinationRule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// The weight as written, 1 where none is; absent where no route chose the backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// The effective share in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Why its share of requests fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// The request as the backend receives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The Host header.
    pub host: String,
    /// Header names in lower case, lines joined with `,`.
    pub headers: sorted::Map<String, String>,
}

/// One proxy on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HopAnswer {
    /// Its part.
    pub hop: HopKind,
    /// The Gateway of a waypoint or gateway; the workload in front of which a ztunnel stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ObjectRef>,
    /// Where a canary waypoint gets a share: the percentage of connections that pass here; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u32>,
    /// The identity that this proxy sees; `null`: none.
    #[serde(default)]
    pub peer: Option<String>,
    /// What this proxy understands of the traffic.
    pub layer: Layer,
    /// Its verdict.
    pub verdict: HopVerdict,
    /// The jwtRules of its RequestAuthentications, in the order in which they are asked: behind the `CUSTOM` policies and
    /// before all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<JwtRuleAnswer>,
    /// The policies that it enforces, in evaluation order.
    #[serde(default)]
    #[schemars(with = "Vec<super::PolicyAnswer<'static>>")]
    pub policies: super::PolicyAnswers,
    /// The route rule it takes; `null`: none.
    #[serde(default)]
    pub route: Option<RouteChoice>,
    /// Where it may send the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<Backend>,
    /// What it answers itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// Timeouts, retries and faults of the rule taken, where it says any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RouteOptions>,
    /// The route rules that it tried, in their order, up to the one that it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<RouteCandidate>,
    /// What made the rule taken win over the next one that matches; absent where no other matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie_breaker: Option<TieBreaker>,
    /// What the request leaves behind here, as far as manifests tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<super::Telemetry>,
}

/// Why one of two rules that match is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TieBreaker {
    /// The other rule.
    pub over: RouteChoice,
    /// The key of the order that decides, as one plain sentence.
    pub because: String,
}

/// What a rule says that changes neither route nor backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteOptions {
    /// The time for the whole request, as written; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Retries; absent: the mesh's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// How long requests are held up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// The answer that some requests get instead of the backend's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<Abort>,
}

/// When and how often a request is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    /// How often.
    pub attempts: u32,
    /// The time of one try, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<String>,
    /// Envoy's conditions and statuses, separated by commas.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub retry_on: String,
}

/// A delay that is injected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delay {
    /// How long, as written.
    pub time: String,
    /// The share of requests.
    pub percent: f64,
}

/// An answer that is injected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Abort {
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The gRPC status, under HTTP 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<u16>,
    /// The share of requests.
    pub percent: f64,
}

/// A route rule that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteCandidate {
    /// The rule and its match.
    pub route: RouteChoice,
    /// Whether all conditions of the match hold.
    pub matched: Matched,
    /// The conditions.
    pub conditions: Vec<ConditionAnswer>,
}

/// One condition of a route's match.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionAnswer {
    /// What it asks about: `path`, `method`, `headers[x-user]`, `queryParams[page]`.
    pub name: String,
    /// What it wants: `prefix /reviews`.
    pub want: String,
    /// What the request has; `null`: nothing.
    pub got: serde_json::Value,
    /// Whether it holds.
    pub matched: Matched,
}

/// What a proxy understands of traffic.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
pub enum Layer {
    /// Connections.
    L4,
    /// HTTP.
    L7,
}

/// What one jwtRule says of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JwtRuleAnswer {
    /// The RequestAuthentication.
    pub policy: ObjectRef,
    /// Index of the jwtRule.
    pub rule: usize,
    /// The issuer that it is for; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Where it looks for tokens.
    pub places: Vec<JwtLocation>,
    /// What it says of all that it finds there.
    pub result: TokenResult,
    /// The tokens that it finds.
    pub tokens: Vec<TokenAnswer>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where the jwtRule stands in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

/// One token that a jwtRule finds.
#[derive(Clone, Debug, PartialEq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenAnswer {
    /// Where.
    #[serde(rename = "in")]
    pub location: JwtLocation,
    /// Who issued it; absent where it does not say, or is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What the jwtRule says of it.
    pub result: TokenResult,
    /// What is wrong with it, to be said of the token: `has expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a jwtRule says of a token, or of all that it finds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum TokenResult {
    /// There is none where it looks.
    Missing,
    /// It is good.
    Accepted,
    /// It is bad.
    Rejected,
    /// Only keys that are not here can tell.
    Unknown,
    /// What was said before settles it, or the request is a preflight.
    NotAsked,
}

/// `true`, `false`, or `"unknown"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(into = "serde_json::Value")]
#[schemars(with = "serde_json::Value", extend("enum" = [true, false, "unknown"]))]
pub enum Matched {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// Nobody here can tell.
    Unknown,
}

impl From<Matched> for serde_json::Value {
    fn from(matched: Matched) -> Self {
        match matched {
            Matched::Yes => Self::Bool(true),
            Matched::No => Self::Bool(false),
            Matched::Unknown => Self::String("unknown".to_owned()),
        }
    }
}

impl Decode for Matched {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            Some(Value::Bool(true)) => Self::Yes,
            None | Some(Value::Bool(false)) => Self::No,
            Some(Value::String(word)) if &**word == "unknown" => Self::Unknown,
            Some(_) => {
                reader.misfit("`true`, `false` or `unknown`");
                Self::Unknown
            }
        }
    }
}

/// Whether a request's `expect` is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// Every field of `expect` equals the answer's.
    pub met: bool,
    /// One sentence for each field that does not.
    pub differences: Vec<String>,
}
