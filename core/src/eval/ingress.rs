//! Requests that enter through an ingress gateway: its policies, its routes, and the hop to where they send the request,
//! past the destination's waypoint unless the Service asks for it.
//! `istio/istio: pilot/pkg/networking/core/gateway.go`, `pilot/pkg/xds/endpoints/endpoint_builder.go`
//! (findServiceWaypoint), `pilot/pkg/serviceregistry/ambient/services.go` (ingressUseWaypointFromLabels).

use super::call::{Call, Client, Target, Traffic};
use super::evaluate::{
    self, HopOutcome, Outcome, RESET, answer, authenticate, closed, destination_ztunnels, enforce,
    refuse, routed, routing,
};
use super::hops;
use super::routing::{Destination, destinations_of_backend, take, take_layer4, workloads_of};
use crate::flow::{Flow, Http};
use crate::matcher;
use crate::mesh::{Address, Ingress, Mesh, ServiceIndex};
use crate::model::{Chain, Model};
use crate::resource::ObjectIndex;
use crate::route::{Answered, Content, Entry, GatewayPort, Listener, VirtualHosts};
use crate::sorted;
use crate::trace::Trace;
use crate::wire::{HopKind, HopVerdict, Verdict};

/// A Service to which a gateway may send a request.
#[derive(Clone, Debug)]
struct Next {
    service: Option<ServiceIndex>,
    port: u16,
    destinations: Vec<Destination>,
}

/// Leads a request through a gateway and on.
pub(super) fn enter<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    gateway: ObjectIndex,
    outcome: &mut Outcome<'m, T>,
) {
    let Some(ingress) = model.mesh.ingress(gateway) else {
        return;
    };
    let chain = Chain::Ingress(gateway);
    let listening = model.routes.ingress(gateway, call.port);
    let tls = is_tls(call, listening);
    let mut hop = evaluate::hop(
        HopKind::IngressGateway,
        Some(gateway),
        flow(model, call, tls),
        Some(chain),
    );
    let next = match call.target {
        Target::Service(service) => guarded(model, call, tls, &mut hop, outcome)
            .then(|| straight(model, call, service, outcome)),
        _ => listen(model, call, listening, tls, &mut hop, outcome),
    };
    outcome.hops.push(hop);
    if let Some(next) = next {
        go_on(model, call, ingress, &next, outcome);
    }
}

/// Whether the client speaks TLS: it says so, or there is nothing else on the port.
fn is_tls(call: &Call, port: Option<&GatewayPort>) -> bool {
    match call.traffic {
        Traffic::Tls(_) => true,
        Traffic::Http(_) => port.is_some_and(GatewayPort::is_tls_only),
        Traffic::Tcp => false,
    }
}

/// What the gateway sees. A client of HTTPS asks for the name that it called.
fn flow(model: &Model, call: &Call, tls: bool) -> Flow {
    let http = match &call.traffic {
        Traffic::Http(http) => Some(http.clone()),
        Traffic::Tls(_) | Traffic::Tcp => None,
    };
    let name = http.as_ref().filter(|_| tls).map(|http| {
        let called = call.host.as_deref().unwrap_or(&http.authority);
        called.split(':').next().unwrap_or(called).to_owned()
    });
    let hops = model.mesh.settings().xff_trusted_hops;
    let forwarded = http
        .as_ref()
        .and_then(|http| hops::forwarded_by(http, hops));
    Flow {
        peer: None,
        source_ip: call.client.ip,
        remote_ip: forwarded.or(call.client.ip),
        destination_ip: call.destination_ip,
        destination_port: call.port,
        sni: hops::sni(&call.traffic).or(name),
        http,
        claims: None,
    }
}

/// Tokens and policies. They come before every route.
fn guarded<'m, T: Trace + Default>(
    model: &Model,
    call: &Call,
    tls: bool,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> bool {
    let settings = model.mesh.settings();
    let normalization = settings.path_normalization;
    if let Some(http) = &mut hop.flow.http {
        // What clients say of the scheme counts only where proxies in front are trusted.
        if settings.xff_trusted_hops == 0 {
            http.headers.remove(hops::FORWARDED_PROTO);
        }
        hops::say_scheme(http, if tls { "https" } else { "http" });
        match matcher::normalize_path(&http.path, normalization) {
            Some(path) => http.path = path,
            None => {
                let response = answer(http, 400, sorted::Map::new());
                refuse(hop, outcome, routing(), Some(response));
                return false;
            }
        }
        outcome.request.clone_from(&hop.flow.http);
    }
    let authentication = authenticate(model, call, hop, outcome);
    enforce(model, authentication, hop, outcome);
    hop.verdict != HopVerdict::Deny
}

