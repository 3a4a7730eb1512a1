//! What the page knows, and the only function that changes it. Pure: what has to happen outside is returned as
//! [`Effect`]s, so that all of it is tested without a browser.

use ambient_core::{sorted, wire};

use crate::examples::{self, Example};
use crate::graph::scope::Scope;
use crate::share::{self, Shared};
use crate::worker::{Answer, Question};

/// A text, and its tab in the editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The manifests.
    #[default]
    Manifests,
    /// The sample requests.
    Requests,
}

impl Tab {
    /// The tab's name in the editor's models.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Requests => "requests",
        }
    }

    /// The tab that a finding is about.
    pub(crate) fn of_file(file: Option<&str>) -> Self {
        if file == Some(Self::Requests.name()) {
            Self::Requests
        } else {
            Self::Manifests
        }
    }
}

/// What a narrow screen shows; a wide one shows all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The verdicts.
    #[default]
    Verdicts,
    /// The graph.
    Graph,
    /// The findings.
    Problems,
    /// The editor.
    Editor,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a name.
    pub(crate) fn named(name: &str) -> Self {
        [Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.name() == name)
            .unwrap_or_default()
    }

    fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// Both texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The manifests.
    pub(crate) manifests: String,
    /// The sample requests.
    pub(crate) requests: String,
}

impl Texts {
    /// One of them.
    pub(crate) fn get(&self, tab: Tab) -> &str {
        match tab {
            Tab::Manifests => &self.manifests,
            Tab::Requests => &self.requests,
        }
    }
}

/// A line of news above everything, until it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A link was made.
    Shared {
        /// Its length in characters.
        length: usize,
        /// It is in the clipboard; else only in the address bar.
        copied: bool,
    },
    /// A link cannot be opened.
    Unreadable(String),
    /// The engine has stopped; what it said last.
    EngineFailed(String),
    /// A link is open, and the visitor's own work waits.
    TheirsOpen(Texts),
    /// What to notice in an example.
    Example(String),
}

/// What part of the graph is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// Pixels of the screen for each of the layout; `None`: as large as fits.
    pub(crate) zoom: Option<f64>,
    /// What is at the left edge.
    pub(crate) x: f64,
    /// What is at the upper edge.
    pub(crate) y: f64,
}

const WHOLE: View = View {
    zoom: None,
    x: 0.0,
    y: 0.0,
};

/// What the page knows.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Both texts, as they are in the editor.
    pub(crate) texts: Texts,
    /// The tab in front.
    pub(crate) tab: Tab,
    /// What a narrow screen shows.
    pub(crate) pane: Pane,
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
    /// News.
    pub(crate) notice: Option<Notice>,
    /// The editor is there; until then a plain text area stands in for it.
    pub(crate) editor_ready: bool,
    /// The texts have been changed by hand since they were opened.
    edited: bool,
    sequence: u32,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// The visitor typed.
    Typed(Tab, String),
    /// Typing has paused, or the visitor does not want to wait.
    Evaluate,
    /// The engine answered.
    Answered(Box<Answer>),
    /// The engine stopped, saying this.
    EngineFailed(String),
    /// Another tab to the front.
    ShowTab(Tab),
    /// Another pane on a narrow screen.
    ShowPane(Pane),
    /// The caret is in a line.
    Caret(Tab, u32),
    /// An explanation opens or closes.
    Toggle(usize),
    /// A node of the graph is selected.
    SelectNode(String),
    /// To a place in a text.
    Reveal(Tab, wire::Range),
    /// A finding is mended, by edits of a text.
    Fix(Tab, Vec<wire::Edit>),
    /// To an example.
    OpenExample(&'static str),
    /// To another theme.
    NextTheme,
    /// A link, please.
    Share,
    /// The link is in the clipboard, or could not be put there.
    Copied(bool),
    /// The news is read.
    Dismiss,
    /// Back to the visitor's own work.
    KeepMine,
    /// The editor is there.
    EditorReady,
    /// The graph larger or smaller, around its middle.
    Zoom(f64),
    /// The graph moves by pixels of the layout.
    Pan(f64, f64),
    /// All of the graph.
    Fit,
    /// A namespace becomes one box, or many again.
    Fold(String),
    /// All namespaces do.
    FoldAll(bool),
    /// The selected node with its neighbours alone, or everything again.
    Focus,
    /// From the code's answers to the documentation's, and back.
    Documented,
    /// Look for nodes.
    Search(String),
    /// To the first node found.
    SelectFound,
}

