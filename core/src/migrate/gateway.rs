//! Istio's own Gateways as Gateway API's: a listener for each host of a server, certificates by reference, a route where
//! plain HTTP is answered with a redirect.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildListener, buildTLS), `pilot/pkg/model/gateway.go`
//! (mergeGateways, sanitizeServerHostNamespace).

use serde_json::Value;

use super::notes::Notes;
use super::{document, object};
use crate::mesh::Ingress;
use crate::model::{Model, Placed, servers_of_pods};
use crate::resource::{self, GATEWAY_API, Kind, ObjectId, ObjectIndex, ServerTls};
use crate::route::{ServerHost, ServerKind};
use crate::source::{Diagnostics, FieldPath};

/// As many listeners as a Gateway takes. `kubernetes-sigs/gateway-api: apis/v1/gateway_types.go` (GatewaySpec).
const MAX_LISTENERS: usize = 64;

/// A Gateway of Gateway API, made of one of Istio's own.
pub(super) struct Gateway {
    /// The one that it is made of.
    pub(super) written: ObjectIndex,
    /// As VirtualServices name that: `namespace/name`.
    pub(super) called: String,
    /// Its own id.
    pub(super) id: ObjectId,
    /// The pods of the one that it is made of.
    pub(super) ingress: Ingress,
    /// Its listeners.
    pub(super) listeners: Vec<Listener>,
    /// The Secrets of its certificates.
    secrets: Vec<String>,
}

/// One of its listeners.
pub(super) struct Listener {
    /// The name.
    pub(super) name: String,
    /// The port.
    pub(super) port: u16,
    /// What it does with connections.
    pub(super) kind: ServerKind,
    /// Whether all that it gets is answered with a redirect to https.
    pub(super) redirects: bool,
    /// The host that it serves; of one that carries bytes, those of the server.
    hosts: Vec<ServerHost>,
    tls: Option<Value>,
}

/// What a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// HTTPRoutes.
    Http,
    /// TLSRoutes.
    Tls,
    /// TCPRoutes.
    Tcp,
}

impl Listener {
    /// What it takes.
    pub(super) fn takes(&self) -> Takes {
        match self.kind {
            ServerKind::Http | ServerKind::Https => Takes::Http,
            ServerKind::Passthrough => Takes::Tls,
            ServerKind::TlsTerminated | ServerKind::Tcp => Takes::Tcp,
        }
    }

    /// Whether rules of a namespace may be for it.
    pub(super) fn is_open_to(&self, namespace: &str) -> bool {
        self.hosts.iter().any(|host| host.is_open_to(namespace))
    }

    /// Whether it serves one of some hosts, to a namespace.
    pub(super) fn serves(&self, namespace: &str, hosts: &[String]) -> bool {
        self.hosts.iter().any(|own| {
            let mut hosts = hosts.iter();
            own.is_open_to(namespace)
                && hosts.any(|host| crate::matcher::narrower_host(&own.name, host).is_some())
        })
    }

    /// The namespaces for which it is; `None`: all.
    fn namespaces(&self) -> Option<Vec<&str>> {
        let mut found: Vec<&str> = Vec::new();
        for host in &self.hosts {
            let namespace = host.namespace.as_deref()?;
            if !found.contains(&namespace) {
                found.push(namespace);
            }
        }
        Some(found)
    }

    fn document(&self, namespace: &str) -> Value {
        let mut out = object(vec![
            ("name", self.name.as_str().into()),
            ("port", self.port.into()),
            ("protocol", protocol(self.kind).into()),
        ]);
        let mut put = |key: &str, value: Value| {
            if let Value::Object(map) = &mut out {
                map.insert(key.to_owned(), value);
            }
        };
        if self.kind != ServerKind::Tcp
            && let Some(host) = self.hosts.first().filter(|host| host.name != "*")
        {
            put("hostname", host.name.as_str().into());
        }
        if let Some(tls) = &self.tls {
            put("tls", tls.clone());
        }
        let from = match self.namespaces().as_deref() {
            // Of its own namespace is the route that redirects.
            _ if self.redirects => None,
            Some([only]) if *only == namespace => None,
            None => Some(vec![("from", "All".into())]),
            Some(names) => {
                let values = names.iter().map(|name| Value::from(*name)).collect();
                let one_of = object(vec![
                    ("key", NAMESPACE_NAME.into()),
                    ("operator", "In".into()),
                    ("values", Value::Array(values)),
                ]);
                let selector = object(vec![("matchExpressions", Value::Array(vec![one_of]))]);
                Some(vec![("from", "Selector".into()), ("selector", selector)])
            }
        };
        if let Some(from) = from {
            put("allowedRoutes", object(vec![("namespaces", object(from))]));
        }
        out
    }
}

/// The label that the API server gives to every namespace.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

