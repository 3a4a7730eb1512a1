//! Random policies, and requests near their boundaries: what requests have and what policies ask for is drawn from
//! the same small pools, the latter bent a little.

use serde_json::{Map, Value, json};

use crate::case::{Case, HTTP_PORTS, TCP_PORT, TLS_PORT};
use crate::judge;
use crate::random::Random;
use crate::tokens;

const PEERS: [&str; 10] = [
    "cluster.local/ns/shop/sa/web",
    "cluster.local/ns/shop/sa/web-2",
    "cluster.local/ns/shop-2/sa/web",
    "cluster.local/ns/default/sa/sleep",
    "td2/ns/shop/sa/web",
    "old-td/ns/shop/sa/web",
    "cluster.local/ns/shop",
    "cluster.local/ns/shop/sa/web/more",
    "cluster.local/x/y/ns/shop/z/sa/web",
    "cluster.local/ns/a.b/sa/s.v",
];

const ADDRESSES: [&str; 10] = [
    "10.0.0.1",
    "10.0.0.128",
    "10.0.1.0",
    "10.1.0.1",
    "11.0.0.1",
    "192.168.0.255",
    "fd00::1",
    "fd00::1:0:0:1",
    "2001:db8::ffff",
    "::1",
];

const HOSTS: [&str; 9] = [
    "reviews",
    "reviews.shop",
    "reviews.shop:80",
    "REVIEWS.shop",
    "reviews.shop.svc.cluster.local:8080",
    "a.example.com",
    "b.a.example.com",
    "10.0.0.1:80",
    "[fd00::1]:80",
];

const SERVER_NAMES: [&str; 5] = [
    "reviews.shop",
    "REVIEWS.shop",
    "a.example.com",
    "b.a.example.com",
    "shop",
];

const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE",
];

const SEGMENTS: [&str; 24] = [
    "a", "b", "c.txt", "A", "", ".", "..", "...", "%2e", "%2E%2e", "%2F", "%2f", "%5C", "\\",
    "%61", "%7E", "~", "a;x=1", "a,b", "%20", "a%", "x%zz", "$&'()+", "a:b@c",
];

const HEADERS: [&str; 20] = [
    "via",
    "te",
    "keep-alive",
    "pragma",
    "x-forwarded-host",
    "x-forwarded-client-cert",
    "x-envoy-max-retries",
    "x-envoy-original-path",
    "x-a",
    "X-User",
    "x-empty",
    "user-agent",
    "cookie",
    "accept",
    "content-type",
    "origin",
    "referer",
    "cache-control",
    "accept-language",
    "x-b3-traceid",
];

const VALUES: [&str; 12] = [
    "a",
    "A",
    "ab",
    "abc",
    "1,2",
    "1",
    "2",
    "a=1; b=2",
    "text/plain",
    "*",
    "a*c",
    "é",
];

const REFERERS: [&str; 20] = [
    "https://a.example/x?y=z",
    "https://a.example",
    "https://a.example:8080/",
    "https://a.example:/",
    "https://a.example:99999/",
    "https://me@a.example/",
    "https://a.example/#",
    "https://a.example/#b",
    "https://a.example/\"<é>",
    "https://a_b.example?x",
    "https://[fd00::1]:80/",
    "h2://a.example/",
    "2h://a.example/",
    "h+2://a.example/",
    "https:///x",
    "about:blank",
    "/a:b?c",
    "a:b/c",
    "a b",
    "/a#b",
];

/// A case with `requests` requests.
pub(crate) fn case(random: &mut Random, requests: usize) -> Case {
    let http = random.chance(85);
    let normalization = [
        "NONE",
        "BASE",
        "BASE",
        "BASE",
        "MERGE_SLASHES",
        "DECODE_AND_MERGE_SLASHES",
    ];
    let settings = json!({
        "trustDomain": "cluster.local",
        "trustDomainAliases": ["td2", "old-td"],
        "pathNormalization": random.pick(&normalization),
        "now": tokens::now_text(),
        "extensionProviders": judge::providers(),
    });
    let mut policies: Vec<Value> = Vec::new();
    for index in 0..=random.below(3) {
        policies.push(policy(random, index));
    }
    if http && random.chance(45) {
        for index in 0..=random.below(2) {
            policies.push(authentication(random, index));
        }
    }
    let with_tokens = policies
        .iter()
        .any(|policy| policy["kind"] == "RequestAuthentication");
    Case {
        settings,
        requests: (0..requests)
            .map(|_| request(random, http, with_tokens))
            .collect(),
        policies,
    }
}

