//! The hops of a call in their order: source ztunnel, waypoint, destination ztunnel; policies before routes at each,
//! and what the client sees where one refuses.

use std::net::IpAddr;

use super::call::{Call, Target, Traffic};
use super::canary;
use super::hops::{self, Unreadable, WaypointHop};
use super::ingress;
use super::routing::{Destination, route_http, route_layer4, workloads_of};
use crate::attach::Share;
use crate::authz::jwt::TokenError;
use crate::authz::{Authentication, Deciding, Decision, jwt, mtls};
use crate::flow::{Flow, Http, Principal};
use crate::mesh::{Address, Mesh};
use crate::model::{Chain, Model};
use crate::resource::{ObjectId, ObjectIndex};
use crate::route::{Answered, Entry, RouteTable};
use crate::sorted;
use crate::trace::Trace;
use crate::wire::{Backend, Cause, HopKind, HopVerdict, Response, Settings, Verdict};

/// What becomes of a call.
pub(crate) struct Outcome<'m, T> {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// What made it.
    pub(crate) decided: Option<Decided>,
    /// What the client sees where a proxy answers.
    pub(crate) response: Option<Response>,
    /// The rule taken, where one was.
    pub(crate) route: Option<Taken<'m>>,
    /// Where the request may go.
    pub(crate) backends: Vec<Backend>,
    /// Who gets a copy.
    pub(crate) mirrors: Vec<Backend>,
    /// The request as backends receive it.
    pub(crate) request: Option<Http>,
    /// Every proxy on the way.
    pub(crate) hops: Vec<HopOutcome<'m, T>>,
    /// What becomes of connections through each of two waypoints, if that is not the same.
    pub(crate) divided: Vec<Divided>,
}

impl<T> Outcome<'_, T> {
    /// Nothing has happened yet.
    pub(super) fn of(traffic: &Traffic) -> Self {
        Self {
            verdict: Verdict::Allow,
            decided: None,
            response: None,
            route: None,
            backends: Vec::new(),
            mirrors: Vec::new(),
            request: http(traffic).cloned(),
            hops: Vec::new(),
            divided: Vec::new(),
        }
    }
}

/// What becomes of the connections that go through one of two waypoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divided {
    /// The waypoint, and how many go there.
    pub(crate) share: Share,
    /// What becomes of them.
    pub(crate) verdict: Verdict,
}

/// What made a verdict: the hop, and the policy or route there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// The proxy.
    pub(crate) hop: HopKind,
    /// Why.
    pub(crate) by: Deciding,
}

/// A rule that takes a request.
#[derive(Clone, Copy)]
pub(crate) struct Taken<'m> {
    /// The entry.
    pub(crate) entry: &'m Entry,
}

/// One proxy on the way, with its trace.
pub(crate) struct HopOutcome<'m, T> {
    /// Its part.
    pub(crate) kind: HopKind,
    /// The waypoint whose share of connections passes here, where a canary gets one.
    pub(crate) share: Option<Share>,
    /// The Gateway, or the workload behind a ztunnel.
    pub(crate) proxy: Option<ObjectIndex>,
    /// What it sees.
    pub(crate) flow: Flow,
    /// What it saw in front of the token check, if there is one: `CUSTOM` policies stand there.
    pub(crate) arrived: Option<Flow>,
    /// Its policies are those of this chain.
    pub(crate) chain: Option<Chain>,
    /// Its verdict.
    pub(crate) verdict: HopVerdict,
    /// What its policies came to.
    pub(crate) by: Option<Deciding>,
    /// What is wrong with the token that it refuses.
    pub(crate) token_error: Option<TokenError>,
    /// What each of its jwtRules found, in their order.
    pub(crate) tokens: Vec<jwt::Finding>,
    /// The table that it searches, if any.
    pub(crate) table: Option<&'m RouteTable>,
    /// The rule taken.
    pub(crate) route: Option<Taken<'m>>,
    /// Where it may send the request.
    pub(crate) backends: Vec<Backend>,
    /// What it answers itself.
    pub(crate) response: Option<Response>,
    /// Why, if it is no policy.
    pub(crate) answered: Option<Answered>,
    /// How its policies were evaluated.
    pub(crate) policies: T,
    /// How its routes were tried.
    pub(crate) routes: T,
}