fn protocol(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Http => "HTTP",
        ServerKind::Https => "HTTPS",
        ServerKind::Passthrough | ServerKind::TlsTerminated => "TLS",
        ServerKind::Tcp => "TCP",
    }
}

/// Every Istio Gateway, converted.
pub(super) fn all(model: &Model, out: &mut Diagnostics) -> Vec<Gateway> {
    let written = model.mesh.live(Kind::IstioGateway);
    written
        .filter_map(|(index, _)| one(model, index, out))
        .collect()
}

fn one(model: &Model, index: ObjectIndex, out: &mut Diagnostics) -> Option<Gateway> {
    let mesh = &model.mesh;
    let written = &mesh.object(index)?.id;
    let ingress = mesh.ingress(index)?.clone();
    let mut id = ObjectId::new(Kind::Gateway, &written.namespace, &written.name);
    while mesh.find(&id).is_some() {
        id.name.push_str("-migrated");
    }
    let mut notes = Notes::of(model, out, index, FieldPath::new().key("spec"));
    let mut gateway = Gateway {
        written: index,
        called: written.qualified_name(),
        id,
        ingress,
        listeners: Vec::new(),
        secrets: Vec::new(),
    };
    let placed = servers_of_pods(mesh, &gateway.ingress);
    let mut shared = placed.iter().filter(|server| server.gateway != index);
    let shared = shared.find_map(|server| mesh.object(server.gateway));
    let besides = shared.map_or_else(String::new, |other| {
        let other = other.id.qualified_name();
        format!(
            "; the servers of `{other}`, which are the same pods' so far, stay apart from its own"
        )
    });
    let domain = &mesh.settings().trust_domain;
    let (namespace, name) = (&gateway.id.namespace, &gateway.id.name);
    notes.differs(
        "selector",
        format!("a Gateway of Gateway API has pods and an address of its own, and runs as `spiffe://{domain}/ns/{namespace}/sa/{name}-istio`: policies for the labels or the identity of these pods do not hold for it{besides}"),
        "give the policies a `targetRef` to the Gateway, or the new identity beside the old one, before names lead to the new address",
    );
    for server in placed.iter().filter(|server| server.gateway == index) {
        gateway.add(model, server, &mut notes);
    }
    Some(gateway)
}

impl Gateway {
    fn add(&mut self, model: &Model, server: &Placed<'_>, notes: &mut Notes<'_>) {
        let at = format!("servers[{}]", server.position);
        let port = server.written.port.number;
        if let Some(rival) = &server.loses_to {
            let other = model.mesh.object(rival.gateway);
            let other = other
                .map(|other| other.id.qualified_name())
                .unwrap_or_default();
            notes.differs(
                &at,
                format!(
                    "Istio leaves this server out beside server {} of `{other}` on port {port}; it becomes no listener",
                    rival.position
                ),
                "give it a port or hosts of its own",
            );
            return;
        }
        if server
            .written
            .bind
            .as_ref()
            .is_some_and(|bind| !bind.is_empty())
        {
            notes.lost(
                &format!("{at}.bind"),
                "a listener is bound to no address; it takes what comes to the Gateway's own",
                "make a Gateway for each address",
            );
        }
        if server.written.default_endpoint.is_some() {
            notes.lost(
                &format!("{at}.defaultEndpoint"),
                "a listener has no default endpoint",
                "write a route for what no other route takes",
            );
        }
        let name = section_name(server);
        let tls = match &server.written.tls {
            Some(tls) if server.kind != ServerKind::Http => {
                let Some(tls) = self.tls(tls, &name, &format!("{at}.tls"), notes) else {
                    return;
                };
                Some(tls)
            }
            _ => None,
        };
        let redirects = server.kind == ServerKind::Http
            && server
                .written
                .tls
                .as_ref()
                .is_some_and(|tls| tls.https_redirect);
        if redirects && port != 80 {
            notes.differs(
                &format!("{at}.tls.httpsRedirect"),
                "the redirect goes to the port of https, whatever port the client wrote behind the host",
                "serve plain HTTP on port 80",
            );
        }
        if server.kind == ServerKind::Https && server.hosts.len() > 1 {
            notes.differs(
                &format!("{at}.hosts"),
                "each host becomes a listener of its own: over a connection that was opened for one of them, requests for another are not found",
                "give each host a certificate of its own, so that clients do not share connections",
            );
        }
        let mut own: Vec<Listener> = Vec::new();
        let groups: Vec<&[ServerHost]> = if server.kind == ServerKind::Tcp {
            vec![&server.hosts]
        } else {
            server.hosts.chunks(1).collect()
        };
        for (position, hosts) in groups.into_iter().enumerate() {
            let at = format!("{at}.hosts[{position}]");
            let mut hosts = hosts.to_vec();
            for host in &mut hosts {
                host.name.make_ascii_lowercase();
            }
            let host = hosts.first().cloned();
            let Some(host) = host.filter(|host| {
                server.kind == ServerKind::Tcp
                    || host.name == "*"
                    || resource::is_gateway_hostname(&host.name)
            }) else {
                notes.lost(
                    &at,
                    "this is no hostname to Gateway API; it becomes no listener",
                    "name hosts, of which the first label may be `*`",
                );
                continue;
            };
            if redirects && host.namespace.is_some() {
                notes.differs(
                    &at,
                    "requests for it are redirected also where no VirtualService of the namespace is for it",
                    "leave the namespace out",
                );
            }
            let made = self.listeners.iter_mut().chain(&mut own);
            let mut made: Vec<&mut Listener> = made.filter(|other| other.port == port).collect();
            let same = made.iter_mut().find(|other| {
                let is_it = |own: &ServerHost| own.name == host.name;
                other.kind == ServerKind::Http
                    && server.kind == ServerKind::Http
                    && other.hosts.iter().any(is_it)
            });
            if let Some(same) = same {
                same.hosts.extend(hosts);
                same.redirects |= redirects;
                continue;
            }
            let conflict = made.iter().find(|other| {
                let carries = [other.kind, server.kind].contains(&ServerKind::Tcp);
                carries || other.hosts.iter().any(|own| own.name == host.name)
            });
            if let Some(other) = conflict {
                let message = format!(
                    "a listener for it conflicts with `{}` on port {port}; it becomes none",
                    other.name
                );
                notes.lost(&at, message, "give it a port of its own");
                continue;
            }
            let mut listener = Listener {
                name: name.clone(),
                port,
                kind: server.kind,
                redirects,
                hosts,
                tls: tls.clone(),
            };
            let known: Vec<&str> = self
                .listeners
                .iter()
                .chain(&own)
                .map(|other| other.name.as_str())
                .collect();
            let mut number = 1;
            while known.contains(&listener.name.as_str()) {
                number += 1;
                listener.name = format!("{name}-{number}");
            }
            if known.len() < MAX_LISTENERS {
                own.push(listener);
            } else {
                let message =
                    format!("a Gateway has {MAX_LISTENERS} listeners at most; it becomes none");
                notes.lost(&at, message, "share a Gateway among several ListenerSets");
            }
        }
        self.listeners.extend(own);
    }

