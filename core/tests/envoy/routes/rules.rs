//! Random rules of HTTPRoutes and GRPCRoutes: matches, filters and backends from small pools.

use serde_json::{Map, Value, json};

use super::case::{EXTERNAL, FAR, PORTS, SERVICES};
use crate::random::Random;

pub(super) const PATHS: [&str; 18] = [
    "/",
    "/a",
    "/a/",
    "/ab",
    "/a/b",
    "/a/b/",
    "/a/b/c",
    "/A",
    "/api/v1",
    "/api/v1/users",
    "/api",
    "/a%20b",
    "/%61",
    "/a.b",
    "/a;x=1",
    "/shop.Cart/Add",
    "/shop.Cart",
    "/x~y",
];
pub(super) const PATH_PATTERNS: [&str; 14] = [
    "/a.*",
    ".*",
    "/.*",
    "/a/[^/]+",
    "/(a|ab)",
    "/a/?",
    "/[a-z]+",
    "(?i)/a",
    "/a/b|/ab",
    r"/\w+",
    r"/a\.b",
    r"/api/v\d+(/.*)?",
    "/a{1,2}",
    "/[^/]+/Add",
];
pub(super) const METHODS: [&str; 8] = [
    "GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE",
];
pub(super) const HEADERS: [&str; 12] = [
    "x-a",
    "X-A",
    "x-user",
    "x-empty",
    "origin",
    "accept",
    "cookie",
    "user-agent",
    "te",
    "via",
    "content-type",
    "x-new",
];
pub(super) const VALUES: [&str; 10] = [
    "a",
    "A",
    "ab",
    "a,b",
    "1",
    "2",
    "text/plain",
    "*",
    "a=1; b=2",
    "a b",
];
pub(super) const VALUE_PATTERNS: [&str; 9] = [
    "a.*", "*", ".*", "[12]", "a|b", "(?i)a", r"\d", "a,?b", "^a$",
];
pub(super) const PARAMETERS: [&str; 5] = ["p", "P", "q", "p-q", "p.q"];
pub(super) const PARAMETER_VALUES: [&str; 7] = ["1", "2", "a", "a%20b", "a+b", "%31", "A"];
pub(super) const HOSTS: [&str; 8] = [
    "reviews",
    "reviews.shop",
    "reviews.shop:80",
    "REVIEWS.shop",
    "reviews.shop.svc.cluster.local:8080",
    "a.example.com",
    "10.0.0.1:80",
    "[fd00::1]:80",
];
pub(super) const ORIGINS: [&str; 8] = [
    "https://a.example",
    "https://b.a.example",
    "http://a.example",
    "https://a.example:8443",
    "null",
    "https://A.example",
    "a.example",
    "",
];
const ALLOWED_ORIGINS: [&str; 5] = [
    "https://a.example",
    "https://*.example",
    "https://*",
    "http://*.a.example:8443",
    "http://a.example",
];
const REPLACEMENTS: [&str; 8] = [
    "/xyz", "/xyz/", "/", "", "/x/y", "/xyz?n=1", "xyz", "/xyz//",
];

/// A rule of an HTTPRoute.
pub(super) fn http(random: &mut Random) -> Value {
    let mut rule = Map::new();
    let mut matches = if random.chance(92) {
        random.some(2, http_match)
    } else {
        Vec::new()
    };
    let mut filters = Vec::new();
    if random.chance(35) {
        filters.push(modifier("Request", random));
    }
    if random.chance(20) {
        filters.push(modifier("Response", random));
    }
    if random.chance(12) {
        filters.push(cors(random));
    }
    if random.chance(12) {
        filters.push(mirror(random));
    }
    let redirects = random.chance(14);
    if redirects || random.chance(28) {
        let path = random.chance(75).then(|| {
            if random.chance(55) {
                matches = vec![prefix_match(random)];
                json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": random.pick(&REPLACEMENTS) })
            } else {
                json!({ "type": "ReplaceFullPath", "replaceFullPath": random.pick(&REPLACEMENTS) })
            }
        });
        filters.push(if redirects {
            redirect(random, path)
        } else {
            rewrite(random, path)
        });
    }
    if !matches.is_empty() {
        rule.insert("matches".to_owned(), matches.into());
    }
    if !filters.is_empty() {
        rule.insert("filters".to_owned(), filters.into());
    }
    if !redirects {
        rule.insert("backendRefs".to_owned(), backends(random).into());
    }
    if random.chance(8) {
        rule.insert(
            "timeouts".to_owned(),
            json!({ "request": random.pick(&["10s", "1m", "0s", "7500ms"]) }),
        );
    }
    if random.chance(8) {
        rule.insert(
            "retry".to_owned(),
            json!({ "attempts": random.below(3), "codes": [503] }),
        );
    }
    rule.into()
}

