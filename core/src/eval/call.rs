//! Who calls what: a sample request resolved against the mesh. Input is the request as written, output a [`Call`]
//! in which every name is an object of the mesh, or the reason why it is not.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::authz::jwt;
use crate::flow::{Http, Principal};
use crate::mesh::{Capture, Mesh, ServiceIndex, WorkloadIndex};
use crate::wire;

/// A resolved sample request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Who calls.
    pub(crate) client: Client,
    /// What is called.
    pub(crate) target: Target,
    /// The port called.
    pub(crate) port: u16,
    /// What is sent.
    pub(crate) traffic: Traffic,
    /// The tokens that it carries beside those in its text.
    pub(crate) tokens: Vec<jwt::Token>,
    /// The destination address that policies see, where the request states one.
    pub(crate) destination_ip: Option<IpAddr>,
}

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Its identity, if the first proxy sees one.
    pub(crate) principal: Option<Principal>,
    /// Whether a ztunnel carries its traffic.
    pub(crate) captured: bool,
    /// Its workload, where it has one.
    pub(crate) workload: Option<WorkloadIndex>,
    /// The namespace from which it resolves short names.
    pub(crate) namespace: String,
    /// Its address, as far as request or manifests tell it.
    pub(crate) ip: Option<IpAddr>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A Service, through its VIP.
    Service(ServiceIndex),
    /// A workload, at its own address.
    Workload(WorkloadIndex),
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// An HTTP request or gRPC call.
    Http(Http),
    /// TLS that the client originates, with its server name.
    Tls(Option<String>),
    /// Bytes.
    Tcp,
}

/// Why a request cannot be evaluated: what it says does not resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unresolved {
    /// The field, relative to the request.
    pub(crate) path: &'static str,
    /// One plain sentence.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Unresolved {
    fn new(path: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path,
            message: message.into(),
            help: Some(help.into()),
        }
    }
}

/// Resolves a request.
pub(crate) fn resolve(mesh: &Mesh, request: &wire::Request) -> Result<Call, Unresolved> {
    let client = client(mesh, &request.from)?;
    let target = target(mesh, &client, &request.to)?;
    let port = port(mesh, target, request.to.port)?;
    let traffic = traffic(mesh, target, port, request)?;
    let destination_ip = address("to.ip", request.to.ip.as_deref())?;
    Ok(Call {
        client,
        target,
        port,
        traffic,
        tokens: request.jwt.iter().map(jwt::Token::from).collect(),
        destination_ip,
    })
}

