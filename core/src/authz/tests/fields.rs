//! One field at a time: what a ztunnel and an Envoy make of it. Each row has its twin that flips the verdict.

use serde_json::json;

use super::*;

/// A rule, the request, whether it matches at a ztunnel and at a waypoint.
type Row = (&'static str, fn(&mut Flow), bool, bool);

fn check(rows: &[Row], settings: &Settings) {
    for (rule, change, ztunnel, waypoint) in rows {
        let mut flow = flow();
        change(&mut flow);
        for (enforcer, expected) in [(Enforcer::Ztunnel, ztunnel), (Enforcer::Http, waypoint)] {
            let got = rule_matches(Action::Allow, rule, &flow, settings, enforcer);
            assert_eq!(got, *expected, "{rule} at {enforcer:?} for {flow:?}");
        }
    }
}

fn same(_: &mut Flow) {}

fn plaintext(flow: &mut Flow) {
    flow.peer = None;
}

#[test]
fn empty_shapes() {
    check(
        &[
            ("{}", same, true, true),
            (
                "{ from: [{ source: { namespaces: [default] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ to: [{ operation: { ports: ['9080'] } }] }",
                same,
                true,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn identities() {
    fn other_domain(flow: &mut Flow) {
        flow.peer = Some(Principal::new("other", "default", "sleep"));
    }
    fn account_with_sa(flow: &mut Flow) {
        flow.peer = Some(Principal::new("cluster.local", "prod", "sleep"));
    }
    check(
        &[
            (
                "{ from: [{ source: { principals: [cluster.local/ns/default/sa/sleep] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { principals: [cluster.local/ns/default/sa/slee] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { principals: [cluster.local/ns/default/sa/sleep] } }] }",
                other_domain,
                false,
                false,
            ),
            (
                "{ from: [{ source: { principals: ['*/ns/default/sa/sleep'] } }] }",
                other_domain,
                true,
                true,
            ),
            (
                "{ from: [{ source: { principals: ['cluster.local/ns/default/*'] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { principals: ['spiffe://cluster.local/ns/default/sa/sleep'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { principals: ['cluster.local/ns/*/sa/sleep'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { principals: ['*'] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { principals: ['*'] } }] }",
                plaintext,
                false,
                false,
            ),
            (
                "{ from: [{ source: { notPrincipals: ['*'] } }] }",
                plaintext,
                true,
                true,
            ),
            (
                "{ from: [{ source: { notPrincipals: ['*'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { namespaces: [default] } }] }",
                plaintext,
                false,
                false,
            ),
            (
                "{ from: [{ source: { namespaces: [prod] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { namespaces: ['def*'] } }] }",
                same,
                true,
                true,
            ),
            // A star in the middle is one to Envoy only, and so is a suffix that reaches into `/sa/`.
            (
                "{ from: [{ source: { namespaces: ['d*t'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ from: [{ source: { namespaces: ['*sa'] } }] }",
                account_with_sa,
                false,
                true,
            ),
            (
                "{ from: [{ source: { notNamespaces: [default] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { notNamespaces: [default] } }] }",
                plaintext,
                true,
                true,
            ),
            (
                "{ from: [{ source: { namespaces: [default], notNamespaces: [default] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { serviceAccounts: [sleep] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { serviceAccounts: [default/sleep] } }] }",
                other_domain,
                true,
                true,
            ),
            (
                "{ from: [{ source: { serviceAccounts: [prod/sleep] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { notServiceAccounts: [sleep] } }] }",
                plaintext,
                true,
                true,
            ),
            (
                "{ when: [{ key: source.principal, values: [cluster.local/ns/default/sa/sleep] }] }",
                same,
                true,
                true,
            ),
            (
                "{ when: [{ key: source.namespace, notValues: [default] }] }",
                same,
                false,
                false,
            ),
            // The key of the same meaning is one that ztunnel is not told of.
            (
                "{ when: [{ key: source.serviceAccount, values: [default/sleep] }] }",
                same,
                false,
                true,
            ),
            (
                "{ when: [{ key: source.trustDomain, values: [cluster.local] }] }",
                same,
                false,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn trust_domains() {
    fn alias(flow: &mut Flow) {
        flow.peer = Some(Principal::new("td2", "default", "sleep"));
    }
    fn own(flow: &mut Flow) {
        flow.peer = Some(Principal::new("td1", "default", "sleep"));
    }
    let settings = Settings {
        trust_domain: "td1".to_owned(),
        trust_domain_aliases: vec!["td2".to_owned()],
        ..Settings::default()
    };
    check(
        &[
            (
                "{ from: [{ source: { principals: [td1/ns/default/sa/sleep] } }] }",
                own,
                true,
                true,
            ),
            (
                "{ from: [{ source: { principals: [td1/ns/default/sa/sleep] } }] }",
                alias,
                false,
                true,
            ),
            (
                "{ from: [{ source: { principals: [cluster.local/ns/default/sa/sleep] } }] }",
                own,
                false,
                true,
            ),
            (
                "{ from: [{ source: { trustDomains: [td2] } }] }",
                own,
                false,
                true,
            ),
            (
                "{ from: [{ source: { trustDomains: ['td*'] } }] }",
                own,
                false,
                true,
            ),
            (
                "{ from: [{ source: { trustDomains: [td3] } }] }",
                own,
                false,
                false,
            ),
            (
                "{ from: [{ source: { trustDomains: ['*'] } }] }",
                plaintext,
                false,
                false,
            ),
            // Dropped silently beside another field: wider at ztunnel than written.
            (
                "{ from: [{ source: { namespaces: [default], trustDomains: [td3] } }] }",
                own,
                true,
                false,
            ),
        ],
        &settings,
    );
}

#[test]
fn addresses_and_ports() {
    fn unknown_address(flow: &mut Flow) {
        flow.source_ip = None;
    }
    check(
        &[
            (
                "{ from: [{ source: { ipBlocks: [10.0.0.0/8] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { ipBlocks: [10.0.0.8, 10.0.0.7] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { ipBlocks: [10.0.0.0/30] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { ipBlocks: ['::/0'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { ipBlocks: [0.0.0.0/0] } }] }",
                unknown_address,
                false,
                false,
            ),
            (
                "{ from: [{ source: { notIpBlocks: [0.0.0.0/0] } }] }",
                unknown_address,
                true,
                true,
            ),
            (
                "{ when: [{ key: source.ip, values: [10.0.0.7] }] }",
                same,
                true,
                true,
            ),
            (
                "{ from: [{ source: { remoteIpBlocks: [192.0.2.0/24] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ when: [{ key: remote.ip, values: [192.0.3.0/24] }] }",
                same,
                false,
                false,
            ),
            (
                "{ when: [{ key: destination.ip, values: [10.96.0.9] }] }",
                same,
                true,
                true,
            ),
            (
                "{ when: [{ key: destination.ip, notValues: [10.96.0.9] }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { ports: ['80', '9080'] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ to: [{ operation: { ports: ['80'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { notPorts: ['80'] } }] }",
                same,
                true,
                true,
            ),
            (
                "{ when: [{ key: destination.port, values: ['9080'] }] }",
                same,
                true,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn http_fields_match_at_waypoints_only() {
    fn other_case(flow: &mut Flow) {
        flow.http = flow.http.take().map(|http| Http {
            authority: "REVIEWS:9080".to_owned(),
            path: "/REVIEWS/1".to_owned(),
            method: "get".to_owned(),
            ..http
        });
    }
    check(
        &[
            (
                "{ to: [{ operation: { hosts: ['reviews:9080'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { hosts: ['reviews:9080'] } }] }",
                other_case,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { hosts: [reviews] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { hosts: ['reviews*'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { methods: [GET] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { methods: [GET] } }] }",
                other_case,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { methods: ['*'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { notMethods: [POST] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { paths: [/reviews/1] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { paths: [/reviews/1] } }] }",
                other_case,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { paths: ['/reviews/1?x=y'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { paths: ['/reviews/{*}'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ to: [{ operation: { paths: ['/reviews/{*}/x'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { notPaths: ['/reviews/{**}'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { methods: [GET], paths: [/ratings/1] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ to: [{ operation: { methods: [POST] } }, { operation: { methods: [GET] } }] }",
                same,
                false,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn headers_are_tested_line_by_line() {
    fn two_lines(flow: &mut Flow) {
        let headers = &mut flow.http.as_mut().unwrap().headers;
        headers.insert("x-a".to_owned(), vec!["1".to_owned(), "2".to_owned()]);
        headers.insert("x-empty".to_owned(), vec![String::new()]);
    }
    check(
        &[
            (
                "{ when: [{ key: 'request.headers[X-A]', values: ['2'] }] }",
                two_lines,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.headers[x-a]', values: ['1,2'] }] }",
                two_lines,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.headers[x-a]', notValues: ['1'] }] }",
                two_lines,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.headers[x-a]', notValues: ['1,2'] }] }",
                two_lines,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.headers[x-a]', values: ['1'], notValues: ['2'] }] }",
                two_lines,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.headers[x-a]', values: ['*'] }] }",
                same,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.headers[x-empty]', values: ['*'] }] }",
                two_lines,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.headers[x-b]', notValues: ['1'] }] }",
                same,
                false,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn server_names() {
    fn with_sni(flow: &mut Flow) {
        flow.sni = Some("db.example".to_owned());
    }
    check(
        &[
            (
                "{ when: [{ key: connection.sni, values: ['*.example'] }] }",
                with_sni,
                false,
                true,
            ),
            (
                "{ when: [{ key: connection.sni, values: ['*.example'] }] }",
                same,
                false,
                false,
            ),
            (
                "{ when: [{ key: connection.sni, notValues: ['*.example'] }] }",
                same,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'experimental.envoy.filters.x[k]', values: ['*'] }] }",
                same,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'experimental.envoy.filters.x[k]', notValues: ['*'] }] }",
                same,
                false,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn claims() {
    fn with_token(flow: &mut Flow) {
        flow.claims = json!({
            "iss": "https://issuer.example/a",
            "sub": "jane",
            "aud": ["shop", "bar"],
            "azp": "app",
            "level": 3,
            "admin": true,
            "groups": ["dev", 7],
            "nested": { "deep": { "x/y.z": "here" } },
            "empty": "",
        })
        .as_object()
        .cloned();
    }
    fn without_subject(flow: &mut Flow) {
        flow.claims = json!({ "iss": "i" }).as_object().cloned();
    }
    check(
        &[
            (
                "{ from: [{ source: { requestPrincipals: ['https://issuer.example/a/jane'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['https://issuer.example/jane'] } }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*'] } }] }",
                without_subject,
                false,
                false,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*'] } }] }",
                same,
                false,
                false,
            ),
            (
                "{ from: [{ source: { notRequestPrincipals: ['*'] } }] }",
                same,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['https://issuer.example/a/*'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['https://issuer.example/a/ja*'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['https://issuer.example/*'] } }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*/jane'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*example/a/jane'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*/jan'] } }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['*ne'] } }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['jane'] } }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ from: [{ source: { requestPrincipals: ['i*'] } }] }",
                without_subject,
                false,
                false,
            ),
            (
                "{ when: [{ key: request.auth.audiences, values: [bar] }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ when: [{ key: request.auth.audiences, values: [other] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: request.auth.presenter, values: [app] }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[groups]', values: [dev] }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[groups]', values: ['7'] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[level]', values: ['3'] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[admin]', values: ['true'] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[nested][deep][x/y.z]', values: [here] }] }",
                with_token,
                false,
                true,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[nested][deep]', values: ['*'] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[empty]', values: ['*'] }] }",
                with_token,
                false,
                false,
            ),
            (
                "{ when: [{ key: 'request.auth.claims[none]', notValues: [x] }] }",
                same,
                false,
                true,
            ),
        ],
        &Settings::default(),
    );
}

#[test]
fn what_was_seen_is_shown_in_the_words_of_the_policy() {
    let mut flow = flow();
    flow.claims = json!({ "iss": "i", "sub": "s", "aud": ["a"] })
        .as_object()
        .cloned();
    for (key, expected) in [
        (
            "source.principal",
            json!("cluster.local/ns/default/sa/sleep"),
        ),
        ("source.namespace", json!("default")),
        ("source.serviceAccount", json!("default/sleep")),
        ("source.trustDomain", json!("cluster.local")),
        ("source.ip", json!("10.0.0.7")),
        ("destination.port", json!("9080")),
        ("request.auth.principal", json!("i/s")),
        ("request.auth.audiences", json!(["a"])),
        ("request.headers[x-a]", json!(null)),
        ("connection.sni", json!(null)),
    ] {
        let attribute = crate::resource::Attribute::from_when_key(key).unwrap();
        assert_eq!(attribute.observe(&flow).to_value(), expected, "{key}");
    }
    flow.peer = None;
    assert_eq!(
        crate::resource::Attribute::SourceNamespace
            .observe(&flow)
            .to_value(),
        json!(null)
    );
}