fn redirect(random: &mut Random, path: Option<Value>) -> Value {
    let mut redirect = json!({});
    if let Some(path) = path {
        redirect["path"] = path;
    }
    if random.chance(40) {
        redirect["hostname"] = "elsewhere.example".into();
    }
    if random.chance(40) {
        redirect["scheme"] = random.pick(&["http", "https"]).into();
    }
    if random.chance(40) {
        redirect["port"] = (*random.pick(&[&80, &443, &8080, &9000])).into();
    }
    if random.chance(50) {
        redirect["statusCode"] = (*random.pick(&[&301, &302, &303, &307, &308])).into();
    }
    json!({ "type": "RequestRedirect", "requestRedirect": redirect })
}

fn rewrite(random: &mut Random, path: Option<Value>) -> Value {
    let mut rewrite = json!({});
    if random.chance(40) || path.is_none() {
        rewrite["hostname"] = "elsewhere.example".into();
    }
    if let Some(path) = path {
        rewrite["path"] = path;
    }
    json!({ "type": "URLRewrite", "urlRewrite": rewrite })
}

fn modifier(of: &str, random: &mut Random) -> Value {
    let changes = changes(random);
    let field = format!("{}HeaderModifier", of.to_ascii_lowercase());
    json!({ "type": format!("{of}HeaderModifier"), field: changes })
}

fn changes(random: &mut Random) -> Value {
    let mut changes = json!({});
    let header = |random: &mut Random| {
        let name = if random.chance(8) {
            "Host"
        } else {
            random.pick(&HEADERS)
        };
        json!({ "name": name, "value": random.pick(&VALUES) })
    };
    for field in ["set", "add"] {
        if random.chance(60) {
            changes[field] = once(random.some(2, header)).into();
        }
    }
    if random.chance(40) {
        let names = random.some(2, |random| json!(random.pick(&HEADERS)));
        changes["remove"] = once(names).into();
    }
    changes
}

/// Each name in one spelling once.
fn once(mut headers: Vec<Value>) -> Vec<Value> {
    let mut seen = Vec::new();
    headers.retain(|header| {
        let name = header.get("name").unwrap_or(header).clone();
        let is_new = !seen.contains(&name);
        seen.push(name);
        is_new
    });
    headers
}

fn cors(random: &mut Random) -> Value {
    let origins = if random.chance(25) {
        vec!["*".to_owned()]
    } else {
        random.some(2, |random| random.pick(&ALLOWED_ORIGINS).to_owned())
    };
    let mut cors = json!({ "allowOrigins": origins });
    if random.chance(60) {
        cors["allowMethods"] = any_or(random, &["GET", "PUT"]);
    }
    if random.chance(50) {
        cors["allowHeaders"] = any_or(random, &["x-a", "x-b"]);
    }
    if random.chance(40) {
        cors["exposeHeaders"] = json!(["x-c", "x-d"]);
    }
    if random.chance(40) {
        cors["maxAge"] = 60.into();
    }
    if random.chance(40) {
        cors["allowCredentials"] = random.chance(70).into();
    }
    json!({ "type": "CORS", "cors": cors })
}

/// A list of what is allowed, or everything.
pub(super) fn any_or(random: &mut Random, names: &[&str]) -> Value {
    if random.chance(30) {
        json!(["*"])
    } else {
        json!(names)
    }
}

fn mirror(random: &mut Random) -> Value {
    let mut mirror = json!({ "backendRef": backend(random) });
    match random.below(4) {
        0 => mirror["percent"] = (*random.pick(&[&0, &50, &100])).into(),
        1 => {
            mirror["fraction"] =
                json!({ "numerator": random.pick(&[&0, &1, &2]), "denominator": 2 })
        }
        _ => {}
    }
    json!({ "type": "RequestMirror", "requestMirror": mirror })
}