fn client(mesh: &Mesh, from: &wire::Source) -> Result<Client, Unresolved> {
    let stated = [
        from.workload.is_some(),
        from.service_account.is_some(),
        from.principal.is_some(),
        from.gateway.is_some(),
        from.outside == Some(true),
    ];
    if stated.iter().filter(|&&stated| stated).count() != 1 {
        return Err(Unresolved::new(
            "from",
            "`from` must say who calls in exactly one way",
            "use one of `workload`, `serviceAccount`, `principal`, `gateway`, `outside: true`",
        ));
    }
    let ip = address("from.ip", from.ip.as_deref())?;
    if let Some(name) = &from.workload {
        let (namespace, name) = qualified("from.workload", name)?;
        let index = mesh.find_workload(namespace, name).ok_or_else(|| {
            Unresolved::new(
                "from.workload",
                format!("no workload `{namespace}/{name}` is in the manifests"),
                "add its Deployment or Pod, or say who calls with `serviceAccount`",
            )
        })?;
        let workload = mesh.workload(index);
        let captured = from
            .in_mesh
            .unwrap_or_else(|| workload.is_some_and(|workload| workload.capture.is_captured()));
        // A sidecar proves the identity by itself, without a ztunnel and past every waypoint.
        let sidecar = from.in_mesh.is_none()
            && workload.is_some_and(|workload| workload.capture == Capture::Sidecar);
        return Ok(Client {
            principal: workload
                .filter(|_| captured || sidecar)
                .map(|workload| workload.principal.clone()),
            captured,
            workload: Some(index),
            namespace: namespace.to_owned(),
            ip: ip.or_else(|| workload.and_then(|workload| workload.addresses.first().copied())),
        });
    }
    if let Some(name) = &from.service_account {
        let (namespace, account) = qualified("from.serviceAccount", name)?;
        let captured = from.in_mesh.unwrap_or(true);
        return Ok(Client {
            principal: captured
                .then(|| Principal::new(&mesh.settings().trust_domain, namespace, account)),
            captured,
            workload: None,
            namespace: namespace.to_owned(),
            ip,
        });
    }
    if let Some(principal) = &from.principal {
        let principal: Principal = principal.parse().map_err(|_| {
            Unresolved::new(
                "from.principal",
                format!("`{principal}` is not a SPIFFE id"),
                "write it as `spiffe://cluster.local/ns/<namespace>/sa/<service account>`",
            )
        })?;
        let namespace = principal
            .namespace_and_service_account()
            .map(|(namespace, _)| namespace.to_owned());
        return Ok(Client {
            captured: true,
            workload: None,
            namespace: namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            ip,
            principal: Some(principal),
        });
    }
    if from.gateway.is_some() {
        return Err(Unresolved::new(
            "from.gateway",
            "requests that enter through an ingress gateway are not evaluated",
            "say who calls with `workload`, `serviceAccount`, `principal` or `outside`",
        ));
    }
    Ok(Client {
        principal: None,
        captured: false,
        workload: None,
        namespace: DEFAULT_NAMESPACE.to_owned(),
        ip,
    })
}

const DEFAULT_NAMESPACE: &str = "default";

fn target(mesh: &Mesh, client: &Client, to: &wire::Destination) -> Result<Target, Unresolved> {
    match (&to.service, &to.host, &to.workload) {
        (Some(name), None, None) => {
            let (namespace, name) = qualified("to.service", name)?;
            mesh.find_service(namespace, name).map(Target::Service).ok_or_else(|| {
                Unresolved::new(
                    "to.service",
                    format!("no Service `{namespace}/{name}` is in the manifests"),
                    "add the Service, or correct the name; it is `namespace/name`",
                )
            })
        }
        (None, Some(host), None) => {
            mesh.resolve_host(host, &client.namespace).map(Target::Service).ok_or_else(|| {
                Unresolved::new(
                    "to.host",
                    format!("`{host}` is the name of no Service in the manifests"),
                    "use a name like `reviews.default.svc.cluster.local`, or `service: namespace/name`",
                )
            })
        }
        (None, None, Some(name)) => {
            let (namespace, name) = qualified("to.workload", name)?;
            mesh.find_workload(namespace, name).map(Target::Workload).ok_or_else(|| {
                Unresolved::new(
                    "to.workload",
                    format!("no workload `{namespace}/{name}` is in the manifests"),
                    "add its Deployment or Pod",
                )
            })
        }
        _ => Err(Unresolved::new(
            "to",
            "`to` must say what is called in exactly one way",
            "use one of `service`, `host`, `workload`",
        )),
    }
}

fn port(mesh: &Mesh, target: Target, stated: Option<u16>) -> Result<u16, Unresolved> {
    let Target::Service(service) = target else {
        return stated.ok_or_else(|| {
            Unresolved::new(
                "to",
                "a workload is called without a port",
                "add `port`, the container port",
            )
        });
    };
    let Some(service) = mesh.service(service) else {
        return Ok(stated.unwrap_or_default());
    };
    match (stated, service.ports.as_slice()) {
        (Some(port), _) if service.port(port).is_some() => Ok(port),
        (None, [only]) => Ok(only.port),
        (stated, ports) => {
            let known: Vec<String> = ports
                .iter()
                .map(|port| format!("`{}`", port.port))
                .collect();
            let help = format!("use one of its ports: {}", known.join(", "));
            let name = format!("{}/{}", service.namespace, service.name);
            Err(match stated {
                Some(port) => Unresolved::new(
                    "to.port",
                    format!("Service `{name}` has no port `{port}`"),
                    help,
                ),
                None => Unresolved::new(
                    "to",
                    format!("Service `{name}` has several ports and none is named"),
                    help,
                ),
            })
        }
    }
}