fn policy(random: &mut Random, index: usize) -> Value {
    let action = random.pick(&[
        "ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "DENY", "AUDIT", "CUSTOM",
    ]);
    let custom = action == "CUSTOM";
    let mut rules = random.some(3, if custom { custom_rule } else { rule });
    if !custom && action != "DENY" && random.chance(4) {
        rules.clear();
    }
    let mut metadata = json!({ "name": format!("p{index}"), "namespace": "shop" });
    if random.chance(8) {
        metadata["annotations"] = json!({ "istio.io/dry-run": "true" });
    }
    let target = random.pick(&[
        r#"{ "kind": "Service", "name": "reviews" }"#,
        r#"{ "kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "waypoint" }"#,
    ]);
    let target: Value = serde_json::from_str(target).expect("it is JSON");
    let mut spec = json!({ "targetRefs": [target], "action": action, "rules": rules });
    if custom {
        // Mostly one of them: several in one chain are refused.
        let name = random.pick(&[&judge::NAMES[..1], &judge::NAMES[..1], &judge::NAMES[..]]);
        spec["provider"] = json!({ "name": random.pick(name) });
    }
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": metadata,
        "spec": spec,
    })
}

/// A rule that may ask an external authorizer: nothing in it is about who calls.
fn custom_rule(random: &mut Random) -> Value {
    let is_about_callers = |rule: &Value| {
        let text = rule.to_string();
        [
            "rincipals",
            "amespaces",
            "erviceAccounts",
            "rustDomains",
            "request.auth",
            "source.n",
            "source.p",
            "source.s",
            "source.t",
        ]
        .iter()
        .any(|word| text.contains(word))
    };
    loop {
        let rule = rule(random);
        if !is_about_callers(&rule) {
            return rule;
        }
    }
}

fn rule(random: &mut Random) -> Value {
    let mut rule = Map::new();
    if random.chance(55) {
        let from = random.some(2, |random| json!({ "source": fields(random, SOURCE) }));
        rule.insert("from".to_owned(), from.into());
    }
    if random.chance(60) {
        let to = random.some(
            2,
            |random| json!({ "operation": fields(random, OPERATION) }),
        );
        rule.insert("to".to_owned(), to.into());
    }
    if random.chance(45) || rule.is_empty() && random.chance(80) {
        let when = random.some(2, condition);
        rule.insert("when".to_owned(), when.into());
    }
    rule.into()
}

/// A field, its twin, and what its values are made of.
type Field = (&'static str, &'static str, fn(&mut Random) -> String);

const SOURCE: &[Field] = &[
    ("principals", "notPrincipals", principal),
    ("namespaces", "notNamespaces", namespace),
    ("serviceAccounts", "notServiceAccounts", service_account),
    ("trustDomains", "notTrustDomains", trust_domain),
    ("ipBlocks", "notIpBlocks", block),
    ("remoteIpBlocks", "notRemoteIpBlocks", block),
    (
        "requestPrincipals",
        "notRequestPrincipals",
        request_principal,
    ),
];

const OPERATION: &[Field] = &[
    ("hosts", "notHosts", |random| bend(random, &HOSTS)),
    ("methods", "notMethods", |random| bend(random, &METHODS)),
    ("paths", "notPaths", path_pattern),
    ("paths", "notPaths", path_pattern),
    ("ports", "notPorts", port),
];

fn fields(random: &mut Random, table: &[Field]) -> Value {
    let mut fields = Map::new();
    for _ in 0..=random.below(2) {
        let (name, not, make) = table[random.below(table.len())];
        let name = if random.chance(30) { not } else { name };
        fields.insert(name.to_owned(), random.some(3, make).into());
    }
    fields.into()
}

