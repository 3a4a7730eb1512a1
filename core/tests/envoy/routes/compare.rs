//! The same requests to the engine and to an Envoy, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ambient_core::{Workspace, sorted, wire};
use serde_json::Value;

use super::backends::{Arrival, Backends, CLUSTER, ID};
use super::case::{self, Case, PORTS};
use crate::proxy::{self, Proxy, Reply, Tunnel};

/// How many clients ask at a time.
const CLIENTS: usize = 2;
/// How long a copy may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a comparison comes to.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) compared: usize,
    pub(super) routed: usize,
    pub(super) answered: usize,
    pub(super) disagreements: Vec<Disagreement>,
}

impl Report {
    pub(super) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.routed += other.routed;
        self.answered += other.answered;
        self.disagreements.extend(other.disagreements);
    }
}

/// A request about which the two differ, in a case without other requests.
#[derive(Clone, Debug)]
pub(super) struct Disagreement {
    pub(super) case: Case,
    pub(super) difference: String,
}

impl Disagreement {
    /// What they differ in first.
    pub(super) fn sort(&self) -> &str {
        self.difference.split(':').next().unwrap_or_default()
    }
}

/// Asks both about all requests of all cases.
pub(super) fn run(binary: &str, backends: &Backends, cases: &[Case]) -> Result<Report, String> {
    backends.forget();
    let models: Vec<Workspace> = cases
        .iter()
        .map(|case| Workspace::load(&case.input()))
        .collect();
    let mut listeners = Vec::new();
    for (index, model) in models.iter().enumerate() {
        let chains = model.envoy(None);
        let is_ours =
            |chain: &&wire::EnvoyChain| chain.service.as_deref() == Some("Service/shop/reviews");
        let chain = chains
            .iter()
            .find(is_ours)
            .ok_or("the Service has no waypoint")?;
        for routes in &chain.routes {
            listeners.push(proxy::routes_listener(
                &name(index, routes.port),
                chain,
                routes,
            ));
        }
    }
    let proxy = Proxy::start(binary, listeners, backends.clusters())?;
    let next = AtomicUsize::new(0);
    let report = Mutex::new(Ok(Report::default()));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(case), Some(model)) = (cases.get(index), models.get(index)) else {
                        return;
                    };
                    let of_case = compare(&proxy, backends, index, case, model);
                    let mut report = report.lock().expect("no client panics");
                    match (of_case, &mut *report) {
                        (Ok(of_case), Ok(report)) => report.add(of_case),
                        (Err(error), _) => *report = Err(error),
                        (Ok(_), Err(_)) => return,
                    }
                }
            });
        }
    });
    report.into_inner().expect("no client panics")
}

fn name(index: usize, port: u16) -> String {
    format!("{port}-{index}")
}

fn compare(
    proxy: &Proxy,
    backends: &Backends,
    index: usize,
    case: &Case,
    model: &Workspace,
) -> Result<Report, String> {
    let answers = model.evaluate().results;
    let mut report = Report::default();
    let mut tunnels = PORTS.map(|_| None);
    let mut asked = Vec::new();
    for (number, request) in case.requests.iter().enumerate() {
        let id = format!("{index}-{number}");
        let reply = ask(proxy, &mut tunnels, index, request, &id)
            .map_err(|error| format!("{error}: {request}"))?;
        asked.push((id, reply));
    }
    for ((request, answer), (id, reply)) in case.requests.iter().zip(&answers).zip(&asked) {
        report.compared += 1;
        report.routed += usize::from(answer.route.is_some());
        report.answered += usize::from(answer.response.is_some());
        let differences = differences(case, request, answer, reply, &|| backends.arrivals(id));
        if !differences.is_empty() {
            report.disagreements.push(Disagreement {
                case: Case {
                    requests: vec![request.clone()],
                    ..case.clone()
                },
                difference: differences.join("; "),
            });
        }
    }
    Ok(report)
}

/// Sends a request, on a connection that is there if it can be used again.
fn ask(
    proxy: &Proxy,
    tunnels: &mut [Option<Tunnel>; 2],
    index: usize,
    request: &Value,
    id: &str,
) -> std::io::Result<Reply> {
    let connection = crate::case::connection(request);
    let place = PORTS
        .iter()
        .position(|port| *port == connection.port)
        .unwrap_or_default();
    let head_only = request["http"]["method"] == "HEAD";
    let bytes = bytes(request, id);
    if let Some(mut tunnel) = tunnels[place].take()
        && let Ok(reply) = tunnel.exchange(&bytes, head_only)
    {
        tunnels[place] = Some(tunnel).filter(|_| !reply.closes());
        return Ok(reply);
    }
    let mut tunnel = proxy.connect(&name(index, connection.port), &connection)?;
    let reply = tunnel.exchange(&bytes, head_only)?;
    tunnels[place] = Some(tunnel).filter(|_| !reply.closes());
    Ok(reply)
}

