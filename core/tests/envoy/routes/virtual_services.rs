//! Random VirtualServices, with all that a waypoint reads of them.

use serde_json::{Map, Value, json};

use super::case::{EXTERNAL, FAR, PORTS, SERVICES, SUBSETS};
use super::rules::{
    HEADERS, HOSTS, METHODS, ORIGINS, PARAMETER_VALUES, PARAMETERS, PATH_PATTERNS, PATHS,
    VALUE_PATTERNS, VALUES, any_or,
};
use crate::random::Random;

const REPLACEMENTS: [&str; 7] = ["/xyz", "/xyz/", "/", "xyz", "/x/y", "/xyz?n=1", "/a//"];

/// The `http` rules of a VirtualService.
pub(super) fn rules(random: &mut Random) -> Vec<Value> {
    let mut rules = random.some(3, rule);
    for (index, rule) in rules.iter_mut().enumerate() {
        rule["name"] = format!("rule-{index}").into();
        for (index, one) in rule["match"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .enumerate()
        {
            one["name"] = format!("match-{index}").into();
        }
    }
    rules
}

fn rule(random: &mut Random) -> Value {
    let mut rule = json!({});
    if random.chance(92) {
        rule["match"] = random.some(2, http_match).into();
    }
    if random.chance(35) {
        rule["headers"] = headers(random);
    }
    if random.chance(14) {
        rule["corsPolicy"] = cors(random);
    }
    match random.below(10) {
        0 | 1 => {
            rule["redirect"] = redirect(random);
            return rule;
        }
        2 => {
            let status = *random.pick(&[&200, &201, &204, &302, &404, &418, &503]);
            rule["directResponse"] = json!({ "status": status });
            if status != 204 && random.chance(50) {
                rule["directResponse"]["body"] = json!({ "string": "made by the proxy" });
            }
            return rule;
        }
        _ => rule["route"] = destinations(random).into(),
    }
    if random.chance(35) {
        rule["rewrite"] = rewrite(random);
    }
    if random.chance(12) {
        rule["fault"] = json!({ "abort": abort(random) });
    }
    if random.chance(8) {
        rule["mirror"] = destination(random);
        if random.chance(50) {
            rule["mirrorPercentage"] = json!({ "value": random.pick(&[&0, &50, &100]) });
        }
    } else if random.chance(8) {
        rule["mirrors"] = random
            .some(1, |random| json!({ "destination": destination(random) }))
            .into();
    }
    if random.chance(8) {
        rule["timeout"] = random.pick(&["10s", "1m", "0s"]).into();
    }
    if random.chance(8) {
        rule["retries"] =
            json!({ "attempts": random.below(3), "retryOn": "503,reset", "perTryTimeout": "5s" });
    }
    rule
}

fn abort(random: &mut Random) -> Value {
    let mut abort = match random.below(3) {
        0 => json!({ "grpcStatus": random.pick(&["UNAVAILABLE", "NOT_FOUND", "OK"]) }),
        _ => json!({ "httpStatus": random.pick(&[&200, &404, &418, &503, &555]) }),
    };
    if random.chance(85) {
        abort["percentage"] = json!({ "value": random.pick(&[&0, &100, &100, &100]) });
    }
    abort
}

fn redirect(random: &mut Random) -> Value {
    let mut redirect = Map::new();
    if random.chance(30) {
        redirect.insert(
            "prefixRewrite".to_owned(),
            random.pick(&REPLACEMENTS).into(),
        );
    } else if random.chance(60) {
        redirect.insert("uri".to_owned(), random.pick(&REPLACEMENTS).into());
    }
    if random.chance(40) {
        redirect.insert(
            "authority".to_owned(),
            random
                .pick(&["elsewhere.example", "elsewhere.example:81"])
                .into(),
        );
    }
    if random.chance(40) {
        redirect.insert("scheme".to_owned(), random.pick(&["http", "https"]).into());
    }
    match random.below(4) {
        0 => {
            redirect.insert(
                "port".to_owned(),
                (*random.pick(&[&80, &443, &9000])).into(),
            );
        }
        1 => {
            let derive = random.pick(&["FROM_REQUEST_PORT", "FROM_PROTOCOL_DEFAULT"]);
            redirect.insert("derivePort".to_owned(), derive.into());
        }
        _ => {}
    }
    if random.chance(50) {
        redirect.insert(
            "redirectCode".to_owned(),
            (*random.pick(&[&301, &302, &303, &307, &308])).into(),
        );
    }
    if redirect.is_empty() {
        redirect.insert("uri".to_owned(), "/".into());
    }
    redirect.into()
}

fn rewrite(random: &mut Random) -> Value {
    let mut rewrite = json!({});
    match random.below(4) {
        0 => {
            let (pattern, with) = random.pick(&[
                &("^/a(.*)$", r"/z\1"),
                &("a", "bb"),
                &("/([^/]*)/([^/]*)", r"/\2/\1"),
                &("/+", "/"),
                &("^/(.*)$", r"\1"),
                &(".*", "/all"),
                &("(x)?/a", r"/[\0]\1"),
            ]);
            rewrite["uriRegexRewrite"] = json!({ "match": pattern, "rewrite": with });
        }
        1..=2 => rewrite["uri"] = random.pick(&REPLACEMENTS).into(),
        _ => {}
    }
    if random.chance(40) || rewrite == json!({}) {
        rewrite["authority"] = random
            .pick(&["elsewhere.example", "elsewhere.example:81"])
            .into();
    }
    rewrite
}

fn destinations(random: &mut Random) -> Vec<Value> {
    if random.chance(65) {
        let mut only = json!({ "destination": destination(random) });
        if random.chance(30) {
            only["headers"] = headers(random);
        }
        return vec![only];
    }
    let mut all = random.some(2, |random| json!({ "destination": destination(random) }));
    for one in &mut all {
        one["weight"] = (*random.pick(&[&0, &1, &50, &100])).into();
        if random.chance(25) {
            one["headers"] = headers(random);
        }
    }
    all[0]["weight"] = (*random.pick(&[&1, &100])).into();
    all
}

fn destination(random: &mut Random) -> Value {
    let port = json!({ "number": PORTS[random.below(2)] });
    match random.below(16) {
        0 => json!({ "host": "missing", "port": port }),
        1 => json!({ "host": "a", "port": { "number": 9999 } }),
        2 => json!({ "host": "a", "subset": "v3", "port": port }),
        3 | 4 => json!({ "host": "a", "subset": random.pick(&SUBSETS), "port": port }),
        5 => json!({ "host": format!("{FAR}.elsewhere.svc.cluster.local"), "port": port }),
        6 => json!({ "host": EXTERNAL, "port": port }),
        7 => json!({ "host": "reviews.shop", "port": port }),
        // The port that is called.
        8 => json!({ "host": random.pick(&SERVICES) }),
        _ => json!({ "host": random.pick(&SERVICES), "port": port }),
    }
}

fn headers(random: &mut Random) -> Value {
    let mut headers = json!({});
    let operations = |random: &mut Random, host: bool| {
        let mut operations = json!({});
        let map = |random: &mut Random| {
            let mut map = Map::new();
            for _ in 0..=random.below(2) {
                let name = if host && random.chance(10) {
                    "Host"
                } else {
                    random.pick(&HEADERS)
                };
                let value = if random.chance(8) {
                    ""
                } else {
                    random.pick(&VALUES)
                };
                // One spelling of a name in a map.
                map.insert(name.to_ascii_lowercase(), value.into());
            }
            map
        };
        if random.chance(55) {
            operations["set"] = map(random).into();
        }
        if random.chance(55) {
            operations["add"] = map(random).into();
        }
        if random.chance(35) {
            operations["remove"] = random
                .some(2, |random| random.pick(&HEADERS).to_owned())
                .into();
        }
        operations
    };
    if random.chance(75) {
        headers["request"] = operations(random, true);
    }
    if random.chance(50) {
        headers["response"] = operations(random, false);
    }
    headers
}

fn cors(random: &mut Random) -> Value {
    let mut cors = json!({ "allowOrigins": random.some(1, |random| match random.below(7) {
        0 | 1 => json!({ "prefix": "https://" }),
        2 | 3 => json!({ "regex": random.pick(&["https://.*", ".*example", "(?i)https://a.example"]) }),
        4 => json!({ "exact": "*" }),
        _ => json!({ "exact": random.pick(&ORIGINS[..7]) }),
    }) });
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
        cors["maxAge"] = random.pick(&["24h", "1m30s", "1.5s", "0s"]).into();
    }
    if random.chance(40) {
        cors["allowCredentials"] = random.chance(70).into();
    }
    if random.chance(40) {
        cors["unmatchedPreflights"] = random.pick(&["FORWARD", "IGNORE"]).into();
    }
    cors
}