/// What an Envoy goes by when it chooses a route: the request as it arrived, for the choice comes before all filters;
/// only behind a good token it chooses again. `istio/istio: pilot/pkg/networking/plugin/authn/authentication.go`
/// (BuildHTTP: ClearRouteCache); seen in Envoy 1.40.
pub(crate) fn routed<'f>(arrived: &'f Option<Flow>, flow: &'f Flow) -> &'f Flow {
    arrived
        .as_ref()
        .filter(|_| flow.claims.is_none())
        .unwrap_or(flow)
}

/// Evaluates a call. The verdict is the same whatever the trace.
pub(crate) fn evaluate<'m, T: Trace + Default>(model: &'m Model, call: &Call) -> Outcome<'m, T> {
    let mesh = &model.mesh;
    let mut outcome = Outcome::of(&call.traffic);
    if let Some(gateway) = call.client.gateway {
        ingress::enter(model, call, gateway, &mut outcome);
        return outcome;
    }
    if call.client.captured {
        let mut hop = source_ztunnel(mesh, call);
        let is_lost =
            lacks_port(mesh, call) && hops::waypoint(mesh, &model.attachments, call).is_none();
        if is_lost {
            hop.flow.destination_ip = call.destination_ip.or_else(|| vip(mesh, call.target));
            hop.answered = Some(Answered::NoPort);
            refuse(&mut hop, &mut outcome, routing(), Some(RESET));
            outcome.hops.push(hop);
            return outcome;
        }
        outcome.hops.push(hop);
    }
    let destinations = addressed(
        mesh,
        call.target,
        call.port,
        call.host.as_deref(),
        &mut outcome.backends,
    );
    onward(model, call, &destinations, &mut outcome);
    outcome
}

fn vip(mesh: &Mesh, target: Target) -> Option<IpAddr> {
    let Target::Service(service) = target else {
        return None;
    };
    match mesh.service(service)?.address {
        Address::Vip(ip) => ip,
        Address::Headless | Address::ExternalName => None,
    }
}

/// Whether a VIP is called at a port for which ztunnel has no endpoint.
/// `istio/ztunnel: src/state.rs` (load_balance), `src/proxy/outbound.rs` (build_request).
fn lacks_port(mesh: &Mesh, call: &Call) -> bool {
    call.unknown_port.is_some()
        && matches!(call.target, Target::Service(service) if !mesh.calls_pods(service))
}

/// From whoever sends it on: the waypoint, if there is one on the way, then the ztunnels in front of the workloads.
pub(super) fn onward<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    destinations: &[Destination],
    outcome: &mut Outcome<'m, T>,
) {
    match hops::waypoint(&model.mesh, &model.attachments, call) {
        Some(hop) => canary::each(model, call, destinations, &hop, outcome),
        None => through(model, call, destinations, None, outcome),
    }
}

/// The same through the waypoint of one's choice.
pub(super) fn through<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    destinations: &[Destination],
    hop: Option<WaypointHop>,
    outcome: &mut Outcome<'m, T>,
) {
    let mut sender = (call.client.principal.clone(), call.client.ip);
    let mut destinations = destinations.to_vec();
    if let Some(hop) = hop {
        let gateway = model.mesh.gateway(hop.gateway);
        sender = (gateway.map(|gateway| gateway.principal.clone()), None);
        if let Some(next) = waypoint(model, call, hop, outcome) {
            destinations = next;
        }
    }
    destination_ztunnels(model, &destinations, sender, outcome);
}

/// The ztunnel of the caller's node: it carries, and refuses nothing. `istio/ztunnel: src/proxy/outbound.rs`.
fn source_ztunnel<'m, T: Trace + Default>(mesh: &Mesh, call: &Call) -> HopOutcome<'m, T> {
    let workload = call
        .client
        .workload
        .and_then(|workload| mesh.workload(workload));
    let flow = Flow {
        peer: call.client.principal.clone(),
        source_ip: call.client.ip,
        destination_port: call.port,
        ..Flow::default()
    };
    hop(
        HopKind::SourceZtunnel,
        workload.map(|workload| workload.object),
        flow,
        None,
    )
}

/// A hop that has done nothing yet.
pub(super) fn hop<'m, T: Trace + Default>(
    kind: HopKind,
    proxy: Option<ObjectIndex>,
    flow: Flow,
    chain: Option<Chain>,
) -> HopOutcome<'m, T> {
    HopOutcome {
        kind,
        share: None,
        proxy,
        flow,
        arrived: None,
        chain,
        verdict: HopVerdict::Allow,
        by: None,
        token_error: None,
        tokens: Vec::new(),
        table: None,
        route: None,
        backends: Vec::new(),
        response: None,
        answered: None,
        policies: T::default(),
        routes: T::default(),
    }
}