/// A request on the wire.
fn bytes(request: &Value, id: &str) -> Vec<u8> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (asked, method, path) = match request.get("grpc") {
        Some(grpc) => {
            let path = format!("/{}/{}", text(&grpc["service"]), text(&grpc["method"]));
            (grpc, "POST".to_owned(), path)
        }
        None => {
            let http = &request["http"];
            (http, text(&http["method"]), text(&http["path"]))
        }
    };
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\n{ID}: {id}\r\n",
        text(&asked["host"])
    );
    for (name, value) in asked["headers"].as_object().into_iter().flatten() {
        let one = std::slice::from_ref(value);
        for line in value.as_array().map_or(one, Vec::as_slice) {
            bytes.push_str(&format!("{name}: {}\r\n", text(line)));
        }
    }
    if request.get("grpc").is_some() {
        bytes.push_str("content-type: application/grpc\r\n");
    }
    bytes.push_str("\r\n");
    bytes.into_bytes()
}

/// Where the two differ; empty: nowhere.
fn differences(
    case: &Case,
    request: &Value,
    answer: &wire::Answer,
    reply: &Reply,
    arrivals: &dyn Fn() -> Vec<Arrival>,
) -> Vec<String> {
    let mut found = Vec::new();
    let status = answer
        .response
        .as_ref()
        .and_then(|response| response.status);
    if status == Some(400) && reply.status == 400 {
        // A path that Envoy does not read: no rule has a part in it, but for headers that some rule happens to add.
        return found;
    }
    let mut note = |what: &str, core: &dyn std::fmt::Debug, envoy: &dyn std::fmt::Debug| {
        found.push(format!("{what}: core {core:?}, Envoy {envoy:?}"));
    };
    if let (Some(core), Some(envoy)) = (rule_name(case, answer), reply.header(proxy::ROUTE)) {
        if core != envoy {
            note("rule", &core, &envoy);
        }
    } else if answer.route.is_none()
        && reply
            .header(proxy::ROUTE)
            .is_some_and(|name| name != "default")
    {
        note("rule", &"none", &reply.header(proxy::ROUTE));
    }
    let usable: Vec<String> = answer
        .backends
        .iter()
        .filter(|backend| backend.invalid.is_none())
        .map(case::cluster)
        .collect();
    let some_invalid = usable.len() < answer.backends.len();
    match (&answer.response, reply.header(CLUSTER)) {
        (Some(response), None) => {
            if response.status != Some(reply.status) {
                note("status", &response.status, &reply.status);
            }
            if response.grpc_status.is_some() && response.grpc_status != reply.grpc_status() {
                note("grpc-status", &response.grpc_status, &reply.grpc_status());
            }
            let seen = own_headers(joined(&reply.headers));
            let made = own_headers(response.headers.clone());
            if made != seen && !changes_by_backend(case, answer) {
                note("headers of the answer", &made, &seen);
            }
        }
        (None, Some(chosen)) => {
            if !usable.contains(&chosen) {
                note("backend", &usable, &chosen);
            }
            let copies = copies(answer, &chosen, arrivals);
            if let Err(seen) = copies {
                note(
                    "copies",
                    &answer.mirrors.iter().map(case::cluster).collect::<Vec<_>>(),
                    &seen,
                );
            }
            let arrived = arrivals()
                .into_iter()
                .filter(|arrival| arrival.cluster == chosen)
                .min_by_key(Arrival::is_copy);
            if let (Some(core), Some(envoy)) = (&answer.request, arrived) {
                let changed_by_backend = changes_by_backend(case, answer);
                for (what, core, envoy) in [
                    ("method", &core.method, &envoy.method),
                    ("path", &core.path, &envoy.path),
                    ("host", &core.host, &envoy.host),
                ] {
                    if core != envoy && !(what == "host" && changed_by_backend) {
                        note(what, core, envoy);
                    }
                }
                let (core, envoy) = (sent(&core.headers), joined(&envoy.headers));
                if core != envoy && !changed_by_backend {
                    note("headers", &core, &envoy);
                }
            }
        }
        // The share of a backend that is not there.
        (None, None) if some_invalid => {
            let of_virtual_service = answer
                .route
                .as_ref()
                .is_some_and(|route| route.object.kind == "VirtualService");
            let status = if of_virtual_service { 503 } else { 500 };
            let is_grpc = request.get("grpc").is_some();
            if reply.status != status && !is_grpc {
                note("status of the invalid share", &status, &reply.status);
            }
        }
        (core, chosen) => note("who answers", core, &(reply.status, chosen, &reply.body)),
    }
    if !found.is_empty() && !reply.body.is_empty() {
        found.push(format!("Envoy says {}", reply.body));
    }
    found
}

