//! One case: routes of one Service and requests to it; the mesh around them is always the same.

use ambient_core::wire;
use serde_json::{Value, json};

/// Routes, and requests about them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub(super) settings: Value,
    pub(super) routes: Vec<Value>,
    pub(super) requests: Vec<Value>,
}

/// The ports of every Service.
pub(super) const PORTS: [u16; 2] = [80, 8080];
/// The Services of the waypoint's namespace.
pub(super) const SERVICES: [&str; 4] = ["reviews", "a", "b", "c"];
/// The subsets that a DestinationRule makes of `a`.
pub(super) const SUBSETS: [&str; 2] = ["v1", "v2"];
/// A Service that the waypoint does not serve.
pub(super) const FAR: &str = "far";
/// A ServiceEntry's host.
pub(super) const EXTERNAL: &str = "api.example.com";

impl Case {
    /// The case as the engine reads it.
    pub(super) fn input(&self) -> wire::Input {
        let mut documents = mesh();
        documents.extend(self.routes.iter().cloned());
        let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
        wire::Input {
            manifests: wire::Manifests::Text(texts.join("\n---\n")),
            settings: serde_json::from_value(self.settings.clone())
                .expect("settings are the contract's"),
            requests: wire::Requests::List(self.requests.clone()),
        }
    }

    /// The case as somebody reads it who looks for the fault.
    pub(super) fn show(&self) -> String {
        let mut shown = vec![format!("settings: {}", self.settings)];
        for route in &self.routes {
            shown.push(format!(
                "{}: {} {}",
                route["kind"], route["metadata"], route["spec"]
            ));
        }
        for request in &self.requests {
            shown.push(format!("request: {request}"));
        }
        shown.join("\n")
    }

    /// The rule that an answer names, as it is written.
    pub(super) fn rule(&self, route: &wire::RouteChoice) -> Option<&Value> {
        let object = self.routes.iter().find(|object| {
            object["kind"] == *route.object.kind && object["metadata"]["name"] == *route.object.name
        })?;
        let section = if route.object.kind == "VirtualService" {
            "http"
        } else {
            "rules"
        };
        object["spec"][section].get(route.rule)
    }
}

/// The cluster of a backend that an answer names.
pub(super) fn cluster(backend: &wire::Backend) -> String {
    let port = backend.port.unwrap_or_default();
    let subset = backend.subset.as_deref();
    match backend.object.namespace.as_deref() {
        Some("shop") => inbound(&host(&backend.object.name, "shop"), port, subset),
        Some(namespace) => {
            let host = host(&backend.object.name, namespace);
            format!("outbound|{port}|{}|{host}", subset.unwrap_or_default())
        }
        None => inbound(&backend.object.name, port, subset),
    }
}

fn host(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.svc.cluster.local")
}

fn inbound(host: &str, port: u16, subset: Option<&str>) -> String {
    let subset = subset.map(|subset| format!("/{subset}"));
    format!(
        "inbound-vip|{port}|http{}|{host}",
        subset.unwrap_or_default()
    )
}

/// The clusters that istiod makes for a waypoint of this mesh.
pub(super) fn clusters() -> Vec<String> {
    let mut clusters = Vec::new();
    for port in PORTS {
        clusters.extend(SERVICES.map(|name| inbound(&host(name, "shop"), port, None)));
        clusters.extend(SUBSETS.map(|subset| inbound(&host("a", "shop"), port, Some(subset))));
        clusters.push(format!("outbound|{port}||{}", host(FAR, "elsewhere")));
        clusters.push(inbound(EXTERNAL, port, None));
    }
    clusters
}

/// A waypoint in front of some Services, and things that it does not serve.
fn mesh() -> Vec<Value> {
    let ports = PORTS.map(|port| json!({ "name": format!("http-{port}"), "port": port }));
    let mut mesh = crate::case::waypoint();
    mesh.extend([
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "DestinationRule",
            "metadata": { "name": "a", "namespace": "shop" },
            "spec": {
                "host": "a",
                "subsets": SUBSETS.map(|name| json!({ "name": name, "labels": { "version": name } })),
            },
        }),
        // Without it the waypoint knows nothing of what is far where only VirtualServices with wildcards speak of it.
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": { "name": "far", "namespace": "elsewhere" },
            "spec": {
                "hosts": [host("c", "shop")],
                "http": [{ "route": [{ "destination": { "host": FAR } }] }],
            },
        }),
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": { "name": "api", "namespace": "shop" },
            "spec": {
                "hosts": [EXTERNAL],
                "resolution": "DNS",
                "ports": PORTS.map(|port| json!({ "name": format!("http-{port}"), "number": port, "protocol": "HTTP" })),
            },
        }),
    ]);
    let services = SERVICES.map(|name| (name, "shop"));
    for (name, namespace) in services.into_iter().chain([(FAR, "elsewhere")]) {
        mesh.push(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": name, "namespace": namespace },
            "spec": { "ports": ports },
        }));
    }
    mesh
}
