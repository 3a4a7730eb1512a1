//! Requests near what the routes of a case ask for: a path, header or parameter that a route names, bent a little.

use serde_json::{Map, Value, json};

use super::case::PORTS;
use super::rules::{HEADERS, HOSTS, METHODS, ORIGINS, PARAMETER_VALUES, PARAMETERS, PATHS, VALUES};
use crate::random::Random;

/// A request to the Service whose routes these are.
pub(super) fn request(random: &mut Random, routes: &[Value]) -> Value {
    let mut headers = Map::new();
    for _ in 0..random.below(4) {
        let name = random.pick(&HEADERS);
        let value = if random.chance(10) {
            json!("")
        } else if random.chance(25) {
            json!(random.some(2, |random| random.pick(&VALUES).to_owned()))
        } else {
            json!(random.pick(&VALUES))
        };
        headers.insert(name.to_owned(), value);
    }
    let mut method = random.pick(&METHODS);
    if random.chance(15) {
        headers.insert("origin".to_owned(), random.pick(&ORIGINS).into());
        if random.chance(70) {
            method = "OPTIONS";
        }
        if random.chance(80) {
            headers.insert("access-control-request-method".to_owned(), "GET".into());
            if random.chance(50) {
                headers.insert(
                    "access-control-request-headers".to_owned(),
                    "x-a,x-b".into(),
                );
            }
        }
    }
    if random.chance(5) {
        headers.insert(
            "x-forwarded-proto".to_owned(),
            random.pick(&["https", "HTTP", "http", "ftp"]).into(),
        );
    }
    let mut request = json!({
        "from": { "principal": "spiffe://cluster.local/ns/shop/sa/web", "ip": "10.0.0.1" },
        "to": { "service": "shop/reviews", "port": PORTS[random.below(2)], "ip": "10.0.0.2" },
    });
    let host = random.pick(&HOSTS);
    let with_grpc = routes.iter().any(|route| route["kind"] == "GRPCRoute");
    if random.chance(if with_grpc { 60 } else { 6 }) {
        request["grpc"] = json!({
            "service": random.pick(&["shop.Cart", "shop", "other.Cart", "a"]),
            "method": random.pick(&["Add", "Get", "A", "b"]),
            "host": host,
            "headers": headers,
        });
        headers.remove("content-type");
        request["grpc"]["headers"] = headers.into();
        return request;
    }
    let path = path(random, routes);
    request["http"] = json!({ "method": method, "path": path, "host": host, "headers": headers });
    request
}

fn path(random: &mut Random, routes: &[Value]) -> String {
    let mut known = Vec::new();
    routes
        .iter()
        .for_each(|route| paths(&route["spec"], &mut known));
    let path = if random.chance(80) && !known.is_empty() {
        known[random.below(known.len())].clone()
    } else {
        random.pick(&PATHS).to_owned()
    };
    let mut path = bent(random, &path);
    if random.chance(40) {
        path.push('?');
        path.push_str(&query(random));
    }
    path
}

/// Texts that look like paths, wherever they stand.
fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with('/') && text.is_ascii() => {
            let plain = text
                .chars()
                .filter(|character| !r"\[]^()*+|?{}".contains(*character));
            found.push(plain.collect());
        }
        Value::Array(list) => list.iter().for_each(|value| paths(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| paths(value, found)),
        _ => {}
    }
}

fn bent(random: &mut Random, path: &str) -> String {
    match random.below(14) {
        0 => format!("{path}/"),
        1 => format!("{path}x"),
        2 => format!("{path}/x"),
        3 => format!("{path}/../a"),
        4 => path.to_ascii_uppercase(),
        5 => path.replacen('a', "%61", 1),
        6 => path.replacen('/', "//", 1),
        7 => path[..path.len() - 1].to_owned() + if path.len() == 1 { "/" } else { "" },
        8 => format!("{path}%2Fb"),
        9 => format!("{path}//b/c"),
        _ => path.to_owned(),
    }
}

fn query(random: &mut Random) -> String {
    let one = |random: &mut Random| {
        let name = random.pick(&PARAMETERS);
        match random.below(12) {
            0 => name.to_owned(),
            1 => format!("{name}="),
            2 => format!(
                "{name}={}={}",
                random.pick(&PARAMETER_VALUES),
                random.pick(&PARAMETER_VALUES)
            ),
            3 => "=1".to_owned(),
            4 => String::new(),
            5 => format!("%70={}", random.pick(&PARAMETER_VALUES)),
            6 => format!("{name}=1;q=2"),
            _ => format!("{name}={}", random.pick(&PARAMETER_VALUES)),
        }
    };
    let mut query = random.some(3, one).join("&");
    if random.chance(6) {
        query.push_str(random.pick(&["#p=1", "?p=1", "&amp;q=1"]));
    }
    query
}
