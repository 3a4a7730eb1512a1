//! One case: manifests, settings, and requests about them, as the contract writes them; what the engine answers, and
//! how the same request looks on the wire.

use std::net::IpAddr;

use ambient_core::wire;
use serde_json::{Value, json};

/// Manifests, settings and requests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) settings: Value,
    pub(crate) policies: Vec<Value>,
    pub(crate) requests: Vec<Value>,
}

/// What the waypoint knows of a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Connection {
    pub(crate) peer: String,
    pub(crate) source_ip: IpAddr,
    pub(crate) destination_ip: IpAddr,
    pub(crate) port: u16,
}

/// What comes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observed {
    /// `None`: the connection was closed.
    pub(crate) status: Option<u16>,
    pub(crate) grpc_status: Option<u16>,
    /// Envoy's word for why it answered by itself.
    pub(crate) details: String,
    /// The path behind the filters, where the request came that far.
    pub(crate) path: Option<String>,
}

/// The port on which the Service speaks no HTTP.
pub(crate) const TCP_PORT: u16 = 5432;
/// The port on which it speaks TLS.
pub(crate) const TLS_PORT: u16 = 443;
/// The ports on which it does.
pub(crate) const HTTP_PORTS: [u16; 2] = [80, 8080];

impl Case {
    /// The case as the engine reads it.
    pub(crate) fn input(&self) -> wire::Input {
        let mut documents = mesh();
        documents.extend(self.policies.iter().cloned());
        let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
        wire::Input {
            manifests: wire::Manifests::Text(texts.join("\n---\n")),
            settings: serde_json::from_value(self.settings.clone())
                .expect("settings are the contract's"),
            requests: wire::Requests::List(self.requests.clone()),
        }
    }
}

/// Namespace `shop` and its waypoint, which serves everything there.
pub(crate) fn waypoint() -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "shop",
                "labels": { "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint" },
            },
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": { "name": "waypoint", "namespace": "shop" },
            "spec": {
                "gatewayClassName": "istio-waypoint",
                "listeners": [{ "name": "mesh", "port": 15008, "protocol": "HBONE" }],
            },
        }),
    ]
}

/// A waypoint in front of one Service.
fn mesh() -> Vec<Value> {
    let mut ports = vec![
        json!({ "name": "tcp", "port": TCP_PORT }),
        json!({ "name": "tls", "port": TLS_PORT }),
    ];
    ports.extend(HTTP_PORTS.map(|port| json!({ "name": format!("http-{port}"), "port": port })));
    let mut mesh = waypoint();
    mesh.push(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "reviews", "namespace": "shop" },
        "spec": { "ports": ports },
    }));
    mesh
}

/// What the waypoint knows of the connection of a request.
pub(crate) fn connection(request: &Value) -> Connection {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let address = |value: &Value| text(value).parse().expect("requests state addresses");
    Connection {
        peer: text(&request["from"]["principal"]),
        source_ip: address(&request["from"]["ip"]),
        destination_ip: address(&request["to"]["ip"]),
        port: request["to"]["port"]
            .as_u64()
            .and_then(|port| port.try_into().ok())
            .unwrap_or_default(),
    }
}

/// Whether a request is HTTP, gRPC among it.
pub(crate) fn is_http(request: &Value) -> bool {
    request.get("http").or(request.get("grpc")).is_some()
}

/// A request on the wire. gRPC goes in HTTP/1.1: Envoy knows it by its content type.
pub(crate) fn bytes(request: &Value) -> Vec<u8> {
    let grpc = request.get("grpc");
    let Some(http) = request.get("http").or(grpc) else {
        return match request.get("tls") {
            Some(tls) => client_hello(tls["sni"].as_str()),
            // More than a head of TLS: who looks for one waits for five bytes.
            None => b"no handshake".to_vec(),
        };
    };
    let text = |name: &str| http[name].as_str().unwrap_or_default();
    let (method, path) = match grpc {
        Some(_) => ("POST", format!("/{}/{}", text("service"), text("method"))),
        None => (text("method"), text("path").to_owned()),
    };
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", text("host"));
    if grpc.is_some() && http["headers"].get("content-type").is_none() {
        bytes.push_str("content-type: application/grpc\r\n");
    }
    for (name, value) in http["headers"].as_object().into_iter().flatten() {
        let one = std::slice::from_ref(value);
        for line in value.as_array().map_or(one, Vec::as_slice) {
            bytes.push_str(&format!(
                "{name}: {}\r\n",
                line.as_str().unwrap_or_default()
            ));
        }
    }
    bytes.push_str("\r\n");
    bytes.into_bytes()
}