/// The waypoint: policies, then routes. Returns the workloads to which its route may send the request, if it has one.
pub(super) fn waypoint<'m, T: Trace + Default>(
    model: &'m Model,
    call: &Call,
    waypoint: WaypointHop,
    outcome: &mut Outcome<'m, T>,
) -> Option<Vec<Destination>> {
    let WaypointHop {
        gateway,
        service,
        flow,
        unreadable,
    } = waypoint;
    let info = model.mesh.gateway(gateway);
    let chain = Chain::Waypoint(gateway, service);
    let mut hop = hop(
        HopKind::Waypoint,
        info.map(|info| info.object),
        flow,
        Some(chain),
    );
    let works = info.is_some_and(|info| info.works_as_waypoint(&model.mesh));
    if hop.flow.http.is_some() {
        outcome.request.clone_from(&hop.flow.http);
    }
    let destinations = if let Some(unreadable) = unreadable {
        let bad_path = |http: &Http| answer(http, 400, sorted::Map::new());
        let (why, response) = match unreadable {
            Unreadable::Path => (Answered::BadPath, hop.flow.http.as_ref().map(bad_path)),
            Unreadable::NotHttp => (Answered::NotHttp, Some(RESET)),
            Unreadable::NoPort => (Answered::NoPort, Some(RESET)),
        };
        hop.answered = Some(why);
        refuse(&mut hop, outcome, routing(), response);
        None
    } else if works && !trusted(&model.mesh, &hop, mtls::waypoint_trusts) {
        refuse(&mut hop, outcome, handshake(), Some(RESET));
        None
    } else if works {
        let authentication = authenticate(model, call, &mut hop, outcome);
        enforce(model, authentication, &mut hop, outcome);
        match (hop.verdict, service) {
            (HopVerdict::Allow | HopVerdict::Unknown, Some(service)) => {
                if hop.flow.http.is_some() {
                    route_http(model, (gateway, service), &mut hop, outcome)
                } else {
                    route_layer4(model, (gateway, service), &mut hop, outcome)
                }
            }
            _ => None,
        }
    } else {
        // istiod binds any Gateway; ztunnel then finds no port 15008 there.
        hop.answered = Some(Answered::NoWaypoint);
        refuse(&mut hop, outcome, routing(), Some(RESET));
        None
    };
    outcome.hops.push(hop);
    destinations
}

/// Checks the tokens of an HTTP request. What policies and routes see from here on is the request behind the check.
pub(super) fn authenticate<T>(
    model: &Model,
    call: &Call,
    hop: &mut HopOutcome<'_, T>,
    outcome: &mut Outcome<'_, T>,
) -> Authentication {
    let providers = hop.chain.and_then(|chain| model.policies.tokens_of(chain));
    let (Some(providers), Some(http)) = (providers, &hop.flow.http) else {
        return Authentication::Passed;
    };
    let now = model.mesh.settings().now.as_deref();
    let check = providers.check(http, &call.tokens, now.and_then(jwt::parse_time));
    hop.arrived = Some(hop.flow.clone());
    check.apply(&mut hop.flow);
    hop.token_error = check.error;
    hop.tokens = check.findings;
    if outcome.request.is_some() {
        outcome.request.clone_from(&hop.flow.http);
    }
    check.authentication
}

/// Asks the policies of a hop, and takes their verdict over.
pub(super) fn enforce<'m, T: Trace + Default>(
    model: &Model,
    authentication: Authentication,
    hop: &mut HopOutcome<'m, T>,
    outcome: &mut Outcome<'m, T>,
) {
    let http = hop.flow.http.is_some();
    let Some((set, policies)) = hop.chain.and_then(|chain| model.policies.of(chain, http)) else {
        return;
    };
    let arrived = hop.arrived.as_ref().unwrap_or(&hop.flow);
    let Decision { verdict, by } = set.decide_behind_check(
        policies,
        arrived,
        &hop.flow,
        authentication,
        &mut hop.policies,
    );
    hop.by = by;
    match verdict {
        Verdict::Allow => {
            if let Some(by) = by.filter(|_| outcome.verdict == Verdict::Allow) {
                outcome.decided = Some(Decided { hop: hop.kind, by });
            }
        }
        Verdict::Unknown => {
            hop.verdict = HopVerdict::Unknown;
            if outcome.verdict == Verdict::Allow {
                outcome.verdict = Verdict::Unknown;
                outcome.decided = by.map(|by| Decided { hop: hop.kind, by });
            }
        }
        Verdict::Deny => {
            let response = denial(hop, by);
            refuse(hop, outcome, by, Some(response));
        }
    }
}

