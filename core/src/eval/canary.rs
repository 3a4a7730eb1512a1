//! A Service with two waypoints: a share of its connections goes through each. What becomes of a request is certain only
//! where it is the same at both.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/waypoints.go` (buildWeightedWaypoints),
//! `pilot/pkg/xds/endpoints/endpoint_builder.go` (weightedWaypointEndpoints).

use super::call::Call;
use super::evaluate::{Divided, Outcome, through};
use super::hops::WaypointHop;
use super::routing::Destination;
use crate::attach::Share;
use crate::model::Model;
use crate::trace::Trace;
use crate::wire::Verdict;

/// Leads a request through each waypoint that gets connections.
pub(super) fn each<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    destinations: &[Destination],
    hop: &WaypointHop,
    outcome: &mut Outcome<'m, T>,
) {
    let by = |share: Share| WaypointHop {
        gateway: share.gateway,
        ..hop.clone()
    };
    let shares: Vec<Share> = hop
        .service
        .into_iter()
        .flat_map(|service| model.attachments.service_waypoints(service))
        .filter(|share| share.percent > 0)
        .collect();
    match shares.as_slice() {
        [first, second] => {
            let branch = |share: Share| {
                let mut branch = Outcome::of(&call.traffic);
                branch.backends.clone_from(&outcome.backends);
                through(model, call, destinations, Some(by(share)), &mut branch);
                for hop in &mut branch.hops {
                    hop.share = Some(share);
                }
                (share, branch)
            };
            let branches = [branch(*first), branch(*second)];
            join(branches, outcome);
        }
        [only] => through(model, call, destinations, Some(by(*only)), outcome),
        _ => through(model, call, destinations, Some(hop.clone()), outcome),
    }
}

/// One answer out of two. Where they differ, nobody can tell, and what refuses is the reason.
fn join<'m, T>(branches: [(Share, Outcome<'m, T>); 2], outcome: &mut Outcome<'m, T>) {
    let divided = branches.each_ref().map(|(share, branch)| Divided {
        share: *share,
        verdict: branch.verdict,
    });
    let [(_, mut first), (_, mut second)] = branches;
    let mut hops = std::mem::take(&mut first.hops);
    hops.append(&mut second.hops);
    let differ = first.verdict != second.verdict;
    let weight = |verdict: Verdict| match verdict {
        Verdict::Allow => 0,
        Verdict::Unknown => 1,
        Verdict::Deny => 2,
    };
    let counts = if weight(second.verdict) > weight(first.verdict) {
        second
    } else {
        first
    };
    outcome.hops.append(&mut hops);
    outcome.decided = counts.decided;
    outcome.route = counts.route;
    outcome.backends = counts.backends;
    outcome.mirrors = counts.mirrors;
    if differ {
        outcome.verdict = Verdict::Unknown;
        outcome.divided = divided.to_vec();
        return;
    }
    outcome.verdict = counts.verdict;
    outcome.response = counts.response;
    outcome.request = counts.request;
}
