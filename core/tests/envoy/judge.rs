//! A real Envoy, configured with the translation of many scenarios at once. It listens on loopback only; which
//! scenario is meant is said by the destination of a PROXY protocol header, who calls by a header or, for bytes, by
//! that destination too.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ambient_core::wire;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::scenario::{PEERS, Scenario, TCP_PORT};

/// The environment's name of the executable.
pub(crate) const ENVOY: &str = "ENVOY";
const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(10);
const PEER: &str = "io.istio.peer_principal";

/// What became of a request: a status, or, for bytes, whether they came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Status(u16),
    Delivered,
    Closed,
}

pub(crate) struct Judge {
    process: Child,
    port: u16,
    configuration: PathBuf,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.configuration);
    }
}

/// The network of a scenario.
fn address(scenario: usize, last: usize) -> Ipv4Addr {
    let [high, low] = u16::try_from(scenario)
        .expect("few scenarios")
        .to_be_bytes();
    Ipv4Addr::new(10, high, low, u8::try_from(last).expect("few peers"))
}

impl Judge {
    /// Starts an Envoy that enforces what the engine says that waypoints get.
    pub(crate) fn start(scenarios: &[Scenario]) -> Self {
        let executable = std::env::var_os(ENVOY)
            .unwrap_or_else(|| panic!("{ENVOY} names no Envoy: `cargo xtask envoy` installs one"));
        let [port, allower, denier] = free_ports();
        let chains = scenarios
            .iter()
            .enumerate()
            .flat_map(|(index, scenario)| chains(index, scenario));
        let listener = json!({
            "name": "waypoints",
            "address": loopback(port),
            "listenerFilters": [{
                "name": "envoy.filters.listener.proxy_protocol",
                "typedConfig": { "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol" },
            }],
            "filterChains": chains.collect::<Vec<Value>>(),
        });
        let authorizer = |name: &str, port, status: u16| {
            let filters = [connection_manager(json!({}), vec![], status)];
            json!({ "name": name, "address": loopback(port), "filterChains": [{ "filters": filters }] })
        };
        let cluster = |name: &str, port| {
            let endpoint = json!({ "endpoint": { "address": loopback(port) } });
            json!({ "name": name, "loadAssignment": {
                "clusterName": name, "endpoints": [{ "lbEndpoints": [endpoint] }],
            } })
        };
        // istiod's bootstrap: `istio/istio: pkg/bootstrap/config.go` (extractRuntimeFlags).
        let runtime = json!({ "layers": [{ "name": "static", "staticLayer": {
            "re2.max_program_size.error_level": 32768,
            "envoy.reloadable_features.http_reject_path_with_fragment": false,
        } }] });
        let bootstrap = json!({ "layeredRuntime": runtime, "staticResources": {
            "listeners": [listener, authorizer("allower", allower, 200), authorizer("denier", denier, 403)],
            "clusters": [cluster("allower", allower), cluster("denier", denier)],
        } });
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let configuration = folder.join(format!("envoy-{port}.json"));
        std::fs::write(&configuration, bootstrap.to_string()).expect("a folder of cargo's");
        let process = Command::new(executable)
            .arg("-c")
            .arg(&configuration)
            .args([
                "--concurrency",
                "1",
                "--log-level",
                "error",
                "--disable-hot-restart",
            ])
            .stdin(Stdio::null())
            .spawn()
            .expect("Envoy starts");
        let mut judge = Self {
            process,
            port,
            configuration,
        };
        judge.wait();
        judge
    }