/// The connection is closed.
pub(super) const RESET: Response = Response {
    status: None,
    headers: sorted::Map::new(),
    grpc_status: None,
    reset: true,
};

/// What the client sees where a connection behind these proxies is closed: an Envoy that speaks HTTP with its client says
/// so.
pub(super) fn closed<T>(in_front: &[HopOutcome<'_, T>]) -> Response {
    let is_envoy =
        |hop: &&HopOutcome<'_, T>| matches!(hop.kind, HopKind::Waypoint | HopKind::IngressGateway);
    let last = in_front.iter().rev().find(is_envoy);
    match last.and_then(|hop| hop.flow.http.as_ref()) {
        Some(http) => answer(http, 503, sorted::Map::new()),
        None => RESET,
    }
}

/// Takes over that a hop refuses.
pub(super) fn refuse<T>(
    hop: &mut HopOutcome<'_, T>,
    outcome: &mut Outcome<'_, T>,
    by: Option<Deciding>,
    response: Option<Response>,
) {
    hop.verdict = HopVerdict::Deny;
    hop.response.clone_from(&response);
    outcome.verdict = Verdict::Deny;
    outcome.decided = by.map(|by| Decided { hop: hop.kind, by });
    outcome.response = response;
    outcome.request = None;
    outcome.backends.clear();
}

/// Whether the proxy finishes the handshake with its peer, if that has an identity.
pub(super) fn trusted<T>(
    mesh: &Mesh,
    hop: &HopOutcome<'_, T>,
    trusts: fn(&Principal, &Settings) -> bool,
) -> bool {
    let peer = hop.flow.peer.as_ref();
    peer.is_none_or(|peer| trusts(peer, mesh.settings()))
}

/// No policy, but the trust domain of the peer.
pub(super) fn handshake() -> Option<Deciding> {
    Some(Deciding {
        cause: Cause::Mtls,
        policy: None,
        rule: None,
    })
}

/// No policy, but a route or the lack of one.
pub(super) fn routing() -> Option<Deciding> {
    Some(Deciding {
        cause: Cause::Routing,
        policy: None,
        rule: None,
    })
}

/// What Envoy answers where policies refuse. `envoyproxy/envoy: source/extensions/filters/http/jwt_authn/filter.cc`
/// (onComplete).
fn denial<T>(hop: &HopOutcome<'_, T>, by: Option<Deciding>) -> Response {
    let Some(http) = &hop.flow.http else {
        return RESET;
    };
    match (by.map(|by| by.cause), hop.token_error) {
        (Some(Cause::Authentication), Some(error)) => {
            let realm = format!("http://{}{}", http.authority, http.path);
            let challenge = format!("Bearer realm=\"{realm}\", error=\"invalid_token\"");
            let headers = sorted::Map::from([("www-authenticate".to_owned(), challenge)]);
            answer(http, error.status(), headers)
        }
        _ => answer(http, 403, sorted::Map::new()),
    }
}

/// An answer that a proxy makes: to a gRPC client a status in gRPC's own terms.
/// `envoyproxy/envoy: source/common/grpc/status.cc` (httpToGrpcStatus).
pub(super) fn answer(http: &Http, status: u16, headers: sorted::Map<String, String>) -> Response {
    if !http.grpc {
        return Response {
            status: Some(status),
            headers,
            ..Response::default()
        };
    }
    let grpc_status = match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    };
    Response {
        status: Some(200),
        grpc_status: Some(grpc_status),
        headers,
        reset: false,
    }
}

/// The workloads that a call reaches if no route sends it elsewhere; the Service addressed is its one backend.
fn addressed(
    mesh: &Mesh,
    target: Target,
    port: u16,
    host: Option<&str>,
    backends: &mut Vec<Backend>,
) -> Vec<Destination> {
    match target {
        Target::Workload(workload) => {
            let id = mesh
                .workload(workload)
                .and_then(|workload| mesh.object(workload.object))
                .map(|object| &object.id);
            backends.extend(id.map(|id| addressed_backend(id, port)));
            vec![Destination { workload, port }]
        }
        Target::External => {
            backends.push(Backend {
                object: crate::wire::ObjectRef {
                    kind: "Hostname".to_owned(),
                    namespace: None,
                    name: host.unwrap_or_default().to_owned(),
                },
                port: Some(port),
                subset: None,
                weight: None,
                percent: None,
                invalid: None,
            });
            Vec::new()
        }
        // The gateway's routes say where it goes.
        Target::Ingress => Vec::new(),
        Target::Service(service) => {
            let id = mesh
                .service(service)
                .and_then(|service| mesh.object(service.object))
                .map(|object| &object.id);
            backends.extend(id.map(|id| addressed_backend(id, port)));
            let workloads = mesh.service(service).map(|service| &service.workloads);
            match workloads.filter(|_| mesh.calls_pods(service)) {
                Some(workloads) => {
                    let at = |&workload| Destination { workload, port };
                    workloads.iter().map(at).collect()
                }
                None => workloads_of(mesh, service, port),
            }
        }
    }
}

