//! The same requests to the engine and to an Envoy, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ambient_core::Workspace;
use serde_json::Value;

use crate::case::{self, Case, Connection, Observed, TCP_PORT, TLS_PORT};
use crate::judge;
use crate::proxy::{self, Proxy, Tunnel};

/// How many clients ask at a time.
const CLIENTS: usize = 2;

/// What a comparison comes to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) compared: usize,
    pub(crate) denied: usize,
    pub(crate) disagreements: Vec<Disagreement>,
}

/// A request about which the two differ, in a case without other requests.
#[derive(Clone, Debug)]
pub(crate) struct Disagreement {
    pub(crate) case: Case,
    pub(crate) difference: String,
}

/// Asks both about all requests of all cases.
pub(crate) fn run(binary: &str, cases: &[Case]) -> Result<Report, String> {
    let models: Vec<Workspace> = cases
        .iter()
        .map(|case| Workspace::load(&case.input()))
        .collect();
    let mut listeners = Vec::new();
    for (index, model) in models.iter().enumerate() {
        let chains = model.envoy(None);
        let of_service = chains.iter().find(|chain| chain.service.is_some());
        let chain = of_service.ok_or("the Service has no waypoint")?;
        listeners.push(proxy::http_listener(&name("http", index), chain));
        listeners.push(proxy::tcp_listener(&name("tcp", index), chain));
        listeners.push(proxy::tls_listener(&name("tls", index), chain));
    }
    let judges =
        judge::Judges::start().map_err(|error| format!("no external authorizer: {error}"))?;
    let proxy = Proxy::start(binary, listeners, judges.clusters())?;
    let next = AtomicUsize::new(0);
    let report = Mutex::new(Report::default());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(case), Some(model)) = (cases.get(index), models.get(index)) else {
                        return;
                    };
                    match compare(&proxy, index, case, model) {
                        Ok(of_case) => {
                            let mut report = report.lock().expect("no client panics");
                            report.compared += of_case.compared;
                            report.denied += of_case.denied;
                            report.disagreements.extend(of_case.disagreements);
                        }
                        Err(error) => {
                            *failure.lock().expect("no client panics") = Some(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    match failure.into_inner().expect("no client panics") {
        Some(error) => Err(error),
        None => Ok(report.into_inner().expect("no client panics")),
    }
}

fn name(protocol: &str, index: usize) -> String {
    format!("{protocol}-{index}")
}

fn compare(proxy: &Proxy, index: usize, case: &Case, model: &Workspace) -> Result<Report, String> {
    let answers = model.evaluate().results;
    let mut report = Report::default();
    for (request, answer) in case.requests.iter().zip(&answers) {
        // What only a remote key set can tell, as in a case that lost its own while it was made small.
        if answer.verdict == ambient_core::wire::Verdict::Unknown {
            continue;
        }
        let expected = case::expected(request, answer);
        let seen = observe(proxy, index, request).map_err(|error| format!("{error}: {request}"))?;
        report.compared += 1;
        report.denied += usize::from(answer.verdict == ambient_core::wire::Verdict::Deny);
        if let Some(difference) = case::difference(&expected, &seen) {
            report.disagreements.push(Disagreement {
                case: Case {
                    requests: vec![request.clone()],
                    ..case.clone()
                },
                difference,
            });
        }
    }
    Ok(report)
}

/// What an Envoy makes of a request.
fn observe(proxy: &Proxy, index: usize, request: &Value) -> std::io::Result<Observed> {
    let connection: Connection = case::connection(request);
    let protocol = match connection.port {
        TCP_PORT => "tcp",
        TLS_PORT => "tls",
        _ => "http",
    };
    let mut tunnel: Tunnel = proxy.connect(&name(protocol, index), &connection)?;
    let bytes = case::bytes(request);
    if case::is_http(request) {
        return tunnel.ask(&bytes, request["http"]["method"] == "HEAD");
    }
    Ok(Observed {
        status: tunnel.echo(&bytes).then_some(0),
        ..Observed::default()
    })
}
