//! The page as a component: carries messages to the state, and the state's effects to the browser. Nothing else
//! changes state.

use ambient_core::decode::Decode;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use gloo::utils::{document, history, window};
use serde::Serialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlDialogElement, HtmlElement, HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

use crate::deflate::{deflate, inflate};
use crate::editor::markers;
use crate::editor::monaco::{self, Editor};
use crate::engine::Bridge;
use crate::panels;
use crate::share;
use crate::state::{Arrival, Effect, Message, State, Tab, Texts, Theme};
use crate::worker;

/// How long typing must pause before the engine is asked, in milliseconds.
const PAUSE: u32 = 120;
const MANIFESTS_KEY: &str = "ambient.manifests";
const REQUESTS_KEY: &str = "ambient.requests";
const THEME_KEY: &str = "ambient.theme";

/// Starts the page.
pub(crate) fn start() {
    let root = document().get_element_by_id("app");
    let root = root.expect_throw("it is in index.html");
    spawn_local(async {
        let arrival = arrival().await;
        yew::Renderer::<App>::with_root_and_props(root, Visit { arrival }).render();
    });
}

/// What the component is made from.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct Visit {
    arrival: Arrival,
}

/// What reaches the component: a message for the state, or the editor.
pub(crate) enum Event {
    State(Message),
    EditorLoaded(Editor),
}

impl From<Message> for Event {
    fn from(message: Message) -> Self {
        Self::State(message)
    }
}

/// What the browser calls as long as the editor lives.
struct EditorCallbacks {
    changed: Closure<dyn FnMut(String, String)>,
    moved: Closure<dyn FnMut(String, u32)>,
}

struct App {
    state: State,
    /// For verdicts.
    engine: Bridge,
    /// For what only an open panel shows; started when the first asks.
    reports: Option<Bridge>,
    editor: Option<Editor>,
    editor_host: NodeRef,
    stand_in: NodeRef,
    pause: Option<Timeout>,
    reveal: Option<Timeout>,
    callbacks: Option<EditorCallbacks>,
    _shortcuts: EventListener,
}

impl Component for App {
    type Message = Event;
    type Properties = Visit;

