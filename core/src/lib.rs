#![doc = include_str!("../README.md")]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

// What `derive(Decode)` writes names this crate from outside.
extern crate self as ambient_core;

mod attach;
mod authz;
mod behavior;
mod change;
pub mod decode;
mod effective;
mod envoy;
mod eval;
mod explain;
mod export;
mod flow;
mod graph;
mod lint;
mod matcher;
#[doc(hidden)]
pub mod measure;
mod mesh;
mod migrate;
mod model;
mod resource;
mod route;
pub mod sorted;
mod source;
mod status;
mod trace;
pub mod wire;

use std::sync::{Arc, OnceLock};

use source::{Diagnostics, FieldPath, Origin};

/// The version of the engine.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The state of `istio/istio`, and of `istio/ztunnel` of the same age, whose code the engine follows: the branch that
/// becomes 1.31.
pub const ISTIO: &str = "master of 2026-08-22 (86c9f01f)";
/// The state of `kubernetes-sigs/gateway-api` that the engine follows.
pub const GATEWAY_API: &str = "main of 2026-08-21";

/// Evaluates every sample request against the manifests.
///
/// ```
/// let input: ambient_core::wire::Input = serde_json::from_value(serde_json::json!({
///     "manifests": "
/// apiVersion: v1
/// kind: Service
/// metadata: { name: reviews, namespace: default }
/// spec: { ports: [{ name: http, port: 9080 }] }
/// ",
///     "requests": [{
///         "from": { "outside": true },
///         "to": { "service": "default/reviews", "port": 9080 },
///         "http": { "method": "GET", "path": "/" },
///     }],
/// }))?;
/// let evaluation = ambient_core::evaluate(&input);
/// assert_eq!(evaluation.results[0].verdict, ambient_core::wire::Verdict::Allow);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn evaluate(input: &wire::Input) -> wire::Evaluation {
    Workspace::load(input).evaluate()
}

/// The attachment graph of the manifests.
///
/// ```
/// let input = ambient_core::wire::Input {
///     manifests: ambient_core::wire::Manifests::Text(
///         "{ apiVersion: v1, kind: Namespace, metadata: { name: shop } }".to_owned(),
///     ),
///     ..Default::default()
/// };
/// assert_eq!(ambient_core::graph(&input).nodes[0].id, "Namespace//shop");
/// ```
pub fn graph(input: &wire::Input) -> wire::Graph {
    Workspace::load(input).graph()
}

/// The findings about the manifests.
///
/// ```
/// let input = ambient_core::wire::Input {
///     manifests: ambient_core::wire::Manifests::Text("kind: [".to_owned()),
///     ..Default::default()
/// };
/// assert_eq!(ambient_core::analyze(&input).diagnostics[0].code, "WP0001");
/// ```
pub fn analyze(input: &wire::Input) -> wire::Analysis {
    Workspace::load(input).analyze()
}

/// The filters that istiod would write for waypoints, chain by chain. `waypoint`, as `namespace/name`, leaves only those
/// of one.
///
/// ```
/// assert!(ambient_core::envoy(&ambient_core::wire::Input::default(), None).chains.is_empty());
/// ```
pub fn envoy(input: &wire::Input, waypoint: Option<&str>) -> wire::EnvoyConfiguration {
    let workspace = Workspace::load(input);
    wire::EnvoyConfiguration {
        chains: workspace.envoy(waypoint),
        diagnostics: workspace.manifest_diagnostics(),
    }
}

/// Requests that one would expect the policies of the manifests to stop, and that get through.
///
/// ```
/// let found = ambient_core::ways_around(&ambient_core::wire::Input::default());
/// assert!(found.ways.is_empty());
/// ```
pub fn ways_around(input: &wire::Input) -> wire::WaysAround {
    Workspace::load(input).ways_around()
}

/// VirtualServices as Gateway API's routes, checked by requests against both forms.
///
/// ```
/// let input = ambient_core::wire::Input {
///     manifests: ambient_core::wire::Manifests::Text(
///         "{ apiVersion: v1, kind: Namespace, metadata: { name: shop } }".to_owned(),
///     ),
///     ..Default::default()
/// };
/// assert!(ambient_core::migrate(&input).replaced.is_empty());
/// ```
pub fn migrate(input: &wire::Input) -> wire::Migration {
    let samples = eval::read_samples(&input.requests, &mut Diagnostics::default());
    let settings = samples.settings.as_ref().unwrap_or(&input.settings);
    migrate::run(&input.manifests, settings)
}

