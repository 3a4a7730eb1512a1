//! The same request on other ways: past the Service, from where nobody proves who calls, through gateways and other
//! Services.

use super::protected::Protected;
use super::{Trial, entrances};
use crate::flow::{Flow, Principal};
use crate::mesh::ServiceIndex;
use crate::model::Model;
use crate::wire::{self, Request, Way};

/// So many other Services are tried.
const MAX_SERVICES: usize = 3;

/// The detours of a request that the straight way stops. `seen`: what the policy's proxy would see of it.
pub(super) fn of(model: &Model, protected: Protected, base: &Request, seen: &Flow) -> Vec<Trial> {
    let mut trials = Vec::new();
    trials.extend(direct_to_pod(model, protected, base, seen));
    trials.push(outside(model, protected, base));
    trials.extend(identity_unseen(model, protected, base));
    if let Protected::Service(service) = protected {
        trials.extend(entrances::of(model, service, base));
        trials.extend(other_services(model, service, base, seen));
    }
    trials
}

fn direct_to_pod(
    model: &Model,
    protected: Protected,
    base: &Request,
    seen: &Flow,
) -> Option<Trial> {
    let Protected::Service(service) = protected else {
        return None;
    };
    let service = model.mesh.service(service)?;
    let index = *service.workloads.first()?;
    let workload = model.mesh.workload(index)?;
    let name = protected.name(model);
    let target = service.port(base.to.port?)?;
    let port = workload.target_port(service, target.port);
    let mut request = base.clone();
    request.to = wire::Destination {
        workload: Some(model.mesh.object(workload.object)?.id.qualified_name()),
        port,
        ..wire::Destination::default()
    };
    Some(Trial {
        way: Way::DirectToPod,
        request,
        peer: seen.peer.clone(),
        summary: match model.attachments.workload_waypoint(index) {
            Some(_) => format!(
                "a caller of the pod's own address meets the policies of its waypoint, but not those of {name}"
            ),
            None => {
                format!("a caller of the pod's own address goes past the waypoint of {name}")
            }
        },
    })
}

fn from(base: &Request, source: wire::Source) -> Request {
    Request {
        from: wire::Source {
            ip: base.from.ip.clone(),
            ..source
        },
        ..base.clone()
    }
}

fn outside(model: &Model, protected: Protected, base: &Request) -> Trial {
    let name = protected.name(model);
    Trial {
        way: Way::OutsideTheMesh,
        request: from(
            base,
            wire::Source {
                outside: Some(true),
                ..wire::Source::default()
            },
        ),
        peer: None,
        summary: match protected.has_waypoint(model) {
            true => format!("a caller outside the mesh goes past the waypoint of {name}"),
            false => format!("a caller outside the mesh is let in to {name} in plaintext"),
        },
    }
}

/// Whom the policy names, on a pod that is not in the mesh: no proxy learns who it is.
fn identity_unseen(model: &Model, protected: Protected, base: &Request) -> Option<Trial> {
    let account = base.from.service_account.as_ref()?;
    let (namespace, name) = account.split_once('/')?;
    Some(Trial {
        way: Way::IdentityUnseen,
        request: from(
            base,
            wire::Source {
                service_account: Some(account.clone()),
                in_mesh: Some(false),
                ..wire::Source::default()
            },
        ),
        peer: Some(Principal::new(
            &model.mesh.settings().trust_domain,
            namespace,
            name,
        )),
        summary: format!(
            "a pod of `{account}` that is not in the mesh calls {} in plaintext, and nobody learns who it is",
            protected.name(model)
        ),
    })
}

/// Other Services that lead to the same workloads, by their selectors or by their routes: policies are those of the
/// Service addressed.
fn other_services(model: &Model, service: ServiceIndex, base: &Request, seen: &Flow) -> Vec<Trial> {
    let own = Protected::Service(service).workloads(model);
    let mut trials = Vec::new();
    for (other, info) in model.mesh.service_objects() {
        if other == service || trials.len() >= MAX_SERVICES {
            continue;
        }
        let shares = info.workloads.iter().any(|workload| own.contains(workload));
        let waypoint = model.attachments.service_waypoint(other);
        for port in &info.ports {
            let table = waypoint.and_then(|at| model.routes.http((at, other, port.port)));
            let routed = table.and_then(|table| {
                let mut entries = table.entries().iter();
                entries.find(|entry| {
                    let mut backends = entry.action.backends();
                    backends.any(|backend| backend.service == Some(service))
                })
            });
            if !shares && routed.is_none() {
                continue;
            }
            let mut request = base.clone();
            request.to = wire::Destination {
                service: Some(format!("{}/{}", info.namespace, info.name)),
                port: Some(port.port),
                ..wire::Destination::default()
            };
            let how = match routed {
                Some(entry) => {
                    if let Some(http) = &mut request.http {
                        entrances::fit(entry, http);
                    }
                    "a route of Service"
                }
                None => "Service",
            };
            let name = Protected::Service(other).name(model);
            trials.push(Trial {
                way: Way::OtherService,
                request,
                peer: seen.peer.clone(),
                summary: format!(
                    "{how} {name} leads to the workloads of {} too, and its callers meet only its own policies",
                    Protected::Service(service).name(model)
                ),
            });
        }
    }
    trials
}