    fn create(ctx: &Context<Self>) -> Self {
        let engine = bridge(ctx, "answer", |answer| Message::Answered(Box::new(answer)));
        let state = State::arrive(ctx.props().arrival.clone());
        set_theme(state.theme);
        ctx.link().send_message(Message::Evaluate);
        Self {
            state,
            engine,
            reports: None,
            editor: None,
            editor_host: NodeRef::default(),
            stand_in: NodeRef::default(),
            pause: None,
            reveal: None,
            callbacks: None,
            _shortcuts: shortcuts(ctx.link().callback(Event::State)),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, event: Event) -> bool {
        match event {
            Event::State(message) => {
                // What the visitor types is in the text area or the editor already.
                let redraw = !matches!(message, Message::Typed(..));
                for effect in self.state.update(message) {
                    self.perform(ctx, effect);
                }
                redraw
            }
            Event::EditorLoaded(editor) => {
                self.editor = Some(editor);
                for tab in [Tab::Manifests, Tab::Requests] {
                    self.with_editor(|editor| {
                        editor.set_text(tab.name(), self.state.texts.get(tab))
                    });
                }
                // The visitor may have gone to the other tab since it was asked for.
                let tab = self.state.tab.name();
                self.with_editor(|editor| {
                    editor.show(tab);
                    hand_over(editor, &self.stand_in, tab);
                });
                ctx.link().send_message(Message::EditorReady);
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let send = ctx.link().callback(Event::State);
        panels::page(&self.state, &send, &self.editor_host, &self.stand_in)
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        document().set_title(&title(&self.state));
        // The editor is loaded once there is something to see.
        if self.state.answer.is_some() && self.callbacks.is_none() {
            self.load_editor(ctx);
        }
    }
}

impl App {
    fn perform(&mut self, ctx: &Context<Self>, effect: Effect) {
        match effect {
            Effect::EvaluateSoon => {
                let link = ctx.link().clone();
                self.pause = Some(Timeout::new(PAUSE, move || {
                    link.send_message(Message::Evaluate)
                }));
            }
            Effect::Ask(question) => {
                self.pause = None;
                self.engine.ask(&question);
            }
            Effect::Report(question) => {
                let start = || bridge(ctx, "report", |report| Message::Reported(Box::new(report)));
                self.reports.get_or_insert_with(start).ask(&question);
            }
            Effect::Store => {
                store(MANIFESTS_KEY, &self.state.texts.manifests);
                store(REQUESTS_KEY, &self.state.texts.requests);
            }
            Effect::StoreTheme => {
                store(THEME_KEY, self.state.theme.name());
                set_theme(self.state.theme);
                self.with_editor(|editor| editor.set_theme(self.state.theme.name()));
            }
            Effect::SetTexts => {
                for tab in [Tab::Manifests, Tab::Requests] {
                    self.with_editor(|editor| {
                        editor.set_text(tab.name(), self.state.texts.get(tab))
                    });
                }
            }
            Effect::ShowModel => self.with_editor(|editor| editor.show(self.state.tab.name())),
            Effect::SetMarkers => self.set_markers(),
            Effect::Reveal(tab, range) => self.with_editor(|editor| {
                editor.reveal(
                    tab.name(),
                    range.start_line,
                    range.start_column,
                    range.end_line,
                    range.end_column,
                );
            }),
            Effect::RevealVerdict(index) => {
                // Once it is drawn.
                self.reveal = Some(Timeout::new(0, move || reveal_verdict(index)));
            }
            Effect::Edit(tab, edits) => {
                let edits = javascript(&markers::edits(&edits));
                self.with_editor(|editor| editor.apply_edits(tab.name(), &edits));
            }
            Effect::Help => open_keys(),
            Effect::Copy(text) => copy(ctx, &text),
            Effect::Link(plain) => {
                let link = ctx.link().clone();
                spawn_local(async move {
                    if let Some(deflated) = deflate(plain.as_bytes()).await {
                        let fragment = share::fragment(&plain, &deflated);
                        link.send_message(Message::Linked(fragment));
                    }
                });
            }
            Effect::CopyLink(fragment) => {
                set_fragment(&fragment);
                copy(ctx, &window().location().href().unwrap_or_default());
            }
            Effect::SetFragment(fragment) => set_fragment(&fragment),
        }
    }

    fn with_editor(&self, act: impl FnOnce(&Editor)) {
        if let Some(editor) = &self.editor {
            act(editor);
        }
    }

    /// What the answer says to the editor: findings, and the names that there are.
    fn set_markers(&self) {
        let Some(answer) = &self.state.answer else {
            return;
        };
        let nodes = answer.graph.nodes.iter().filter(|node| !node.missing);
        let ids: Vec<&str> = nodes.map(|node| node.id.as_str()).collect();
        self.with_editor(|editor| editor.set_names(&javascript(&ids)));
        for tab in [Tab::Manifests, Tab::Requests] {
            let markers = markers::markers(&answer.evaluation.diagnostics, tab);
            let markers = javascript(&markers);
            self.with_editor(|editor| editor.set_markers(tab.name(), &markers));
        }
    }

    fn load_editor(&mut self, ctx: &Context<Self>) {
        let Some(host) = self.editor_host.cast::<HtmlElement>() else {
            return;
        };
        let tab_of = |name: &str| {
            if name == Tab::Requests.name() {
                Tab::Requests
            } else {
                Tab::Manifests
            }
        };
        let link = ctx.link().clone();
        let changed = Closure::new(move |tab: String, text| {
            link.send_message(Message::Typed(tab_of(&tab), text))
        });
        let link = ctx.link().clone();
        let moved = Closure::new(move |tab: String, line| {
            link.send_message(Message::Caret(tab_of(&tab), line))
        });
        let callbacks = EditorCallbacks { changed, moved };
        let (on_change, on_move) = (
            function(callbacks.changed.as_ref()),
            function(callbacks.moved.as_ref()),
        );
        self.callbacks = Some(callbacks);
        let (texts, tab) = (self.state.texts.clone(), self.state.tab.name());
        let link = ctx.link().clone();
        spawn_local(async move {
            let loaded = monaco::load_editor(
                &host,
                &texts.manifests,
                &texts.requests,
                tab,
                &on_change,
                &on_move,
            )
            .await;
            // Without the editor the text area goes on serving.
            if let Ok(editor) = loaded {
                link.send_message(Event::EditorLoaded(editor.unchecked_into()));
            }
        });
    }
}

fn function(closure: &JsValue) -> js_sys::Function {
    closure.unchecked_ref::<js_sys::Function>().clone()
}

/// The caret of the text area, if the visitor is typing there, goes over to the editor.
fn hand_over(editor: &Editor, stand_in: &NodeRef, tab: &str) {
    let Some(area) = stand_in.cast::<HtmlTextAreaElement>() else {
        return;
    };
    let focused = document()
        .active_element()
        .is_some_and(|element| element.is_same_node(Some(&area)));
    let Some(caret) = area.selection_start().ok().flatten().filter(|_| focused) else {
        return;
    };
    let before: String = area
        .value()
        .encode_utf16()
        .take(caret as usize)
        .map(char::from_utf16_lossy)
        .collect();
    let line = u32::try_from(before.split('\n').count()).unwrap_or(1);
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.encode_utf16().count());
    let column = u32::try_from(column).unwrap_or(0) + 1;
    editor.reveal(tab, line, column, line, column);
}

/// UTF-16 units one by one; a pair that is taken apart here only counts columns.
trait FromUtf16Lossy {
    fn from_utf16_lossy(unit: u16) -> char;
}

impl FromUtf16Lossy for char {
    fn from_utf16_lossy(unit: u16) -> char {
        char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The browser's store for this page, unless it is forbidden.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}

/// What an earlier visit stored: a text, as JSON.
fn stored_text(key: &str) -> Option<String> {
    let json = storage()?.get_item(key).ok()??;
    worker::decode(&json).ok()
}

/// A full or forbidden store loses nothing that is on the page.
fn store(key: &str, text: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, &worker::encode(&text));
    }
}

async fn arrival() -> Arrival {
    let stored = match (stored_text(MANIFESTS_KEY), stored_text(REQUESTS_KEY)) {
        (Some(manifests), Some(requests)) => Some(Texts {
            manifests,
            requests,
        }),
        _ => None,
    };
    let theme = stored_text(THEME_KEY).unwrap_or_default();
    let fragment = window().location().hash().unwrap_or_default();
    let shared = match share::unpack(&fragment) {
        Some(Ok(packed)) => {
            let plain = inflate(&packed.deflated, share::MAX_TEXT).await;
            Some(packed.open(plain.as_deref()))
        }
        Some(Err(unreadable)) => Some(Err(unreadable)),
        None => None,
    };
    Arrival {
        fragment,
        shared,
        stored,
        theme: Theme::named(&theme),
    }
}

fn set_theme(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme.name());
    }
}

