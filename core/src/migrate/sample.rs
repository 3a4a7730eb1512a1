//! Requests to check a migration with: for each match of each rule one that it takes, and its neighbours, each of which
//! lacks one thing; in the mesh and through each gateway, for each host, and one that nobody serves.

use super::convert::Converted;
use super::gateway::Gateway;
use crate::decode::json_line;
use crate::matcher::Pattern;
use crate::model::{Model, Placed, WrittenVirtualService, servers_of_pods, virtual_services};
use crate::resource::{HttpMatchRequest, StringMatch};
use crate::route::ServerKind;
use crate::sorted;
use crate::wire;

/// No more than these for all VirtualServices together.
const MAX_REQUESTS: usize = 2_000;

/// One request.
pub(super) struct Sample {
    pub(super) request: wire::Request,
    /// The place of the gateway through which it comes among those that are converted.
    pub(super) gateway: Option<usize>,
}

/// The requests, each once.
pub(super) fn requests(model: &Model, converted: &Converted) -> Vec<Sample> {
    let mut lists: Vec<Vec<Sample>> = Vec::new();
    let mut seen = sorted::Set::new();
    let mut add = |list: &mut Vec<Sample>, request: wire::Request, gateway: Option<usize>| {
        // By way of a value, as all else is written: each way is compiled for each type.
        let key = json_line(&serde_json::to_value(&request).unwrap_or_default());
        if list.len() < MAX_REQUESTS && seen.insert(key) {
            list.push(Sample { request, gateway });
        }
    };
    let gateways = || converted.gateways.iter().enumerate();
    for written in virtual_services(&model.mesh) {
        let sent = sent(&written);
        let mut list = Vec::new();
        in_mesh(model, &written, &sent, &mut |request| {
            add(&mut list, request, None);
        });
        for (at, gateway) in gateways().filter(|(_, one)| written.gateways.contains(&one.called)) {
            through(model, gateway, Some(&written), &sent, &mut |request| {
                add(&mut list, request, Some(at));
            });
        }
        lists.push(list);
    }
    for (at, gateway) in gateways() {
        let mut list = Vec::new();
        through(model, gateway, None, &[plain("/")], &mut |request| {
            add(&mut list, request, Some(at));
        });
        lists.push(list);
    }
    shares(&mut lists);
    lists.into_iter().flatten().collect()
}

/// Cuts the longest, where they are too many together.
fn shares(lists: &mut [Vec<Sample>]) {
    let mut by_length: Vec<&mut Vec<Sample>> = lists.iter_mut().collect();
    by_length.sort_by_key(|list| list.len());
    let mut left = MAX_REQUESTS;
    let mut others = by_length.len();
    for list in by_length {
        list.truncate(left / others.max(1));
        left -= list.len();
        others -= 1;
    }
}

/// What is sent for the rules of a VirtualService.
fn sent(written: &WrittenVirtualService<'_>) -> Vec<wire::HttpRequest> {
    let matches: Vec<&HttpMatchRequest> = written
        .http
        .iter()
        .flat_map(|rule| &rule.route.matches)
        .collect();
    let mut sent: Vec<wire::HttpRequest> = vec![plain("/"), plain("/elsewhere")];
    sent.extend(matches.iter().flat_map(|one| of_match(one)));
    sent.extend(pairs(&matches));
    sent
}

fn in_mesh(
    model: &Model,
    written: &WrittenVirtualService<'_>,
    sent: &[wire::HttpRequest],
    add: &mut dyn FnMut(wire::Request),
) {
    for host in &written.hosts {
        let Some(service) = model
            .mesh
            .service_of_host(host, written.namespace)
            .and_then(|index| model.mesh.service(index))
        else {
            continue;
        };
        for port in &service.ports {
            for http in sent {
                let from = wire::Source {
                    service_account: Some(format!("{}/migration", written.namespace)),
                    ..wire::Source::default()
                };
                add(wire::Request {
                    from,
                    to: at(host, port.port),
                    http: Some(http.clone()),
                    ..wire::Request::default()
                });
            }
        }
    }
}

fn at(host: &str, port: u16) -> wire::Destination {
    wire::Destination {
        host: Some(host.to_owned()),
        port: Some(port),
        ..wire::Destination::default()
    }
}