fn traffic(
    mesh: &Mesh,
    target: Target,
    port: u16,
    request: &wire::Request,
) -> Result<Traffic, Unresolved> {
    match (&request.http, &request.grpc, &request.tls) {
        (Some(http), None, None) => Ok(Traffic::Http(Http {
            method: http.method.clone(),
            path: http.path.clone(),
            authority: http
                .host
                .clone()
                .unwrap_or_else(|| authority(mesh, target, port, request)),
            headers: headers(&http.headers),
            grpc: false,
        })),
        (None, Some(grpc), None) => {
            let mut headers = headers(&grpc.headers);
            headers
                .entry("content-type".to_owned())
                .or_insert_with(|| vec!["application/grpc".to_owned()]);
            Ok(Traffic::Http(Http {
                method: "POST".to_owned(),
                path: format!("/{}/{}", grpc.service, grpc.method),
                authority: grpc
                    .host
                    .clone()
                    .unwrap_or_else(|| authority(mesh, target, port, request)),
                headers,
                grpc: true,
            }))
        }
        (None, None, Some(tls)) => Ok(Traffic::Tls(tls.sni.clone())),
        (None, None, None) => Ok(Traffic::Tcp),
        _ => Err(Unresolved::new(
            "http",
            "a request sends one thing only",
            "keep one of `http`, `grpc`, `tls`; without any it is plain TCP",
        )),
    }
}

fn headers(written: &BTreeMap<String, wire::HeaderValue>) -> BTreeMap<String, Vec<String>> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in written {
        let lines = headers.entry(name.to_ascii_lowercase()).or_default();
        let written = match value {
            wire::HeaderValue::One(line) => std::slice::from_ref(line),
            wire::HeaderValue::Many(many) => many,
        };
        // Blanks around a value are no part of it (RFC 9110, 5.5).
        let trimmed = written.iter().map(|line| line.trim_matches([' ', '\t']));
        lines.extend(trimmed.map(str::to_owned));
    }
    headers
}

/// The Host that a client writes by itself: the name that it called, with the port unless that is 80.
fn authority(mesh: &Mesh, target: Target, port: u16, request: &wire::Request) -> String {
    let name = match target {
        Target::Service(service) => request
            .to
            .host
            .clone()
            .or_else(|| mesh.service(service).map(|service| service.host.clone())),
        Target::Workload(workload) => mesh
            .workload(workload)
            .and_then(|workload| workload.addresses.first().map(IpAddr::to_string)),
    };
    let name = name.unwrap_or_default();
    if port == 80 || name.is_empty() {
        name
    } else {
        format!("{name}:{port}")
    }
}

fn qualified<'a>(path: &'static str, name: &'a str) -> Result<(&'a str, &'a str), Unresolved> {
    match name.split_once('/') {
        Some((namespace, name))
            if !namespace.is_empty() && !name.is_empty() && !name.contains('/') =>
        {
            Ok((namespace, name))
        }
        _ => Err(Unresolved::new(
            path,
            format!("`{name}` is not of the form `namespace/name`"),
            "write the namespace too, `default/sleep`",
        )),
    }
}

fn address(path: &'static str, text: Option<&str>) -> Result<Option<IpAddr>, Unresolved> {
    text.map(|text| {
        text.parse().map_err(|_| {
            Unresolved::new(
                path,
                format!("`{text}` is not an IP address"),
                "write it as `10.1.2.3` or `2001:db8::1`",
            )
        })
    })
    .transpose()
}