fn condition(random: &mut Random) -> Value {
    let header = |random: &mut Random| format!("request.headers[{}]", random.pick(&HEADERS));
    let (key, make): (String, fn(&mut Random) -> String) = match random.below(16) {
        0 => ("source.ip".to_owned(), block),
        1 => ("remote.ip".to_owned(), block),
        2 => ("source.namespace".to_owned(), namespace),
        3 => ("source.principal".to_owned(), principal),
        4 => ("source.serviceAccount".to_owned(), service_account),
        5 => ("source.trustDomain".to_owned(), trust_domain),
        6 => ("destination.ip".to_owned(), block),
        7 => ("destination.port".to_owned(), port),
        8 => ("connection.sni".to_owned(), |random| {
            bend(random, &SERVER_NAMES)
        }),
        9 => ("request.auth.principal".to_owned(), request_principal),
        10 => ("request.auth.audiences".to_owned(), |random| {
            bend(random, &tokens::AUDIENCES)
        }),
        11 => ("request.auth.presenter".to_owned(), |random| {
            bend(random, &tokens::WORDS)
        }),
        12 => {
            let claim = random.pick(&tokens::CLAIM_KEYS);
            (format!("request.auth.claims{claim}"), |random| {
                bend(random, &tokens::WORDS)
            })
        }
        _ if random.chance(10) => ("request.headers[referer]".to_owned(), |random| {
            bend(random, &REFERERS)
        }),
        _ => (header(random), |random| bend(random, &VALUES)),
    };
    let mut condition = json!({ "key": key });
    if random.chance(70) {
        condition["values"] = random.some(3, make).into();
    }
    if random.chance(30) || condition.get("values").is_none() {
        condition["notValues"] = random.some(2, make).into();
    }
    condition
}

/// A text that asks for one of a pool, or for what lies beside it.
fn bend(random: &mut Random, pool: &[&str]) -> String {
    let text = random.pick(pool);
    bent(random, text)
}

fn bent(random: &mut Random, text: &str) -> String {
    let cut = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    match random.below(12) {
        0..=3 => text.to_owned(),
        4 | 5 => format!("{}*", &text[..cut(1 + random.below(text.len().max(1)))]),
        6 | 7 => format!("*{}", &text[cut(random.below(text.len().max(1)))..]),
        8 => "*".to_owned(),
        9 => format!("{text}x"),
        10 => text.to_ascii_uppercase(),
        _ => text.replacen(['/', '.'], "*", 1),
    }
}

fn principal(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!(
            "*/{}",
            PEERS[0].split_once('/').map_or("", |(_, rest)| rest)
        ),
        1 => "*-td/ns/shop/sa/web".to_owned(),
        2 => format!("spiffe://{}", random.pick(&PEERS)),
        _ => bend(random, &PEERS),
    }
}

fn namespace(random: &mut Random) -> String {
    bend(
        random,
        &["shop", "shop-2", "default", "a.b", "shop/sa", "s*p"],
    )
}

fn service_account(random: &mut Random) -> String {
    let known = [
        "web",
        "shop/web",
        "web-2",
        "shop-2/web",
        "default/sleep",
        "a.b/s.v",
        "axb/s.v",
    ];
    random.pick(&known).to_owned()
}

fn trust_domain(random: &mut Random) -> String {
    let known = [
        "cluster.local",
        "td2",
        "old-td",
        "*",
        "cluster*",
        "*-td",
        "td*",
        "*.local",
        "td",
        "clusterxlocal",
    ];
    random.pick(&known).to_owned()
}

fn block(random: &mut Random) -> String {
    let address = random.pick(&ADDRESSES);
    let lengths: &[&str] = if address.contains(':') {
        &["", "/0", "/8", "/64", "/80", "/112", "/127", "/128"]
    } else {
        &[
            "", "/0", "/7", "/8", "/15", "/16", "/23", "/24", "/25", "/32",
        ]
    };
    format!("{address}{}", random.pick(lengths))
}

fn port(random: &mut Random) -> String {
    random
        .pick(&["80", "8080", "5432", "0", "65535"])
        .to_owned()
}

fn request_principal(random: &mut Random) -> String {
    let issuer = random.pick(&tokens::ISSUERS);
    let subject = random.pick(&tokens::WORDS);
    match random.below(5) {
        0 => bent(random, issuer),
        1 => format!("*/{subject}"),
        2 => format!("{issuer}/*"),
        _ => bent(random, &format!("{issuer}/{subject}")),
    }
}

