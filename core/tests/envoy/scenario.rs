//! Random policies of one waypoint, and requests near what they say.

use serde_json::{Map, Value, json};

use crate::random::Random;
use crate::token::{self, Issuer};

/// A mesh of one Service behind a waypoint, its policies, and who asks what.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) settings: Value,
    /// AuthorizationPolicies and RequestAuthentications.
    pub(crate) policies: Vec<Value>,
    /// In the contract's form.
    pub(crate) requests: Vec<Value>,
}

/// The caller's identity of bytes, by the last part of the address that they are sent to.
pub(crate) const PEERS: [&str; 4] = [
    "spiffe://cluster.local/ns/shop/sa/web",
    "spiffe://cluster.local/ns/shop2/sa/web",
    "spiffe://old.td/ns/shop/sa/job",
    "spiffe://cluster.local/ns/web/sa/shop",
];
/// Ports of the Service: the first two speak HTTP, the last is bytes.
pub(crate) const PORTS: [u16; 3] = [80, 8080, 9000];
pub(crate) const TCP_PORT: u16 = 9000;

const MESH: &str = r#"
{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint" } } }
---
{ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": { "name": "waypoint", "namespace": "shop" }, "spec": { "gatewayClassName": "istio-waypoint", "listeners": [{ "name": "mesh", "port": 15008, "protocol": "HBONE" }] } }
---
{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "cart", "namespace": "shop" }, "spec": { "selector": { "app": "cart" }, "ports": [{ "name": "http", "port": 80 }, { "name": "http-alt", "port": 8080 }, { "name": "tcp", "port": 9000 }] } }
---
{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "cart", "namespace": "shop", "labels": { "app": "cart" } } }
"#;

impl Scenario {
    pub(crate) fn random(random: &mut Random, requests: usize) -> Self {
        let policies = (0..1 + random.below(4)).map(|index| policy(random, index));
        let mut policies: Vec<Value> = policies.collect();
        if random.once_in(3) {
            policies.extend((0..1 + random.below(2)).map(|index| authentication(random, index)));
        }
        let normalization = *random.pick(&[
            "BASE",
            "BASE",
            "BASE",
            "NONE",
            "MERGE_SLASHES",
            "DECODE_AND_MERGE_SLASHES",
        ]);
        let mut values = Vec::new();
        collect(&Value::Array(policies.clone()), &mut values);
        Self {
            settings: json!({
                "trustDomainAliases": ["old.td"],
                "pathNormalization": normalization,
                "extensionProviders": { "allower": "allow", "denier": "deny" },
                "now": "2030-01-01T00:00:00Z",
            }),
            requests: (0..requests).map(|_| request(random, &values)).collect(),
            policies,
        }
    }

    /// The scenario as a call of the engine.
    pub(crate) fn input(&self) -> Value {
        let mut manifests = MESH.to_owned();
        for policy in &self.policies {
            manifests.push_str(&format!("---\n{policy}\n"));
        }
        json!({ "manifests": manifests, "settings": self.settings, "requests": self.requests })
    }
}

/// Every text in policies: requests are made near them.
fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| collect(value, out)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, out)),
        _ => {}
    }
}

