//! Findings about what manifests come to: the table of all lints, and the runner. A check reads attachments, losses and
//! the mesh; it never works out again what they say.

use crate::model::Model;
use crate::source::{self, Diagnostics, Lint};
use crate::{eval, resource};

mod attachment;
mod authentication;
mod routing;

/// One lint that is checked on the finished model.
struct Row {
    lint: &'static Lint,
    check: fn(&Model, &'static Lint, &mut Diagnostics),
}

/// The lints that are checked on the finished model.
static CHECKS: &[Row] = &[
    Row {
        lint: &attachment::WAYPOINT_MISSING,
        check: attachment::waypoint_missing,
    },
    Row {
        lint: &attachment::WAYPOINT_DOES_NOT_SERVE,
        check: attachment::waypoint_does_not_serve,
    },
    Row {
        lint: &attachment::TARGET_NOT_FOUND,
        check: attachment::target_not_found,
    },
    Row {
        lint: &attachment::TARGET_WITHOUT_WAYPOINT,
        check: attachment::target_without_waypoint,
    },
    Row {
        lint: &attachment::ROUTE_PARENT_NOT_FOUND,
        check: attachment::route_parent_not_found,
    },
    Row {
        lint: &attachment::ROUTE_WITHOUT_EFFECT,
        check: attachment::route_without_effect,
    },
    Row {
        lint: &attachment::ROUTE_ON_WAYPOINT,
        check: attachment::route_on_waypoint,
    },
    Row {
        lint: &attachment::BACKEND_NOT_USABLE,
        check: attachment::backend_not_usable,
    },
    Row {
        lint: &attachment::HTTP_RULE_AT_ZTUNNEL,
        check: attachment::http_rule_at_ztunnel,
    },
    Row {
        lint: &attachment::NOT_ENFORCED,
        check: attachment::not_enforced,
    },
    Row {
        lint: &attachment::ROUTE_DROPPED,
        check: attachment::route_dropped,
    },
    Row {
        lint: &authentication::DISABLE_NOT_HONOURED,
        check: authentication::disable_not_honoured,
    },
    Row {
        lint: &authentication::STRICT_LOST,
        check: authentication::strict_lost,
    },
    Row {
        lint: &routing::RULE_NEVER_TAKEN,
        check: routing::rule_never_taken,
    },
    Row {
        lint: &routing::RULE_WITHOUT_BACKEND,
        check: routing::rule_without_backend,
    },
    Row {
        lint: &routing::SOURCE_AT_WAYPOINT,
        check: routing::source_at_waypoint,
    },
    Row {
        lint: &routing::DESTINATION_NOT_THERE,
        check: routing::destination_not_there,
    },
    Row {
        lint: &routing::REWRITE_OF_ROOT,
        check: routing::rewrite_of_root,
    },
];

/// Runs every check.
pub(crate) fn run(model: &Model, out: &mut Diagnostics) {
    for row in CHECKS {
        (row.check)(model, row.lint, out);
    }
}

/// Every lint there is, those that earlier stages raise first.
pub(crate) fn all() -> impl Iterator<Item = &'static Lint> {
    source::LINTS
        .iter()
        .copied()
        .chain(resource::LINTS.iter().copied())
        .chain(CHECKS.iter().map(|row| row.lint))
        .chain(eval::LINTS.iter().copied())
}