/// Through a gateway, to each of its servers: for every host of a VirtualService, else of the server.
fn through(
    model: &Model,
    gateway: &Gateway,
    written: Option<&WrittenVirtualService<'_>>,
    sent: &[wire::HttpRequest],
    add: &mut dyn FnMut(wire::Request),
) {
    let mut send = |host: &str, port: u16, http: Option<&wire::HttpRequest>, sni: Option<&str>| {
        let from = wire::Source {
            gateway: Some(gateway.called.clone()),
            ..wire::Source::default()
        };
        add(wire::Request {
            from,
            to: at(host, port),
            http: http.cloned(),
            tls: sni.map(|sni| wire::TlsRequest {
                sni: Some(sni.to_owned()),
            }),
            ..wire::Request::default()
        });
    };
    let placed = servers_of_pods(&model.mesh, &gateway.ingress);
    for server in placed.iter().filter(|one| one.gateway == gateway.written) {
        let port = server.written.port.number;
        let names = names(server, written);
        match server.kind {
            ServerKind::Http | ServerKind::Https => {
                for name in &names {
                    for http in sent {
                        send(name, port, Some(http), None);
                    }
                }
                let Some(first) = names.first() else {
                    continue;
                };
                // The port behind the host, and another host over the connection.
                let others = [
                    (port != 80 && port != 443).then(|| format!("{first}:{port}")),
                    names.get(1).cloned(),
                ];
                for other in others.into_iter().flatten() {
                    let http = wire::HttpRequest {
                        host: Some(other),
                        ..plain("/")
                    };
                    send(first, port, Some(&http), None);
                }
            }
            ServerKind::Passthrough | ServerKind::TlsTerminated => {
                let rules = written.iter().flat_map(|written| &written.tls);
                let wanted = rules.flat_map(|rule| &rule.matches);
                let wanted = wanted
                    .flat_map(|one| &one.sni_hosts)
                    .map(|name| concrete(name));
                for name in names.iter().cloned().chain(wanted) {
                    send(&name, port, None, Some(&name));
                }
            }
            ServerKind::Tcp => {
                if let Some(name) = names.first() {
                    send(name, port, None, None);
                }
            }
        }
    }
}

