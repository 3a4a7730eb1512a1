//! Which proxies a call passes, and what each of them sees. Input is a call, output flows; no policy is read here.
//! `istio/ztunnel: src/proxy/outbound.rs` (build_request), `src/proxy/inbound.rs`, `src/proxy/inbound_passthrough.rs`.

use std::net::IpAddr;

use super::call::{Call, Target, Traffic};
use crate::attach::Attachments;
use crate::flow::{Flow, Http, Principal};
use crate::matcher;
use crate::mesh::{Address, GatewayIndex, Mesh, ServiceIndex, WorkloadIndex};
use crate::route::Protocol;

/// The waypoint on the way of a call, with what it sees.
#[derive(Clone)]
pub(crate) struct WaypointHop {
    /// The waypoint.
    pub(crate) gateway: GatewayIndex,
    /// The Service addressed; `None` for a call to a workload's own address.
    pub(crate) service: Option<ServiceIndex>,
    /// What it sees.
    pub(crate) flow: Flow,
    /// Why it makes nothing of what comes.
    pub(crate) unreadable: Option<Unreadable>,
}

/// Why Envoy makes nothing of what comes, before any policy or route is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The path is none that it accepts: it answers 400.
    Path,
    /// The port speaks HTTP and what comes is none: the connection is closed.
    NotHttp,
    /// The Service has no such port: the connection is closed.
    NoPort,
}

/// The waypoint that a call goes through, if any. Only ztunnel sends traffic to waypoints, so a client that no ztunnel
/// carries passes them by.
pub(crate) fn waypoint(mesh: &Mesh, attachments: &Attachments, call: &Call) -> Option<WaypointHop> {
    if !call.client.captured {
        return None;
    }
    let mut has_port = true;
    let (gateway, service, protocol, address) = match call.target {
        Target::Service(index) => {
            let service = mesh.service(index)?;
            match service.address {
                // Its name resolves to pod addresses, so that the call is one to a workload.
                Address::Headless => {
                    let gateway = attachments.workload_waypoint(*service.workloads.first()?)?;
                    (gateway, None, Protocol::Auto, None)
                }
                Address::ExternalName => return None,
                Address::Vip(ip) => {
                    // No filter chain is for any other port of the VIP.
                    let port = service.port(call.port);
                    has_port = port.is_some();
                    let protocol = port.map_or(Protocol::Tcp, Protocol::of);
                    (
                        attachments.service_waypoint(index)?,
                        Some(index),
                        protocol,
                        ip,
                    )
                }
            }
        }
        Target::Ingress | Target::External => return None,
        Target::Workload(index) => {
            let gateway = attachments.workload_waypoint(index)?;
            (
                gateway,
                None,
                Protocol::Auto,
                mesh.workload(index)?.addresses.first().copied(),
            )
        }
    };
    if protocol == Protocol::Udp {
        return None;
    }
    let source_ip = call.client.ip;
    let mut http = http(protocol, &call.traffic);
    let mut unreadable = match protocol {
        _ if !has_port => Some(Unreadable::NoPort),
        Protocol::Http if http.is_none() => Some(Unreadable::NotHttp),
        _ => None,
    };
    if let Some(http) = &mut http {
        matcher::normalize_headers(&mut http.headers);
        say_scheme(http, "http");
        match matcher::normalize_path(&http.path, mesh.settings().path_normalization) {
            Some(path) => http.path = path,
            None => unreadable = Some(Unreadable::Path),
        }
    }
    Some(WaypointHop {
        gateway,
        service,
        unreadable,
        flow: Flow {
            peer: call.client.principal.clone(),
            source_ip,
            remote_ip: forwarded_for(http.as_ref()).or(source_ip),
            destination_ip: call.destination_ip.or(address),
            destination_port: call.port,
            sni: sni(&call.traffic).filter(|_| inspects_tls(mesh, attachments, gateway, call.port)),
            http,
            claims: None,
        },
    })
}

/// What the ztunnel in front of a pod sees.
pub(crate) fn destination(
    mesh: &Mesh,
    workload: WorkloadIndex,
    peer: Option<Principal>,
    source_ip: Option<IpAddr>,
    port: u16,
) -> Flow {
    Flow {
        peer,
        source_ip,
        remote_ip: None,
        destination_ip: mesh
            .workload(workload)
            .and_then(|workload| workload.addresses.first().copied()),
        destination_port: port,
        sni: None,
        http: None,
        claims: None,
    }
}

/// The HTTP request, where the port lets a proxy see one: an HTTP request to a TCP port is bytes.
fn http(protocol: Protocol, traffic: &Traffic) -> Option<Http> {
    match (protocol, traffic) {
        (Protocol::Http | Protocol::Auto, Traffic::Http(http)) => Some(http.clone()),
        _ => None,
    }
}

/// Whether a waypoint looks into what comes to a port for the name that TLS asks for: only if one of its Services
/// speaks TLS, and then on all ports but those on which its Services speak otherwise.
/// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildWaypointInternal).
fn inspects_tls(mesh: &Mesh, attachments: &Attachments, gateway: GatewayIndex, port: u16) -> bool {
    let services = mesh.services();
    let ports = services
        .filter(|(service, _)| attachments.serves(gateway, *service))
        .flat_map(|(_, service)| &service.ports);
    let (mut tls, mut here, mut here_tls) = (false, false, false);
    for known in ports {
        let is_tls = Protocol::is_tls(known);
        tls |= is_tls;
        here |= known.port == port;
        here_tls |= known.port == port && is_tls;
    }
    tls && (here_tls || !here)
}

/// A waypoint trusts no proxy in front of it, and reads the last entry.
pub(super) fn forwarded_for(http: Option<&Http>) -> Option<IpAddr> {
    let line = http?.header("x-forwarded-for").last()?;
    line.rsplit(',').next()?.trim().parse().ok()
}

/// The client's address as a gateway behind trusted proxies derives it: the entry that the outermost of them wrote.
/// The header in which proxies tell the scheme of a request.
pub(super) const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Where no proxy in front has told the scheme, policies, routes and backends see that of the connection.
/// `envoyproxy/envoy: source/common/http/conn_manager_utility.cc` (mutateRequestHeaders).
pub(super) fn say_scheme(http: &mut Http, scheme: &str) {
    let said = http.headers.entry(FORWARDED_PROTO.to_owned()).or_default();
    if said.is_empty() {
        said.push(scheme.to_owned());
    }
}

/// `envoyproxy/envoy: source/common/http/utility.cc` (getLastAddressFromXFF). Without trusted proxies nothing is read.
pub(super) fn forwarded_by(http: &Http, trusted: u32) -> Option<IpAddr> {
    let lines = http.header("x-forwarded-for").join(",");
    let before = usize::try_from(trusted.checked_sub(1)?).ok()?;
    lines.rsplit(',').nth(before)?.trim().parse().ok()
}

/// The name that TLS asks for, in lower case, as Envoy keeps it: `envoyproxy/envoy:
/// source/common/network/socket_impl.h` (setRequestedServerName).
pub(super) fn sni(traffic: &Traffic) -> Option<String> {
    match traffic {
        Traffic::Tls(sni) => sni.as_deref().map(str::to_ascii_lowercase),
        Traffic::Http(_) | Traffic::Tcp => None,
    }
}
