//! One edit of a request that turns one clause.

use std::borrow::Cow;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::authz::{Attribute, Lever};
use crate::decode::json_line;
use crate::mesh::Mesh;
use crate::wire::{self, HeaderValue, Jwt, Request, Source};

/// How many values of a clause are tried.
const MAX_VALUES: usize = 4;
/// Stands for whatever a wildcard leaves open.
const ANYTHING: &str = "x";
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "HEAD"];

/// One field of a request, and what it becomes.
#[derive(Clone)]
pub(super) struct Edit {
    /// The field.
    pub(super) path: String,
    /// Its new value; `null`: it goes.
    pub(super) value: Value,
    /// As part of a sentence.
    pub(super) summary: String,
    to: Target,
}

#[derive(Clone)]
enum Target {
    Method(String),
    Path(String),
    Host(String),
    Header(String, Option<String>),
    Port(u16),
    From(Source),
    Ip(String),
    Tokens(Vec<Jwt>),
}

impl Edit {
    /// Changes a request. An edit of HTTP leaves what is no HTTP as it is.
    pub(super) fn apply(&self, request: &mut Request) {
        match &self.to {
            Target::Port(port) => request.to.port = Some(*port),
            Target::From(source) => request.from = source.clone(),
            Target::Ip(ip) => request.from.ip = Some(ip.clone()),
            Target::Tokens(tokens) => request.jwt.clone_from(tokens),
            Target::Method(_) | Target::Path(_) | Target::Host(_) | Target::Header(..) => {
                if let Some(http) = &mut request.http {
                    self.apply_http(http);
                }
            }
        }
    }

    fn apply_http(&self, http: &mut wire::HttpRequest) {
        match &self.to {
            Target::Method(method) => http.method.clone_from(method),
            Target::Path(path) => http.path.clone_from(path),
            Target::Host(host) => http.host = Some(host.clone()),
            Target::Header(name, value) => {
                http.headers
                    .retain(|present, _| !present.eq_ignore_ascii_case(name));
                if let Some(value) = value {
                    http.headers
                        .insert(name.clone(), HeaderValue::One(value.clone()));
                }
            }
            _ => {}
        }
    }
}

/// The request without the tokens that are stated beside it, or without the usual header of one.
pub(super) fn no_token(request: &Request) -> Option<Edit> {
    if request.jwt.is_empty() {
        let http = request.http.as_ref()?;
        let mut names = http.headers.keys();
        let present = names.any(|name| name.eq_ignore_ascii_case("authorization"));
        return present.then(|| header("authorization", None));
    }
    Some(Edit {
        path: TOKENS.to_owned(),
        value: Value::Null,
        summary: "no token".to_owned(),
        to: Target::Tokens(Vec::new()),
    })
}

const METHOD: &str = "http.method";
const PATH: &str = "http.path";
const HOST: &str = "http.host";
const PORT: &str = "to.port";
const FROM: &str = "from";
const IP: &str = "from.ip";
const TOKENS: &str = "jwt";

fn header_path(name: &str) -> String {
    format!("http.headers.{name}")
}

/// The field that edits for an attribute change; `None`: there are no such edits.
pub(super) fn field(attribute: &Attribute) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match attribute {
        Attribute::Method => METHOD,
        Attribute::Path => PATH,
        Attribute::Host => HOST,
        Attribute::RequestHeader(name) => return Some(Cow::Owned(header_path(name))),
        Attribute::DestinationPort => PORT,
        Attribute::SourceNamespace
        | Attribute::SourceServiceAccount
        | Attribute::SourcePrincipal => FROM,
        Attribute::SourceIp | Attribute::RemoteIp => IP,
        Attribute::RequestPrincipal | Attribute::RequestClaim(_) => TOKENS,
        Attribute::SourceTrustDomain
        | Attribute::DestinationIp
        | Attribute::ConnectionSni
        | Attribute::EnvoyFilterMetadata { .. }
        | Attribute::RequestAudiences
        | Attribute::RequestPresenter => return None,
    }))
}

