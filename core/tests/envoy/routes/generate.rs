//! Random routes of one Service.

use serde_json::{Value, json};

use super::case::Case;
use super::{requests, rules, virtual_services};
use crate::random::Random;

/// A case with `requests` requests.
pub(super) fn case(random: &mut Random, requests: usize) -> Case {
    let normalization = [
        "BASE",
        "BASE",
        "BASE",
        "NONE",
        "MERGE_SLASHES",
        "DECODE_AND_MERGE_SLASHES",
    ];
    let settings = json!({ "pathNormalization": random.pick(&normalization) });
    let kinds: &[&str] = match random.below(10) {
        0..=3 => &["HTTPRoute"],
        4 => &["HTTPRoute", "GRPCRoute"],
        5 | 6 => &["HTTPRoute", "VirtualService"],
        _ => &["VirtualService"],
    };
    let mut routes = Vec::new();
    for kind in kinds {
        let count = if *kind == "VirtualService" {
            0
        } else {
            random.below(3)
        };
        for index in 0..=count {
            routes.push(route(random, kind, index));
        }
    }
    let requests = (0..requests)
        .map(|_| requests::request(random, &routes))
        .collect();
    Case {
        settings,
        routes,
        requests,
    }
}

fn route(random: &mut Random, kind: &str, index: usize) -> Value {
    let mut metadata =
        json!({ "name": format!("{}-{index}", kind.to_ascii_lowercase()), "namespace": "shop" });
    if random.chance(30) {
        let created = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
        metadata["creationTimestamp"] = random.pick(&created).into();
    }
    let (group, spec) = if kind == "VirtualService" {
        let host = random.pick(&[
            "reviews",
            "reviews.shop.svc.cluster.local",
            "*.shop.svc.cluster.local",
        ]);
        let spec = json!({ "hosts": [host], "http": virtual_services::rules(random) });
        ("networking.istio.io", spec)
    } else {
        let mut parent = json!({ "group": "", "kind": "Service", "name": "reviews" });
        if random.chance(15) {
            parent["port"] = 80.into();
        }
        let make = if kind == "GRPCRoute" {
            rules::grpc
        } else {
            rules::http
        };
        let spec = json!({ "parentRefs": [parent], "rules": random.some(3, make) });
        ("gateway.networking.k8s.io", spec)
    };
    json!({ "apiVersion": format!("{group}/v1"), "kind": kind, "metadata": metadata, "spec": spec })
}
