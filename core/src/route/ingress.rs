//! What an ingress gateway has on one port: filter chains by server name, virtual hosts by Host header, and in each a
//! table of routes. `istio/istio: pilot/pkg/networking/core/gateway.go` (buildGatewayHTTPRouteConfig,
//! buildGatewayNetworkFiltersFromTLSRoutes, buildGatewayNetworkFiltersFromTCPRoutes), `pilot/pkg/model/gateway.go`
//! (mergeGateways).

use super::condition::Condition;
use super::group::Group;
use super::precedence::is_catch_all;
use super::redirect::split_port;
use super::table::{Entry, RouteTable, Section};
use crate::matcher;

/// A listener of a Gateway, or a server of an Istio Gateway.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// What it does with connections.
    pub(crate) kind: ServerKind,
    /// The names that it serves.
    pub(crate) hosts: Vec<ServerHost>,
    /// Whether plain HTTP is answered with a redirect to https.
    pub(crate) https_redirect: bool,
    /// The routes that are bound to it, each with its hosts.
    pub(crate) bound: Vec<Bound>,
}

/// What a server does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// It reads plain HTTP.
    Http,
    /// It ends TLS and reads HTTP.
    Https,
    /// It ends TLS and carries bytes.
    TlsTerminated,
    /// It carries TLS by the server name.
    Passthrough,
    /// It carries bytes.
    Tcp,
}

impl ServerKind {
    /// Whether it ends TLS.
    pub(crate) fn ends_tls(self) -> bool {
        matches!(self, Self::Https | Self::TlsTerminated)
    }
}

/// A name that a server serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerHost {
    /// The namespace in which VirtualServices for it must live; `None`: any.
    pub(crate) namespace: Option<String>,
    /// The name, or a wildcard.
    pub(crate) name: String,
}

/// Rules that are bound to a server.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// Their hosts.
    pub(crate) hosts: Vec<String>,
    /// The namespace of the VirtualService, written or made up.
    pub(crate) namespace: String,
    /// The rules.
    pub(crate) group: Group,
}

/// What a gateway has on one port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port {
    chains: Vec<Chain>,
}

/// What takes connections with some server names.
#[derive(Clone, Debug)]
struct Chain {
    /// `None`: connections that are no TLS, or are carried as they are.
    server_names: Option<Vec<String>>,
    content: Content,
}

/// What becomes of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// It is read as HTTP.
    Http(VirtualHosts),
    /// It is carried.
    Layer4(RouteTable),
}

/// Virtual hosts, of which a request's Host header chooses one.
#[derive(Clone, Debug, Default)]
pub(crate) struct VirtualHosts {
    hosts: Vec<VirtualHost>,
}

/// One virtual host.
#[derive(Clone, Debug)]
pub(crate) struct VirtualHost {
    /// The name, in lower case, or a wildcard.
    pub(crate) name: String,
    /// Whether plain HTTP is answered with a redirect to https.
    pub(crate) requires_tls: bool,
    /// Its rules.
    pub(crate) routes: RouteTable,
}

impl Port {
    /// Puts the servers of one port together.
    pub(crate) fn new(servers: &[Server]) -> Self {
        let mut port = Self::default();
        let plain: Vec<&Server> = servers
            .iter()
            .filter(|server| server.kind == ServerKind::Http)
            .collect();
        if !plain.is_empty() {
            port.chains.push(Chain {
                server_names: None,
                content: Content::Http(VirtualHosts::new(&plain)),
            });
        }
        let mut taken: Vec<String> = Vec::new();
        for server in servers {
            let server_names = || Some(server.hosts.iter().map(|host| host.name.clone()).collect());
            match server.kind {
                ServerKind::Http => {}
                ServerKind::Https => port.chains.push(Chain {
                    server_names: server_names(),
                    content: Content::Http(VirtualHosts::new(&[server])),
                }),
                ServerKind::TlsTerminated => {
                    port.chains.extend(server.layer4().map(|content| Chain {
                        server_names: server_names(),
                        content,
                    }))
                }
                ServerKind::Tcp => port.chains.extend(server.layer4().map(|content| Chain {
                    server_names: None,
                    content,
                })),
                ServerKind::Passthrough => port.chains.extend(server.passthrough(&mut taken)),
            }
        }
        port
    }

    /// The chain that takes a connection. `sni`: of TLS, the server name that the client asks for.
    pub(crate) fn accept(&self, is_tls: bool, sni: Option<&str>) -> Option<&Content> {
        let by_name = self.chains.iter().filter(|_| is_tls).filter_map(|chain| {
            let names = chain.server_names.as_deref()?;
            let rank = names.iter().filter_map(|name| rank(name, sni)).max()?;
            Some((rank, &chain.content))
        });
        // Of equal names the first has the place.
        let best = by_name.fold(
            None,
            |best: Option<(Rank, &Content)>, (rank, content)| match best {
                Some((known, _)) if known >= rank => best,
                _ => Some((rank, content)),
            },
        );
        best.map(|(_, content)| content).or_else(|| {
            let plain = self
                .chains
                .iter()
                .find(|chain| chain.server_names.is_none())?;
            // What reads HTTP makes nothing of TLS.
            let reads = matches!(plain.content, Content::Http(_));
            (!(is_tls && reads)).then_some(&plain.content)
        })
    }

    /// The tables of all its virtual hosts.
    pub(crate) fn http_tables(&self) -> impl Iterator<Item = &RouteTable> {
        self.virtual_hosts().map(|host| &host.routes)
    }

    /// All its virtual hosts.
    pub(crate) fn virtual_hosts(&self) -> impl Iterator<Item = &VirtualHost> {
        self.chains.iter().flat_map(|chain| match &chain.content {
            Content::Http(hosts) => hosts.hosts.as_slice(),
            Content::Layer4(_) => &[],
        })
    }

