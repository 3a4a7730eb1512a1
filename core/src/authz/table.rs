//! All policies as one kind of proxy enforces them.

use super::policy::Policy;
use crate::resource::ObjectIndex;
use crate::trace::{Entry, Log, Step, children};

/// The policies of one kind of proxy, by their places. To ask what other rules would come to, some of them may be replaced:
/// who enforces them, and in which order, stays as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'p> {
    policies: &'p [Policy],
    replaced: &'p [(u32, Policy)],
}

impl<'p> Table<'p> {
    /// A table of which some places hold another policy.
    pub(crate) fn new(policies: &'p [Policy], replaced: &'p [(u32, Policy)]) -> Self {
        Self { policies, replaced }
    }

    /// The policy at a place.
    pub(crate) fn get(self, place: u32) -> Option<&'p Policy> {
        if !self.replaced.is_empty() {
            let mut replaced = self.replaced.iter();
            if let Some((_, policy)) = replaced.find(|(replaced, _)| *replaced == place) {
                return Some(policy);
            }
        }
        self.policies.get(usize::try_from(place).ok()?)
    }

    /// The policy that is made of an object.
    pub(crate) fn find(self, object: ObjectIndex) -> Option<&'p Policy> {
        let replaced = self.replaced.iter().map(|(_, policy)| policy);
        let mut policies = replaced.chain(self.policies);
        policies.find(|policy| policy.object == object)
    }

    /// The policies of a log, each with its step, the steps inside that and where these begin.
    pub(crate) fn logged(
        self,
        log: &'p Log,
    ) -> impl Iterator<Item = (&'p Policy, Entry, &'p [Entry], usize)> {
        children(log.entries(), 0).filter_map(move |(entry, rules, offset)| match entry.step {
            Step::Policy(place) => Some((self.get(place)?, entry, rules, offset)),
            _ => None,
        })
    }

    /// The places that hold another policy than the one that an index was made of.
    pub(super) fn replaced(self) -> impl Iterator<Item = u32> {
        self.replaced.iter().map(|(place, _)| *place)
    }
}

impl<'p> From<&'p [Policy]> for Table<'p> {
    fn from(policies: &'p [Policy]) -> Self {
        Self::new(policies, &[])
    }
}
