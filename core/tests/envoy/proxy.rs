//! A real Envoy on the loopback address, shaped as a waypoint is: a listener that ends the tunnel and tells the inner
//! listener who calls from where, and behind it the filters of one case a listener. What ztunnel proves by mTLS is
//! stated in headers of the CONNECT here.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ambient_core::wire::{EnvoyChain, EnvoyRoutes};
use serde_json::{Value, json};

use crate::case::{Connection, Observed};

const HTTP_MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// A running Envoy; it ends with this value.
pub(crate) struct Proxy {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Proxy {
    /// Starts an Envoy with inner listeners, and clusters for what is behind them.
    pub(crate) fn start(
        binary: &str,
        listeners: Vec<Value>,
        clusters: Vec<Value>,
    ) -> Result<Self, String> {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|socket| socket.local_addr())
            .map_err(|error| format!("no free port: {error}"))?
            .port();
        let folder = std::env::temp_dir().join(format!("envoy-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let file = folder.join("bootstrap.json");
        fs::write(&file, bootstrap(port, listeners, clusters).to_string())
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let process = Command::new(binary)
            .args([
                "--disable-hot-restart",
                "--concurrency",
                "2",
                "--log-level",
                "error",
            ])
            .arg("--config-path")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{binary} does not start: {error}"))?;
        let mut proxy = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            folder,
        };
        proxy.wait()?;
        Ok(proxy)
    }

    /// Until it accepts connections.
    fn wait(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            if TcpStream::connect(self.address).is_ok() {
                // Nobody may block on a full pipe.
                if let Some(stderr) = self.process.stderr.take() {
                    thread::spawn(move || {
                        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                            eprintln!("envoy: {line}");
                        }
                    });
                }
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                let mut said = String::new();
                if let Some(mut stderr) = self.process.stderr.take() {
                    let _ = stderr.read_to_string(&mut said);
                }
                return Err(format!(
                    "Envoy refuses the configuration ({status}): {said}"
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("Envoy does not listen after a minute".to_owned())
    }

    /// Opens a tunnel to an inner listener.
    pub(crate) fn connect(&self, listener: &str, by: &Connection) -> std::io::Result<Tunnel> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let to = SocketAddr::new(by.destination_ip, by.port);
        let from = SocketAddr::new(by.source_ip, 40000);
        let peer = &by.peer;
        let head = format!(
            "CONNECT {to} HTTP/1.1\r\nhost: {to}\r\nx-listener: {listener}\r\nx-peer: {peer}\r\nx-source: {from}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut tunnel = Tunnel {
            stream: BufReader::new(stream),
        };
        match tunnel.read_head()? {
            (200, _) => Ok(tunnel),
            (status, _) => Err(std::io::Error::other(format!("CONNECT answered {status}"))),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A connection through the waypoint.
pub(crate) struct Tunnel {
    stream: BufReader<TcpStream>,
}

type Headers = Vec<(String, String)>;

/// An answer as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case, lines in their order.
    pub(crate) headers: Headers,
    pub(crate) body: String,
}

impl Reply {
    /// The first line of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    /// The gRPC status, where there is one.
    pub(crate) fn grpc_status(&self) -> Option<u16> {
        self.header("grpc-status")?.parse().ok()
    }

    /// Whether nothing more comes on this connection.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value == "close")
    }
}

impl Tunnel {
    /// Sends a request and reads what comes back.
    pub(crate) fn ask(&mut self, request: &[u8], head_only: bool) -> std::io::Result<Observed> {
        let reply = self.exchange(request, head_only)?;
        Ok(Observed {
            status: Some(reply.status),
            grpc_status: reply.grpc_status(),
            path: reply.header("x-seen-path"),
            details: reply.body,
        })
    }

    /// The same, with all that comes back.
    pub(crate) fn exchange(&mut self, request: &[u8], head_only: bool) -> std::io::Result<Reply> {
        self.stream.get_mut().write_all(request)?;
        let (status, headers) = self.read_head()?;
        let mut reply = Reply {
            status,
            headers,
            body: String::new(),
        };
        let length = reply.header("content-length");
        let length = length.and_then(|length| length.parse().ok());
        let mut body = vec![0; if head_only { 0 } else { length.unwrap_or(0) }];
        self.stream.read_exact(&mut body)?;
        reply.body = String::from_utf8_lossy(&body).into_owned();
        Ok(reply)
    }

    /// Sends bytes; whether they come back.
    pub(crate) fn echo(&mut self, bytes: &[u8]) -> bool {
        let mut back = vec![0; bytes.len()];
        let sent = self.stream.get_mut().write_all(bytes);
        sent.is_ok() && self.stream.read_exact(&mut back).is_ok() && back == bytes
    }

    fn read_head(&mut self) -> std::io::Result<(u16, Headers)> {
        let line = self.line()?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no status: {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                None => return Ok((status, headers)),
            }
        }
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(std::io::Error::other("the connection was closed"));
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

/// The inner listener of a chain that speaks HTTP: the filters, and an answer of 200 behind them.
pub(crate) fn http_listener(name: &str, chain: &EnvoyChain) -> Value {
    let routes = json!({
        "virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }],
        }],
        "response_headers_to_add": [{ "header": { "key": "x-seen-path", "value": "%REQ(:PATH)%" } }],
    });
    with_routes(name, chain, &routes)
}

/// The header in which Envoy says which route it took.
pub(crate) const ROUTE: &str = "x-route";

/// The inner listener of a chain that speaks HTTP, with the routes of one port.
pub(crate) fn routes_listener(name: &str, chain: &EnvoyChain, routes: &EnvoyRoutes) -> Value {
    let mut routes = routes.route_configuration.clone();
    routes["response_headers_to_add"] =
        json!([{ "header": { "key": ROUTE, "value": "%ROUTE_NAME%" } }]);
    with_routes(name, chain, &routes)
}

fn with_routes(name: &str, chain: &EnvoyChain, routes: &Value) -> Value {
    let mut filters = by_source_ip(&chain.filters);
    filters.push(router());
    let mut manager = json!({
        "@type": format!("type.googleapis.com/{HTTP_MANAGER}"),
        "stat_prefix": "inner",
        "http_filters": filters,
        "route_config": routes,
        // Which rule of which policy it was.
        "local_reply_config": { "body_format": { "text_format_source": { "inline_string": "%RESPONSE_CODE_DETAILS%" } } },
    });
    if let (Some(manager), Some(options)) = (
        manager.as_object_mut(),
        chain.connection_manager.as_object(),
    ) {
        manager.extend(options.clone());
    }
    inner(
        name,
        vec![
            json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }),
        ],
    )
}