fn backends(random: &mut Random) -> Vec<Value> {
    match random.below(20) {
        0 => Vec::new(),
        1..=12 => vec![weighted(random, 10)],
        _ => random.some(2, |random| weighted(random, 80)),
    }
}

fn weighted(random: &mut Random, percent: usize) -> Value {
    let mut backend = backend(random);
    if random.chance(percent) {
        backend["weight"] = (*random.pick(&[&0, &1, &1, &5, &90])).into();
    }
    if random.chance(20) {
        backend["filters"] = json!([modifier(random.pick(&["Request", "Response"]), random)]);
    }
    backend
}

fn backend(random: &mut Random) -> Value {
    let port = PORTS[random.below(2)];
    match random.below(16) {
        0 => json!({ "name": "missing", "port": port }),
        1 => json!({ "name": "a", "port": 9999 }),
        2 => json!({ "group": "example.com", "kind": "Thing", "name": "a", "port": port }),
        3 => json!({ "name": FAR, "namespace": "elsewhere", "port": port }),
        4 => {
            json!({ "group": "networking.istio.io", "kind": "Hostname", "name": EXTERNAL, "port": port })
        }
        _ => json!({ "name": random.pick(&SERVICES), "port": port }),
    }
}

fn http_match(random: &mut Random) -> Value {
    let mut one = json!({});
    if random.chance(85) {
        one["path"] = match random.below(10) {
            0..=2 => json!({ "type": "Exact", "value": random.pick(&PATHS) }),
            3 => json!({ "type": "RegularExpression", "value": random.pick(&PATH_PATTERNS) }),
            _ => prefix_match(random)["path"].take(),
        };
    }
    with_conditions(random, one)
}

fn prefix_match(random: &mut Random) -> Value {
    json!({ "path": { "type": "PathPrefix", "value": random.pick(&PATHS) } })
}

fn with_conditions(random: &mut Random, mut one: Value) -> Value {
    if random.chance(25) {
        one["method"] = random.pick(&METHODS).into();
    }
    if random.chance(30) {
        one["headers"] = random
            .some(2, |random| value_match(random, &HEADERS, &VALUES))
            .into();
    }
    if random.chance(25) {
        one["queryParams"] = random
            .some(2, |random| {
                value_match(random, &PARAMETERS, &PARAMETER_VALUES)
            })
            .into();
    }
    one
}

fn value_match(random: &mut Random, names: &[&str], values: &[&str]) -> Value {
    let name = random.pick(names);
    match random.below(10) {
        0..=2 => {
            json!({ "name": name, "type": "RegularExpression", "value": random.pick(&VALUE_PATTERNS) })
        }
        3 => json!({ "name": name, "type": "Exact", "value": random.pick(values) }),
        _ => json!({ "name": name, "value": random.pick(values) }),
    }
}

/// A rule of a GRPCRoute.
pub(super) fn grpc(random: &mut Random) -> Value {
    let mut rule = json!({ "backendRefs": backends(random) });
    if random.chance(90) {
        rule["matches"] = random.some(2, grpc_match).into();
    }
    let mut filters = Vec::new();
    for of in ["Request", "Response"] {
        if random.chance(25) {
            filters.push(modifier(of, random));
        }
    }
    if !filters.is_empty() {
        rule["filters"] = filters.into();
    }
    rule
}

fn grpc_match(random: &mut Random) -> Value {
    let mut one = json!({});
    if random.chance(85) {
        let regex = random.chance(25);
        let mut method = json!({ "type": if regex { "RegularExpression" } else { "Exact" } });
        let with_service = random.chance(75);
        if with_service {
            let services: [&str; 3] = if regex {
                ["shop.*", "(shop|other).Cart", "[a-z]+.Cart"]
            } else {
                ["shop.Cart", "shop", "other.Cart"]
            };
            method["service"] = random.pick(&services).into();
        }
        if !with_service || random.chance(60) {
            let methods: [&str; 3] = if regex {
                ["A.*", "Add|Get", ".+"]
            } else {
                ["Add", "Get", "A"]
            };
            method["method"] = random.pick(&methods).into();
        }
        one["method"] = method;
    }
    if random.chance(30) {
        one["headers"] = random
            .some(2, |random| value_match(random, &HEADERS, &VALUES))
            .into();
    }
    one
}
