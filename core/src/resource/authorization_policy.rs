//! AuthorizationPolicy (`security.istio.io`), and the references that all policies share.

mod attribute;
mod clause;
mod validate;

use crate::decode::Decode;

pub(crate) use attribute::{Attribute, parse_port, split_service_account};
pub(crate) use clause::{WrittenClause, WrittenGroup};
pub(crate) use validate::{is_dry_run, validate};

use super::Labels;

/// `spec` of an AuthorizationPolicy, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AuthorizationPolicy {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// One target; read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<PolicyTargetReference>,
    /// Targets.
    pub(crate) target_refs: Vec<PolicyTargetReference>,
    /// What a match means; absent: `ALLOW`.
    pub(crate) action: Option<Action>,
    /// The external authorizer of `CUSTOM`.
    pub(crate) provider: Option<PolicyProvider>,
    /// Rules; a policy matches if one of them does. A `null` entry is refused by validation.
    pub(crate) rules: Vec<Option<Rule>>,
}

/// `selector` of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WorkloadSelector {
    /// Labels that must be there with these values.
    pub(crate) match_labels: Labels,
}

/// `targetRefs[]` of policies; `istio/api: type/v1beta1/selector.proto` (PolicyTargetReference).
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct PolicyTargetReference {
    /// The group; absent: core.
    pub(crate) group: Option<String>,
    /// The kind.
    pub(crate) kind: String,
    /// The name.
    pub(crate) name: String,
    /// Refused by validation, even the policy's own.
    pub(crate) namespace: Option<String>,
}

/// `provider`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct PolicyProvider {
    /// The name in mesh configuration.
    pub(crate) name: String,
}

/// `action`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Decode)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Action {
    /// Requests that match may pass; if there is any, others may not.
    #[default]
    Allow,
    /// Requests that match may not pass.
    Deny,
    /// Requests that match are marked.
    Audit,
    /// An external authorizer judges requests that match.
    Custom,
}

impl Action {
    /// As policies write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
            Self::Audit => "AUDIT",
            Self::Custom => "CUSTOM",
        }
    }
}

/// `rules[]`: `from` and `to` and every `when` must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct Rule {
    /// Alternatives; absent: anybody.
    pub(crate) from: Option<Vec<RuleFrom>>,
    /// Alternatives; absent: anything.
    pub(crate) to: Option<Vec<RuleTo>>,
    /// Further conditions.
    pub(crate) when: Vec<Condition>,
}

/// `from[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct RuleFrom {
    /// The source.
    pub(crate) source: Option<Source>,
}

/// `from[].source`: all fields must hold. What each asks about is said once, at [`Attribute`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Source {
    pub(crate) principals: Vec<String>,
    pub(crate) not_principals: Vec<String>,
    pub(crate) request_principals: Vec<String>,
    pub(crate) not_request_principals: Vec<String>,
    pub(crate) namespaces: Vec<String>,
    pub(crate) not_namespaces: Vec<String>,
    pub(crate) service_accounts: Vec<String>,
    pub(crate) not_service_accounts: Vec<String>,
    pub(crate) trust_domains: Vec<String>,
    pub(crate) not_trust_domains: Vec<String>,
    pub(crate) ip_blocks: Vec<String>,
    pub(crate) not_ip_blocks: Vec<String>,
    pub(crate) remote_ip_blocks: Vec<String>,
    pub(crate) not_remote_ip_blocks: Vec<String>,
}

/// `to[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct RuleTo {
    /// The operation.
    pub(crate) operation: Option<Operation>,
}

/// `to[].operation`: all fields must hold. What each asks about is said once, at [`Attribute`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Operation {
    pub(crate) hosts: Vec<String>,
    pub(crate) not_hosts: Vec<String>,
    pub(crate) ports: Vec<String>,
    pub(crate) not_ports: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) not_methods: Vec<String>,
    pub(crate) paths: Vec<String>,
    pub(crate) not_paths: Vec<String>,
}

/// `when[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Condition {
    /// The attribute: `request.headers[x-user]`.
    pub(crate) key: String,
    /// One of these must match.
    pub(crate) values: Vec<String>,
    /// None of these may match.
    pub(crate) not_values: Vec<String>,
}