/// Values as YAML documents that people read, in the order of fields that they are used to.
///
/// ```
/// let values = [serde_json::json!({ "spec": {}, "kind": "Service" })];
/// assert_eq!(ambient_core::yaml(&values), "kind: Service\nspec: {}\n");
/// ```
pub fn yaml(values: &[serde_json::Value]) -> String {
    migrate::yaml::documents(values)
}

/// Every sort of finding, with the place of its document, by code.
pub fn lints() -> Vec<wire::LintDescription> {
    let mut lints: Vec<_> = lint::all()
        .chain(migrate::LINTS.iter().copied())
        .map(|lint| wire::LintDescription {
            code: lint.code.to_owned(),
            name: lint.name.to_owned(),
            severity: lint.severity,
            document: format!("lints/{}-{}.md", lint.code, lint.name),
        })
        .collect();
    lints.sort_by(|left, right| left.code.cmp(&right.code));
    lints
}

/// A graph as text that other tools read.
///
/// ```
/// use ambient_core::wire::{Graph, GraphFormat};
/// let text = ambient_core::export(&Graph::default(), GraphFormat::Mermaid);
/// assert_eq!(text, "flowchart LR\n");
/// ```
pub fn export(graph: &wire::Graph, format: wire::GraphFormat) -> String {
    export::export(graph, format)
}

/// What affects an object, by its id in the graph, and what it affects; `None`: every object.
///
/// ```
/// let input = ambient_core::wire::Input {
///     manifests: ambient_core::wire::Manifests::Text(
///         "{ apiVersion: v1, kind: Service, metadata: { name: reviews, namespace: shop } }".to_owned(),
///     ),
///     ..Default::default()
/// };
/// assert_eq!(ambient_core::effective(&input, None).results[0].object, "Service/shop/reviews");
/// ```
pub fn effective(input: &wire::Input, object: Option<&str>) -> wire::Effective {
    Workspace::load(input).effective(object)
}

/// The `status` that istiod would write on each object.
///
/// ```
/// let input = ambient_core::wire::Input {
///     manifests: ambient_core::wire::Manifests::Text(
///         "{ apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: { name: nobody } }".to_owned(),
///     ),
///     ..Default::default()
/// };
/// let status = &ambient_core::status(&input).results[0].status;
/// assert_eq!(status.conditions[0].condition_type, "ZtunnelAccepted");
/// ```
pub fn status(input: &wire::Input) -> wire::Statuses {
    Workspace::load(input).status()
}

/// How every kind attaches, and how finished it is at waypoints; then the labels that enrol.
pub fn features() -> Vec<wire::Feature> {
    let kinds = resource::FEATURES.iter().map(|feature| wire::Feature {
        name: feature.kind.name().to_owned(),
        attachment: feature.attachment.name().to_owned(),
        status: feature.status.map(|status| status.name().to_owned()),
        note: feature.note.to_owned(),
    });
    let labels = resource::LABELS
        .iter()
        .map(|(label, status, note)| wire::Feature {
            name: (*label).to_owned(),
            attachment: "label".to_owned(),
            status: Some(status.name().to_owned()),
            note: (*note).to_owned(),
        });
    kinds.chain(labels).collect()
}

/// Where Istio's documentation and its code differ.
pub fn differences() -> Vec<wire::Difference> {
    let row = |one: &behavior::Difference| wire::Difference {
        topic: one.topic.to_owned(),
        documented: one.documented.to_owned(),
        documentation: one.documentation.to_owned(),
        implemented: one.implemented.to_owned(),
        code: one.code.to_owned(),
        switched: one.switched,
        lint: one.lint.to_owned(),
    };
    behavior::DIFFERENCES.iter().map(row).collect()
}

