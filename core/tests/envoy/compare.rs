//! The same requests to the engine and to an Envoy, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::case::{self, Case, Connection, Observed, TCP_PORT};
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
    let chains: Vec<_> = cases.iter().map(Case::chain).collect();
    let mut listeners = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        listeners.push(proxy::http_listener(&name(index, false), chain));
        listeners.push(proxy::tcp_listener(&name(index, true), chain));
    }
    let proxy = Proxy::start(binary, listeners)?;
    let next = AtomicUsize::new(0);
    let report = Mutex::new(Report::default());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    match compare(&proxy, index, case) {
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

fn name(index: usize, tcp: bool) -> String {
    format!("{}-{index}", if tcp { "tcp" } else { "http" })
}

fn compare(proxy: &Proxy, index: usize, case: &Case) -> Result<Report, String> {
    let answers = ambient_core::evaluate(&case.input()).results;
    let mut report = Report::default();
    for (request, answer) in case.requests.iter().zip(&answers) {
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
    let listener = name(index, connection.port == TCP_PORT);
    let mut tunnel: Tunnel = proxy.connect(&listener, &connection)?;
    match case::bytes(request) {
        Some(bytes) => tunnel.ask(&bytes, request["http"]["method"] == "HEAD"),
        None => Ok(Observed {
            status: tunnel.echo().then_some(0),
            ..Observed::default()
        }),
    }
}
