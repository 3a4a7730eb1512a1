//! What a proxy drops from a policy, by which rule, and what follows.

use crate::resource::Action;

/// One thing that a proxy dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The rule, by its place in the policy as written.
    pub(crate) rule: u32,
    /// What was dropped, relative to the rule: `to[0].operation.methods`; empty: the rule itself.
    pub(crate) path: String,
    /// What it was, and what follows.
    pub(crate) kind: LossKind,
}

/// What was dropped, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LossKind {
    /// This proxy cannot see the attribute; the path is the field's.
    UnsupportedAttribute {
        /// The field's own name, or the `when` key.
        name: String,
    },
    /// istiod has no way to tell a ztunnel about trust domains, and says nothing about it: the rule stays without
    /// the field. The path is the field's.
    TrustDomain,
    /// The `when` key does not exist. The path is the condition's.
    UnknownAttribute {
        /// The key.
        name: String,
    },
    /// The rule is left out.
    RuleOmitted,
    /// An entry of `from` or `to` has nothing left and never matches; the path is the entry's.
    EntryNeverMatches,
    /// `from`, `to` or a condition has nothing left and never matches, so the rule never does; the path is its own.
    RuleNeverMatches,
    /// An entry has nothing left and always matches; the path is its own.
    EntryAlwaysMatches,
    /// The documentation says that the rule then denies everything.
    RuleDeniesEverything,
}

impl Loss {
    /// One plain sentence about it.
    pub(crate) fn sentence(&self, action: Action, proxy: &str) -> String {
        let Self { rule, path, .. } = self;
        match &self.kind {
            LossKind::UnsupportedAttribute { name } => {
                format!("{proxy} cannot see `{name}` (`rules[{rule}].{path}`)")
            }
            LossKind::TrustDomain => format!(
                "{proxy} is never told of `rules[{rule}].{path}`: the rule stays without it, wider than written"
            ),
            LossKind::UnknownAttribute { name } => {
                format!("there is no attribute `{name}` (`rules[{rule}].{path}`)")
            }
            LossKind::RuleOmitted => match action {
                Action::Allow => format!("`rules[{rule}]` is left out, so it allows nothing"),
                Action::Deny | Action::Audit | Action::Custom => {
                    format!("`rules[{rule}]` is left out")
                }
            },
            LossKind::EntryNeverMatches => {
                format!("`rules[{rule}].{path}` has nothing left and never matches")
            }
            LossKind::RuleNeverMatches => format!(
                "`rules[{rule}].{path}` has nothing left, so `rules[{rule}]` never matches, whatever else it says"
            ),
            LossKind::EntryAlwaysMatches => {
                format!("`rules[{rule}].{path}` has nothing left and matches everything")
            }
            LossKind::RuleDeniesEverything => {
                format!("`rules[{rule}]` denies everything in the scope of the policy")
            }
        }
    }
}
