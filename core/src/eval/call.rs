//! Who calls what: a sample request resolved against the mesh. Input is the request as written, output a [`Call`]
//! in which every name is an object of the mesh, or the reason why it is not.

use std::net::IpAddr;

use crate::authz::jwt;
use crate::flow::{Http, Principal};
use crate::mesh::{Address, Capture, Ingress, Mesh, ServiceIndex, WorkloadIndex};
use crate::model::{Model, Routes};
use crate::resource::{Kind, ObjectId, ObjectIndex};
use crate::sorted;
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
    /// The name called, as the request states it.
    pub(crate) host: Option<String>,
    /// The Service that is called has no such port.
    pub(crate) unknown_port: Option<Unresolved>,
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
    /// The ingress gateway through which it comes.
    pub(crate) gateway: Option<ObjectIndex>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A Service, through its VIP.
    Service(ServiceIndex),
    /// A workload, at its own address.
    Workload(WorkloadIndex),
    /// A name at the ingress gateway through which the client comes.
    Ingress,
    /// A name outside the mesh that nothing in the manifests stands for.
    External,
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
pub(crate) fn resolve(model: &Model, request: &wire::Request) -> Result<Call, Unresolved> {
    let mesh = &model.mesh;
    let client = client(mesh, &request.from)?;
    let target = target(mesh, &client, &request.to)?;
    let mut unknown_port = None;
    let port = match (target, request.to.port, client.gateway) {
        (Target::Ingress, Some(port), _) => port,
        (Target::Ingress, None, Some(gateway)) => gateway_port(&model.routes, gateway, request)?,
        (target, stated, _) => match (port(mesh, target, stated), stated) {
            (Err(unresolved), Some(port)) if is_determined(mesh, &client, target) => {
                unknown_port = Some(unresolved);
                port
            }
            (port, _) => port?,
        },
    };
    let traffic = traffic(mesh, target, port, request)?;
    let stated = address("to.ip", request.to.ip.as_deref())?;
    let destination_ip = stated.or_else(|| called_address(&request.to));
    Ok(Call {
        client,
        target,
        port,
        traffic,
        tokens: request.jwt.iter().map(jwt::Token::from).collect(),
        destination_ip,
        host: request.to.host.clone(),
        unknown_port,
    })
}

/// Whether it is known what becomes of a connection to a port that a Service lacks: a ztunnel has the VIP without it, or
/// clients call the pods themselves.
fn is_determined(mesh: &Mesh, client: &Client, target: Target) -> bool {
    let Target::Service(service) = target else {
        return false;
    };
    client.gateway.is_none()
        && mesh
            .service(service)
            .is_some_and(|info| match info.address {
                Address::Vip(_) => client.captured,
                Address::Headless => !info.workloads.is_empty() && mesh.calls_pods(service),
                Address::ExternalName => false,
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
        let captured = from.in_mesh.unwrap_or_else(|| {
            workload.is_some_and(|workload| workload.capture.carries_outbound())
        });
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
            gateway: None,
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
            gateway: None,
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
            gateway: None,
        });
    }
    if let Some(name) = &from.gateway {
        let gateway = gateway(mesh, name)?;
        return Ok(Client {
            principal: None,
            captured: false,
            workload: None,
            namespace: gateway.namespace,
            ip,
            gateway: Some(gateway.object),
        });
    }
    Ok(Client {
        principal: None,
        captured: false,
        workload: None,
        namespace: DEFAULT_NAMESPACE.to_owned(),
        ip,
        gateway: None,
    })
}