/// The name under which Envoy knows the rule that the engine takes.
fn rule_name(case: &Case, answer: &wire::Answer) -> Option<String> {
    let route = answer.route.as_ref()?;
    let rule = case.rule(route)?;
    let name = rule["name"].as_str();
    if route.object.kind != "VirtualService" {
        let made = format!("shop.{}.{}", route.object.name, route.rule);
        return Some(name.map_or(made, str::to_owned));
    }
    let name = name.unwrap_or_default();
    let of_match = route.match_index.and_then(|index| rule["match"].get(index));
    Some(match of_match.and_then(|one| one["name"].as_str()) {
        Some(of_match) => format!("{name}.{of_match}"),
        None => name.to_owned(),
    })
}

/// Whether, of several backends, one changes headers: then which is known only once it is chosen.
fn changes_by_backend(case: &Case, answer: &wire::Answer) -> bool {
    let rule = answer.route.as_ref().and_then(|route| case.rule(route));
    let changes = |list: &Value, field: &str| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().any(|backend| backend.get(field).is_some())
    };
    answer.backends.len() > 1
        && rule.is_some_and(|rule| {
            changes(&rule["backendRefs"], "filters") || changes(&rule["route"], "headers")
        })
}

/// Waits for the copies that must come. `Err`: what came instead.
fn copies(
    answer: &wire::Answer,
    chosen: &str,
    arrivals: &dyn Fn() -> Vec<Arrival>,
) -> Result<(), Vec<String>> {
    let is_certain =
        |mirror: &&wire::Backend| mirror.percent.is_none_or(|percent| percent >= 100.0);
    let mut certain: Vec<String> = answer
        .mirrors
        .iter()
        .filter(is_certain)
        .map(case::cluster)
        .collect();
    let possible: Vec<String> = answer.mirrors.iter().map(case::cluster).collect();
    certain.push(chosen.to_owned());
    let started = Instant::now();
    loop {
        let mut seen: Vec<String> = arrivals()
            .into_iter()
            .map(|arrival| arrival.cluster)
            .collect();
        let mut missing = certain.clone();
        missing.retain(
            |wanted| match seen.iter().position(|cluster| cluster == wanted) {
                Some(place) => {
                    seen.remove(place);
                    false
                }
                None => true,
            },
        );
        if missing.is_empty() && seen.iter().all(|cluster| possible.contains(cluster)) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(arrivals()
                .into_iter()
                .map(|arrival| arrival.cluster)
                .collect());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Headers that Envoy writes of its own accord, or for the connection to the backend alone.
fn is_envoys_own(name: &str) -> bool {
    name.starts_with("x-envoy-")
        || matches!(
            name,
            "x-request-id" | "x-forwarded-proto" | "content-length" | "transfer-encoding"
        )
}

fn joined(lines: &[(String, String)]) -> sorted::Map<String, String> {
    let mut joined: sorted::Map<String, String> = sorted::Map::new();
    for (name, value) in lines.iter().filter(|(name, _)| !is_envoys_own(name)) {
        match joined.get_mut(name) {
            Some(known) => {
                known.push(',');
                known.push_str(value);
            }
            None => {
                joined.insert(name.clone(), value.clone());
            }
        }
    }
    joined
}

fn sent(headers: &sorted::Map<String, String>) -> sorted::Map<String, String> {
    let own = headers.iter().filter(|(name, _)| !is_envoys_own(name));
    own.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Of an answer's headers those that rules make, and nothing else: the body's type is this test's, which lets Envoy say
/// there why it answers.
fn own_headers(mut headers: sorted::Map<String, String>) -> sorted::Map<String, String> {
    let made_by_envoy = [
        "date",
        "server",
        "connection",
        "content-type",
        "grpc-status",
        "grpc-message",
        proxy::ROUTE,
    ];
    headers.retain(|name, _| !made_by_envoy.contains(&name.as_str()));
    headers
}
