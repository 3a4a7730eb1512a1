//! What the policies of a chain come to.

use crate::resource::ObjectIndex;
use crate::wire::{Cause, Verdict};

/// What the token check said, which stands between `CUSTOM` and the other policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// Every token that counts is good, or there is none.
    #[default]
    Passed,
    /// A token is bad.
    Refused {
        /// The RequestAuthentication that owns the token's provider; `None`: several.
        by: Option<ObjectIndex>,
    },
    /// The keys are not here. The claims in the flow are those that the token has if it is good.
    Unknown {
        /// The RequestAuthentication that owns the token's provider; `None`: several.
        by: Option<ObjectIndex>,
    },
}

/// What the policies of a chain come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whether the request may pass.
    pub(crate) verdict: Verdict,
    /// Why; `None`: no policy had an opinion.
    pub(crate) by: Option<Deciding>,
}

/// Why a verdict is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deciding {
    /// The kind of reason.
    pub(crate) cause: Cause,
    /// The policy; `None` where no single one can be named.
    pub(crate) policy: Option<ObjectIndex>,
    /// Its rule, by its place in the policy as written.
    pub(crate) rule: Option<u32>,
}

/// Gathers the opinions of the phases, in their order.
#[derive(Debug, Default)]
pub(super) struct Opinions {
    denied: Option<Deciding>,
    unknown: Option<Deciding>,
    allowed: Option<Deciding>,
}

impl Opinions {
    /// Nothing that comes later can change the decision.
    pub(super) fn are_settled(&self) -> bool {
        self.denied.is_some()
    }

    pub(super) fn add(&mut self, verdict: Verdict, by: Deciding) {
        let slot = match verdict {
            Verdict::Deny => &mut self.denied,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Allow => &mut self.allowed,
        };
        slot.get_or_insert(by);
    }

    /// One refusal is enough; what nobody knows counts only if nothing refuses for certain.
    pub(super) fn into_decision(self) -> Decision {
        let (verdict, by) = match self {
            Self {
                denied: Some(by), ..
            } => (Verdict::Deny, Some(by)),
            Self {
                unknown: Some(by), ..
            } => (Verdict::Unknown, Some(by)),
            Self { allowed, .. } => (Verdict::Allow, allowed),
        };
        Decision { verdict, by }
    }
}