/// The ingress gateway of a name: Gateway API's before Istio's own.
fn gateway(mesh: &Mesh, name: &str) -> Result<Ingress, Unresolved> {
    let (namespace, name) = qualified("from.gateway", name)?;
    let found = [Kind::Gateway, Kind::IstioGateway]
        .into_iter()
        .find_map(|kind| mesh.find(&ObjectId::new(kind, namespace, name)));
    let Some(object) = found else {
        return Err(Unresolved::new(
            "from.gateway",
            format!("no Gateway `{namespace}/{name}` is in the manifests"),
            "add it, or correct the name; it is `namespace/name`",
        ));
    };
    mesh.ingress(object).cloned().ok_or_else(|| {
        Unresolved::new(
            "from.gateway",
            format!("Gateway `{namespace}/{name}` is no ingress gateway of Istio's"),
            "name one of class `istio`, or say who calls with `workload` or `outside`",
        )
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
        (None, Some(_), None) if client.gateway.is_some() => Ok(Target::Ingress),
        (None, Some(_), None) if called_address(to).is_some() => {
            let address = called_address(to);
            let service = address.and_then(|address| mesh.service_at(address));
            let workload = address.and_then(|address| mesh.workload_at(address));
            Ok(match (service, workload) {
                (Some(service), _) => Target::Service(service),
                (None, Some(workload)) => Target::Workload(workload),
                (None, None) => Target::External,
            })
        }
        (None, Some(host), None) if is_external(mesh, &client.namespace, host) => {
            Ok(Target::External)
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

/// The address that `to.host` is, instead of a name.
fn called_address(to: &wire::Destination) -> Option<IpAddr> {
    to.host.as_deref()?.trim_matches(['[', ']']).parse().ok()
}

/// A name with a domain that is not the cluster's, and that nothing stands for.
fn is_external(mesh: &Mesh, namespace: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.contains('.')
        && !host.ends_with(mesh.settings().cluster_domain.as_str())
        && !host.ends_with(".svc")
        && mesh.resolve_host(host, namespace).is_none()
        && !mesh
            .services()
            .any(|(_, service)| host.ends_with(&format!(".{}", service.namespace)))
}

/// The port of a gateway that traffic of a kind means if it names none: the usual one, or the only one.
fn gateway_port(
    routes: &Routes,
    gateway: ObjectIndex,
    request: &wire::Request,
) -> Result<u16, Unresolved> {
    let ports: Vec<u16> = routes.ingress_ports(gateway).collect();
    let usual: &[u16] = if request.tls.is_some() {
        &[443]
    } else {
        &[80, 443]
    };
    let only = match ports.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let usual = usual.iter().copied().find(|port| ports.contains(port));
    only.or(usual).ok_or_else(|| {
        let known: Vec<String> = ports.iter().map(|port| format!("`{port}`")).collect();
        Unresolved::new(
            "to",
            "the gateway listens on several ports, or on none, and none is named",
            format!("add `port`; it has: {}", known.join(", ")),
        )
    })
}

fn port(mesh: &Mesh, target: Target, stated: Option<u16>) -> Result<u16, Unresolved> {
    if let Target::External = target {
        return Ok(stated.unwrap_or(443));
    }
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

/// The content type of gRPC, whatever its messages are made of.
const GRPC: &str = "application/grpc";

fn traffic(
    mesh: &Mesh,
    target: Target,
    port: u16,
    request: &wire::Request,
) -> Result<Traffic, Unresolved> {
    match (&request.http, &request.grpc, &request.tls) {
        (Some(http), None, None) => {
            let headers = headers(&http.headers);
            Ok(Traffic::Http(Http {
                method: http.method.clone(),
                path: http.path.clone(),
                authority: http
                    .host
                    .clone()
                    .unwrap_or_else(|| authority(mesh, target, port, request)),
                grpc: is_grpc(&headers),
                headers,
            }))
        }
        (None, Some(grpc), None) => {
            let mut headers = headers(&grpc.headers);
            headers
                .entry("content-type".to_owned())
                .or_insert_with(|| vec![GRPC.to_owned()]);
            Ok(Traffic::Http(Http {
                method: "POST".to_owned(),
                path: format!("/{}/{}", grpc.service, grpc.method),
                authority: grpc
                    .host
                    .clone()
                    .unwrap_or_else(|| authority(mesh, target, port, request)),
                grpc: is_grpc(&headers),
                headers,
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

/// Whether Envoy takes a request for gRPC: by its content type, and by nothing else. `envoyproxy/envoy:
/// source/common/grpc/common.cc` (hasGrpcContentType).
fn is_grpc(headers: &sorted::Map<String, Vec<String>>) -> bool {
    let lines = headers.get("content-type").map(|lines| lines.join(","));
    let rest = lines.as_deref().and_then(|line| line.strip_prefix(GRPC));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
}

fn headers(written: &sorted::Map<String, wire::HeaderValue>) -> sorted::Map<String, Vec<String>> {
    let mut headers: sorted::Map<String, Vec<String>> = sorted::Map::new();
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
        Target::Ingress | Target::External => request.to.host.clone(),
    };
    let name = name.unwrap_or_default();
    let is_tls = matches!(target, Target::Ingress | Target::External) && port == 443;
    if port == 80 || is_tls || name.is_empty() {
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
