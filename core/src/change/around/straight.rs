//! Why a policy does not stop what comes the straight way.

use super::{Question, Trial};
use crate::attach;
use crate::authz::{self, Policy};
use crate::wire::{Via, Way};

/// Whether a way is the straight one.
pub(super) fn is(way: Way) -> bool {
    match way {
        Way::NoWaypoint
        | Way::MissingWaypoint
        | Way::WaypointForOthers
        | Way::NotCaptured
        | Way::HttpAtZtunnel
        | Way::CustomAtZtunnel
        | Way::BehindWaypoint
        | Way::NotEnforced => true,
        Way::DirectToPod
        | Way::OutsideTheMesh
        | Way::IdentityUnseen
        | Way::Ingress
        | Way::OtherService => false,
    }
}

/// The trial, with the reason why it is no more than a trial of the straight way.
pub(super) fn explain(question: &Question<'_>, trial: Trial) -> Trial {
    let policies = &question.model.policies;
    let (way, summary) = match policies.at_ztunnel(question.meant.object) {
        Some(policy) => at_ztunnels(question, policy),
        None => without_waypoint(question),
    };
    Trial {
        way,
        summary,
        ..trial
    }
}

/// Why no ztunnel enforces what the policy says.
fn at_ztunnels(question: &Question<'_>, policy: &Policy) -> (Way, String) {
    let Question {
        model, protected, ..
    } = question;
    let name = protected.name(model);
    let workloads = protected.workloads(model);
    let mut workloads = workloads
        .iter()
        .filter_map(|index| model.mesh.workload(*index));
    if workloads.all(|workload| !workload.capture.is_captured()) {
        let summary = format!(
            "the workloads of {name} are not in the mesh: no ztunnel stands in front of them"
        );
        return (Way::NotCaptured, summary);
    }
    if !authz::is_sent(policy.action, policy.dry_run) {
        let summary =
            format!("only ztunnels stand in front of {name}, and they ask no external authorizer");
        return (Way::CustomAtZtunnel, summary);
    }
    if policy.effect() == authz::Effect::Nothing {
        let summary = "only ztunnels enforce the policy, and they know nothing of HTTP: nothing of it is left";
        return (Way::HttpAtZtunnel, summary.to_owned());
    }
    if !policy.losses.is_empty() {
        let summary = format!(
            "only ztunnels enforce the policy in front of {name}, and they cannot see all that it asks about"
        );
        return (Way::HttpAtZtunnel, summary);
    }
    if protected.has_waypoint(model) {
        let summary =
            format!("the ztunnels in front of {name} get to see its waypoint, not who called that");
        return (Way::BehindWaypoint, summary);
    }
    let summary = format!("no ztunnel in front of {name} enforces what the policy says");
    (Way::NotEnforced, summary)
}

/// Why no waypoint enforces the policy.
fn without_waypoint(question: &Question<'_>) -> (Way, String) {
    let Question {
        model,
        meant,
        protected,
    } = question;
    let name = protected.name(model);
    let unattached = |object, via: Option<Via>| {
        let mut rows = model.attachments.of(object);
        rows.find(|row| !row.is_attached() && via.is_none_or(|via| row.via == via))
    };
    let sentence = |row: &attach::Row| {
        let from = &model.mesh.object(row.from)?.id;
        Some(row.reason.sentence(row.via, from, &row.to))
    };
    if protected.has_waypoint(model) {
        let why = unattached(meant.object, None).and_then(sentence);
        let summary = format!("the waypoint of {name} does not enforce the policy");
        return (Way::NotEnforced, because(summary, why));
    }
    let label = protected.object(model);
    let label = label.and_then(|object| unattached(object, Some(Via::UseWaypoint)));
    let way = match label.map(|row| row.reason) {
        None => Way::NoWaypoint,
        Some(attach::Reason::UnsupportedTrafficType) => Way::WaypointForOthers,
        Some(_) => Way::MissingWaypoint,
    };
    let summary = format!("no waypoint in front of {name} enforces the policy");
    (way, because(summary, label.and_then(sentence)))
}

fn because(summary: String, why: Option<String>) -> String {
    match why {
        Some(why) => format!("{summary}: {}", why.trim_end_matches('.')),
        None => summary,
    }
}