/// The edits that may turn a clause, the likeliest first. What no request says has none.
pub(super) fn of(mesh: &Mesh, request: &Request, lever: &Lever<'_>) -> Vec<Edit> {
    if lever.match_one {
        let values = lever.want.iter().take(MAX_VALUES);
        values
            .filter_map(|value| matching(mesh, request, lever.attribute, value))
            .collect()
    } else {
        avoiding(mesh, request, lever)
    }
}

/// Makes the request have a value.
fn matching(mesh: &Mesh, request: &Request, attribute: &Attribute, value: &str) -> Option<Edit> {
    match attribute {
        Attribute::Method => Some(method(request, &sample(value, "GET"))),
        Attribute::Path => Some(path(&path_of(value))),
        Attribute::Host => Some(host(&sample(value, ANYTHING))),
        Attribute::RequestHeader(name) => Some(header(name, Some(sample(value, ANYTHING)))),
        Attribute::DestinationPort => value.parse().ok().map(port),
        Attribute::SourceNamespace => Some(caller(mesh, &sample(value, ANYTHING), None)),
        Attribute::SourceServiceAccount => {
            let (namespace, name) = value.split_once('/')?;
            Some(caller(mesh, namespace, Some(name)))
        }
        Attribute::SourcePrincipal => principal(mesh, value),
        Attribute::SourceIp | Attribute::RemoteIp => address(value),
        Attribute::RequestPrincipal => {
            let (issuer, subject) = value.rsplit_once('/').unwrap_or((value, value));
            let (issuer, subject) = (sample(issuer, ANYTHING), sample(subject, ANYTHING));
            Some(token(request, |token| {
                token.issuer = Some(issuer.clone());
                token
                    .claims
                    .insert("sub".to_owned(), subject.as_str().into());
            }))
        }
        Attribute::RequestClaim(names) => {
            let [name] = &**names else { return None };
            let value = sample(value, ANYTHING);
            (!request.jwt.is_empty()).then(|| {
                token(request, |token| {
                    token.claims.insert(name.to_string(), value.as_str().into());
                })
            })
        }
        Attribute::SourceTrustDomain
        | Attribute::DestinationIp
        | Attribute::ConnectionSni
        | Attribute::EnvoyFilterMetadata { .. }
        | Attribute::RequestAudiences
        | Attribute::RequestPresenter => None,
    }
}

/// Makes the request have none of the values: others of the same sort, which the evaluator then judges.
fn avoiding(mesh: &Mesh, request: &Request, lever: &Lever<'_>) -> Vec<Edit> {
    match lever.attribute {
        Attribute::Method => METHODS
            .iter()
            .filter(|other| {
                request
                    .http
                    .as_ref()
                    .is_some_and(|http| http.method != **other)
            })
            .map(|other| method(request, other))
            .collect(),
        Attribute::Path => vec![path("/")],
        Attribute::RequestHeader(name) => vec![header(name, None)],
        Attribute::SourceNamespace
        | Attribute::SourceServiceAccount
        | Attribute::SourcePrincipal => {
            let callers = mesh.workloads().filter_map(|(_, workload)| {
                workload
                    .principal
                    .namespace_and_service_account()
                    .map(|(namespace, account)| caller(mesh, namespace, Some(account)))
            });
            callers.take(2 * MAX_VALUES).collect()
        }
        _ => Vec::new(),
    }
}

fn method(request: &Request, method: &str) -> Edit {
    let old = request
        .http
        .as_ref()
        .map_or("", |http| http.method.as_str());
    Edit {
        path: METHOD.to_owned(),
        value: method.into(),
        summary: format!("method `{method}` instead of `{old}`"),
        to: Target::Method(method.to_owned()),
    }
}

fn path(path: &str) -> Edit {
    Edit {
        path: PATH.to_owned(),
        value: path.into(),
        summary: format!("path `{path}`"),
        to: Target::Path(path.to_owned()),
    }
}

