//! What the choice of a route costs, side by side, on a host with 10 to 10,000 HTTPRoutes.
//! `cargo bench -p ambient-core --bench routes`
//!
//! The request is one that a route near the end of the search takes: `looked_up` is the verdict's choice, by an index over
//! paths; `walked` is Envoy's own order of search, from the top; `logged` walks as well, with a line for every condition
//! tried. `nobodys` is a path that no route takes, for which a walk tries them all.

#![allow(clippy::expect_used, reason = "a benchmark's input is its own")]

use ambient_core::{Workspace, measure, wire};
use divan::{Bencher, black_box};
use serde_json::json;

const SIZES: [usize; 3] = [10, 1_000, 10_000];

const MESH: &str = r#"
{ apiVersion: v1, kind: Namespace, metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: shop }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
"#;

fn main() {
    divan::main();
}

/// So many routes of one Service, as large hosts have them: prefixes and exact paths, one in three with a method, one in
/// five with a header.
fn input(size: usize, path: &str) -> wire::Input {
    let mut manifests = MESH.to_owned();
    for index in 0..size {
        let path = match index % 2 {
            0 => json!({ "type": "PathPrefix", "value": format!("/api/{index}") }),
            _ => json!({ "type": "Exact", "value": format!("/api/{index}/items") }),
        };
        let mut wanted = json!({ "path": path });
        if index % 3 == 1 {
            wanted["method"] = json!("GET");
        }
        if index % 5 == 1 {
            wanted["headers"] = json!([{ "name": "x-team", "value": format!("team-{index}") }]);
        }
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": format!("r{index:05}"), "namespace": "shop" },
            "spec": {
                "parentRefs": [{ "group": "", "kind": "Service", "name": "cart" }],
                "rules": [{ "matches": [wanted], "backendRefs": [{ "name": "cart", "port": 80 }] }],
            },
        });
        manifests.push_str(&format!("---\n{route}\n"));
    }
    let request = json!({
        "from": { "serviceAccount": "shop/web" },
        "to": { "service": "shop/cart", "port": 80 },
        "http": { "method": "GET", "path": path, "host": "cart" },
    });
    wire::Input {
        manifests: wire::Manifests::Text(manifests),
        requests: wire::Requests::List(vec![request]),
        ..wire::Input::default()
    }
}

fn choice(
    bencher: Bencher<'_, '_>,
    size: usize,
    path: &str,
    choose: fn(&measure::PreparedRoutes<'_>) -> Option<usize>,
) {
    let workspace = Workspace::load(&input(size, path));
    let prepared = workspace.prepare_routes(0).expect("a waypoint with routes");
    assert_eq!(prepared.indexed(), prepared.walked());
    assert_eq!(prepared.indexed(), prepared.logged());
    bencher.bench_local(|| choose(black_box(&prepared)));
}

/// Prefixes come behind exact paths and longer ones first: of these, all but a few stand in front.
const LAST: &str = "/api/2/items";
const NOBODYS: &str = "/other";

#[divan::bench(args = SIZES)]
fn looked_up(bencher: Bencher<'_, '_>, size: usize) {
    choice(bencher, size, LAST, |prepared| prepared.indexed());
}

#[divan::bench(args = SIZES)]
fn walked(bencher: Bencher<'_, '_>, size: usize) {
    choice(bencher, size, LAST, |prepared| prepared.walked());
}

#[divan::bench(args = SIZES)]
fn logged(bencher: Bencher<'_, '_>, size: usize) {
    choice(bencher, size, LAST, |prepared| prepared.logged());
}

#[divan::bench(args = SIZES)]
fn nobodys_looked_up(bencher: Bencher<'_, '_>, size: usize) {
    choice(bencher, size, NOBODYS, |prepared| prepared.indexed());
}

#[divan::bench(args = SIZES)]
fn nobodys_walked(bencher: Bencher<'_, '_>, size: usize) {
    choice(bencher, size, NOBODYS, |prepared| prepared.walked());
}
