//! The engine's side of the worker: a question is both texts, an answer is everything that the page shows of them.
//! Typing never waits for it.

use ambient_core::wire;
use gloo_worker::{Codec, HandlerId, Registrable, Worker, WorkerScope};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::graph::layout::{self, Layout};
use crate::graph::scope::{self, Drawn, Scope};

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Counts up; an answer to an older question is stale.
    pub sequence: u32,
    /// The first text.
    pub manifests: String,
    /// The second text.
    pub requests: String,
    /// What of the graph is to be drawn.
    pub scope: Scope,
    /// Answer as Istio's documentation says, unless settings beside the requests say otherwise.
    pub documented: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Of the question.
    pub sequence: u32,
    /// Verdicts and findings.
    pub evaluation: wire::Evaluation,
    /// The attachment graph; its findings are those of the evaluation.
    pub graph: wire::Graph,
    /// What is drawn of it.
    pub drawn: Drawn,
    /// Where that stands.
    pub layout: Layout,
}

/// The engine as a worker.
pub struct Engine;

impl Worker for Engine {
    type Message = ();
    type Input = Question;
    type Output = Answer;

    fn create(_: &WorkerScope<Self>) -> Self {
        Self
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, question: Question, from: HandlerId) {
        scope.respond(from, answer(question));
    }
}

/// Asks the engine everything that the page shows.
pub(crate) fn answer(question: Question) -> Answer {
    let workspace = ambient_core::Workspace::load(&wire::Input {
        manifests: wire::Manifests::Text(question.manifests),
        requests: wire::Requests::Text(question.requests),
        settings: wire::Settings {
            behavior: match question.documented {
                true => wire::Behavior::Documented,
                false => wire::Behavior::Implemented,
            },
            ..wire::Settings::default()
        },
    });
    let graph = workspace.graph();
    let drawn = scope::draw(&graph, &question.scope);
    Answer {
        sequence: question.sequence,
        layout: layout::place(&drawn.graph),
        drawn,
        evaluation: workspace.evaluate(),
        graph,
    }
}

/// Messages as JavaScript objects: the contract's types need a format that describes itself, which gloo's own is not.
pub struct Structured;

impl Codec for Structured {
    fn encode<I: Serialize>(input: I) -> JsValue {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        input.serialize(&serializer).unwrap_or(JsValue::NULL)
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        match serde_wasm_bindgen::from_value(input) {
            Ok(value) => value,
            // Both ends are of one build; there is nothing to go on with.
            Err(error) => wasm_bindgen::throw_str(&format!(
                "the engine and the page do not understand each other: {error}"
            )),
        }
    }
}

/// Starts the worker; called by its own wasm.
pub fn start() {
    Engine::registrar().encoding::<Structured>().register();
}
