//! TCPRoutes and TLSRoutes as written → entries. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`
//! (convertTCPRoute, convertTLSRoute, augmentTLSPortMatch, compatibleRoutesForHost),
//! `pilot/pkg/networking/core/listener_waypoint.go` (getTLSRouteMatch, getTCPRouteMatch).

use std::sync::Arc;

use super::action::Action;
use super::backend::Backends;
use super::condition::Condition;
use super::table::{Entry, Section};
use crate::matcher;
use crate::resource::{Layer4Rule, ObjectIndex};

/// The entries of rules that take every connection, each under a condition if there is one.
pub(crate) fn entries(
    object: ObjectIndex,
    rules: &[Layer4Rule],
    conditions: &[Condition],
    backends: &dyn Backends,
) -> Vec<Entry> {
    rules
        .iter()
        .enumerate()
        .map(|(rule, written)| Entry {
            group: 0,
            route: object,
            section: Section::Rules,
            rule,
            match_index: Some(0),
            conditions: conditions.to_vec(),
            action: Arc::new(action(written, object, backends)),
        })
        .collect()
}

fn action(rule: &Layer4Rule, object: ObjectIndex, backends: &dyn Backends) -> Action {
    let found = rule.backend_refs.iter().map(|written| {
        let mut backend = backends.reference(&written.reference(), object);
        backend.weight = written.weight.unwrap_or(1);
        backend
    });
    Action::to(found.collect())
}

/// Whether a waypoint makes anything of a TLSRoute's rule for one host: it looks at no server name, so that the host's own
/// must be the only one. A rule without weight is taken for every port and name.
pub(crate) fn is_for_host(rule: &Layer4Rule, hostnames: &[String], host: &str) -> bool {
    if is_weightless(rule) {
        return true;
    }
    match hostnames {
        [] => true,
        [only] if only == "*" => true,
        [only] => only == host,
        several => {
            let compatible: Vec<&String> = several
                .iter()
                .filter(|name| matcher::host_matches(name, host))
                .collect();
            compatible.len() == 1 && compatible.first().is_some_and(|only| *only == host)
        }
    }
}

/// Whether no backend of a rule has any weight.
pub(crate) fn is_weightless(rule: &Layer4Rule) -> bool {
    rule.backend_refs
        .iter()
        .all(|backend| backend.weight == Some(0))
}