const NAMESPACES: [&str; 8] = ["shop", "shop*", "*op", "*", "sh*p", "web", "shop2", "s.op"];
const PRINCIPALS: [&str; 11] = [
    "cluster.local/ns/shop/sa/web",
    "old.td/ns/shop/sa/web",
    "*/ns/shop/sa/web",
    "*/sa/web",
    "cluster.local/ns/shop/*",
    "*-td/ns/shop/sa/web",
    "*.td/ns/shop/sa/job",
    "*",
    "other/ns/shop/sa/web",
    "spiffe://cluster.local/ns/shop/sa/web",
    "cluster.local/ns/*/sa/web",
];
const ACCOUNTS: [&str; 5] = ["web", "shop/web", "shop2/web", "shop/job", "we.b"];
const TRUST_DOMAINS: [&str; 6] = ["cluster.local", "old.td", "*", "cluster.*", "*.td", "other"];
const BLOCKS: [&str; 9] = [
    "127.0.0.0/8",
    "127.1.0.0/16",
    "127.1.2.3",
    "127.1.2.0/24",
    "127.1.2.3/31",
    "10.0.0.0/8",
    "::/0",
    "2001:db8::/32",
    "0.0.0.0/0",
];
const HOSTS: [&str; 8] = [
    "cart",
    "cart:80",
    "cart.shop",
    "CART.shop",
    "cart*",
    "*.shop",
    "*",
    "*:80",
];
const METHODS: [&str; 7] = ["GET", "POST", "P*", "*T", "*", "get", "DELETE"];
const PATHS: [&str; 21] = [
    "/",
    "/a",
    "/a/",
    "/a*",
    "/a/*",
    "*/b",
    "*.txt",
    "*",
    "/a/b",
    "/A",
    "/a/{*}",
    "/a/{**}",
    "/{*}/b",
    "/a/{**}/b",
    "/{**}.txt",
    "/a%2Fb",
    "/a//b",
    "/a*c",
    "/a/{*}/c/{**}",
    "a",
    "/a b",
];
const PORT_VALUES: [&str; 4] = ["80", "8080", "9000", "81"];
const HEADER_VALUES: [&str; 9] = ["1", "2", "1*", "*2", "*", "1,2", "Abc", "abc", "A*"];
const CLAIM_VALUES: [&str; 7] = ["me", "admin", "a*", "*n", "*", "read", "read write"];
const REQUEST_PRINCIPALS: [&str; 12] = [
    "https://one.test/me",
    "https://one.test/*",
    "https://one.test/m*",
    "*/me",
    "*test/me",
    "*",
    "https://one*",
    "*me",
    "https://two.test/me",
    "https://one.test",
    "*one.test/me",
    "https://one.test/",
];

fn list(random: &mut Random, from: &[&str]) -> Value {
    random
        .some(from, 3)
        .into_iter()
        .map(|value| Value::from(*value))
        .collect()
}

fn policy(random: &mut Random, index: usize) -> Value {
    let action = *random.pick(&[
        "ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "DENY", "AUDIT", "CUSTOM",
    ]);
    let mut spec = Map::new();
    spec.insert("action".to_owned(), action.into());
    spec.insert("targetRefs".to_owned(), target(random));
    if action == "CUSTOM" {
        let provider = *random.pick(&["allower", "denier"]);
        spec.insert("provider".to_owned(), json!({ "name": provider }));
    }
    let mut rules: Vec<Value> = (0..1 + random.below(3))
        .map(|_| rule(random, action))
        .collect();
    if action == "ALLOW" && random.once_in(12) {
        rules.clear();
    }
    spec.insert("rules".to_owned(), rules.into());
    let mut metadata = json!({ "name": format!("p{index}"), "namespace": "shop" });
    if matches!(action, "ALLOW" | "DENY") && random.once_in(10) {
        metadata["annotations"] = json!({ "istio.io/dry-run": "true" });
    }
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": metadata,
        "spec": spec,
    })
}

fn target(random: &mut Random) -> Value {
    match random.once_in(2) {
        true => json!([{ "group": "", "kind": "Service", "name": "cart" }]),
        false => {
            json!([{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "waypoint" }])
        }
    }
}

/// A field, and often its twin.
fn field(random: &mut Random, out: &mut Map<String, Value>, name: &str, from: &[&str]) {
    let negative = format!("not{}{}", name[..1].to_uppercase(), &name[1..]);
    if random.once_in(3) {
        out.insert(negative, list(random, from));
        if !random.once_in(4) {
            return;
        }
    }
    out.insert(name.to_owned(), list(random, from));
}

/// An authorizer is asked before anybody knows of tokens, and may not be asked about identities.
fn rule(random: &mut Random, action: &str) -> Value {
    let mut rule = Map::new();
    let custom = action == "CUSTOM";
    if random.once_in(2) {
        let entries = (0..1 + random.below(2)).map(|_| json!({ "source": source(random, custom) }));
        rule.insert("from".to_owned(), entries.collect::<Vec<_>>().into());
    }
    if random.once_in(2) {
        let entries = (0..1 + random.below(2)).map(|_| json!({ "operation": operation(random) }));
        rule.insert("to".to_owned(), entries.collect::<Vec<_>>().into());
    }
    if random.once_in(3) {
        let entries = (0..1 + random.below(2)).map(|_| condition(random, custom));
        rule.insert("when".to_owned(), entries.collect::<Vec<_>>().into());
    }
    rule.into()
}