fn path(random: &mut Random) -> String {
    let mut path = String::new();
    for _ in 0..=random.below(4) {
        path.push(if random.chance(4) { '\\' } else { '/' });
        path.push_str(random.pick(&SEGMENTS));
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    if random.chance(15) {
        path.push('/');
    }
    path
}

fn path_pattern(random: &mut Random) -> String {
    if random.chance(25) {
        let piece = |random: &mut Random| {
            random
                .pick(&["{*}", "{*}", "a", "b", "c.txt", "~"])
                .to_owned()
        };
        let mut template = random.some(3, piece);
        if random.chance(40) {
            template.push("{**}".to_owned());
            if random.chance(50) {
                template.push(random.pick(&["b", "c.txt", ""]).to_owned());
            }
        }
        return format!("/{}", template.join("/"));
    }
    let path = path(random);
    match random.below(3) {
        // As it looks behind normalization.
        0 => bent(
            random,
            &path
                .replace("%2e", ".")
                .replace("%61", "a")
                .replace('\\', "/"),
        ),
        1 => bend(
            random,
            &["/", "/a", "/a/", "/a/b", "/b", "/a/b/c.txt", "/A", "//a"],
        ),
        _ => bent(random, &path),
    }
}

fn request(random: &mut Random, http: bool, with_tokens: bool) -> Value {
    let port = if http {
        HTTP_PORTS[random.below(2)]
    } else {
        *random.pick(&[&TCP_PORT, &TLS_PORT])
    };
    let mut request = json!({
        "from": {
            "principal": format!("spiffe://{}", random.pick(&PEERS)),
            "ip": random.pick(&ADDRESSES),
        },
        "to": { "service": "shop/reviews", "port": port, "ip": random.pick(&ADDRESSES) },
    });
    if !http {
        if random.chance(60) {
            request["tls"] = match random.below(8) {
                0 => json!({}),
                _ => json!({ "sni": random.pick(&SERVER_NAMES) }),
            };
        }
        return request;
    }
    let mut path = path(random);
    if random.chance(20) {
        path.push_str(random.pick(&["?", "?x=1", "?x=/../b", "?a/b", "?x=%2e%2e"]));
    }
    let mut headers: Map<String, Value> = Map::new();
    for _ in 0..random.below(4) {
        let lines = random.some(2, |random| random.pick(&VALUES).to_owned());
        let name = random.pick(&HEADERS);
        let value = if name == "referer" && random.chance(60) {
            json!(random.pick(&REFERERS))
        } else if random.chance(10) {
            json!("")
        } else {
            json!(lines)
        };
        headers.insert(name.to_owned(), value);
    }
    if random.chance(30) {
        headers.insert("x-forwarded-for".to_owned(), forwarded_for(random));
    }
    if with_tokens {
        tokens::place(random, &mut headers, &mut path);
    }
    if random.chance(10) {
        let content_types = [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc-web",
            "application/json",
        ];
        headers.insert(
            "content-type".to_owned(),
            json!(random.pick(&content_types)),
        );
    }
    if random.chance(12) {
        let mut segments = path.split(['/', '\\', '?']).filter(|part| !part.is_empty());
        let service = segments.next().unwrap_or("a");
        let method = segments.next().unwrap_or("b");
        request["grpc"] = json!({
            "service": service,
            "method": method,
            "host": random.pick(&HOSTS),
            "headers": headers,
        });
        return request;
    }
    request["http"] = json!({
        "method": random.pick(&METHODS),
        "path": path,
        "host": random.pick(&HOSTS),
        "headers": headers,
    });
    request
}

fn forwarded_for(random: &mut Random) -> Value {
    let one = |random: &mut Random| random.pick(&ADDRESSES).to_owned();
    match random.below(8) {
        0 => json!(format!("{}, {}", one(random), one(random))),
        1 => json!([one(random), one(random)]),
        2 => json!("unknown"),
        3 => json!(format!("{}:1234", one(random))),
        4 => json!(format!("{},", one(random))),
        _ => json!(one(random)),
    }
}

fn authentication(random: &mut Random, index: usize) -> Value {
    let rules = random.some(2, tokens::rule);
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": { "name": format!("r{index}"), "namespace": "shop" },
        "spec": { "targetRefs": [{ "kind": "Service", "name": "reviews" }], "jwtRules": rules },
    })
}
