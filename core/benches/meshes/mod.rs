//! Meshes as large companies have them, made up: teams with a namespace and a waypoint each, Services with versions
//! behind them, routes that split between these, policies of all scopes. No chance is involved, so that every run
//! measures the same. Meshes of all sizes are alike: a larger one has more teams, each of the same make-up, and the same
//! two policies for the whole mesh. Were these to grow with it, so would what each workload has to enforce.

use std::fmt::Write;

/// How many policies there are for the whole mesh.
const MESH_WIDE: usize = 2;

/// Manifests of about so many objects: a fifth Services, half workloads, a twentieth routes, a fifth policies.
pub(crate) fn manifests(objects: usize) -> String {
    let services = objects / 5;
    let namespaces = services.div_ceil(20).max(1);
    let mut text = String::new();
    for namespace in 0..namespaces {
        let _ = write!(
            text,
            "apiVersion: v1
kind: Namespace
metadata:
  name: team-{namespace}
  labels: {{ istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: waypoint, namespace: team-{namespace} }}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{{ name: mesh, port: 15008, protocol: HBONE }}]
---
"
        );
    }
    for service in 0..services {
        let namespace = service % namespaces;
        let _ = write!(
            text,
            "apiVersion: v1
kind: Service
metadata: {{ name: app-{service}, namespace: team-{namespace} }}
spec:
  selector: {{ app: app-{service} }}
  ports: [{{ name: http, port: 8080 }}, {{ name: grpc, port: 9090 }}]
---
"
        );
        // Five workloads to two Services: v1 and v2 of each, and a batch job of every second one.
        for version in 1..=2 {
            workload(&mut text, namespace, service, version);
        }
        if service % 2 == 0 {
            workload(&mut text, namespace, service, 3);
        }
        if service % 4 == 0 {
            route(&mut text, namespace, service, services);
        }
        policy(&mut text, namespace, service);
    }
    text
}

fn workload(text: &mut String, namespace: usize, service: usize, version: usize) {
    let _ = write!(
        text,
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: app-{service}-v{version}, namespace: team-{namespace} }}
spec:
  replicas: 3
  selector: {{ matchLabels: {{ app: app-{service}, version: v{version} }} }}
  template:
    metadata: {{ labels: {{ app: app-{service}, version: v{version}, team: team-{namespace} }} }}
    spec:
      serviceAccountName: app-{service}
      containers: [{{ name: app, image: registry.example/app, ports: [{{ name: http, containerPort: 8080 }}] }}]
---
"
    );
}

fn route(text: &mut String, namespace: usize, service: usize, services: usize) {
    let other = (service + namespace + 1) % services;
    let _ = write!(
        text,
        "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{ name: app-{service}, namespace: team-{namespace} }}
spec:
  parentRefs: [{{ group: '', kind: Service, name: app-{service}, port: 8080 }}]
  rules:
    - matches: [{{ path: {{ type: PathPrefix, value: /v2 }}, headers: [{{ name: x-canary, value: 'true' }}] }}]
      backendRefs: [{{ name: app-{service}, port: 8080, weight: 90 }}, {{ name: app-{other}, port: 8080, weight: 10 }}]
    - backendRefs: [{{ name: app-{service}, port: 8080 }}]
---
"
    );
}

/// By turns at the Service, at its waypoint, for its workloads, for the namespace, for the mesh.
fn policy(text: &mut String, namespace: usize, service: usize) {
    let (in_namespace, reach) = match service % 10 {
        0..=4 => (
            format!("team-{namespace}"),
            format!("targetRefs: [{{ group: '', kind: Service, name: app-{service} }}]"),
        ),
        5 => (
            format!("team-{namespace}"),
            "targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: waypoint }]"
                .to_owned(),
        ),
        6..=8 => (
            format!("team-{namespace}"),
            format!("selector: {{ matchLabels: {{ app: app-{service} }} }}"),
        ),
        _ if service % 100 == 9 && service < MESH_WIDE * 100 => {
            ("istio-system".to_owned(), "action: DENY".to_owned())
        }
        _ => (format!("team-{namespace}"), "action: ALLOW".to_owned()),
    };
    let _ = write!(
        text,
        "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{ name: app-{service}, namespace: {in_namespace} }}
spec:
  {reach}
  rules:
    - from: [{{ source: {{ principals: [cluster.local/ns/team-{namespace}/sa/app-{service}], namespaces: [team-{namespace}] }} }}]
      to: [{{ operation: {{ ports: ['8080'] }} }}]
---
"
    );
}