/// Names to ask a server for: those that both serve, those of either, one of nobody's.
fn names(server: &Placed<'_>, written: Option<&WrittenVirtualService<'_>>) -> Vec<String> {
    let own = server.hosts.iter().map(|host| host.name.as_str());
    let own: Vec<&str> = own.collect();
    let hosts = written
        .map(|written| written.hosts.as_slice())
        .unwrap_or_default();
    let both = own.iter().flat_map(|own| {
        let hosts = hosts.iter();
        hosts.filter_map(|host| crate::matcher::narrower_host(own, host))
    });
    let hosts = hosts.iter().map(String::as_str);
    let mut names: Vec<String> = Vec::new();
    let all = both.chain(hosts).chain(own.iter().copied());
    for name in all.map(concrete).chain(["unserved.example".to_owned()]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A name that a pattern stands for.
fn concrete(pattern: &str) -> String {
    match pattern.strip_prefix('*') {
        Some("") => "any.example".to_owned(),
        Some(rest) => format!("any{rest}"),
        None => pattern.to_owned(),
    }
}

fn plain(path: &str) -> wire::HttpRequest {
    wire::HttpRequest {
        path: path.to_owned(),
        ..wire::HttpRequest::default()
    }
}

/// What fits two rules at once: which of them is taken is what the order decides.
fn pairs(matches: &[&HttpMatchRequest]) -> Vec<wire::HttpRequest> {
    let fitting: Vec<wire::HttpRequest> = matches
        .iter()
        .filter_map(|one| of_match(one).into_iter().next())
        .collect();
    let mut found = Vec::new();
    for (first, one) in fitting.iter().zip(matches) {
        for (second, other) in fitting.iter().zip(matches) {
            let mut headers = second.headers.clone();
            headers.extend(first.headers.clone());
            let (path, query) = match (one.uri.is_some(), other.uri.is_some()) {
                (false, true) => (&second.path, &first.path),
                _ => (&first.path, &second.path),
            };
            let queries: Vec<&str> = [path, query]
                .into_iter()
                .filter_map(|path| path.split_once('?').map(|(_, query)| query))
                .collect();
            let bare = path.split('?').next().unwrap_or_default();
            let path = if queries.is_empty() {
                bare.to_owned()
            } else {
                format!("{bare}?{}", queries.join("&"))
            };
            let method = if one.method.is_some() {
                &first.method
            } else {
                &second.method
            };
            found.push(wire::HttpRequest {
                method: method.clone(),
                path,
                host: first.host.clone().or_else(|| second.host.clone()),
                headers,
            });
        }
    }
    found
}

/// A request that fits, and one for each thing that could be otherwise.
fn of_match(one: &HttpMatchRequest) -> Vec<wire::HttpRequest> {
    let path = one
        .uri
        .as_ref()
        .map_or_else(|| "/any".to_owned(), |uri| fitting(uri, "/"));
    let query: Vec<String> = one
        .query_params
        .iter()
        .map(|(name, wanted)| format!("{name}={}", header(wanted.as_ref())))
        .collect();
    let path = if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    };
    let headers: sorted::Map<String, wire::HeaderValue> = one
        .headers
        .iter()
        .map(|(name, wanted)| {
            let value = wire::HeaderValue::One(header(wanted.as_ref()));
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let method = one.method.as_ref().map_or_else(
        || "GET".to_owned(),
        |wanted| match (&wanted.exact, &wanted.prefix) {
            (Some(exact), _) => exact.clone(),
            _ => ["GET", "POST", "PUT", "DELETE", "PATCH"]
                .into_iter()
                .find(|name| {
                    let regex = wanted.regex.as_deref().unwrap_or(".*");
                    Pattern::new(regex).matches(name)
                })
                .unwrap_or("GET")
                .to_owned(),
        },
    );
    let full = wire::HttpRequest {
        method,
        path,
        host: one.authority.as_ref().map(|wanted| fitting(wanted, "a")),
        headers,
    };
    let mut found = vec![full.clone()];
    let with_path = |path: String| wire::HttpRequest {
        path,
        ..full.clone()
    };
    let bare = full.path.split('?').next().unwrap_or_default().to_owned();
    found.extend([
        with_path(format!("{bare}x")),
        with_path(format!("{}/x", bare.trim_end_matches('/'))),
        with_path(format!("{}/", bare.trim_end_matches('/'))),
        with_path(bare.to_ascii_uppercase()),
        with_path(format!("/{}", bare.trim_matches('/'))),
        with_path(bare.clone()),
    ]);
    found.push(wire::HttpRequest {
        method: "OPTIONS".to_owned(),
        ..full.clone()
    });
    found.push(wire::HttpRequest {
        host: None,
        ..full.clone()
    });
    for name in full.headers.keys() {
        let mut headers = full.headers.clone();
        headers.remove(name);
        found.push(wire::HttpRequest {
            headers,
            ..full.clone()
        });
        let mut headers = full.headers.clone();
        headers.insert(name.clone(), wire::HeaderValue::One("other".to_owned()));
        found.push(wire::HttpRequest {
            headers,
            ..full.clone()
        });
    }
    for name in one.without_headers.keys() {
        let mut headers = full.headers.clone();
        headers.insert(
            name.to_ascii_lowercase(),
            wire::HeaderValue::One("there".to_owned()),
        );
        found.push(wire::HttpRequest {
            headers,
            ..full.clone()
        });
    }
    found
}

fn header(wanted: Option<&StringMatch>) -> String {
    wanted.map_or_else(|| "there".to_owned(), |wanted| fitting(wanted, "a"))
}

/// A text that fits; of a regular expression the first of a few that do, else its letters.
fn fitting(wanted: &StringMatch, start: &str) -> String {
    match (&wanted.exact, &wanted.prefix, &wanted.regex) {
        (Some(text), _, _) | (None, Some(text), _) => text.clone(),
        (None, None, Some(regex)) => {
            let literal: String = regex
                .chars()
                .filter(|character| character.is_ascii_alphanumeric() || "/-_".contains(*character))
                .collect();
            let head: String = regex
                .chars()
                .take_while(|character| {
                    character.is_ascii_alphanumeric() || "/-_".contains(*character)
                })
                .collect();
            let compiled = Pattern::new(regex);
            [
                head.clone(),
                format!("{head}1"),
                format!("{head}a"),
                format!("{head}/a"),
                literal.clone(),
            ]
            .into_iter()
            .find(|text| compiled.matches(text))
            .unwrap_or(format!("{start}{}", literal.trim_start_matches('/')))
        }
        (None, None, None) if start == "/" => "/there".to_owned(),
        (None, None, None) => "there".to_owned(),
    }
}