/// The inner listener of a chain that sees bytes: the filters, and an echo behind them.
pub(crate) fn tcp_listener(name: &str, chain: &EnvoyChain) -> Value {
    let mut filters = by_source_ip(&chain.network_filters);
    filters.push(json!({
        "name": "envoy.filters.network.echo",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo" },
    }));
    inner(name, filters)
}

/// The same, where the name that TLS asks for is looked for.
pub(crate) fn tls_listener(name: &str, chain: &EnvoyChain) -> Value {
    let mut listener = tcp_listener(name, chain);
    if let Some(filters) = listener["listener_filters"].as_array_mut() {
        filters.push(json!({
            "name": "envoy.filters.listener.tls_inspector",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" },
        }));
    }
    listener
}

/// Behind a tunnel an Envoy of its own build does not know the direct peer: `direct_remote_ip` is the tunnel's inner
/// end. The address that the tunnel's outer end states is `source_ip` here.
fn by_source_ip(filters: &[Value]) -> Vec<Value> {
    let renamed = |filter: &Value| {
        let text = filter
            .to_string()
            .replace("\"direct_remote_ip\"", "\"source_ip\"");
        serde_json::from_str(&text).unwrap_or_default()
    };
    filters.iter().map(renamed).collect()
}

fn inner(name: &str, filters: Vec<Value>) -> Value {
    json!({
        "name": name,
        "internal_listener": {},
        "listener_filters": [{
            "name": "envoy.filters.listener.original_dst",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst" },
        }],
        "filter_chains": [{ "filters": filters }],
    })
}

fn router() -> Value {
    json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    })
}

fn bootstrap(port: u16, mut listeners: Vec<Value>, mut clusters: Vec<Value>) -> Value {
    clusters.extend(listeners.iter().map(|listener| {
            let name = &listener["name"];
            let address = json!({ "envoy_internal_address": { "server_listener_name": name } });
            json!({
                "name": name,
                "load_assignment": {
                    "cluster_name": name,
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }],
                },
                "transport_socket": {
                    "name": "envoy.transport_sockets.internal_upstream",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
                        "transport_socket": {
                            "name": "envoy.transport_sockets.raw_buffer",
                            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer" },
                        },
                    },
                },
            })
        }));
    listeners.push(tunnel_end(port));
    json!({
        "bootstrap_extensions": [{
            "name": "envoy.bootstrap.internal_listener",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener" },
        }],
        "static_resources": { "listeners": listeners, "clusters": clusters },
    })
}

/// The listener in front, as istiod writes it less TLS. `istio/istio: pilot/pkg/networking/core/listener_waypoint.go`
/// (buildHCMConnectTerminateChain), `pilot/pkg/xds/filters/filters.go` (ConnectAuthorityFilter).
fn tunnel_end(port: u16) -> Value {
    let state = |key: &str, from: &str, factory: Option<&str>| {
        let mut state = json!({
            "object_key": key,
            "format_string": { "text_format_source": { "inline_string": format!("%REQ({from})%") } },
            "shared_with_upstream": "ONCE",
        });
        if let Some(factory) = factory {
            state["factory_key"] = factory.into();
        }
        state
    };
    let states = [
        state(
            "envoy.filters.listener.original_dst.local_ip",
            ":AUTHORITY",
            None,
        ),
        state(
            "envoy.filters.listener.original_dst.remote_ip",
            "x-source",
            None,
        ),
        state("io.istio.peer_principal", "x-peer", Some("envoy.string")),
    ];
    json!({
        "name": "tunnel",
        "address": { "socket_address": { "address": "127.0.0.1", "port_value": port } },
        "filter_chains": [{ "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": format!("type.googleapis.com/{HTTP_MANAGER}"),
                "stat_prefix": "tunnel",
                "codec_type": "HTTP1",
                "use_remote_address": false,
                // A refused connection is seen at once.
                "delayed_close_timeout": "0s",
                "upgrade_configs": [{ "upgrade_type": "CONNECT" }],
                "http_filters": [
                    {
                        "name": "connect_authority",
                        "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
                            "on_request_headers": states,
                        },
                    },
                    router(),
                ],
                "route_config": {
                    "virtual_hosts": [{
                        "name": "all",
                        "domains": ["*"],
                        "routes": [{
                            "match": { "connect_matcher": {} },
                            "route": {
                                "cluster_header": "x-listener",
                                "upgrade_configs": [{ "upgrade_type": "CONNECT", "connect_config": {} }],
                            },
                        }],
                    }],
                },
            },
        }]}],
    })
}
