//! What would change a verdict: what is listed comes true, and is what a reader would try first.

mod common;
#[path = "common/shop.rs"]
mod shop;

use ambient_core::wire;
use serde_json::{Value, json};
use shop::SHOP;

const WEB: &str = r#"---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { metadata: { labels: { app: web } }, spec: { serviceAccountName: web } } }
"#;

fn policy(spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{ name: p, namespace: shop }}\nspec:\n  targetRefs: [{{ group: gateway.networking.k8s.io, kind: Gateway, name: waypoint }}]\n{spec}"
    )
}

fn changes(spec: &str, request: Value) -> Vec<(String, Value)> {
    let input =
        json!({ "manifests": format!("{SHOP}{WEB}{}", policy(spec)), "requests": [request] });
    let input: wire::Input = serde_json::from_value(input).expect("the contract's shape");
    let evaluation = ambient_core::evaluate(&input);
    let changes = &evaluation.results[0].changes;
    changes
        .iter()
        .map(|change| (change.summary.clone(), json!(change.set)))
        .collect()
}

fn request(account: &str, method: &str, path: &str) -> Value {
    json!({
        "from": { "serviceAccount": account },
        "to": { "service": "shop/cart", "port": 80 },
        "http": { "method": method, "path": path },
    })
}

const ALLOW_WEB_READS: &str = "  rules: [{ from: [{ source: { namespaces: [shop] } }], to: [{ operation: { methods: [GET], paths: [/api/*] } }] }]\n";

#[test]
fn the_clause_that_fails_is_the_one_to_change() {
    assert_eq!(
        changes(ALLOW_WEB_READS, request("shop/web", "POST", "/api/1")),
        [(
            "method `GET` instead of `POST`".to_owned(),
            json!({ "http.method": "GET" })
        )]
    );
    assert_eq!(
        changes(ALLOW_WEB_READS, request("shop/web", "GET", "/")),
        [("path `/api/`".to_owned(), json!({ "http.path": "/api/" }))]
    );
}

#[test]
fn a_caller_is_one_that_the_manifests_show() {
    assert_eq!(
        changes(ALLOW_WEB_READS, request("other/job", "GET", "/api/1")),
        [(
            "called by service account `shop/web`".to_owned(),
            json!({ "from": { "serviceAccount": "shop/web" } })
        )]
    );
}

#[test]
fn what_fails_together_is_changed_together() {
    assert_eq!(
        changes(ALLOW_WEB_READS, request("other/job", "PUT", "/api/1")),
        [(
            "called by service account `shop/web`, and method `GET` instead of `PUT`".to_owned(),
            json!({ "from": { "serviceAccount": "shop/web" }, "http.method": "GET" })
        )]
    );
}

#[test]
fn a_rule_that_denies_is_avoided() {
    let deny = "  action: DENY\n  rules: [{ to: [{ operation: { methods: [DELETE] } }] }]\n";
    let listed = changes(deny, request("shop/web", "DELETE", "/"));
    assert_eq!(listed[0].1, json!({ "http.method": "GET" }));
}

#[test]
fn nothing_helps_where_nothing_is_allowed() {
    assert!(changes("  rules: []\n", request("shop/web", "GET", "/")).is_empty());
    let deny_all = "  action: DENY\n  rules: [{}]\n";
    assert!(changes(deny_all, request("shop/web", "GET", "/")).is_empty());
}

#[test]
fn an_allowed_request_has_nothing_to_change() {
    assert!(changes(ALLOW_WEB_READS, request("shop/web", "GET", "/api/1")).is_empty());
}

/// Applies `set` as a client of the API would.
fn applied(request: &Value, change: &wire::Change) -> Value {
    let mut changed = request.clone();
    for (path, value) in &change.set {
        let mut place = &mut changed;
        for name in path.splitn(3, '.') {
            place = &mut place[name];
        }
        *place = value.clone();
    }
    changed
}