/// What becomes of each field of the kinds that decide about requests.
pub fn fields() -> Vec<wire::Field> {
    let fields = resource::fields::all().map(|field| wire::Field {
        kind: field.kind.name().to_owned(),
        path: format!("spec.{}", field.path),
        treatment: field.treatment.name().to_owned(),
        note: field.note.to_owned(),
    });
    fields.collect()
}

/// Manifests and requests, read and compiled once, to be asked more than one question.
pub struct Workspace {
    model: model::Model,
    samples: eval::Samples,
    findings: Diagnostics,
    request_findings: Diagnostics,
    /// The findings about manifests, once one has asked for them.
    told: OnceLock<Vec<Arc<wire::Diagnostic>>>,
    bearing: effective::Remembered,
}

impl Workspace {
    /// Reads an input. Nothing in it can make this fail: what is broken is a finding.
    pub fn load(input: &wire::Input) -> Self {
        let mut request_findings = Diagnostics::default();
        let samples = eval::read_samples(&input.requests, &mut request_findings);
        let settings = samples.settings.as_ref().unwrap_or(&input.settings);
        eval::check_settings(settings, &mut request_findings);
        let mut findings = Diagnostics::default();
        let model = model::Model::load(&input.manifests, settings, &mut findings);
        lint::run(&model, &mut findings);
        findings
            .name_objects(|document| model.mesh.object_of(document).map(resource::ObjectId::text));
        let bearing = model.mesh.objects().map(|_| OnceLock::new()).collect();
        Self {
            model,
            samples,
            findings,
            request_findings,
            told: OnceLock::new(),
            bearing,
        }
    }

    /// Evaluates every sample request.
    pub fn evaluate(&self) -> wire::Evaluation {
        let of_manifests = self.told();
        let mut diagnostics = of_manifests.to_vec();
        diagnostics.extend(self.request_findings.to_wire(&self.samples.documents));
        let bearing = effective::Bearing::new(&self.model, of_manifests, &self.bearing);
        let mut results = Vec::new();
        for sample in &self.samples.samples {
            let (mut answer, mut bearing) = self.answer(sample, &bearing);
            diagnostics.extend(answer.diagnostics.iter().cloned());
            answer.diagnostics.append(&mut bearing);
            results.push(answer);
        }
        wire::Evaluation {
            results,
            diagnostics,
        }
    }

    /// The verdict of each request and no more: the same evaluator, unwatched.
    pub fn verdicts(&self) -> Vec<wire::Verdict> {
        let verdict = |sample: &eval::Sample| {
            let call = eval::resolve(&self.model, sample.request.as_ref().ok()?).ok()?;
            Some(eval::evaluate::<trace::NoTrace>(&self.model, &call).verdict)
        };
        let samples = self.samples.samples.iter();
        samples
            .map(|sample| verdict(sample).unwrap_or(wire::Verdict::Unknown))
            .collect()
    }

    /// The attachment graph.
    pub fn graph(&self) -> wire::Graph {
        let (nodes, edges) = graph::draw(&self.model);
        wire::Graph {
            nodes,
            edges,
            diagnostics: self.manifest_diagnostics(),
        }
    }

    /// What affects an object, and what it affects; `None`: every object.
    pub fn effective(&self, object: Option<&str>) -> wire::Effective {
        wire::Effective {
            results: effective::effective(&self.model, object),
            diagnostics: self.manifest_diagnostics(),
        }
    }

    /// The `status` that istiod would write on each object.
    pub fn status(&self) -> wire::Statuses {
        wire::Statuses {
            results: status::predict(&self.model),
            diagnostics: self.manifest_diagnostics(),
        }
    }

    /// Requests that policies seem to stop, and that get through.
    pub fn ways_around(&self) -> wire::WaysAround {
        wire::WaysAround {
            ways: change::ways(&self.model),
            diagnostics: self.manifest_diagnostics(),
        }
    }