/// A Service called through the gateway by name, whatever its routes say.
fn straight<T>(
    model: &Model,
    call: &Call,
    service: ServiceIndex,
    outcome: &mut Outcome<'_, T>,
) -> Vec<Next> {
    let object = model
        .mesh
        .service(service)
        .and_then(|service| model.mesh.object(service.object));
    outcome
        .backends
        .extend(object.map(|object| evaluate::addressed_backend(&object.id, call.port)));
    vec![Next {
        service: Some(service),
        port: call.port,
        destinations: workloads_of(&model.mesh, service, call.port),
    }]
}

/// What the listener of the port makes of the connection. Returns where the request goes on to, if it does.
fn listen<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    port: Option<&'m GatewayPort>,
    tls: bool,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Next>> {
    let content = port.and_then(|port| port.accept(tls, hop.flow.sni.as_deref()));
    match content {
        Some(Content::Http(hosts)) if hop.flow.http.is_some() => {
            if !guarded(model, call, tls, hop, outcome) {
                return None;
            }
            let listener = Listener {
                port: call.port,
                tls,
            };
            virtual_host(model, hosts, listener, hop, outcome)
        }
        Some(Content::Layer4(table)) => {
            // What is carried is not read.
            hop.flow.http = None;
            if !guarded(model, call, tls, hop, outcome) {
                return None;
            }
            hop.table = Some(table);
            let entry = table.choose(&hop.flow, &mut hop.routes)?;
            take_layer4(&model.mesh, entry, hop, outcome)?;
            Some(next(model, entry))
        }
        Some(Content::Http(_)) | None => {
            hop.answered = Some(Answered::NoListener);
            refuse(hop, outcome, routing(), Some(RESET));
            None
        }
    }
}

/// The virtual host of a request, and its routes.
fn virtual_host<'m, T: Trace + Default>(
    model: &'m Model,
    hosts: &'m VirtualHosts,
    listener: Listener,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Next>> {
    let http = hop.flow.http.clone()?;
    let Some(host) = hosts.find(&http.authority) else {
        hop.answered = Some(Answered::NoHost);
        let response = answer(&http, 404, sorted::Map::new());
        refuse(hop, outcome, routing(), Some(response));
        return None;
    };
    if host.requires_tls && !listener.tls {
        hop.answered = Some(Answered::HttpsRedirect);
        let location = crate::route::https_location(&http);
        let headers = sorted::Map::from([("location".to_owned(), location)]);
        hop.response = Some(answer(&http, 301, headers));
        outcome.response.clone_from(&hop.response);
        outcome.request = None;
        return None;
    }
    hop.table = Some(&host.routes);
    let Some(entry) = host
        .routes
        .choose(routed(&hop.arrived, &hop.flow), &mut hop.routes)
    else {
        hop.answered = Some(Answered::NoRoute);
        let response = answer(&http, 404, sorted::Map::new());
        refuse(hop, outcome, routing(), Some(response));
        return None;
    };
    take(&model.mesh, entry, &http, listener, hop, outcome)?;
    (outcome.verdict != Verdict::Deny && outcome.response.is_none()).then(|| next(model, entry))
}

/// The Services behind the backends that can be used.
fn next(model: &Model, entry: &Entry) -> Vec<Next> {
    let usable = entry.action.backends();
    usable
        .filter(|backend| backend.invalid.is_none())
        .filter_map(|backend| {
            Some(Next {
                service: backend.service,
                port: backend.port?,
                destinations: destinations_of_backend(&model.mesh, backend),
            })
        })
        .collect()
}

/// From the gateway to the destinations: through their waypoint where the Service asks for it, whatever subset the route
/// names, else straight. The request is refused if no way lets it pass.
fn go_on<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    ingress: &Ingress,
    next: &[Next],
    outcome: &mut Outcome<'m, T>,
) {
    let mut through: Vec<(ServiceIndex, u16)> = Vec::new();
    let mut straight: Vec<Destination> = Vec::new();
    for next in next {
        let service = next
            .service
            .filter(|service| gateways_use_waypoint(model, *service));
        match service {
            Some(service) if through.contains(&(service, next.port)) => {}
            Some(service) => through.push((service, next.port)),
            None => straight.extend(&next.destinations),
        }
    }
    let mut ways = Vec::new();
    for &(service, port) in &through {
        let mut way = Outcome::of(&call.traffic);
        let call = from_gateway(call, ingress, (service, port), outcome);
        let destinations = workloads_of(&model.mesh, service, port);
        evaluate::onward(model, &call, &destinations, &mut way);
        ways.push(way);
    }
    if !straight.is_empty() || through.is_empty() {
        let mut way = Outcome::of(&call.traffic);
        way.request.clone_from(&outcome.request);
        let sender = (ingress.principal.clone(), None);
        destination_ztunnels(model, &straight, sender, &mut way);
        ways.push(way);
    }
    for way in &mut ways {
        let is_reset = way.response.as_ref().is_some_and(|answer| answer.reset);
        if is_reset {
            way.response = Some(closed(&outcome.hops));
        }
    }
    match <[_; 1]>::try_from(ways) {
        Ok([way]) => adopt(way, outcome),
        Err(ways) => divide(ways, outcome),
    }
}

