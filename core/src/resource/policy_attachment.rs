//! Where policies say what they are for: `selector`, `targetRef`, `targetRefs`, alike in all kinds of policies.
//! `istio/istio: pkg/config/validation/validation.go` (validateOneOfSelectorType, validateWorkloadSelector,
//! validatePolicyTargetReference).

use super::feature::Attachment;
use super::violation::Violations;
use super::{Labels, PolicyTargetReference, Resource, WorkloadSelector};
use crate::source::lint;

lint!(pub(crate) POLICY_TARGET_CROSS_NAMESPACE = "WP0273", "policy-target-cross-namespace", Error);
lint!(pub(crate) POLICY_TARGET_KIND_INVALID = "WP0286", "policy-target-kind-invalid", Error);
lint!(pub(crate) POLICY_SELECTOR_AND_TARGET = "WP0287", "policy-selector-and-target", Error);
lint!(pub(crate) POLICY_TOO_MANY_TARGETS = "WP0288", "policy-too-many-targets", Error);

/// `istio.io/dry-run`
pub(super) const DRY_RUN: &str = "istio.io/dry-run";

const MAX_TARGET_REFS: usize = 16;

/// What a policy may point at: kind, group, and how the group may be written.
const TARGETS: [(&str, &str, &[&str]); 4] = [
    (
        "Gateway",
        "gateway.networking.k8s.io",
        &["gateway.networking.k8s.io"],
    ),
    (
        "GatewayClass",
        "gateway.networking.k8s.io",
        &["gateway.networking.k8s.io"],
    ),
    ("Service", "", &["", "core"]),
    (
        "ServiceEntry",
        "networking.istio.io",
        &["networking.istio.io"],
    ),
];

/// Where a policy of any kind says what it is for.
#[derive(Clone, Copy)]
pub(crate) struct PolicyAttachment<'a> {
    /// Name of the field that selects workloads.
    pub(crate) selector_field: &'static str,
    /// The labels that it selects by; `None`: the field is absent.
    pub(crate) selector: Option<&'a Labels>,
    /// `targetRef`, which is read only if `targetRefs` is empty.
    pub(crate) target_ref: Option<&'a PolicyTargetReference>,
    /// `targetRefs`
    pub(crate) target_refs: &'a [PolicyTargetReference],
}

impl Resource {
    /// The resource as a policy, if it is one.
    pub(crate) fn as_policy(&self) -> Option<PolicyAttachment<'_>> {
        let (selector, target_ref, target_refs) = match self {
            Self::AuthorizationPolicy(policy) => {
                (&policy.selector, &policy.target_ref, &*policy.target_refs)
            }
            Self::RequestAuthentication(policy) => {
                (&policy.selector, &policy.target_ref, &*policy.target_refs)
            }
            Self::WasmPlugin(policy) => {
                (&policy.selector, &policy.target_ref, &*policy.target_refs)
            }
            Self::TrafficExtension(policy) => {
                (&policy.selector, &policy.target_ref, &*policy.target_refs)
            }
            Self::Telemetry(policy) => (&policy.selector, &policy.target_ref, &*policy.target_refs),
            Self::PeerAuthentication(policy) => (&policy.selector, &None, &[][..]),
            Self::EnvoyFilter(policy) => {
                return Some(PolicyAttachment {
                    selector_field: "workloadSelector",
                    selector: policy
                        .workload_selector
                        .as_ref()
                        .map(|selector| &selector.labels),
                    target_ref: None,
                    target_refs: &policy.target_refs,
                });
            }
            _ => return None,
        };
        Some(PolicyAttachment {
            selector_field: "selector",
            selector: selector.as_ref().map(|selector| &selector.match_labels),
            target_ref: target_ref.as_ref(),
            target_refs,
        })
    }
}

impl<'a> PolicyAttachment<'a> {
    /// Whether it names what it is for.
    pub(crate) fn has_targets(&self) -> bool {
        self.target_ref.is_some() || !self.target_refs.is_empty()
    }

    /// The labels that it selects by; an empty selector counts as none.
    pub(crate) fn labels(&self) -> Option<&'a Labels> {
        self.selector.filter(|labels| !labels.is_empty())
    }

    /// How this one attaches, in the root namespace or in another.
    pub(crate) fn attachment(&self, in_root: bool) -> Attachment {
        if self.has_targets() {
            Attachment::TargetRefs
        } else if self.labels().is_some() {
            Attachment::Selector
        } else if in_root {
            Attachment::Mesh
        } else {
            Attachment::Namespace
        }
    }

    /// What validation says of kinds whose other fields it does not look at here.
    pub(super) fn validate(&self) -> Violations {
        let mut out = Violations::default();
        let selector = self.selector.map(|labels| WorkloadSelector {
            match_labels: labels.clone(),
        });
        validate(
            selector.as_ref(),
            self.target_ref,
            self.target_refs,
            &mut out,
        );
        out
    }
}