fn source(random: &mut Random, custom: bool) -> Value {
    let mut out = Map::new();
    for _ in 0..=random.below(2) {
        match random.below(if custom { 2 } else { 7 }) {
            0 => field(random, &mut out, "ipBlocks", &BLOCKS),
            1 => field(random, &mut out, "remoteIpBlocks", &BLOCKS),
            2 => field(random, &mut out, "namespaces", &NAMESPACES),
            3 => field(random, &mut out, "principals", &PRINCIPALS),
            4 => field(random, &mut out, "serviceAccounts", &ACCOUNTS),
            5 => field(random, &mut out, "trustDomains", &TRUST_DOMAINS),
            _ => field(random, &mut out, "requestPrincipals", &REQUEST_PRINCIPALS),
        }
    }
    out.into()
}

fn operation(random: &mut Random) -> Value {
    let mut out = Map::new();
    for _ in 0..=random.below(2) {
        match random.below(5) {
            0 => field(random, &mut out, "hosts", &HOSTS),
            1 => field(random, &mut out, "methods", &METHODS),
            2 => field(random, &mut out, "ports", &PORT_VALUES),
            _ => field(random, &mut out, "paths", &PATHS),
        }
    }
    out.into()
}

fn condition(random: &mut Random, custom: bool) -> Value {
    let (key, from): (&str, &[&str]) = match random.below(if custom { 8 } else { 18 }) {
        0 | 1 => ("request.headers[x-a]", &HEADER_VALUES),
        2 => ("request.headers[X-B]", &HEADER_VALUES),
        3 => ("source.ip", &BLOCKS),
        4 => ("remote.ip", &BLOCKS),
        5 => ("destination.ip", &BLOCKS),
        6 => ("destination.port", &PORT_VALUES),
        7 => ("connection.sni", &HOSTS),
        8 => ("source.namespace", &NAMESPACES),
        9 => ("source.principal", &PRINCIPALS),
        10 => ("source.serviceAccount", &ACCOUNTS),
        11 => ("request.auth.principal", &REQUEST_PRINCIPALS),
        12 => ("request.auth.audiences", &CLAIM_VALUES),
        13 => ("request.auth.presenter", &CLAIM_VALUES),
        14 => ("request.auth.claims[groups]", &CLAIM_VALUES),
        15 => ("request.auth.claims[scope]", &CLAIM_VALUES),
        16 => ("request.auth.claims[deep][er]", &CLAIM_VALUES),
        _ => ("request.headers[authorization]", &["Bearer*", "*"]),
    };
    let mut out = Map::new();
    out.insert("key".to_owned(), key.into());
    field(random, &mut out, "values", from);
    out.into()
}

fn authentication(random: &mut Random, index: usize) -> Value {
    let rules: Vec<Value> = (0..1 + random.below(2))
        .map(|_| {
            let issuer = *random.pick(&Issuer::ALL);
            let mut rule = json!({ "issuer": issuer.name(), "jwks": issuer.keys() });
            if random.once_in(3) {
                rule["audiences"] = list(random, &["me", "admin"]);
            }
            if random.once_in(3) {
                rule["fromHeaders"] = json!([{ "name": "x-token", "prefix": "Token " }]);
            }
            if random.once_in(4) {
                rule["fromParams"] = json!(["token"]);
            }
            if random.once_in(3) {
                rule["forwardOriginalToken"] = true.into();
            }
            if random.once_in(3) {
                rule["outputClaimToHeaders"] = json!([{ "header": "x-a", "claim": "azp" }]);
            }
            rule
        })
        .collect();
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": { "name": format!("r{index}"), "namespace": "shop" },
        "spec": { "targetRefs": target(random), "jwtRules": rules },
    })
}