pub(super) fn addressed_backend(id: &ObjectId, port: u16) -> Backend {
    Backend {
        object: id.to_wire(),
        port: Some(port),
        subset: None,
        weight: None,
        percent: None,
        invalid: None,
    }
}

/// The ztunnels in front of the workloads that the request may reach. Those that say the same are one hop; the request
/// is refused if none of them lets it pass.
pub(super) fn destination_ztunnels<'m, T: Trace + Default>(
    model: &'m Model,
    destinations: &[Destination],
    (peer, source_ip): (Option<Principal>, Option<IpAddr>),
    outcome: &mut Outcome<'m, T>,
) {
    let reached = outcome.verdict != Verdict::Deny && outcome.response.is_none();
    let mut seen: Vec<(Verdict, Option<Deciding>)> = Vec::new();
    let mut hops: Vec<HopOutcome<'m, T>> = Vec::new();
    let mut passes = destinations.is_empty();
    for destination in destinations {
        let Some(workload) = model.mesh.workload(destination.workload) else {
            continue;
        };
        if !workload.capture.is_captured() {
            passes = true;
            continue;
        }
        let flow = hops::destination(
            &model.mesh,
            destination.workload,
            peer.clone(),
            source_ip,
            destination.port,
        );
        let chain = Chain::Ztunnel(destination.workload);
        let mut hop: HopOutcome<'m, T> = hop(
            HopKind::DestinationZtunnel,
            Some(workload.object),
            flow,
            Some(chain),
        );
        if !reached {
            hop.verdict = HopVerdict::Skipped;
            outcome.hops.push(hop);
            return;
        }
        let decision = match model.policies.of(chain, false) {
            _ if !trusted(&model.mesh, &hop, mtls::ztunnel_trusts) => Decision {
                verdict: Verdict::Deny,
                by: handshake(),
            },
            Some((set, policies)) => set.decide(
                policies,
                &hop.flow,
                Authentication::Passed,
                &mut hop.policies,
            ),
            None => Decision {
                verdict: Verdict::Allow,
                by: None,
            },
        };
        passes |= decision.verdict != Verdict::Deny;
        if seen.contains(&(decision.verdict, decision.by)) {
            continue;
        }
        seen.push((decision.verdict, decision.by));
        hop.by = decision.by;
        hop.verdict = match decision.verdict {
            Verdict::Allow => HopVerdict::Allow,
            Verdict::Deny => HopVerdict::Deny,
            Verdict::Unknown => HopVerdict::Unknown,
        };
        hops.push(hop);
    }
    conclude(&mut hops, passes, outcome);
    outcome.hops.append(&mut hops);
}

/// Takes over what the destination ztunnels said.
fn conclude<T>(hops: &mut [HopOutcome<'_, T>], passes: bool, outcome: &mut Outcome<'_, T>) {
    for hop in hops.iter_mut() {
        match hop.verdict {
            HopVerdict::Allow if outcome.verdict == Verdict::Allow => {
                if let Some(by) = hop.by {
                    outcome.decided = Some(Decided { hop: hop.kind, by });
                }
            }
            HopVerdict::Deny if !passes => {
                let response = closed(&outcome.hops);
                let by = hop.by;
                // The request was on its way there.
                let backends = std::mem::take(&mut outcome.backends);
                refuse(hop, outcome, by, Some(response));
                outcome.backends = backends;
                return;
            }
            HopVerdict::Unknown if outcome.verdict == Verdict::Allow => {
                outcome.verdict = Verdict::Unknown;
                outcome.decided = hop.by.map(|by| Decided { hop: hop.kind, by });
            }
            _ => {}
        }
    }
}

fn http(traffic: &Traffic) -> Option<&Http> {
    match traffic {
        Traffic::Http(http) => Some(http),
        Traffic::Tls(_) | Traffic::Tcp => None,
    }
}
