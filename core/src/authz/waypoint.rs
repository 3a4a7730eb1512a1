//! What waypoints and ingress gateways, which are Envoys both, make of a policy: everything where they speak HTTP, less
//! where they see bytes. `istio/istio: pilot/pkg/security/authz/model/model.go` (New, Generate, checkError).

use super::attribute::Layer;
use super::compile::Kept;
use super::loss::LossKind;
use crate::resource::{Action, WrittenGroup};

/// What an HTTP chain keeps of a rule: all of it.
pub(super) fn keep_http<'a>(
    groups: Vec<WrittenGroup<'a>>,
    lose: &mut impl FnMut(&str, LossKind),
) -> Kept<'a> {
    let mut known = true;
    for group in &groups {
        for clause in group.alternatives.iter().flat_map(|entry| &entry.clauses) {
            if clause.attribute.is_none() {
                known = false;
                let name = clause.name.to_owned();
                lose(&clause.path, LossKind::UnknownAttribute { name });
            }
        }
    }
    if known {
        Kept::Groups(groups)
    } else {
        lose("", LossKind::RuleOmitted);
        Kept::Omitted
    }
}

/// What a TCP chain keeps of a rule: nothing of an `ALLOW` rule with HTTP attributes, all but these of any other.
/// Where nothing is left, everything matches: the opposite of what a ztunnel does.
pub(super) fn keep_tcp<'a>(
    groups: Vec<WrittenGroup<'a>>,
    action: Action,
    lose: &mut impl FnMut(&str, LossKind),
) -> Kept<'a> {
    let Kept::Groups(mut groups) = keep_http(groups, lose) else {
        return Kept::Omitted;
    };
    let mut emptied = Vec::new();
    let mut unsupported = false;
    for alternative in groups.iter_mut().flat_map(|group| &mut group.alternatives) {
        let before = alternative.clauses.len();
        alternative.clauses.retain(|clause| {
            let http = clause
                .attribute
                .as_ref()
                .is_some_and(|attribute| attribute.layer() == Layer::Http);
            if http {
                unsupported = true;
                let name = clause.name.to_owned();
                lose(&clause.path, LossKind::UnsupportedAttribute { name });
            }
            !http
        });
        if before > 0 && alternative.clauses.is_empty() {
            emptied.push(alternative.path.clone());
        }
    }
    if unsupported && action == Action::Allow {
        lose("", LossKind::RuleOmitted);
        return Kept::Omitted;
    }
    for path in emptied {
        lose(&path, LossKind::EntryAlwaysMatches);
    }
    Kept::Groups(groups)
}
