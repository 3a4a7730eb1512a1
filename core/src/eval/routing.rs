//! Routes at one proxy: which rule takes a request, what becomes of it there, and to which workloads it may go on.

use super::evaluate::{HopOutcome, Outcome, RESET, Taken, answer, refuse, routed, routing};
use crate::flow::Http;
use crate::matcher;
use crate::mesh::{GatewayIndex, Mesh, ServiceIndex, WorkloadIndex};
use crate::model::Model;
use crate::resource::Resource;
use crate::route::{self, Answered, Entry, Listener};
use crate::sorted;
use crate::trace::Trace;

/// Where a request goes on to: a workload and the port of its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The workload.
    pub(crate) workload: WorkloadIndex,
    /// The port of its container.
    pub(crate) port: u16,
}

/// The route of an HTTP request; without a route for this port it goes straight to the Service.
pub(super) fn route_http<'m, T: Trace + Default>(
    model: &'m Model,
    (gateway, service): (GatewayIndex, ServiceIndex),
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Destination>> {
    let http = hop.flow.http.clone()?;
    let port = hop.flow.destination_port;
    if !is_host_of(&model.mesh, service, &http) {
        hop.answered = Some(Answered::NoHost);
        let response = answer(&http, 404, sorted::Map::new());
        refuse(hop, outcome, routing(), Some(response));
        return None;
    }
    let table = model.routes.http((gateway, service, port))?;
    hop.table = Some(table);
    let Some(entry) = table.choose(routed(&hop.arrived, &hop.flow), &mut hop.routes) else {
        hop.answered = Some(Answered::NoRoute);
        let response = answer(&http, 404, sorted::Map::new());
        refuse(hop, outcome, routing(), Some(response));
        return None;
    };
    let listener = Listener { port, tls: false };
    take(&model.mesh, entry, &http, listener, hop, outcome)
}

/// At a waypoint any Host header will do, unless names are looked up as they come: then it must be the
/// ServiceEntry's own. `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildRouteVHostDomains).
fn is_host_of(mesh: &Mesh, service: ServiceIndex, http: &Http) -> bool {
    let Some(service) = mesh.service(service) else {
        return true;
    };
    match mesh.object(service.object).map(|object| &object.resource) {
        Some(Resource::ServiceEntry(entry))
            if entry.resolution.as_deref() == Some("DYNAMIC_DNS") =>
        {
            matcher::host_matches(&service.host, &http.authority)
        }
        _ => true,
    }
}

/// The route of a connection that is not read; without one for this port it goes straight to the Service.
pub(super) fn route_layer4<'m, T: Trace + Default>(
    model: &'m Model,
    (gateway, service): (GatewayIndex, ServiceIndex),
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Destination>> {
    let port = hop.flow.destination_port;
    let table = model.routes.layer4((gateway, service, port))?;
    hop.table = Some(table);
    let Some(entry) = table.choose(&hop.flow, &mut hop.routes) else {
        hop.answered = Some(Answered::NoRoute);
        refuse(hop, outcome, routing(), Some(RESET));
        return None;
    };
    take_layer4(&model.mesh, entry, hop, outcome)
}

/// Takes a rule for connections: returns the workloads to which it may send this one.
pub(super) fn take_layer4<'m, T>(
    mesh: &Mesh,
    entry: &'m Entry,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Destination>> {
    hop.route = Some(Taken { entry });
    outcome.route = hop.route;
    outcome.backends = entry.action.wire_backends();
    hop.backends.clone_from(&outcome.backends);
    if entry.action.is_usable() {
        return Some(destinations_of(mesh, entry));
    }
    hop.answered = Some(Answered::NoBackend);
    let backends = std::mem::take(&mut outcome.backends);
    refuse(hop, outcome, routing(), Some(RESET));
    outcome.backends = backends;
    None
}

/// Takes a rule: returns the workloads to which it may send the request.
pub(super) fn take<'m, T>(
    mesh: &Mesh,
    entry: &'m Entry,
    http: &Http,
    listener: Listener,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Destination>> {
    let taken = Taken { entry };
    hop.route = Some(taken);
    outcome.route = Some(taken);
    outcome.backends = entry.action.wire_backends();
    outcome.mirrors = entry.action.wire_mirrors();
    hop.backends.clone_from(&outcome.backends);
    match entry.action.apply(http, entry.path(), listener) {
        route::Outcome::Forward(request) => {
            outcome.request = Some(request);
            Some(destinations_of(mesh, entry))
        }
        route::Outcome::Answer {
            why,
            status,
            grpc_status,
            headers,
        } => {
            hop.answered = Some(why);
            let mut response = answer(http, status, headers);
            if let Some(grpc_status) = grpc_status.filter(|_| http.grpc) {
                response.grpc_status = Some(grpc_status);
            }
            if status >= 400 || (http.grpc && grpc_status.is_some_and(|status| status != 0)) {
                let backends = std::mem::take(&mut outcome.backends);
                refuse(hop, outcome, routing(), Some(response));
                outcome.backends = backends;
            } else {
                hop.response = Some(response.clone());
                outcome.response = Some(response);
                outcome.request = None;
            }
            Some(Vec::new())
        }
    }
}

/// The workloads behind the backends that get a share, in the order of the manifest.
fn destinations_of(mesh: &Mesh, entry: &Entry) -> Vec<Destination> {
    let usable = entry.action.backends();
    usable
        .filter(|backend| backend.invalid.is_none())
        .flat_map(|backend| destinations_of_backend(mesh, backend))
        .collect()
}

/// The workloads behind one backend.
pub(crate) fn destinations_of_backend(mesh: &Mesh, backend: &route::Backend) -> Vec<Destination> {
    let (Some(service), Some(port)) = (backend.service, backend.port) else {
        return Vec::new();
    };
    let mut workloads = workloads_of(mesh, service, port);
    if let Some(subset) = &backend.subset {
        workloads.retain(|destination| {
            let workload = mesh.workload(destination.workload);
            workload.is_some_and(|workload| {
                subset
                    .labels
                    .iter()
                    .all(|(key, value)| workload.labels.get(key) == Some(value))
            })
        });
    }
    workloads
}

/// The workloads behind a port of a Service.
pub(super) fn workloads_of(mesh: &Mesh, service: ServiceIndex, port: u16) -> Vec<Destination> {
    let Some(service) = mesh.service(service) else {
        return Vec::new();
    };
    service
        .workloads
        .iter()
        .filter_map(|&workload| {
            let port = mesh.workload(workload)?.target_port(service, port)?;
            Some(Destination { workload, port })
        })
        .collect()
}
