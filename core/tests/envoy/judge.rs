//! External authorizers that answer by their names, over HTTP and over gRPC. Of HTTP/2 they read no more than where a
//! call ends: the answer to every call is the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Map, Value, json};

/// The names, which are those of Envoy's clusters too.
pub(crate) const NAMES: [&str; 4] = ["deny-http", "allow-http", "deny-grpc", "allow-grpc"];

/// What settings say of them.
pub(crate) fn providers() -> Value {
    let provider = |name: &str| {
        let (answer, protocol) = name.split_once('-').expect("names say both");
        let provider = json!({ "answer": answer, "protocol": protocol });
        (name.to_owned(), provider)
    };
    NAMES
        .into_iter()
        .map(provider)
        .collect::<Map<_, _>>()
        .into()
}

/// Running authorizers, each with its port on the loopback address. They run as long as the test does.
pub(crate) struct Judges(Vec<(&'static str, u16)>);

impl Judges {
    pub(crate) fn start() -> std::io::Result<Self> {
        let mut judges = Vec::new();
        for name in NAMES {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            judges.push((name, listener.local_addr()?.port()));
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    thread::spawn(move || answer(stream, name));
                }
            });
        }
        Ok(Self(judges))
    }

    /// The clusters of which the filters speak.
    pub(crate) fn clusters(&self) -> Vec<Value> {
        let cluster = |&(name, port): &(&str, u16)| {
            let address =
                json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
            let mut cluster = json!({
                "name": name,
                "load_assignment": {
                    "cluster_name": name,
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }],
                },
            });
            if name.ends_with("grpc") {
                cluster["typed_extension_protocol_options"] = json!({
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": { "http2_protocol_options": {} },
                    },
                });
            }
            cluster
        };
        self.0.iter().map(cluster).collect()
    }
}

/// Until the client hangs up.
fn answer(stream: TcpStream, name: &str) {
    let denies = name.starts_with("deny");
    let _ = stream.set_nodelay(true);
    let _ = match name.ends_with("grpc") {
        true => over_grpc(BufReader::new(stream), denies),
        false => over_http(BufReader::new(stream), denies),
    };
}

fn over_http(mut stream: BufReader<TcpStream>, denies: bool) -> std::io::Result<()> {
    let status = if denies { "403 Forbidden" } else { "200 OK" };
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        // Authorizers are told no bodies.
        if line == b"\r\n" {
            write!(
                stream.get_mut(),
                "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"
            )?;
        }
    }
}

/// Frames of HTTP/2: RFC 9113, 4 and 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
/// Flags: the last one also says that a frame is an answer to one of the same kind.
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
/// What a client says first.
const PREFACE: usize = 24;

fn over_grpc(mut stream: BufReader<TcpStream>, denies: bool) -> std::io::Result<()> {
    stream.read_exact(&mut [0; PREFACE])?;
    send(&mut stream, SETTINGS, 0, 0, &[])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, stream_id @ ..] = head;
        let id = u32::from_be_bytes(stream_id);
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload)?;
        match kind {
            SETTINGS | PING if flags & ACK == 0 => {
                let back: &[u8] = if kind == PING { &payload } else { &[] };
                send(&mut stream, kind, ACK, 0, back)?;
            }
            DATA | HEADERS => {
                if kind == DATA && !payload.is_empty() {
                    // Room for as much again.
                    send(&mut stream, WINDOW_UPDATE, 0, 0, &[0, a, b, c])?;
                }
                if flags & END_STREAM != 0 {
                    reply(&mut stream, id, denies)?;
                }
            }
            _ => {}
        }
    }
}

/// A `CheckResponse`: without a status it is one of success; 7 is `PERMISSION_DENIED`.
fn reply(stream: &mut BufReader<TcpStream>, id: u32, denies: bool) -> std::io::Result<()> {
    // HPACK (RFC 7541): `:status: 200` is entry 8 and `content-type` entry 31 of the table that all know.
    let headers = [&[0x88, 0x0f, 16, 16], b"application/grpc".as_slice()].concat();
    let message: &[u8] = if denies { &[0x0a, 2, 8, 7] } else { &[] };
    let length = u8::try_from(message.len()).unwrap_or_default();
    let data = [&[0, 0, 0, 0, length], message].concat();
    let trailers = [&[0, 11], b"grpc-status".as_slice(), &[1, b'0']].concat();
    send(stream, HEADERS, END_HEADERS, id, &headers)?;
    send(stream, DATA, 0, id, &data)?;
    send(stream, HEADERS, END_HEADERS | END_STREAM, id, &trailers)
}

fn send(
    stream: &mut BufReader<TcpStream>,
    kind: u8,
    flags: u8,
    id: u32,
    payload: &[u8],
) -> std::io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let [_, a, b, c] = length.to_be_bytes();
    let head = [&[a, b, c, kind, flags], id.to_be_bytes().as_slice()].concat();
    stream
        .get_mut()
        .write_all(&[head.as_slice(), payload].concat())
}