const SENT_PATHS: [&str; 34] = [
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/A",
    "/b",
    "/a/x.txt",
    "/x.txt?q=1",
    "//a",
    "/a//b",
    "/a%2Fb",
    "/a%2fb",
    "/a%5Cb",
    "/%61",
    "/a/../b",
    "/x/../a",
    "/a/./b",
    "/a?x=1",
    "/a/b?x=/c",
    "/a;p=1",
    "/a\\b",
    "/a/%2e%2e/b",
    "/a*c",
    "/%zz",
    "/a%",
    "/a|b",
    "/a^b",
    "/a/..%2fb",
    "/..",
    "/a/b/",
    "/a/1.5/c/2",
    "/a//c/x",
    "/a/\u{e4}/b",
    "/a#b",
];
const SENT_PEERS: [&str; 10] = [
    "spiffe://cluster.local/ns/shop/sa/web",
    "spiffe://cluster.local/ns/shop2/sa/web",
    "spiffe://old.td/ns/shop/sa/web",
    "spiffe://old.td/ns/shop/sa/job",
    "spiffe://cluster.local/ns/web/sa/shop",
    "spiffe://cluster.local/ns/sh-p/sa/web",
    "spiffe://cluster.local/ns/shop/sa/web2",
    "spiffe://cluster.local/ns/shop/x/y/sa/web",
    "spiffe://cluster.local/x/y",
    "spiffe://cluster.local/ns/shop/sa/web/x",
];
const ADDRESSES: [&str; 4] = ["127.1.2.3", "127.1.2.2", "127.1.3.1", "127.2.0.1"];
const FORWARDED: [&str; 7] = [
    "127.1.2.3",
    "10.1.1.1, 127.1.2.2",
    "2001:db8::1",
    "10.1.1.1",
    "nonsense",
    "127.1.2.3:80",
    "",
];

/// A text that a value describes, or just does not.
fn near(random: &mut Random, value: &str) -> String {
    let filler = *random.pick(&["x", "", "b", "x/y"]);
    let mut text = value
        .replace("{**}", filler)
        .replace("{*}", filler)
        .replace('*', filler);
    match random.below(6) {
        0 => text.push('/'),
        1 => text.push('x'),
        2 => text = text.to_uppercase(),
        3 => {
            text.pop();
        }
        _ => {}
    }
    text
}

fn request(random: &mut Random, values: &[String]) -> Value {
    let port = *random.pick(&[80, 80, 80, 8080, TCP_PORT]);
    let last = random.below(PEERS.len());
    let mut request = json!({
        "from": { "principal": random.pick(&SENT_PEERS), "ip": random.pick(&ADDRESSES) },
        "to": { "service": "shop/cart", "port": port, "last": last },
    });
    if port == TCP_PORT {
        request["from"]["principal"] = PEERS[last].into();
        return request;
    }
    let hosts = [
        "cart",
        "cart:80",
        "CART.shop",
        "cart.shop",
        "x.shop",
        "other",
    ];
    let mut path = (*random.pick(&SENT_PATHS)).to_owned();
    let paths: Vec<&String> = values.iter().filter(|it| it.starts_with('/')).collect();
    if !paths.is_empty() && random.once_in(2) {
        let value = (*random.pick(&paths)).clone();
        path = near(random, &value);
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    path.retain(|character| character != ' ');
    let mut headers = Map::new();
    for name in ["x-a", "x-b"] {
        let value = |random: &mut Random| {
            let value = *random.pick(&HEADER_VALUES);
            near(random, value).trim().to_owned()
        };
        match random.below(5) {
            0 | 1 => headers.insert(name.to_owned(), value(random).into()),
            2 => headers.insert(name.to_owned(), json!([value(random), value(random)])),
            3 if random.once_in(3) => headers.insert(name.to_owned(), "".into()),
            _ => None,
        };
    }
    if random.once_in(3) {
        headers.insert(
            "x-forwarded-for".to_owned(),
            (*random.pick(&FORWARDED)).into(),
        );
    }
    if random.once_in(3) {
        let token = token::random(random);
        match random.below(5) {
            0 => headers.insert("x-token".to_owned(), format!("Token {token}").into()),
            1 => {
                let separator = if path.contains('?') { '&' } else { '?' };
                path = format!("{path}{separator}token={token}");
                None
            }
            _ => headers.insert("authorization".to_owned(), format!("Bearer {token}").into()),
        };
    }
    request["http"] = json!({
        "method": random.pick(&["GET", "GET", "POST", "PUT", "DELETE", "OPTIONS"]),
        "path": path,
        "host": random.pick(&hosts),
        "headers": headers,
    });
    request
}