/// What has to happen outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Ask the engine, after a pause in typing.
    EvaluateSoon,
    /// Ask the engine.
    Ask(Box<Question>),
    /// Keep the texts in this browser.
    Store,
    /// Keep the theme in this browser.
    StoreTheme,
    /// Put texts into the editor.
    SetTexts,
    /// Another model in the editor.
    ShowModel,
    /// Markers of the answer into the editor.
    SetMarkers,
    /// The editor to a place.
    Reveal(Tab, wire::Range),
    /// Edits into the editor.
    Edit(Tab, Vec<wire::Edit>),
    /// A link into address bar and clipboard.
    CopyLink(String),
    /// The address bar to an example, or to nothing.
    SetFragment(String),
}

/// What a visitor had stored, and came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The fragment of the address.
    pub(crate) fragment: String,
    /// Texts of an earlier visit.
    pub(crate) stored: Option<Texts>,
    /// The theme of an earlier visit.
    pub(crate) theme: Theme,
}

impl State {
    /// The state with which a visit begins: a link beats what is stored, and never destroys it.
    pub(crate) fn arrive(arrival: Arrival) -> Self {
        let Arrival {
            fragment,
            stored,
            theme,
        } = arrival;
        let first = examples::all().into_iter().next();
        let default = first.as_ref().map(texts).unwrap_or_default();
        let mut state = Self {
            texts: Texts::default(),
            tab: Tab::Manifests,
            pane: Pane::Verdicts,
            theme,
            answer: None,
            stale_verdicts: false,
            stale_graph: false,
            open: sorted::Set::new(),
            node: None,
            view: WHOLE,
            folded: None,
            focused: false,
            search: String::new(),
            documented: false,
            notice: None,
            editor_ready: false,
            edited: false,
            sequence: 0,
        };
        let linked = fragment.strip_prefix("#example/").map(examples::find);
        match (share::decode(&fragment), linked) {
            (Some(Ok(shared)), _) => {
                state.tab = if shared.requests_tab {
                    Tab::Requests
                } else {
                    Tab::Manifests
                };
                state.texts = Texts {
                    manifests: shared.manifests,
                    requests: shared.requests,
                };
                state.open = shared.open.into_iter().collect();
                state.node = shared.node;
                state.documented = shared.documented;
                state.notice = stored
                    .filter(|mine| *mine != state.texts)
                    .map(Notice::TheirsOpen);
            }
            // Never somebody else's demo in place of a link that does not open: both texts stay empty.
            (Some(Err(unreadable)), _) => {
                state.notice = Some(Notice::Unreadable(unreadable.sentence()))
            }
            (None, Some(Some(example))) => {
                state.texts = texts(&example);
                state.notice = match stored.filter(|mine| *mine != state.texts) {
                    Some(mine) => Some(Notice::TheirsOpen(mine)),
                    None => Some(Notice::Example(example.notice)),
                };
            }
            (None, Some(None)) => {
                state.notice = Some(Notice::Unreadable(
                    "There is no example of this name.".to_owned(),
                ));
            }
            (None, None) => match stored {
                Some(mine) => state.texts = mine,
                None => {
                    state.texts = default;
                    state.notice = first.map(|example| Notice::Example(example.notice));
                }
            },
        }
        state
    }

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
            Message::ShowPane(pane) => {
                self.pane = pane;
                Vec::new()
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
            Message::OpenExample(id) => self.open_example(id),
            Message::NextTheme => {
                self.theme = self.theme.next();
                vec![Effect::StoreTheme]
            }
            Message::Share => {
                let link = share::encode(&self.shared());
                self.notice = Some(Notice::Shared {
                    length: link.len(),
                    copied: false,
                });
                vec![Effect::CopyLink(link)]
            }
            Message::Copied(success) => {
                if let Some(Notice::Shared { copied, .. }) = &mut self.notice {
                    *copied = success;
                }
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
                self.view.zoom.get_or_insert(1.0);
                self.view.x += x;
                self.view.y += y;
                Vec::new()
            }
            Message::Fit => {
                self.view = WHOLE;
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
                self.view = WHOLE;
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

    fn ask(&mut self) -> Vec<Effect> {
        self.sequence += 1;
        let mut effects = vec![Effect::Ask(Box::new(Question {
            sequence: self.sequence,
            manifests: self.texts.manifests.clone(),
            requests: self.texts.requests.clone(),
            scope: Scope {
                folded: self.folded.clone(),
                focus: self.node.clone().filter(|_| self.focused),
            },
            selected: self.node.clone(),
            documented: self.documented,
        }))];
        // A link or an example that was only looked at replaces nothing; a visitor's own work waits to be chosen.
        if self.edited && !matches!(self.notice, Some(Notice::TheirsOpen(_))) {
            effects.push(Effect::Store);
        }
        effects
    }

    fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        if answer.sequence != self.sequence {
            return Vec::new();
        }
        // Nothing can be read of a text that says something: the last answer stays, greyed.
        let nothing_of = |tab: Tab, is_empty: bool| {
            is_empty
                && !self.texts.get(tab).trim().is_empty()
                && answer.evaluation.diagnostics.iter().any(|diagnostic| {
                    diagnostic.severity == wire::Severity::Error
                        && Tab::of_file(diagnostic.file.as_deref()) == tab
                })
        };
        self.stale_verdicts = nothing_of(Tab::Requests, answer.evaluation.results.is_empty());
        self.stale_graph = nothing_of(Tab::Manifests, answer.graph.nodes.is_empty());
        let mut answer = answer;
        if let Some(last) = self.answer.take() {
            if self.stale_verdicts || self.stale_graph {
                answer.evaluation.results = last.evaluation.results;
            }
            if self.stale_graph {
                answer.graph = last.graph;
                answer.drawn = last.drawn;
                answer.layout = last.layout;
            }
        }
        self.answer = Some(answer);
        vec![Effect::SetMarkers]
    }

    /// The object whose text holds a line.
    fn node_at(&self, line: u32) -> Option<String> {
        let nodes = &self.answer.as_ref()?.graph.nodes;
        let holds = |range: &wire::Range| range.start_line <= line && line <= range.end_line;
        nodes
            .iter()
            .find(|node| node.range.as_ref().is_some_and(holds))
            .map(|node| node.id.clone())
    }

    fn select_node(&mut self, id: String) -> Vec<Effect> {
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
            self.view = WHOLE;
        }
        effects.extend(self.ask());
        effects
    }

