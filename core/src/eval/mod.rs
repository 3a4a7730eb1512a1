//! One request through the mesh: who calls what ([`call`]), which proxies it passes and what each sees ([`hops`]), and
//! what becomes of it there ([`evaluate`](evaluate::evaluate)). The plain and the explained verdict are one function,
//! generic over its trace.

mod call;
mod canary;
mod evaluate;
mod hops;
mod ingress;
mod refusal;
mod routing;
mod sample;

pub(crate) use call::{Call, Target, Traffic, Unresolved, resolve};
pub(crate) use evaluate::{Decided, HopOutcome, Outcome, Taken, evaluate, routed};
pub(crate) use ingress::gateways_use_waypoint;
pub(crate) use refusal::Refusal;
pub(crate) use routing::destinations_of_backend;
pub(crate) use sample::{
    BAD_REQUEST, DIVIDED_BY_CANARY, LINTS, Sample, Samples, UNKNOWN_REQUEST_FIELD,
    UNRESOLVED_REQUEST, check_settings, read as read_samples,
};
