//! Routing: which rule of which route takes a request at one proxy, and what becomes of the request. In come routes as
//! written, already attached, with backends found by the caller; out comes a table that is searched from the top.
//! Nothing here knows what is attached to what.

mod action;
mod backend;
mod condition;
mod cors;
mod fault;
mod gateway_api;
mod group;
mod headers;
mod http;
mod path;
mod precedence;
mod protocol;
mod redirect;
mod table;
mod value;

pub(crate) use action::{Answered, Listener, Outcome};
pub(crate) use backend::{Backend, Backends, Invalid};
pub(crate) use gateway_api::{Attached, Rules, at_waypoint, check};
pub(crate) use group::concatenate;
pub(crate) use protocol::Protocol;
pub(crate) use table::{Entry, RouteTable};