#[test]
fn every_change_of_the_examples_comes_true() {
    let mut tried = 0;
    for file in common::files("../examples", "yaml") {
        let text = common::read(&file);
        let body: Value = serde_yaml::from_str(&text).expect("YAML");
        let input: wire::Input =
            serde_json::from_value(body.clone()).expect("the contract's shape");
        for (index, answer) in ambient_core::evaluate(&input).results.iter().enumerate() {
            for change in &answer.changes {
                let mut changed = body.clone();
                changed["requests"][index] = applied(&body["requests"][index], change);
                let input = serde_json::from_value(changed).expect("the contract's shape");
                let verdict = ambient_core::evaluate(&input).results[index].verdict;
                assert_eq!(
                    verdict,
                    change.verdict,
                    "{}: {}",
                    file.display(),
                    change.summary
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 2, "{tried}");
}

fn evaluated(spec: &str, request: &Value) -> wire::Answer {
    let input =
        json!({ "manifests": format!("{SHOP}{WEB}{}", policy(spec)), "requests": [request] });
    let input: wire::Input = serde_json::from_value(input).expect("the contract's shape");
    ambient_core::evaluate(&input).results.remove(0)
}

/// Summary, fields and verdict of the one change of policies.
fn policy_change(spec: &str, request: Value) -> Option<(String, Value, wire::Verdict)> {
    let change = evaluated(spec, &request)
        .policy_changes
        .into_iter()
        .next()?;
    Some((change.summary, json!(change.set), change.verdict))
}

#[test]
fn the_policy_takes_in_what_the_request_has() {
    assert_eq!(
        policy_change(ALLOW_WEB_READS, request("shop/web", "POST", "/api/1")),
        Some((
            "`POST` among `methods` in rule 0 of `AuthorizationPolicy shop/p`".to_owned(),
            json!({ "spec.rules[0].to[0].operation.methods": ["GET", "POST"] }),
            wire::Verdict::Allow
        ))
    );
    let both = policy_change(ALLOW_WEB_READS, request("other/job", "PUT", "/api/1"));
    assert_eq!(
        both.map(|(_, set, _)| set),
        Some(json!({
            "spec.rules[0].from[0].source.namespaces": ["shop", "other"],
            "spec.rules[0].to[0].operation.methods": ["GET", "PUT"],
        }))
    );
}

#[test]
fn a_rule_that_denies_makes_an_exception() {
    let deny = "  action: DENY\n  rules: [{ to: [{ operation: { paths: [/admin*] } }] }]\n";
    assert_eq!(
        policy_change(deny, request("shop/web", "GET", "/admin/x")),
        Some((
            "`/admin/x` among `notPaths` in rule 0 of `AuthorizationPolicy shop/p`".to_owned(),
            json!({ "spec.rules[0].to[0].operation.notPaths": ["/admin/x"] }),
            wire::Verdict::Allow
        ))
    );
    let but = "  action: DENY\n  rules: [{ from: [{ source: { notNamespaces: [other] } }] }]\n";
    assert_eq!(
        policy_change(but, request("shop/web", "GET", "/")).map(|(_, set, _)| set),
        Some(json!({ "spec.rules[0].from[0].source.notNamespaces": ["other", "shop"] }))
    );
}

#[test]
fn what_excludes_the_request_alone_goes() {
    let allow = "  rules: [{ from: [{ source: { notNamespaces: [shop] } }] }]\n";
    assert_eq!(
        policy_change(allow, request("shop/web", "GET", "/")),
        Some((
            "no `notNamespaces` in rule 0 of `AuthorizationPolicy shop/p`".to_owned(),
            json!({ "spec.rules[0].from[0].source.notNamespaces": null }),
            wire::Verdict::Allow
        ))
    );
}

#[test]
fn what_has_no_field_to_change_goes_or_gets_a_rule() {
    let deny = "  action: DENY\n  rules: [{}]\n";
    assert_eq!(
        policy_change(deny, request("shop/web", "GET", "/")),
        Some((
            "no `AuthorizationPolicy shop/p`".to_owned(),
            json!({}),
            wire::Verdict::Allow
        ))
    );
    let first = "  action: DENY\n  rules: [{}, { to: [{ operation: { methods: [PUT] } }] }]\n";
    assert_eq!(
        policy_change(first, request("shop/web", "GET", "/")).map(|(_, set, _)| set),
        Some(json!({ "spec.rules[0]": null }))
    );
    assert_eq!(
        policy_change("  action: ALLOW\n", request("shop/web", "GET", "/")),
        Some((
            "one more rule, for `cluster.local/ns/shop/sa/web` among `principals`, in `AuthorizationPolicy shop/p`"
                .to_owned(),
            json!({ "spec.rules[0]": { "from": [{ "source": { "principals": ["cluster.local/ns/shop/sa/web"] } }] } }),
            wire::Verdict::Allow
        ))
    );
}

#[test]
fn two_that_refuse_are_met_by_two_steps() {
    let second = "  action: DENY
  rules: [{ to: [{ operation: { methods: [GET] } }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: q, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: waypoint }]
  rules: [{ to: [{ operation: { paths: [/api/*] } }] }]
";
    let answer = evaluated(second, &request("shop/web", "GET", "/"));
    let step = &answer.changes[0];
    assert_eq!(
        json!(step.set),
        json!({ "http.method": "POST", "http.path": "/api/" })
    );
    let change = &answer.policy_changes[0];
    let names: Vec<_> = change.policies.iter().map(|policy| &policy.name).collect();
    assert_eq!(names, ["p", "q"]);
    assert_eq!(
        change.summary,
        "`GET` among `notMethods` in rule 0 of `AuthorizationPolicy shop/p`, and `/` among `paths` in rule 0 of `AuthorizationPolicy shop/q`"
    );
    assert_eq!(change.verdict, wire::Verdict::Allow);
}

#[test]
fn a_bad_token_had_better_stay_away() {
    let rule = "  rules: [{}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: issuer, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: waypoint }]
  jwtRules: [{ issuer: i }]
";
    let mut request = request("shop/web", "GET", "/");
    request["jwt"] = json!([{ "issuer": "j" }]);
    assert_eq!(
        changes(rule, request),
        [("no token".to_owned(), json!({ "jwt": null }))]
    );
}

#[test]
fn an_allowed_request_names_what_allows_it() {
    let allowed = request("shop/web", "GET", "/api/1");
    assert_eq!(
        policy_change(ALLOW_WEB_READS, allowed.clone()),
        Some((
            "rule 0 of `AuthorizationPolicy shop/p` would have to match no more".to_owned(),
            json!({ "spec.rules[0]": null }),
            wire::Verdict::Deny
        ))
    );
    assert_eq!(evaluated(ALLOW_WEB_READS, &allowed).enforced, Some(true));
}

#[test]
fn what_no_policy_has_a_say_about_is_enforced_by_nobody() {
    let audit = "  action: AUDIT\n  rules: [{}]\n";
    let answer = evaluated(audit, &request("shop/web", "GET", "/"));
    assert_eq!(answer.enforced, Some(false));
    assert!(answer.policy_changes.is_empty());
    // A ztunnel keeps nothing of a DENY rule that names a method alone.
    let mut files = common::files("../examples", "yaml").into_iter();
    let file = files.find(|file| file.ends_with("ztunnel-fail-safe.yaml"));
    let text = common::read(&file.expect("the example is there"));
    let input: wire::Input = serde_yaml::from_str(&text).expect("the contract's shape");
    let answers = ambient_core::evaluate(&input).results;
    assert_eq!(answers[1].enforced, Some(false), "{:?}", answers[1].name);
    let denied = evaluated(ALLOW_WEB_READS, &request("shop/web", "POST", "/"));
    assert_eq!(denied.enforced, None);
}

/// What each rule of each policy lacks at the waypoint, and the reason.
fn lacking(spec: &str, request: Value) -> (Vec<Vec<String>>, String) {
    let input =
        json!({ "manifests": format!("{SHOP}{WEB}{}", policy(spec)), "requests": [request] });
    let input: wire::Input = serde_json::from_value(input).expect("the contract's shape");
    let answer = ambient_core::evaluate(&input).results.remove(0);
    let policies = answer.hops.iter().flat_map(|hop| hop.policies.iter());
    let rules = policies.flat_map(|policy| policy.rules);
    let missing = rules.map(|rule| rule.missing.into_iter().map(str::to_owned).collect());
    let missing = missing.collect();
    (missing, answer.reason)
}

#[test]
fn every_allow_rule_says_how_near_it_was() {
    const RULES: &str = "  rules:
    - from: [{ source: { namespaces: [other] } }]
      to: [{ operation: { methods: [POST], paths: [/x] } }, { operation: { methods: [PUT] } }]
    - from: [{ source: { namespaces: [shop] } }]
      to: [{ operation: { methods: [GET] } }]
      when: [{ key: 'request.headers[x-user]', notValues: [nobody] }]
";
    let (missing, reason) = lacking(RULES, request("shop/web", "DELETE", "/"));
    assert_eq!(
        missing,
        [
            // Of the two entries of `to` the second lacks less.
            vec!["from[0].source.namespaces", "to[1].operation.methods"],
            vec!["to[0].operation.methods"],
        ]
    );
    assert_eq!(
        reason,
        "AuthorizationPolicy `shop/p` is the only ALLOW policy at the waypoint, and no rule of it matches; the client sees 403. Nearest is rule 1 of AuthorizationPolicy `shop/p`: only `to[0].operation.methods` does not match."
    );
    // What allows it, or what refuses it by a rule, was not near: it decided.
    let (missing, _) = lacking(RULES, request("shop/web", "GET", "/"));
    assert!(missing.iter().all(Vec::is_empty), "{missing:?}");
    let (missing, reason) = lacking(
        "  action: DENY\n  rules: [{ to: [{ operation: { methods: [GET] } }] }, { to: [{ operation: { methods: [PUT] } }] }]\n",
        request("shop/web", "GET", "/"),
    );
    assert!(missing.iter().all(Vec::is_empty), "{missing:?}");
    assert!(!reason.contains("Nearest"), "{reason}");
}