    /// `None`: there can be no listener.
    fn tls(
        &mut self,
        written: &ServerTls,
        section: &str,
        at: &str,
        notes: &mut Notes<'_>,
    ) -> Option<Value> {
        let mode = match written.mode.as_deref() {
            None | Some("PASSTHROUGH") => {
                return Some(object(vec![("mode", "Passthrough".into())]));
            }
            Some("AUTO_PASSTHROUGH") => {
                notes.lost(
                    &format!("{at}.mode"),
                    "Gateway API leads no connection to a Service by its server name alone; the server becomes no listener",
                    "let an east-west gateway of class `istio-east-west` take what comes from other clusters",
                );
                return None;
            }
            Some(mode) => mode,
        };
        self.note_lost(written, at, notes);
        let mut builtin = false;
        let mut names: Vec<String> = Vec::new();
        if mode != "ISTIO_MUTUAL" {
            let single = written
                .credential_name
                .iter()
                .filter(|name| !name.is_empty());
            let all: Vec<&String> = if written.credential_names.is_empty() {
                single.collect()
            } else {
                written.credential_names.iter().collect()
            };
            for name in all {
                let own = name.strip_prefix("kubernetes://").unwrap_or(name);
                if own.starts_with("builtin://") && mode == "SIMPLE" {
                    builtin = true;
                } else if own.contains("://") {
                    let message = format!(
                        "Gateway API takes certificates from Secrets only, not from `{name}`"
                    );
                    notes.lost(
                        &format!("{at}.credentialName"),
                        message,
                        "put the certificate into a Secret",
                    );
                } else {
                    names.push(own.rsplit('/').next().unwrap_or(own).to_owned());
                }
            }
            if names.is_empty() && !builtin {
                let secret = format!("{}-{section}", self.id.name);
                let field = if written.server_certificate.is_some() {
                    "serverCertificate"
                } else {
                    "mode"
                };
                let message = format!(
                    "Gateway API takes certificates from Secrets only, not from files: the listener wants the Secret `{secret}`"
                );
                notes.lost(
                    &format!("{at}.{field}"),
                    message,
                    "make a Secret of this name, of the certificate and its key",
                );
                names.push(secret);
            }
        }
        let namespace = &self.ingress.namespace;
        let references = names.iter().map(|name| {
            let mut reference = vec![("name", name.as_str().into())];
            if *namespace != self.id.namespace {
                reference.push(("namespace", namespace.as_str().into()));
            }
            object(reference)
        });
        let references: Vec<Value> = references.collect();
        for name in names {
            if !self.secrets.contains(&name) {
                self.secrets.push(name);
            }
        }
        let mut out = vec![("mode", "Terminate".into())];
        if !references.is_empty() {
            out.push(("certificateRefs", Value::Array(references)));
        }
        let option = match mode {
            "SIMPLE" if builtin => Some("ISTIO_SIMPLE"),
            "MUTUAL" | "OPTIONAL_MUTUAL" | "ISTIO_MUTUAL" => Some(mode),
            _ => None,
        };
        if let Some(option) = option {
            out.push(("options", object(vec![(TERMINATE_MODE, option.into())])));
        }
        Some(object(out))
    }