    /// The first proxy with policies on the way of a request, for benchmarks.
    #[doc(hidden)]
    pub fn prepare(&self, request: usize) -> Option<measure::Prepared<'_>> {
        let sample = self.samples.samples.get(request)?;
        measure::prepare(&self.model, sample.request.as_ref().ok()?)
    }

    /// The first proxy with routes on the way of a request, for benchmarks.
    #[doc(hidden)]
    pub fn prepare_routes(&self, request: usize) -> Option<measure::PreparedRoutes<'_>> {
        let sample = self.samples.samples.get(request)?;
        measure::prepare_routes(&self.model, sample.request.as_ref().ok()?)
    }

    /// One request, for benchmarks.
    #[doc(hidden)]
    pub fn ask(&self, request: usize) -> Option<measure::Asked<'_>> {
        let sample = self.samples.samples.get(request)?;
        measure::ask(&self.model, sample.request.as_ref().ok()?)
    }

    /// The findings about the manifests.
    pub fn analyze(&self) -> wire::Analysis {
        wire::Analysis {
            diagnostics: self.manifest_diagnostics(),
        }
    }

    /// The filters of waypoints, chain by chain; of all of them, or of the one named `namespace/name`.
    pub fn envoy(&self, waypoint: Option<&str>) -> Vec<wire::EnvoyChain> {
        envoy::chains(&self.model, waypoint)
    }

    fn manifest_diagnostics(&self) -> Vec<Arc<wire::Diagnostic>> {
        self.told().to_vec()
    }

    fn told(&self) -> &[Arc<wire::Diagnostic>] {
        self.told
            .get_or_init(|| self.findings.to_wire(&self.model.documents))
    }

    /// One request, with the findings about itself, and those about manifests that bear on it.
    fn answer(
        &self,
        sample: &eval::Sample,
        bearing: &effective::Bearing<'_>,
    ) -> (wire::Answer, Vec<Arc<wire::Diagnostic>>) {
        let mut findings = Diagnostics::default();
        let mut bearing_on_it = Vec::new();
        let at = |path: &FieldPath| Origin {
            document: sample.origin.document,
            path: sample.origin.path.clone().join(path),
        };
        for path in &sample.unknown {
            findings
                .report(
                    &eval::UNKNOWN_REQUEST_FIELD,
                    at(path),
                    format!("a request has no field `{path}`"),
                )
                .help("it has no effect; look for a misspelling or a wrong indentation");
        }
        let tell = |findings: &mut Diagnostics, unresolved: &eval::Unresolved| {
            let finding = findings.report(
                &eval::UNRESOLVED_REQUEST,
                at(&FieldPath::parse(unresolved.path)),
                unresolved.message.as_str(),
            );
            if let Some(help) = &unresolved.help {
                finding.help(help.as_str());
            }
        };
        let mut answer = match &sample.request {
            Err((path, message)) => {
                findings.report(&eval::BAD_REQUEST, at(path), message.as_str());
                explain::unanswered(sample.name.clone(), message, None)
            }
            Ok(request) => match eval::resolve(&self.model, request) {
                Err(unresolved) => {
                    tell(&mut findings, &unresolved);
                    explain::unanswered(
                        sample.name.clone(),
                        &unresolved.message,
                        request.expect.as_ref(),
                    )
                }
                Ok(call) => {
                    if let Some(unresolved) = &call.unknown_port {
                        tell(&mut findings, unresolved);
                    }
                    let outcome = eval::evaluate::<trace::Log>(&self.model, &call);
                    bearing_on_it = bearing.on(&call, &outcome);
                    let refusal = eval::Refusal::of(&self.model, &outcome);
                    let mut answer =
                        explain::answer(&self.model, request, &outcome, refusal.as_ref());
                    if !outcome.divided.is_empty() {
                        findings
                            .report(&eval::DIVIDED_BY_CANARY, at(&FieldPath::new()), answer.reason.as_str())
                            .help("attach what must hold for all connections to the Service, not to one of its waypoints");
                    }
                    let refusal = refusal.as_ref();
                    answer.changes = change::requests(&self.model, request, &outcome, refusal);
                    answer.policy_changes = change::policies(&self.model, &call, &outcome, refusal);
                    answer.enforced = (outcome.verdict == wire::Verdict::Allow)
                        .then(|| change::is_enforced(&self.model, &outcome));
                    answer
                }
            },
        };
        answer.diagnostics = findings.to_wire(&self.samples.documents);
        (answer, bearing_on_it)
    }
}
