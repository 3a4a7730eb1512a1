//! What the page knows, and the only function that changes it. Pure: what has to happen outside is returned as
//! [`Effect`]s, so that all of it is tested without a browser. Each concept has its file; here is what they share.

mod answering;
mod arrival;
mod graph_view;
mod message;
mod notice;
mod panes;
mod texts;
mod theme;

use ambient_core::{sorted, wire};

use crate::examples::{self, Example};
use crate::report::{Report, Topic};
use crate::requests;
use crate::share::Shared;
use crate::worker::Answer;
pub(crate) use arrival::Arrival;
pub(crate) use graph_view::View;
pub(crate) use message::{Effect, Message};
pub(crate) use notice::Notice;
pub(crate) use panes::Pane;
pub(crate) use texts::{Tab, Texts};
pub(crate) use theme::Theme;

/// What the page knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Both texts, as they are in the editor.
    pub(crate) texts: Texts,
    /// The tab in front.
    pub(crate) tab: Tab,
    /// What a narrow screen shows.
    pub(crate) pane: Pane,
    /// What is docked below verdicts and graph.
    pub(crate) dock: Option<Pane>,
    /// What the engine reported to the docked panel.
    pub(crate) report: Option<Report>,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// The last answer that is worth showing.
    pub(crate) answer: Option<Answer>,
    /// The verdicts shown are those of an older text: the requests of the present one cannot be read.
    pub(crate) stale_verdicts: bool,
    /// The same for the graph and the manifests.
    pub(crate) stale_graph: bool,
    /// Verdicts whose explanation is open.
    pub(crate) open: sorted::Set<usize>,
    /// The selected node of the graph.
    pub(crate) node: Option<String>,
    /// What part of the graph is seen.
    pub(crate) view: View,
    /// Namespaces that are one box in the graph; `None`: as the size of the graph asks for.
    pub(crate) folded: Option<sorted::Set<String>>,
    /// Only the selected node and its neighbours are drawn.
    pub(crate) focused: bool,
    /// What is searched for in the graph.
    pub(crate) search: String,
    /// Answers are those of Istio's documentation, where its code differs.
    pub(crate) documented: bool,
    /// What was copied last.
    pub(crate) copied: Option<String>,
    /// News.
    pub(crate) notice: Option<Notice>,
    /// The editor is there; until then a plain text area stands in for it.
    pub(crate) editor_ready: bool,
    /// The texts have been changed by hand since they were opened.
    edited: bool,
    sequence: u32,
    /// The report that is under way.
    reporting: Option<(u32, Topic)>,
    /// What is on its way to the clipboard, unless it is a link.
    copying: Option<String>,
    /// A verdict that comes into sight once it is there.
    awaited: Option<usize>,
}

impl State {
    /// What a link to this would carry.
    fn shared(&self) -> Shared {
        Shared {
            manifests: self.texts.manifests.clone(),
            requests: self.texts.requests.clone(),
            open: self.open.iter().copied().collect(),
            node: self.node.clone(),
            requests_tab: self.tab == Tab::Requests,
            documented: self.documented,
        }
    }