/// What becomes of a request that may go several ways behind the gateway, whose route is the one that tells of them.
fn divide<'m, T>(mut ways: Vec<Outcome<'m, T>>, outcome: &mut Outcome<'m, T>) {
    for way in &mut ways {
        outcome.hops.append(&mut way.hops);
    }
    let passing = |way: &&Outcome<'m, T>| way.verdict != Verdict::Deny;
    if outcome.verdict == Verdict::Allow && ways.iter().any(|way| passing(&way)) {
        let doubtful = |way: &&Outcome<'m, T>| way.verdict == Verdict::Unknown;
        let decided = |way: &&Outcome<'m, T>| passing(way) && way.decided.is_some();
        let counts = ways
            .iter()
            .find(doubtful)
            .or(ways.iter().rev().find(decided));
        if let Some(way) = counts {
            outcome.verdict = way.verdict;
            outcome.decided = way.decided;
        }
    } else if !ways.iter().any(|way| passing(&way))
        && let Some(way) = ways.into_iter().next()
    {
        outcome.verdict = way.verdict;
        outcome.decided = way.decided;
        outcome.response = way.response;
        outcome.request = None;
    }
}

/// The request as the gateway sends it to a Service.
fn from_gateway<T>(
    call: &Call,
    ingress: &Ingress,
    (service, port): (ServiceIndex, u16),
    outcome: &Outcome<'_, T>,
) -> Call {
    let traffic = match (&call.traffic, &outcome.request) {
        (Traffic::Http(_), Some(request)) => Traffic::Http(forwarded(request, call)),
        (traffic, _) => traffic.clone(),
    };
    Call {
        client: Client {
            principal: ingress.principal.clone(),
            captured: true,
            workload: None,
            namespace: ingress.namespace.clone(),
            ip: None,
            gateway: None,
        },
        target: Target::Service(service),
        port,
        traffic,
        tokens: call.tokens.clone(),
        destination_ip: None,
        host: None,
        unknown_port: None,
    }
}

/// A gateway writes its client's address behind those that came in `x-forwarded-for`.
fn forwarded(request: &Http, call: &Call) -> Http {
    let mut request = request.clone();
    if let Some(ip) = call.client.ip {
        let lines = request
            .headers
            .entry("x-forwarded-for".to_owned())
            .or_default();
        lines.push(ip.to_string());
    }
    request
}

/// What becomes of the request behind the gateway is what becomes of it; a route there is the last one.
fn adopt<'m, T>(branch: Outcome<'m, T>, outcome: &mut Outcome<'m, T>) {
    // What the gateway does not know, nothing behind it decides but a refusal.
    if (outcome.verdict, branch.verdict) != (Verdict::Unknown, Verdict::Allow) {
        outcome.verdict = branch.verdict;
        outcome.decided = branch.decided.or(outcome.decided);
    }
    outcome.divided = branch.divided;
    outcome.response = branch.response;
    outcome.request = branch.request;
    if branch.route.is_some() {
        outcome.route = branch.route;
        outcome.backends = branch.backends;
    }
    outcome.mirrors.extend(branch.mirrors);
    outcome.hops.extend(branch.hops);
}

const USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";

/// Whether gateways send what is for a Service to its waypoint, whatever subset of it they mean.
pub(crate) fn gateways_use_waypoint(model: &Model, service: ServiceIndex) -> bool {
    asks_for_waypoint(&model.mesh, service) && model.attachments.service_waypoint(service).is_some()
}

/// Whether a Service asks gateways for that: its own label, else its namespace's. Without a VIP never.
fn asks_for_waypoint(mesh: &Mesh, service: ServiceIndex) -> bool {
    let Some(info) = mesh.service(service) else {
        return false;
    };
    let own = mesh
        .object(info.object)
        .and_then(|object| object.metadata.labels.get(USE_WAYPOINT))
        .map(String::as_str);
    let label = own.or_else(|| mesh.namespace_label(&info.namespace, USE_WAYPOINT));
    // As Go reads a boolean.
    let is_true = matches!(label, Some("1" | "t" | "T" | "true" | "TRUE" | "True"));
    is_true && matches!(info.address, Address::Vip(_))
}