/// The first message of TLS 1.2 (RFC 5246, 7.4.1.2), with the name asked for (RFC 6066, 3).
fn client_hello(sni: Option<&str>) -> Vec<u8> {
    let short = |bytes: Vec<u8>| [length(&bytes), bytes].concat();
    let mut extensions = Vec::new();
    if let Some(name) = sni {
        let entry = [vec![0], short(name.as_bytes().to_vec())].concat();
        extensions = [vec![0, 0], short(short(entry))].concat();
    }
    let body = [
        vec![3, 3],
        vec![7; 32],
        // No session; one cipher suite; no compression.
        vec![0, 0, 2, 0xc0, 0x2f, 1, 0],
        short(extensions),
    ]
    .concat();
    let handshake = [vec![1, 0], short(body)].concat();
    [vec![22, 3, 1], short(handshake)].concat()
}

fn length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("names are short");
    length.to_be_bytes().to_vec()
}

/// What the engine expects to come back.
pub(crate) fn expected(request: &Value, answer: &wire::Answer) -> Observed {
    let http = is_http(request);
    let response = answer.response.clone().unwrap_or_default();
    let allowed = answer.verdict == wire::Verdict::Allow;
    Observed {
        status: match (http, allowed) {
            (true, true) => Some(200),
            (true, false) => response.status,
            // The echo.
            (false, true) => Some(0),
            (false, false) => None,
        },
        grpc_status: response.grpc_status.filter(|_| !allowed),
        details: match &answer.decision {
            Some(decision) if http && !allowed => details(decision),
            _ => String::new(),
        },
        path: answer
            .request
            .as_ref()
            .filter(|_| allowed && http)
            .map(|request| request.path.clone()),
    }
}

/// Which policy it was, in Envoy's words.
fn details(decision: &wire::Decision) -> String {
    let policy = decision.policy.as_ref();
    match (decision.cause, policy) {
        (
            wire::Cause::Authorization,
            Some(wire::PolicyRef {
                object,
                rule: Some(rule),
            }),
        ) => {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            format!(
                "rbac_access_denied_matched_policy[ns[{namespace}]-policy[{}]-rule[{rule}]]",
                object.name
            )
        }
        (wire::Cause::Default, _) => "rbac_access_denied_matched_policy[none]".to_owned(),
        _ => String::new(),
    }
}

/// The rule that Envoy names, less what istiod puts around the names of rules that would ask one external authorizer of
/// several. `istio/istio: pilot/pkg/security/authz/builder/builder.go`.
fn named(details: &str) -> String {
    let bare = |details: &str| {
        let (before, name) = details.split_once("istio-ext-authz-")?;
        let name = &name[name.find("ns[")?..];
        Some(format!(
            "{before}{}",
            name.replace("-deny-due-to-bad-CUSTOM-action", "")
        ))
    };
    bare(details).unwrap_or_else(|| details.to_owned())
}

/// Where the two differ; `None`: nowhere.
pub(crate) fn difference(expected: &Observed, seen: &Observed) -> Option<String> {
    let mut differences = Vec::new();
    let mut note = |what: &str, expected: &dyn std::fmt::Debug, seen: &dyn std::fmt::Debug| {
        differences.push(format!("{what}: core {expected:?}, Envoy {seen:?}"));
    };
    if expected.status != seen.status {
        note("status", &expected.status, &seen.status);
    }
    if expected.grpc_status.is_some() && expected.grpc_status != seen.grpc_status {
        note("grpc-status", &expected.grpc_status, &seen.grpc_status);
    }
    if expected.path.is_some() && expected.path != seen.path {
        note("path", &expected.path, &seen.path);
    }
    let decided = named(&seen.details);
    // Only where Envoy names a policy: the answer to HEAD has no body.
    if seen.details.starts_with("rbac_") && expected.details != decided {
        note("decided by", &expected.details, &decided);
    }
    if !differences.is_empty() && !seen.details.is_empty() {
        differences.push(format!("Envoy says {}", seen.details));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}
