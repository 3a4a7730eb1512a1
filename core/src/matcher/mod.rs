//! Total predicates over plain text and addresses, compiled once and asked often. They know neither Kubernetes nor a
//! request: what is matched against what is said by the modules that use them. Matching allocates nothing.

mod glob;
mod header_lines;
mod host;
mod ip_block;
mod path_index;
mod path_normalization;
mod path_template;
mod pattern;
mod referer;
mod service_account;
mod string;

pub(crate) use glob::Glob;
pub(crate) use header_lines::{add_header_line, normalize_headers};
pub(crate) use host::{host_matches, hosts_intersect, narrower_host};
pub(crate) use ip_block::parse_ip_block;
pub(crate) use path_index::{PathIndex, add_place};
pub(crate) use path_normalization::normalize_path;
pub(crate) use path_template::{PathTemplate, PathTemplateError};
pub(crate) use pattern::{Pattern, compile as compile_regex};
pub(crate) use service_account::ServiceAccountUri;
pub(crate) use string::StringMatch;