fn host(host: &str) -> Edit {
    Edit {
        path: HOST.to_owned(),
        value: host.into(),
        summary: format!("host `{host}`"),
        to: Target::Host(host.to_owned()),
    }
}

fn header(name: &str, value: Option<String>) -> Edit {
    Edit {
        path: header_path(name),
        value: value.clone().into(),
        summary: match &value {
            Some(value) => format!("header `{name}: {value}`"),
            None => format!("no header `{name}`"),
        },
        to: Target::Header(name.to_owned(), value),
    }
}

fn port(port: u16) -> Edit {
    Edit {
        path: PORT.to_owned(),
        value: port.into(),
        summary: format!("port {port}"),
        to: Target::Port(port),
    }
}

/// A service account that the manifests show in use, if there is one in the namespace.
fn caller(mesh: &Mesh, namespace: &str, account: Option<&str>) -> Edit {
    let in_use = || {
        mesh.workloads_in(namespace).iter().find_map(|workload| {
            let (_, account) = mesh
                .workload(*workload)?
                .principal
                .namespace_and_service_account()?;
            Some(account)
        })
    };
    let account = account.or_else(in_use).unwrap_or("default");
    let name = format!("{namespace}/{account}");
    Edit {
        path: FROM.to_owned(),
        value: json!({ "serviceAccount": name }),
        summary: format!("called by service account `{name}`"),
        to: Target::From(Source {
            service_account: Some(name),
            ..Source::default()
        }),
    }
}

/// `<trust domain>/ns/<namespace>/sa/<service account>`
fn principal(mesh: &Mesh, value: &str) -> Option<Edit> {
    let mut parts = value.split('/');
    let (domain, namespace, account) = (parts.next()?, parts.nth(1)?, parts.nth(1)?);
    let own = domain == mesh.settings().trust_domain || domain.contains('*');
    if own || domain == "cluster.local" {
        let account = sample(account, "default");
        return Some(caller(mesh, &sample(namespace, ANYTHING), Some(&account)));
    }
    let id = format!("spiffe://{value}");
    Some(Edit {
        path: FROM.to_owned(),
        value: json!({ "principal": id }),
        summary: format!("called by `{id}`"),
        to: Target::From(Source {
            principal: Some(id),
            ..Source::default()
        }),
    })
}

fn address(block: &str) -> Option<Edit> {
    let ip = match block.parse::<IpNet>() {
        Ok(block) => block.hosts().next()?.to_string(),
        Err(_) => block.to_owned(),
    };
    Some(Edit {
        path: IP.to_owned(),
        value: ip.as_str().into(),
        summary: format!("from address `{ip}`"),
        to: Target::Ip(ip),
    })
}

/// The first token, or a new one, changed.
fn token(request: &Request, change: impl Fn(&mut Jwt)) -> Edit {
    let mut tokens = request.jwt.clone();
    if tokens.is_empty() {
        tokens.push(Jwt::default());
    }
    let mut summary = String::new();
    if let Some(first) = tokens.first_mut() {
        change(first);
        let issuer = first.issuer.as_deref().unwrap_or_default();
        summary = format!("a valid token of issuer `{issuer}`");
        for (name, claim) in &first.claims {
            summary.push_str(&format!(" with `{name}: {}`", json_line(claim)));
        }
    }
    Edit {
        path: TOKENS.to_owned(),
        value: serde_json::to_value(&tokens).unwrap_or_default(),
        summary,
        to: Target::Tokens(tokens),
    }
}

/// A text that a value with a wildcard at one end matches.
fn sample(value: &str, anything: &str) -> String {
    match value {
        "*" => anything.to_owned(),
        value => value.replace('*', ANYTHING),
    }
}

/// A path that a value matches: a template's parts become something.
fn path_of(value: &str) -> String {
    let path = value
        .replace("{**}", ANYTHING)
        .replace("{*}", ANYTHING)
        .trim_end_matches('*')
        .to_owned();
    let path = sample(&path, "/");
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}