    fn note_lost(&self, written: &ServerTls, at: &str, notes: &mut Notes<'_>) {
        let fields = [
            ("subjectAltNames", written.subject_alt_names.is_some()),
            (
                "verifyCertificateSpki",
                written.verify_certificate_spki.is_some(),
            ),
            (
                "verifyCertificateHash",
                written.verify_certificate_hash.is_some(),
            ),
            ("minProtocolVersion", written.min_protocol_version.is_some()),
            ("maxProtocolVersion", written.max_protocol_version.is_some()),
            ("cipherSuites", written.cipher_suites.is_some()),
            ("caCrl", written.ca_crl.is_some()),
            (
                "caCertCredentialName",
                written.ca_cert_credential_name.is_some(),
            ),
            ("tlsCertificates", written.tls_certificates.is_some()),
        ];
        for (field, _) in fields.iter().filter(|(_, is_written)| *is_written) {
            notes.lost(
                &format!("{at}.{field}"),
                format!(
                    "a listener has nothing like `{field}`; what it asks for does not hold there"
                ),
                "check whether clients may go without it",
            );
        }
    }

    /// The Gateway; what opens the Secrets of its certificates, where these lie elsewhere; the route that redirects.
    pub(super) fn documents(&self) -> Vec<Value> {
        let mut documents = Vec::new();
        if self.listeners.is_empty() {
            return documents;
        }
        let (namespace, name) = (&self.id.namespace, &self.id.name);
        if !self.secrets.is_empty() && self.ingress.namespace != *namespace {
            let from = object(vec![
                ("group", GATEWAY_API.into()),
                ("kind", "Gateway".into()),
                ("namespace", namespace.as_str().into()),
            ]);
            let to = self.secrets.iter().map(|secret| {
                object(vec![
                    ("group", "".into()),
                    ("kind", "Secret".into()),
                    ("name", secret.as_str().into()),
                ])
            });
            let spec = vec![
                ("from", Value::Array(vec![from])),
                ("to", Value::Array(to.collect())),
            ];
            let own = format!("{namespace}-{name}");
            documents.push(document(
                ("v1beta1", "ReferenceGrant"),
                (&self.ingress.namespace, &own),
                spec,
            ));
        }
        let listeners = self.listeners.iter().map(|one| one.document(namespace));
        let spec = vec![
            ("gatewayClassName", "istio".into()),
            ("listeners", Value::Array(listeners.collect())),
        ];
        documents.push(document(("v1", "Gateway"), (namespace, name), spec));
        let redirecting = self.listeners.iter().filter(|one| one.redirects);
        let parents: Vec<Value> = redirecting
            .map(|one| {
                object(vec![
                    ("name", name.as_str().into()),
                    ("sectionName", one.name.as_str().into()),
                ])
            })
            .collect();
        if !parents.is_empty() {
            let redirect = object(vec![("scheme", "https".into()), ("statusCode", 301.into())]);
            let filter = object(vec![
                ("type", "RequestRedirect".into()),
                ("requestRedirect", redirect),
            ]);
            let rule = object(vec![("filters", Value::Array(vec![filter]))]);
            let spec = vec![
                ("parentRefs", Value::Array(parents)),
                ("rules", Value::Array(vec![rule])),
            ];
            let own = format!("{name}-to-https");
            documents.push(document(("v1", "HTTPRoute"), (namespace, &own), spec));
        }
        documents
    }
}

/// How Istio's listeners are told of a mode that Gateway API does not have.
/// `istio/istio: pilot/pkg/config/kube/gatewaycommon/gateway_utils.go` (GatewayTLSTerminateModeKey).
const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";

/// The name of a server's port as a listener's.
fn section_name(server: &Placed<'_>) -> String {
    let written = server.written.port.name.as_deref().unwrap_or_default();
    let lower = written.chars().map(|one| match one.to_ascii_lowercase() {
        one if one.is_ascii_alphanumeric() => one,
        _ => '-',
    });
    let name: String = lower.collect();
    match name.trim_matches('-') {
        "" => format!("port-{}", server.written.port.number),
        name => name.to_owned(),
    }
}
