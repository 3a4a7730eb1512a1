//! Routing: which rule of which route takes a request at one proxy, and what becomes of the request. In come routes as
//! written, already attached, with backends found by the caller; out comes a table that is searched from the top.
//! Nothing here knows what is attached to what.

mod action;
mod backend;
mod condition;
mod conversion;
mod cors;
mod delegate;
mod fault;
mod gateway_api;
mod group;
mod grpc;
mod headers;
mod http;
mod index;
mod ingress;
mod layer4;
mod path;
mod precedence;
mod protocol;
mod redirect;
mod shadow;
mod table;
mod tie_breaker;
mod value;
mod virtual_service;

pub(crate) use action::{Action, Answered, Listener, NoBackend, Outcome, Retry};
pub(crate) use backend::{Backend, Backends, Invalid, Subset};
pub(crate) use condition::{Condition, PathMatch};
pub(crate) use conversion::Problem;
pub(crate) use cors::{ALLOW_CREDENTIALS, Cors};
pub(crate) use delegate::merge as merge_delegate;
pub(crate) use fault::{Abort, Fault};
pub(crate) use gateway_api::{Attached, Rules, at_listener, at_waypoint, backends};
pub(crate) use group::{Group, Precedence, concatenate};
pub(crate) use headers::HeaderChanges;
pub(crate) use ingress::{
    Bound, Content, Port as GatewayPort, Server, ServerHost, ServerKind, VirtualHosts,
};
pub(crate) use path::PathChange;
pub(crate) use protocol::Protocol;
pub(crate) use redirect::{Redirect, RedirectPort, https_location};
pub(crate) use shadow::shadowed;
pub(crate) use table::{Entry, RouteTable, Section};
pub(crate) use tie_breaker::TieBreaker;
pub(crate) use value::ValueMatch;
pub(crate) use virtual_service::{
    Place, PlaceKind, Root, Rule as VirtualServiceRule, http as virtual_service_http,
    is_for as match_is_for, layer4 as virtual_service_layer4, layer4_is_for, seconds, takes_all_of,
};
