//! Routing: which rule of which route takes a request at one proxy, and what becomes of the request. In come routes as
//! written, already attached, with backends resolved by the caller; out comes a table that is searched from the top.
//! Nothing here knows the mesh.

mod action;
mod condition;
mod headers;
mod http;
mod path;
mod precedence;
mod protocol;
mod table;

pub(crate) use action::{Action, Backend, Invalid, Outcome};
pub(crate) use http::{Attached, check, compile};
pub(crate) use protocol::Protocol;
pub(crate) use table::{Entry, RouteTable};
