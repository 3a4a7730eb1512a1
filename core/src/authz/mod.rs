//! Authorization: policies as one proxy enforces them, and the verdict of all policies of a chain about one request.
//! In comes what is written ([`resource::AuthorizationPolicy`](crate::resource::AuthorizationPolicy)) and what the
//! proxy sees ([`Flow`](crate::flow::Flow)); out comes a [`Decision`], and in a [`Log`](crate::trace::Log), if asked,
//! every step. Which policies bear on a chain is decided in `attach`, never here; nothing here words an explanation.
//!
//! What the numbers in a log mean:
//!
//! - `Step::Policy(i)`: the policy at `i` of the table given to [`PolicySet::decide`];
//! - `Step::Rule(i)`, inside a policy: the rule at `i` of the policy *as written*;
//! - `Step::Clause(i)`, inside a policy: [`Policy::origin`] of [`ClauseId`]`(i)`.
//!
//! Rules and clauses that the proxy dropped have no step; [`Policy::losses`] tells of them.

mod attribute;
mod clause;
mod compile;
mod decision;
mod index;
pub(crate) mod jwt;
mod lever;
mod loss;
pub(crate) mod mtls;
mod policy;
mod policy_set;
mod table;
mod trust_domain;
mod waypoint;
mod ztunnel;

#[cfg(test)]
mod tests;

pub(crate) use attribute::Attribute;
pub(crate) use clause::{Clause, Matcher};
pub(crate) use compile::{Context, Enforcer, compile};
pub(crate) use decision::{Authentication, Deciding, Decision};
pub(crate) use lever::{Lever, Near};
pub(crate) use loss::{Loss, LossKind};
pub(crate) use policy::{ClauseOrigin, Effect, Group, Policy, Provider, Rule};
pub(crate) use policy_set::{PolicySet, Texts};
pub(crate) use table::Table;
pub(crate) use trust_domain::is_widened;
pub(crate) use ztunnel::is_sent;
