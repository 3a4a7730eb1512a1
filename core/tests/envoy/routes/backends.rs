//! Backends that keep what they receive: one address for each cluster, so that where a request came is known.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// The header by which requests are told apart.
pub(super) const ID: &str = "x-request-number";
/// The header in which a backend says its cluster.
pub(super) const CLUSTER: &str = "x-cluster";

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrival {
    /// Where.
    pub(super) cluster: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    /// Names in lower case, lines in their order.
    pub(super) headers: Vec<(String, String)>,
}

impl Arrival {
    /// Whether it looks like a copy: Envoy says of those whence they come.
    pub(super) fn is_copy(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, _)| name == "x-forwarded-for")
    }
}

type Arrivals = Arc<Mutex<HashMap<String, Vec<Arrival>>>>;

/// Backends for the clusters of every case; they stay for as long as the process.
pub(super) struct Backends {
    addresses: Vec<(String, SocketAddr)>,
    arrivals: Arrivals,
}

impl Backends {
    pub(super) fn start(clusters: &[String]) -> std::io::Result<Self> {
        let arrivals = Arrivals::default();
        let mut addresses = Vec::new();
        for cluster in clusters {
            let socket = TcpListener::bind(("127.0.0.1", 0))?;
            addresses.push((cluster.clone(), socket.local_addr()?));
            let (cluster, arrivals) = (cluster.clone(), Arc::clone(&arrivals));
            thread::spawn(move || {
                for stream in socket.incoming().map_while(Result::ok) {
                    let (cluster, arrivals) = (cluster.clone(), Arc::clone(&arrivals));
                    thread::spawn(move || serve(stream, &cluster, &arrivals));
                }
            });
        }
        Ok(Self {
            addresses,
            arrivals,
        })
    }

    /// The clusters in Envoy's words.
    pub(super) fn clusters(&self) -> Vec<Value> {
        let clusters = self.addresses.iter().map(|(name, address)| {
            let socket = json!({ "address": address.ip(), "port_value": address.port() });
            json!({
                "name": name,
                "load_assignment": {
                    "cluster_name": name,
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": { "socket_address": socket } } }] }],
                },
            })
        });
        clusters.collect()
    }

    /// What arrived of a request so far.
    pub(super) fn arrivals(&self, id: &str) -> Vec<Arrival> {
        let arrivals = self.arrivals.lock().expect("no backend panics");
        arrivals.get(id).cloned().unwrap_or_default()
    }

    /// Forgets what arrived.
    pub(super) fn forget(&self) {
        self.arrivals.lock().expect("no backend panics").clear();
    }
}

/// Takes requests from a connection for as long as it is open.
fn serve(stream: TcpStream, cluster: &str, arrivals: &Arrivals) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while let Some((id, arrival)) = read(&mut stream, cluster) {
        let mut arrivals = arrivals.lock().expect("no backend panics");
        arrivals.entry(id).or_default().push(arrival);
        drop(arrivals);
        let answer =
            format!("HTTP/1.1 200 OK\r\n{CLUSTER}: {cluster}\r\ncontent-length: 0\r\n\r\n");
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut BufReader<TcpStream>, cluster: &str) -> Option<(String, Arrival)> {
    let mut line = || {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        (!line.is_empty()).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    };
    let first = line()?;
    let (method, rest) = first.split_once(' ')?;
    let (path, _) = rest.rsplit_once(' ')?;
    let mut arrival = Arrival {
        cluster: cluster.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        ..Arrival::default()
    };
    let mut id = String::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else {
            return Some((id, arrival));
        };
        let value = value.trim_matches(' ').to_owned();
        match name.to_ascii_lowercase().as_str() {
            "host" => arrival.host = value,
            ID => id = value,
            name => arrival.headers.push((name.to_owned(), value)),
        }
    }
}