    fn reveal(&mut self, tab: Tab, range: wire::Range) -> Vec<Effect> {
        self.tab = tab;
        self.pane = Pane::Editor;
        vec![Effect::ShowModel, Effect::Reveal(tab, range)]
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
        self.view = WHOLE;
        self.folded = None;
        self.focused = false;
        self.search.clear();
        self.answer = None;
    }

    fn shown_anew(&mut self) -> Vec<Effect> {
        let mut effects = vec![Effect::SetTexts];
        effects.extend(self.ask());
        effects
    }

    fn zoom(&mut self, factor: f64) -> Vec<Effect> {
        let old = self.view.zoom.unwrap_or(1.0);
        self.view.zoom = Some((old * factor).clamp(0.2, 4.0));
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

    fn folded(&self) -> sorted::Set<String> {
        let folded = self.namespaces().filter(|(_, folded)| *folded);
        folded.map(|(name, _)| name.clone()).collect()
    }

    fn draw_anew(&mut self, folded: sorted::Set<String>) -> Vec<Effect> {
        self.folded = Some(folded);
        self.view = WHOLE;
        self.ask()
    }

    /// The ids of the nodes that the search finds, folded ones too; of no search, none.
    pub(crate) fn found(&self) -> impl Iterator<Item = &String> {
        let wanted = self.search.trim().to_lowercase();
        let nodes = self.answer.iter().flat_map(|answer| &answer.graph.nodes);
        nodes
            .map(|node| &node.id)
            .filter(move |id| !wanted.is_empty() && id.to_lowercase().contains(&wanted))
    }

    /// How many verdicts there are of each sort: allow, deny, unknown.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let results = self
            .answer
            .iter()
            .flat_map(|answer| &answer.evaluation.results);
        results.fold([0; 3], |[allow, deny, unknown], answer| {
            match answer.verdict {
                wire::Verdict::Allow => [allow + 1, deny, unknown],
                wire::Verdict::Deny => [allow, deny + 1, unknown],
                wire::Verdict::Unknown => [allow, deny, unknown + 1],
            }
        })
    }

    /// The counts in words, for the title and for those who listen to the page.
    pub(crate) fn summary(&self) -> String {
        let names = ["allow", "deny", "unknown"];
        let words: Vec<String> = self
            .counts()
            .iter()
            .zip(names)
            .filter(|(count, _)| **count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        words.join(" · ")
    }
}

fn texts(example: &Example) -> Texts {
    Texts {
        manifests: example.manifests.clone(),
        requests: example.requests.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker;

    fn mine() -> Texts {
        Texts {
            manifests: "# mine\n".to_owned(),
            requests: "[]\n".to_owned(),
        }
    }

    /// Runs the engine as the worker would, until nothing is asked any more.
    fn settle(state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(question) => {
                    let answer = worker::answer(*question);
                    let effects = state.update(Message::Answered(Box::new(answer)));
                    settle(state, effects);
                }
                Effect::EvaluateSoon => {
                    let effects = state.update(Message::Evaluate);
                    settle(state, effects);
                }
                _ => {}
            }
        }
    }

