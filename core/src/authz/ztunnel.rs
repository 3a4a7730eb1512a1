//! What a ztunnel is told of a policy, and what istiod drops on the way: HTTP attributes, rule by rule, and trust
//! domains, silently. `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go` (convertAuthorizationPolicy,
//! handleRule); what is then left means what `istio/ztunnel: src/rbac.rs` (matches, is_empty) makes of it.

use super::attribute::{Attribute, Layer};
use super::compile::Kept;
use super::loss::LossKind;
use crate::resource::{Action, WrittenClause, WrittenGroup};
use crate::wire::Behavior;

/// Whether istiod tells ztunnels of a policy at all.
pub(crate) fn is_sent(action: Action, dry_run: bool) -> bool {
    match action {
        Action::Allow | Action::Deny => !dry_run,
        Action::Audit | Action::Custom => false,
    }
}

/// What istiod makes of one field.
enum Fate {
    Sent,
    /// The rule counts as one with HTTP attributes.
    Unsupported,
    DroppedSilently,
}

/// What a ztunnel gets of a rule.
pub(super) fn keep<'a>(
    mut groups: Vec<WrittenGroup<'a>>,
    action: Action,
    behavior: Behavior,
    lose: &mut impl FnMut(&str, LossKind),
) -> Kept<'a> {
    let mut unsupported = false;
    for alternative in groups.iter_mut().flat_map(|group| &mut group.alternatives) {
        alternative
            .clauses
            .retain(|clause| match fate(clause, behavior) {
                Fate::Sent => true,
                Fate::Unsupported => {
                    unsupported = true;
                    let name = clause.name.to_owned();
                    lose(&clause.path, LossKind::UnsupportedAttribute { name });
                    false
                }
                Fate::DroppedSilently => {
                    lose(&clause.path, LossKind::TrustDomain);
                    false
                }
            });
    }
    if unsupported && action == Action::Allow {
        lose("", LossKind::RuleOmitted);
        return Kept::Omitted;
    }
    if unsupported && behavior == Behavior::Documented {
        lose("", LossKind::RuleDeniesEverything);
        return Kept::Groups(Vec::new());
    }
    for group in &mut groups {
        let single = group.alternatives.len() == 1;
        group.alternatives.retain(|alternative| {
            let empty = alternative.clauses.is_empty();
            if empty && !single {
                lose(&alternative.path, LossKind::EntryNeverMatches);
            }
            !empty
        });
        if group.alternatives.is_empty() {
            lose(&group.path, LossKind::RuleNeverMatches);
        }
    }
    Kept::Groups(groups)
}

fn fate(clause: &WrittenClause<'_>, behavior: Behavior) -> Fate {
    let condition = clause.path.starts_with("when");
    match &clause.attribute {
        // The field works; the `when` key of the same meaning does not.
        Some(Attribute::SourceServiceAccount) if condition => Fate::Unsupported,
        Some(Attribute::SourceTrustDomain) if !condition => match behavior {
            Behavior::Implemented => Fate::DroppedSilently,
            Behavior::Documented => Fate::Sent,
        },
        Some(attribute) if attribute.layer() == Layer::Connection => Fate::Sent,
        Some(_) | None => Fate::Unsupported,
    }
}