    /// Whether HTTP comes in TLS here: there is no chain for it as it is.
    pub(crate) fn is_tls_only(&self) -> bool {
        !self.chains.is_empty() && self.chains.iter().all(|chain| chain.server_names.is_some())
    }
}

/// How well a name fits: exact, then the longest wildcard, then any.
type Rank = (bool, usize);

fn rank(pattern: &str, name: Option<&str>) -> Option<Rank> {
    if pattern == "*" {
        return Some((false, 0));
    }
    let fits = name.is_some_and(|name| matcher::host_matches(pattern, name));
    fits.then_some((!pattern.starts_with('*'), pattern.len()))
}

impl Server {
    /// Whether routes of some hosts in a namespace have anything to do with it.
    fn serves(&self, bound: &Bound) -> bool {
        self.hosts.iter().any(|own| {
            own.is_open_to(&bound.namespace)
                && bound
                    .hosts
                    .iter()
                    .any(|host| matcher::hosts_intersect(&own.name, host))
        })
    }

    /// The first rule for connections takes all; without any the port is not served.
    fn layer4(&self) -> Option<Content> {
        let served = self.bound.iter().filter(|bound| self.serves(bound));
        let entries: Vec<Entry> = served
            .flat_map(|bound| {
                // TLS is over by then. Of a VirtualService's own `tls` nothing is read here, as of TLSRoutes.
                let of_routes = bound.group.tls.iter();
                let tls = of_routes
                    .filter(|entry| entry.section == Section::Rules)
                    .map(|entry| Entry {
                        conditions: Vec::new(),
                        ..entry.clone()
                    });
                bound.group.tcp.iter().cloned().chain(tls)
            })
            .collect();
        (!entries.is_empty()).then(|| Content::Layer4(RouteTable::new(entries)))
    }

    /// A chain for each rule with its server names; names that an earlier rule of the port has are skipped with their
    /// rule.
    fn passthrough(&self, taken: &mut Vec<String>) -> Vec<Chain> {
        let mut chains = Vec::new();
        let served = self.bound.iter().filter(|bound| self.serves(bound));
        for entry in served.flat_map(|bound| &bound.group.tls) {
            let names = entry
                .conditions
                .iter()
                .find_map(|condition| match condition {
                    Condition::Sni(names) => Some(names.clone()),
                    _ => None,
                });
            let names = names.unwrap_or_else(|| vec!["*".to_owned()]);
            if names.iter().any(|name| taken.contains(name)) {
                continue;
            }
            taken.extend(names.iter().cloned());
            chains.push(Chain {
                server_names: Some(names),
                content: Content::Layer4(RouteTable::new(vec![entry.clone()])),
            });
        }
        chains
    }
}

impl ServerHost {
    /// Whether rules of a namespace may be for it.
    pub(crate) fn is_open_to(&self, namespace: &str) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|only| only == namespace)
    }
}

impl VirtualHosts {
    /// The virtual hosts of servers whose routes are found together.
    fn new(servers: &[&Server]) -> Self {
        let mut found: Vec<(String, bool, Vec<Entry>)> = Vec::new();
        let mut groups = 0;
        let mut add = |name: &str, requires_tls: bool, entries: &[Entry]| {
            let name = name.to_ascii_lowercase();
            groups += 1;
            let entries = entries.iter().map(|entry| Entry {
                group: groups,
                ..entry.clone()
            });
            match found.iter_mut().find(|(known, _, _)| *known == name) {
                Some((_, known, list)) => {
                    *known |= requires_tls;
                    list.extend(entries);
                }
                None => found.push((name, requires_tls, entries.collect())),
            }
        };
        for server in servers {
            for bound in &server.bound {
                let entries = without_unreachable(&bound.group.http);
                if entries.is_empty() {
                    continue;
                }
                for own in server
                    .hosts
                    .iter()
                    .filter(|own| own.is_open_to(&bound.namespace))
                {
                    for host in &bound.hosts {
                        if let Some(name) = matcher::narrower_host(&own.name, host) {
                            add(name, server.https_redirect, entries);
                        }
                    }
                }
            }
            // istiod takes the whole text as a domain, so a host for one namespace is redirected only beside its rules.
            let of_all = server.hosts.iter().filter(|own| own.namespace.is_none());
            for own in of_all.filter(|_| server.https_redirect) {
                add(&own.name, true, &[]);
            }
        }
        let hosts = found
            .into_iter()
            .map(|(name, requires_tls, entries)| VirtualHost {
                name,
                requires_tls,
                routes: RouteTable::new(catch_alls_last(entries)),
            })
            .collect();
        Self { hosts }
    }

    /// The virtual host of a request: the exact name, then the longest wildcard, then `*`. A port does not count.
    pub(crate) fn find(&self, authority: &str) -> Option<&VirtualHost> {
        let (name, _) = split_port(authority);
        let ranked = self
            .hosts
            .iter()
            .filter_map(|host| Some((rank(&host.name, Some(name))?, host)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, host)| host)
    }
}

/// Of one VirtualService nothing behind a rule that takes everything is sent.
fn without_unreachable(entries: &[Entry]) -> &[Entry] {
    let end = entries
        .iter()
        .position(|entry| is_catch_all(&entry.conditions))
        .map_or(entries.len(), |place| place + 1);
    entries.get(..end).unwrap_or(entries)
}

/// `istio/istio: pilot/pkg/networking/core/route/route.go` (SortVHostRoutes).
fn catch_alls_last(entries: Vec<Entry>) -> Vec<Entry> {
    let (catch_alls, mut others): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| is_catch_all(&entry.conditions));
    others.extend(catch_alls);
    others
}