    fn wait(&mut self) {
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.process.try_wait().expect("a child") {
                panic!("Envoy refuses the configuration: {status}");
            }
            assert!(started.elapsed() < START, "Envoy does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What Envoy makes of the requests of a scenario. Those of one caller and destination share a connection.
    pub(crate) fn fates(&self, scenario: usize, requests: &[Value]) -> Vec<Fate> {
        let mut open: Vec<(String, TcpStream)> = Vec::new();
        requests
            .iter()
            .map(|request| {
                let source: Ipv4Addr = text(&request["from"]["ip"]).parse().expect("IPv4");
                let last = request["to"]["last"].as_u64().expect("a number");
                let destination = address(scenario, usize::try_from(last).expect("small"));
                let port = request["to"]["port"].as_u64().expect("a port");
                let header = format!("PROXY TCP4 {source} {destination} 1 {port}\r\n");
                if port == u64::from(TCP_PORT) {
                    return bytes(self.connect(source, &header));
                }
                let place = open.iter().position(|(key, _)| *key == header);
                let (key, mut stream) = match place {
                    Some(place) => open.swap_remove(place),
                    None => (header.clone(), self.connect(source, &header)),
                };
                stream.write_all(&message(request)).expect("Envoy listens");
                let (status, stays_open) = answer(&mut stream);
                if stays_open {
                    open.push((key, stream));
                }
                Fate::Status(status)
            })
            .collect()
    }

    fn connect(&self, source: Ipv4Addr, header: &str) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let address = |ip, port| SocketAddr::from((ip, port)).into();
        socket
            .bind(&address(source, 0))
            .expect("loopback is 127.0.0.0/8");
        socket
            .connect(&address(Ipv4Addr::LOCALHOST, self.port))
            .expect("Envoy listens");
        let mut stream = TcpStream::from(socket);
        stream.set_nodelay(true).expect("TCP");
        stream.set_read_timeout(Some(ANSWER)).expect("a duration");
        stream.write_all(header.as_bytes()).expect("Envoy listens");
        stream
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("bound").port())
}

fn loopback(port: u16) -> Value {
    json!({ "socketAddress": { "address": "127.0.0.1", "portValue": port } })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The filter chains of a scenario: one that speaks HTTP, and one for each caller of bytes.
fn chains(index: usize, scenario: &Scenario) -> Vec<Value> {
    let input: wire::Input =
        serde_json::from_value(scenario.input()).expect("the contract's shape");
    let configuration = ambient_core::envoy(&input);
    let chain = configuration
        .chains
        .into_iter()
        .find(|chain| chain.service.is_some());
    let (manager, http, network) = match chain {
        Some(chain) => (
            chain.connection_manager,
            chain.http_filters,
            chain.network_filters,
        ),
        // No policy is left; what is then checked is how paths are read, which no policy asks about.
        None => (json!({}), vec![], vec![]),
    };
    let range =
        |last, length: u8| json!([{ "addressPrefix": address(index, last), "prefixLen": length }]);
    let mut http_filters = vec![json!({
        "name": "envoy.filters.http.set_filter_state",
        "typedConfig": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
            "onRequestHeaders": [peer("%REQ(X-PEER)%")],
        },
    })];
    http_filters.extend(http);
    let mut chains = vec![json!({
        "name": format!("{index}-http"),
        "filterChainMatch": { "prefixRanges": range(0, 24) },
        "filters": [connection_manager(manager, http_filters, 200)],
    })];
    chains.extend(PEERS.iter().enumerate().map(|(last, identity)| {
        let mut filters = vec![json!({
            "name": "envoy.filters.network.set_filter_state",
            "typedConfig": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
                "onNewConnection": [peer(identity)],
            },
        })];
        filters.extend(network.clone());
        filters.push(json!({
            "name": "envoy.filters.network.echo",
            "typedConfig": { "@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo" },
        }));
        json!({
            "name": format!("{index}-tcp-{last}"),
            "filterChainMatch": { "destinationPort": TCP_PORT, "prefixRanges": range(last, 32) },
            "filters": filters,
        })
    }));
    chains
}

fn peer(format: &str) -> Value {
    json!({
        "objectKey": PEER,
        "factoryKey": "envoy.string",
        "formatString": { "textFormatSource": { "inlineString": format } },
    })
}

/// An HTTP connection manager that answers what passes its filters by itself.
fn connection_manager(fields: Value, mut filters: Vec<Value>, status: u16) -> Value {
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typedConfig": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    }));
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "http",
        "httpFilters": filters,
        "routeConfig": { "virtualHosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "" }, "directResponse": { "status": status } }],
        }] },
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    json!({ "name": "envoy.filters.network.http_connection_manager", "typedConfig": config })
}

/// A request as it goes over the wire.
fn message(request: &Value) -> Vec<u8> {
    let http = &request["http"];
    let mut out = format!(
        "{} {} HTTP/1.1\r\nhost: {}\r\nx-peer: {}\r\ncontent-length: 0\r\n",
        text(&http["method"]),
        text(&http["path"]),
        text(&http["host"]),
        text(&request["from"]["principal"]),
    );
    for (name, value) in http["headers"].as_object().into_iter().flatten() {
        let one = [value.clone()];
        for line in value.as_array().map_or(&one[..], Vec::as_slice) {
            out.push_str(&format!("{name}: {}\r\n", text(line)));
        }
    }
    out.push_str("\r\n");
    out.into_bytes()
}

/// Reads one answer: its status, and whether the connection stays open.
fn answer(stream: &mut TcpStream) -> (u16, bool) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    let mut need = usize::MAX;
    while read.len() < need {
        let count = stream.read(&mut buffer).expect("Envoy answers");
        assert!(count > 0, "Envoy closes without an answer");
        read.extend_from_slice(&buffer[..count]);
        if need == usize::MAX
            && let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
            let length = field(&head, "content-length").and_then(|it| it.parse().ok());
            need = end + 4 + length.unwrap_or(0);
        }
    }
    let head = String::from_utf8_lossy(&read).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    let open = field(&head, "connection") != Some("close");
    (status.expect("a status line"), open)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Bytes: Envoy sends them back, or closes.
fn bytes(mut stream: TcpStream) -> Fate {
    let mut one = [0];
    let sent = stream.write_all(b"x");
    match sent.and_then(|()| stream.read(&mut one)) {
        Ok(1) => Fate::Delivered,
        Ok(_) => Fate::Closed,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Fate::Closed,
        Err(error) => panic!("Envoy neither answers nor closes: {error}"),
    }
}

/// The scenario's requests as the engine gets them: with the addresses that Envoy sees.
pub(crate) fn as_asked(index: usize, scenario: &Scenario) -> Scenario {
    let mut asked = scenario.clone();
    for request in &mut asked.requests {
        let last = request["to"]["last"].as_u64().expect("a number");
        let to = request["to"].as_object_mut().expect("an object");
        to.remove("last");
        let ip = address(index, usize::try_from(last).expect("small"));
        to.insert("ip".to_owned(), ip.to_string().into());
    }
    asked
}
