//! What of the graph is in sight: selection, zoom, folded namespaces, search.

use ambient_core::{sorted, wire};

use super::{Effect, State, Tab};

/// What part of the graph is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// 1: as large as fits from left to right, but never larger than life.
    pub(crate) zoom: f64,
    /// What is at the left edge.
    pub(crate) x: f64,
    /// What is at the upper edge.
    pub(crate) y: f64,
}

impl Default for View {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            x: 0.0,
            y: 0.0,
        }
    }
}

impl State {
    /// The object whose text holds a line.
    pub(super) fn node_at(&self, line: u32) -> Option<String> {
        let nodes = &self.answer.as_ref()?.graph.nodes;
        let holds = |range: &wire::Range| range.start_line <= line && line <= range.end_line;
        nodes
            .iter()
            .find(|node| node.range.as_ref().is_some_and(holds))
            .map(|node| node.id.clone())
    }

    pub(super) fn select_node(&mut self, id: String) -> Vec<Effect> {
        let range = self
            .answer
            .as_ref()
            .and_then(|answer| answer.graph.nodes.iter().find(|node| node.id == id))
            .and_then(|node| node.range);
        self.node = Some(id);
        let mut effects = Vec::new();
        // The graph stays in sight: on a narrow screen the text is a tab away.
        if let Some(range) = range {
            self.tab = Tab::Manifests;
            effects = vec![Effect::ShowModel, Effect::Reveal(Tab::Manifests, range)];
        }
        if self.focused {
            self.view = View::default();
        }
        effects.extend(self.ask());
        effects
    }

    pub(super) fn zoom(&mut self, factor: f64) -> Vec<Effect> {
        self.view.zoom = (self.view.zoom * factor).clamp(0.1, 8.0);
        Vec::new()
    }

    /// Every namespace of the graph, and whether it is folded.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = (&String, bool)> {
        let answer = self.answer.iter();
        answer.flat_map(|answer| {
            let namespaces = answer.drawn.namespaces.iter();
            namespaces.map(|(name, folded)| (name, *folded))
        })
    }

    pub(super) fn folded(&self) -> sorted::Set<String> {
        let folded = self.namespaces().filter(|(_, folded)| *folded);
        folded.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn draw_anew(&mut self, folded: sorted::Set<String>) -> Vec<Effect> {
        self.folded = Some(folded);
        self.view = View::default();
        self.ask()
    }

    /// The ids of the nodes that the search finds, folded ones too; of no search, none.
    pub(crate) fn found(&self) -> impl Iterator<Item = &String> {
        let wanted = self.search.trim().to_ascii_lowercase();
        let nodes = self.answer.iter().flat_map(|answer| &answer.graph.nodes);
        nodes
            .map(|node| &node.id)
            .filter(move |id| !wanted.is_empty() && id.to_ascii_lowercase().contains(&wanted))
    }
}
