//! Lints about Services with two waypoints.

use super::policies::{attached, holder, name};
use super::{Row, blamed, row};
use crate::mesh::GatewayIndex;
use crate::model::Model;
use crate::resource::{ObjectId, ObjectIndex};
use crate::source::{Diagnostics, Lint, lint};
use crate::wire::Via;

lint!(
    AT_ONE_OF_TWO_WAYPOINTS = "WP0270",
    "at-one-of-two-waypoints",
    Warning
);

pub(super) static CHECKS: &[Row] = &[row(&AT_ONE_OF_TWO_WAYPOINTS, at_one_of_two_waypoints)];

/// A Service with two waypoints, and what targets one of them.
fn at_one_of_two_waypoints(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let at = |gateway: GatewayIndex| {
        let object = model.mesh.object(model.mesh.gateway(gateway)?.object)?;
        Some(&object.id)
    };
    let targets = |holder: ObjectIndex, gateway: &ObjectId| {
        let mut rows = model.attachments.of(holder);
        rows.any(|row| row.via == Via::TargetRef && row.is_attached() && row.to == *gateway)
    };
    for (service, info) in model.mesh.service_objects() {
        let shares: Vec<_> = model.attachments.service_waypoints(service).collect();
        let [first, second] = shares.as_slice() else {
            continue;
        };
        let Some(id) = model.mesh.object(info.object).map(|object| &object.id) else {
            continue;
        };
        for (here, there) in [(first, second), (second, first)] {
            let (Some(gateway), Some(other)) = (at(here.gateway), at(there.gateway)) else {
                continue;
            };
            let rows = attached(model, Via::TargetRef);
            for row in rows.filter(|row| row.to == *gateway && there.percent > 0) {
                let Some(policy) = holder(model, row).filter(|_| !targets(row.from, other)) else {
                    continue;
                };
                let message = format!(
                    "{} acts at {} alone, and {} % of the connections to {} go through {}",
                    name(policy),
                    name(gateway),
                    there.percent,
                    name(id),
                    name(other)
                );
                out.report(lint, blamed(model, row, row.reason), message)
                    .resource(policy)
                    .help("target the Service, or both waypoints");
            }
        }
    }
}