    fn arrived(arrival: Arrival) -> State {
        let mut state = State::arrive(arrival);
        let effects = state.update(Message::Evaluate);
        settle(&mut state, effects);
        state
    }

    fn kind(text: &Texts) -> String {
        share::encode(&Shared {
            manifests: text.manifests.clone(),
            requests: text.requests.clone(),
            ..Shared::default()
        })
    }

    #[test]
    fn a_first_visit_shows_the_first_example() {
        let state = arrived(Arrival::default());
        let [allow, deny, unknown] = state.counts();
        assert!(allow > 0 && deny > 0 && unknown == 0);
        assert!(matches!(state.notice, Some(Notice::Example(_))));
    }

    #[test]
    fn a_link_beats_what_is_stored_and_destroys_nothing() {
        let theirs = Texts {
            manifests: "# theirs\n".to_owned(),
            requests: "[]\n".to_owned(),
        };
        let arrival = Arrival {
            fragment: kind(&theirs),
            stored: Some(mine()),
            theme: Theme::Auto,
        };
        let mut state = arrived(arrival);
        assert_eq!(state.texts, theirs);
        assert_eq!(state.notice, Some(Notice::TheirsOpen(mine())));
        let effects = state.update(Message::Typed(
            Tab::Manifests,
            "# theirs, changed\n".to_owned(),
        ));
        assert_eq!(effects, [Effect::EvaluateSoon]);
        assert!(
            !state.update(Message::Evaluate).contains(&Effect::Store),
            "nothing is stored over one's own work"
        );
        let effects = state.update(Message::KeepMine);
        assert!(
            effects.contains(&Effect::SetTexts)
                && effects.contains(&Effect::SetFragment(String::new()))
        );
        assert_eq!(state.texts, mine());
    }

    #[test]
    fn a_link_that_does_not_open_is_no_example() {
        for fragment in ["#s=1.AAAA", "#s=9.AAAA", "#example/none"] {
            let state = State::arrive(Arrival {
                fragment: fragment.to_owned(),
                ..Arrival::default()
            });
            assert!(
                matches!(state.notice, Some(Notice::Unreadable(_))),
                "{fragment}"
            );
            assert_eq!(state.texts, Texts::default(), "{fragment}");
        }
    }

    #[test]
    fn a_link_carries_what_is_shown() {
        let mut state = arrived(Arrival::default());
        let _ = state.update(Message::Toggle(1));
        let _ = state.update(Message::ShowTab(Tab::Requests));
        let effects = state.update(Message::Share);
        let [Effect::CopyLink(link)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        let opened = arrived(Arrival {
            fragment: link.clone(),
            ..Arrival::default()
        });
        assert_eq!(
            (opened.texts, opened.open, opened.tab),
            (state.texts, state.open, state.tab)
        );
    }

    #[test]
    fn the_last_answer_stays_while_nothing_can_be_read() {
        let mut state = arrived(Arrival::default());
        let before = state.counts();
        let effects = state.update(Message::Typed(Tab::Requests, "- name: \"".to_owned()));
        settle(&mut state, effects);
        assert!(state.stale_verdicts && !state.stale_graph);
        assert_eq!(state.counts(), before);
        let effects = state.update(Message::Typed(Tab::Requests, String::new()));
        settle(&mut state, effects);
        assert!(!state.stale_verdicts);
        assert_eq!(state.counts(), [0, 0, 0]);
    }

    #[test]
    fn an_answer_to_an_older_question_is_dropped() {
        let mut state = State::arrive(Arrival::default());
        let first = state.update(Message::Evaluate);
        let _ = state.update(Message::Evaluate);
        settle(&mut state, first);
        assert!(state.answer.is_none());
    }

    #[test]
    fn the_caret_selects_the_object_and_a_node_reveals_its_text() {
        let mut state = arrived(Arrival::default());
        let id = "HTTPRoute/default/reviews".to_owned();
        let effects = state.update(Message::SelectNode(id.clone()));
        let range = effects.iter().find_map(|effect| match effect {
            Effect::Reveal(Tab::Manifests, range) => Some(*range),
            _ => None,
        });
        let range = range.expect("the text is revealed");
        settle(&mut state, effects);
        let effective = state
            .answer
            .as_ref()
            .and_then(|answer| answer.effective.as_ref());
        assert_eq!(effective.map(|effective| &effective.object), Some(&id));
        state.node = None;
        let _ = state.update(Message::Caret(Tab::Manifests, range.start_line + 2));
        assert_eq!(state.node, Some(id));
    }
}