    /// Changes the state, and says what else has to happen.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Typed(tab, text) => {
                match tab {
                    Tab::Manifests => self.texts.manifests = text,
                    Tab::Requests => self.texts.requests = text,
                }
                self.edited = true;
                vec![Effect::EvaluateSoon]
            }
            Message::Evaluate => self.ask(),
            Message::Answered(answer) => self.answered(*answer),
            Message::EngineFailed(error) => {
                self.notice = Some(Notice::EngineFailed(error));
                Vec::new()
            }
            Message::ShowTab(tab) => {
                self.tab = tab;
                vec![Effect::ShowModel]
            }
            Message::Reported(report) => self.reported(*report),
            Message::ShowPane(pane) => {
                self.pane = pane;
                self.dock = Some(pane).filter(|pane| pane.is_docked()).or(self.dock);
                self.ask_report().into_iter().collect()
            }
            Message::Dock(pane) => {
                self.dock = Some(pane).filter(|pane| self.dock != Some(*pane));
                self.ask_report().into_iter().collect()
            }
            Message::Caret(tab, line) => {
                let found = self.node_at(line).filter(|_| tab == Tab::Manifests);
                if found.is_none() || found == self.node {
                    return Vec::new();
                }
                self.node = found;
                vec![Effect::EvaluateSoon]
            }
            Message::Toggle(index) => {
                if !self.open.remove(&index) {
                    self.open.insert(index);
                }
                Vec::new()
            }
            Message::SelectNode(id) => self.select_node(id),
            Message::Reveal(tab, range) => self.reveal(tab, range),
            Message::Fix(tab, edits) => {
                self.tab = tab;
                vec![Effect::ShowModel, Effect::Edit(tab, edits)]
            }
            Message::AddRequest(request) => self.add_request(&request),
            Message::OpenExample(id) => self.open_example(id),
            Message::NextTheme => {
                self.theme = self.theme.next();
                vec![Effect::StoreTheme]
            }
            Message::Help => vec![Effect::Help],
            Message::Share => self.share(),
            Message::ShareSecrets => self.share_all(),
            Message::Linked(link) => self.linked(link),
            Message::Copy(what, text) => {
                self.copying = Some(what);
                vec![Effect::Copy(text)]
            }
            Message::Export(topic) => vec![Effect::Report(self.report_question(topic))],
            Message::Copied(success) => {
                self.copied(success);
                Vec::new()
            }
            Message::Dismiss => {
                self.notice = None;
                Vec::new()
            }
            Message::KeepMine => self.keep_mine(),
            Message::EditorReady => {
                self.editor_ready = true;
                vec![Effect::SetMarkers]
            }
            Message::Zoom(factor) => self.zoom(factor),
            Message::Pan(x, y) => {
                self.view.x += x / self.view.zoom;
                self.view.y += y / self.view.zoom;
                Vec::new()
            }
            Message::Fit => {
                self.view = View::default();
                Vec::new()
            }
            Message::Fold(namespace) => {
                let mut folded = self.folded();
                if !folded.remove(&namespace) {
                    folded.insert(namespace);
                }
                self.draw_anew(folded)
            }
            Message::FoldAll(fold) => {
                let all = self.namespaces().map(|(name, _)| name.clone());
                let folded = all.filter(|_| fold).collect();
                self.draw_anew(folded)
            }
            Message::Focus => {
                self.focused = !self.focused;
                self.view = View::default();
                self.ask()
            }
            Message::Documented => {
                self.documented = !self.documented;
                self.ask()
            }
            Message::Search(text) => {
                self.search = text;
                Vec::new()
            }
            Message::SelectFound => {
                let first = self.found().next().cloned();
                first.map_or_else(Vec::new, |id| self.select_node(id))
            }
        }
    }

    fn reveal(&mut self, tab: Tab, range: wire::Range) -> Vec<Effect> {
        self.tab = tab;
        self.pane = Pane::Editor;
        vec![Effect::ShowModel, Effect::Reveal(tab, range)]
    }

    /// Behind the others, as an edit that can be undone; its verdict opens as soon as it is there.
    fn add_request(&mut self, request: &serde_json::Value) -> Vec<Effect> {
        let edit = requests::append(&self.texts.requests, request);
        let known = self
            .answer
            .as_ref()
            .map_or(0, |it| it.evaluation.results.len());
        self.open.insert(known);
        self.awaited = Some(known);
        self.tab = Tab::Requests;
        self.pane = Pane::Verdicts;
        vec![Effect::ShowModel, Effect::Edit(Tab::Requests, vec![edit])]
    }

    fn open_example(&mut self, id: &'static str) -> Vec<Effect> {
        let Some(example) = examples::find(id) else {
            return Vec::new();
        };
        self.replace(texts(&example));
        self.notice = Some(Notice::Example(example.notice));
        let mut effects = self.shown_anew();
        effects.push(Effect::SetFragment(format!("#example/{id}")));
        effects
    }

    fn keep_mine(&mut self) -> Vec<Effect> {
        let Some(Notice::TheirsOpen(mine)) = self.notice.take() else {
            return Vec::new();
        };
        self.replace(mine);
        let mut effects = self.shown_anew();
        effects.push(Effect::SetFragment(String::new()));
        effects
    }

    fn replace(&mut self, texts: Texts) {
        self.texts = texts;
        self.open = sorted::Set::new();
        self.node = None;
        self.view = View::default();
        self.folded = None;
        self.focused = false;
        self.search.clear();
        self.answer = None;
        self.report = None;
    }

    fn shown_anew(&mut self) -> Vec<Effect> {
        let mut effects = vec![Effect::SetTexts];
        effects.extend(self.ask());
        effects
    }
}

fn texts(example: &Example) -> Texts {
    Texts {
        manifests: example.manifests.clone(),
        requests: example.requests.clone(),
    }
}

#[cfg(test)]
mod tests;