fn http_match(random: &mut Random) -> Value {
    let mut one = json!({});
    if random.chance(80) {
        one["uri"] = match random.below(8) {
            0 | 1 => json!({ "exact": random.pick(&PATHS) }),
            2 => json!({ "regex": random.pick(&PATH_PATTERNS) }),
            _ => json!({ "prefix": random.pick(&PATHS) }),
        };
        if random.chance(20) {
            one["ignoreUriCase"] = true.into();
        }
    }
    for (field, percent, values) in [
        ("method", 15, METHODS.as_slice()),
        ("authority", 15, HOSTS.as_slice()),
        ("scheme", 6, ["http", "https"].as_slice()),
    ] {
        if random.chance(percent) {
            one[field] = text(random, values);
        }
    }
    if random.chance(6) {
        one["port"] = PORTS[random.below(2)].into();
    }
    for (field, percent, names, values) in [
        ("headers", 25, HEADERS.as_slice(), VALUES.as_slice()),
        ("withoutHeaders", 20, HEADERS.as_slice(), VALUES.as_slice()),
        (
            "queryParams",
            20,
            PARAMETERS.as_slice(),
            PARAMETER_VALUES.as_slice(),
        ),
    ] {
        if random.chance(percent) {
            let mut map = Map::new();
            for _ in 0..=random.below(2) {
                let name = random.pick(names);
                let wanted = if random.chance(12) {
                    json!({})
                } else {
                    text(random, values)
                };
                map.insert(name.to_owned(), wanted);
            }
            one[field] = map.into();
        }
    }
    one
}

fn text(random: &mut Random, values: &[&str]) -> Value {
    let value = random.pick(values);
    match random.below(8) {
        0 => json!({ "regex": random.pick(&VALUE_PATTERNS) }),
        1 | 2 => json!({ "prefix": &value[..1 + random.below(value.len())] }),
        _ => json!({ "exact": value }),
    }
}