/// Checks the three fields together.
pub(super) fn validate(
    selector: Option<&WorkloadSelector>,
    target_ref: Option<&PolicyTargetReference>,
    target_refs: &[PolicyTargetReference],
    out: &mut Violations,
) {
    let fields = [
        ("`selector`", selector.is_some()),
        ("`targetRef`", target_ref.is_some()),
        ("`targetRefs`", !target_refs.is_empty()),
    ];
    let set: Vec<&str> = fields
        .iter()
        .filter_map(|(name, set)| set.then_some(*name))
        .collect();
    if set.len() > 1 {
        out.error_of(
            &POLICY_SELECTOR_AND_TARGET,
            "spec",
            format!("only one of {} may be set", set.join(" and ")),
            "a policy is either for workloads (`selector`) or for what `targetRefs` name",
        );
    }
    if let Some(selector) = selector {
        validate_selector(selector, out);
    }
    if let Some(target) = target_ref {
        validate_target(target, "spec.targetRef", out);
    }
    if target_refs.len() > MAX_TARGET_REFS {
        out.error_of(
            &POLICY_TOO_MANY_TARGETS,
            "spec.targetRefs",
            format!("more than {MAX_TARGET_REFS} `targetRefs`"),
            "spread them over several policies, or target the waypoint itself",
        );
    }
    for (index, target) in target_refs.iter().enumerate() {
        validate_target(target, &format!("spec.targetRefs[{index}]"), out);
    }
}

/// Checks `selector` alone.
pub(super) fn validate_selector(selector: &WorkloadSelector, out: &mut Violations) {
    let path = "spec.selector.matchLabels";
    for (key, value) in &selector.match_labels {
        if key.is_empty() {
            out.error(path, "a label of `selector` has no key");
        }
        if key.contains('*') || value.contains('*') {
            out.error_with_help(
                path,
                format!("the label `{key}: {value}` has a `*`"),
                "a selector compares whole values; it knows no wildcards",
            );
        }
    }
    if selector.match_labels.is_empty() {
        out.warning(
            "spec.selector",
            "`selector` has no labels",
            "leave `selector` out to select every workload in scope",
        );
    }
}

fn validate_target(target: &PolicyTargetReference, path: &str, out: &mut Violations) {
    if target.name.is_empty() {
        out.error(format!("{path}.name"), "the target has no `name`");
    }
    if target
        .namespace
        .as_deref()
        .is_some_and(|namespace| !namespace.is_empty())
    {
        out.error_of(
            &POLICY_TARGET_CROSS_NAMESPACE,
            format!("{path}.namespace"),
            "a target may not name a namespace",
            "a policy points at objects of its own namespace only; leave `namespace` out",
        );
    }
    let group = target.group.as_deref().unwrap_or_default();
    let known = TARGETS.iter().find(|(kind, ..)| *kind == target.kind);
    match known {
        Some((_, _, groups)) if groups.contains(&group) => {}
        Some((kind, wanted, _)) => out.error_of(
            &POLICY_TARGET_KIND_INVALID,
            match target.group {
                Some(_) => format!("{path}.group"),
                None => format!("{path}.kind"),
            },
            format!("no policy can point at kind `{kind}` of group `{group}`"),
            format!("`{kind}` needs `group: \"{wanted}\"`"),
        ),
        None => out.error_of(
            &POLICY_TARGET_KIND_INVALID,
            format!("{path}.kind"),
            format!("no policy can point at kind `{}`", target.kind),
            "a target is a Gateway, a GatewayClass, a Service or a ServiceEntry",
        ),
    }
}

/// Only AuthorizationPolicies have a dry run. `istio/istio: pkg/config/validation/validation.go` (checkDryRunAnnotation).
pub(super) fn refuse_dry_run(annotations: &Labels, out: &mut Violations) {
    if annotations.contains_key(DRY_RUN) {
        out.error(
            "metadata.annotations",
            format!("the annotation `{DRY_RUN}` is for AuthorizationPolicies only"),
        );
    }
}