fn title(state: &State) -> String {
    match state.summary() {
        summary if summary.is_empty() => "Ambient Playground".to_owned(),
        summary => format!("{summary} — Ambient Playground"),
    }
}

/// The address bar without an entry in the history: Back leaves the page as it found it.
fn set_fragment(fragment: &str) {
    let location = window().location();
    let base = location.href().unwrap_or_default();
    let base = base.split('#').next().unwrap_or_default();
    let _ =
        history().replace_state_with_url(&JsValue::NULL, "", Some(&format!("{base}{fragment}")));
}

fn copy(ctx: &Context<App>, text: &str) {
    let link = ctx.link().clone();
    // Only pages of a secure origin have a clipboard.
    let clipboard =
        js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    if clipboard.is_undefined() {
        link.send_message(Message::Copied(false));
        return;
    }
    let written = window().navigator().clipboard().write_text(text);
    spawn_local(async move {
        let copied = JsFuture::from(written).await.is_ok();
        link.send_message(Message::Copied(copied));
    });
}

/// A worker whose answers become messages.
fn bridge<A: Decode + 'static>(
    ctx: &Context<App>,
    function: &str,
    message: fn(A) -> Message,
) -> Bridge {
    let link = ctx.link().clone();
    let failing = link.clone();
    Bridge::start(
        function,
        move |answer| link.send_message(message(answer)),
        move |error| failing.send_message(Message::EngineFailed(error)),
    )
}

/// What crosses to Monaco; as text, as all that crosses to the engine.
fn javascript(value: &impl Serialize) -> JsValue {
    js_sys::JSON::parse(&worker::encode(value)).unwrap_or_default()
}

/// The list of keys is part of `index.html`.
fn open_keys() {
    let keys = document().get_element_by_id("keys");
    let is_open = |keys: &HtmlDialogElement| keys.open();
    if let Some(keys) = keys
        .map(JsCast::unchecked_into)
        .filter(|keys| !is_open(keys))
    {
        // Only a dialog that is open already refuses.
        let _ = keys.show_modal();
    }
}

fn reveal_verdict(index: usize) {
    if let Some(row) = document().get_element_by_id(&panels::verdict_id(index)) {
        row.scroll_into_view();
    }
}

/// Ctrl or Cmd with Enter evaluates at once, wherever the focus is; `?` opens the list of keys, unless it is typed into
/// a text.
fn shortcuts(send: Callback<Message>) -> EventListener {
    let options = EventListenerOptions {
        phase: gloo::events::EventListenerPhase::Capture,
        passive: false,
    };
    EventListener::new_with_options(&document(), "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
            return;
        };
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            event.stop_propagation();
            send.emit(Message::Evaluate);
        } else if event.key() == "?" && !is_typing(event) {
            send.emit(Message::Help);
        }
    })
}

/// Whether a key goes into a text.
fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|it| it.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        element
            .closest("input, textarea, .monaco-editor")
            .is_ok_and(|found| found.is_some())
    })
}
