//! The engine's side of the worker: a question is both texts, an answer is everything that the page shows of them.
//! Typing never waits for it.

use ambient_core::decode::{Decode, from_json, json, json_line};
use ambient_core::wire;
use serde::Serialize;

use crate::graph::layout::{self, Layout};
use crate::graph::scope::{self, Drawn, Scope};

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Serialize, Decode)]
pub(crate) struct Question {
    /// Counts up; an answer to an older question is stale.
    pub(crate) sequence: u32,
    /// The first text.
    pub(crate) manifests: String,
    /// The second text.
    pub(crate) requests: String,
    /// What of the graph is to be drawn.
    pub(crate) scope: Scope,
    /// The selected object.
    pub(crate) selected: Option<String>,
    /// Answer as Istio's documentation says, unless settings beside the requests say otherwise.
    pub(crate) documented: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Decode)]
pub(crate) struct Answer {
    /// Of the question.
    pub(crate) sequence: u32,
    /// Verdicts and findings.
    pub(crate) evaluation: wire::Evaluation,
    /// The attachment graph; its findings are those of the evaluation.
    pub(crate) graph: wire::Graph,
    /// What affects the selected object, and what it affects.
    pub(crate) effective: Option<wire::EffectiveObject>,
    /// What is drawn of it.
    pub(crate) drawn: Drawn,
    /// Where that stands.
    pub(crate) layout: Layout,
}

/// Asks the engine everything that the page shows.
pub(crate) fn answer(question: Question) -> Answer {
    let workspace = ambient_core::Workspace::load(&input(
        question.manifests,
        question.requests,
        question.documented,
    ));
    let graph = workspace.graph();
    let drawn = scope::draw(&graph, &question.scope);
    Answer {
        sequence: question.sequence,
        layout: layout::place(&drawn.graph),
        drawn,
        evaluation: workspace.evaluate(),
        effective: question
            .selected
            .and_then(|id| workspace.effective(Some(&id)).results.pop()),
        graph,
    }
}

/// Both texts as the engine takes them.
pub(crate) fn input(manifests: String, requests: String, documented: bool) -> wire::Input {
    wire::Input {
        manifests: wire::Manifests::Text(manifests),
        requests: wire::Requests::Text(requests),
        settings: wire::Settings {
            behavior: match documented {
                true => wire::Behavior::Documented,
                false => wire::Behavior::Implemented,
            },
            ..wire::Settings::default()
        },
    }
}

/// A message to the other side.
pub(crate) fn encode<T: Serialize>(message: &T) -> String {
    // By way of a value: that is how the engine writes answers for tests, and every way is compiled for every type.
    json_line(&serde_json::to_value(message).unwrap_or_default())
}

/// A message of the other side.
pub(crate) fn decode<T: Decode>(message: &str) -> Result<T, String> {
    let json = json(message).ok_or("this is no JSON")?;
    from_json(&json)
}
