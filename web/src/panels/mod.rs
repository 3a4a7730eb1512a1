//! What the page shows: each panel is a function of the state, and sends messages. No panel calls another.

mod effective;
mod element;
mod envoy;
mod graph;
mod hop;
mod migration;
mod notice;
mod problems;
mod report;
mod status;
mod toolbar;
mod trace;
mod verdicts;
mod ways_around;

use web_sys::{HtmlDetailsElement, HtmlTextAreaElement, InputEvent, MouseEvent};
use yew::prelude::*;

use crate::reference;
use crate::report::versions;
use crate::state::{Message, Pane, State, Tab};
use element::{all, button, code, el_with, word};

/// A panel beside the editor.
struct Panel {
    pane: Pane,
    title: &'static str,
    /// Its name in classes and ids.
    class: &'static str,
    /// How many there are of what it shows, where that is known without being asked for.
    count: fn(&State) -> Option<usize>,
    view: fn(&State, &Callback<Message>) -> Html,
}

/// The panels that a wide screen shows always, one below the other.
const PANELS: &[Panel] = &[
    Panel {
        pane: Pane::Verdicts,
        title: "Verdicts",
        class: "verdicts",
        count: |state| Some(state.counts().iter().sum()),
        view: verdicts::view,
    },
    Panel {
        pane: Pane::Graph,
        title: "Attachment",
        class: "graph",
        count: |state| state.answer.as_ref().map(|answer| answer.graph.edges.len()),
        view: graph::view,
    },
];

/// Those of which it shows one at a time, docked below the others.
const DOCKED: &[Panel] = &[
    Panel {
        pane: Pane::Problems,
        title: "Problems",
        class: "problems",
        count: |state| {
            state
                .answer
                .as_ref()
                .map(|answer| answer.evaluation.diagnostics.len())
        },
        view: problems::view,
    },
    Panel {
        pane: Pane::WaysAround,
        title: "Ways around",
        class: "ways-around",
        count: |_| None,
        view: ways_around::view,
    },
    Panel {
        pane: Pane::Status,
        title: "Status",
        class: "status",
        count: |_| None,
        view: status::view,
    },
    Panel {
        pane: Pane::Envoy,
        title: "Envoy",
        class: "envoy",
        count: |_| None,
        view: envoy::view,
    },
    Panel {
        pane: Pane::Migration,
        title: "Migration",
        class: "migration",
        count: |_| None,
        view: migration::view,
    },
];

/// The whole page.
pub(crate) fn page(
    state: &State,
    send: &Callback<Message>,
    editor: &NodeRef,
    stand_in: &NodeRef,
) -> Html {
    let shown = match state.pane {
        Pane::Editor => "editor",
        Pane::Verdicts => "verdicts",
        Pane::Graph => "graph",
        _ => "dock",
    };
    html! {
        <div class="page" data-pane={shown}>
            <a class="skip" href="#verdicts">{ "Skip to the verdicts" }</a>
            { toolbar::view(state, send) }
            { notice::view(state, send) }
            { pane_tabs(state, send) }
            <main>
                { editor_panel(state, send, editor, stand_in) }
                <div class="panels">
                    <div class="stack">
                        { for PANELS.iter().map(|panel| panel_view(panel, state, send)) }
                    </div>
                    { dock(state, send) }
                </div>
            </main>
            <p class="visually-hidden" role="status" aria-live="polite">{ state.summary() }</p>
            { footer() }
        </div>
    }
}

fn panel_view(panel: &Panel, state: &State, send: &Callback<Message>) -> Html {
    let heading = format!("{}-title", panel.class);
    html! {
        <section class={classes!("panel", panel.class)} aria-labelledby={heading.clone()} key={panel.class}>
            <h2 id={heading}>{ panel.title }{ count((panel.count)(state)) }</h2>
            { (panel.view)(state, send) }
        </section>
    }
}

fn count(count: Option<usize>) -> Html {
    html! { if let Some(count) = count { <span class="count">{ count }</span> } }
}

/// The names of the docked panels, and the open one.
fn dock(state: &State, send: &Callback<Message>) -> Html {
    let open = DOCKED.iter().find(|panel| state.dock == Some(panel.pane));
    html! {
        <section class={classes!("dock", open.is_some().then_some("open"))} aria-label="More panels">
            <nav class="dock-tabs" aria-label="More panels">
                { for DOCKED.iter().map(|panel| {
                    let pane = panel.pane;
                    let onclick = send.reform(move |_| Message::Dock(pane));
                    let is_open = state.dock == Some(pane);
                    html! {
                        <button {onclick} aria-expanded={is_open.to_string()} aria-controls="docked">
                            { panel.title }{ count((panel.count)(state)) }
                        </button>
                    }
                }) }
            </nav>
            <div id="docked">
                if let Some(panel) = open {
                    <div class={classes!("docked", panel.class)} key={panel.class}>{ (panel.view)(state, send) }</div>
                }
            </div>
        </section>
    }
}

/// On a narrow screen, which panel is shown.
fn pane_tabs(state: &State, send: &Callback<Message>) -> Html {
    let editor = (Pane::Editor, "Editor", None);
    let panel = |panel: &Panel| (panel.pane, panel.title, (panel.count)(state));
    let panes = PANELS
        .iter()
        .map(panel)
        .chain([editor])
        .chain(DOCKED.iter().map(panel));
    html! {
        <nav class="pane-tabs" aria-label="Panels">
            { for panes.map(|(pane, title, number)| {
                let onclick = send.reform(move |_| Message::ShowPane(pane));
                html! {
                    <button {onclick} aria-pressed={(state.pane == pane).to_string()}>
                        { title }{ count(number) }
                    </button>
                }
            }) }
        </nav>
    }
}

fn editor_panel(
    state: &State,
    send: &Callback<Message>,
    editor: &NodeRef,
    stand_in: &NodeRef,
) -> Html {
    let tab = |tab: Tab, title: &'static str| {
        let selected = state.tab == tab;
        let onclick = send.reform(move |_| Message::ShowTab(tab));
        html! {
            <button role="tab" {onclick} id={format!("tab-{}", tab.name())} aria-selected={selected.to_string()} aria-controls="editor">
                { title }
                if errors(state, tab) > 0 {
                    <span class="count error" title="errors">{ errors(state, tab) }</span>
                }
            </button>
        }
    };
    let current = state.tab;
    let oninput = send.reform(move |event: InputEvent| {
        Message::Typed(
            current,
            event.target_unchecked_into::<HtmlTextAreaElement>().value(),
        )
    });
    html! {
        <section class="editor" aria-label="Editor">
            <div role="tablist" aria-label="Texts">
                { tab(Tab::Manifests, "Manifests") }
                { tab(Tab::Requests, "Requests") }
                <span class="hint">{ "Ctrl+M lets Tab leave the editor · F8 goes to the next problem" }</span>
            </div>
            <div id="editor" role="tabpanel" aria-labelledby={format!("tab-{}", state.tab.name())}>
                <div class="monaco" ref={editor}></div>
                if !state.editor_ready {
                    <textarea ref={stand_in} {oninput} key={state.tab.name()} spellcheck="false" wrap="off"
                        aria-label="YAML" value={state.texts.get(state.tab).to_owned()} />
                }
            </div>
        </section>
    }
}

/// How many errors a text has.
fn errors(state: &State, tab: Tab) -> usize {
    let diagnostics = state
        .answer
        .iter()
        .flat_map(|answer| &answer.evaluation.diagnostics);
    diagnostics
        .filter(|diagnostic| diagnostic.severity == ambient_core::wire::Severity::Error)
        .filter(|diagnostic| Tab::of_file(diagnostic.file.as_deref()) == tab)
        .count()
}

fn footer() -> Html {
    let link = |(href, text): (&'static str, &'static str)| html! { <a {href}>{ text }</a> };
    html! {
        <footer>
            <span>{ versions() }</span>
            <nav aria-label="Reference">{ for REFERENCE.into_iter().map(link) }</nav>
            <span>{ "What you paste stays in this browser: nothing is sent anywhere." }</span>
        </footer>
    }
}

const REFERENCE: [(&str, &str); 5] = [
    (reference::FINDINGS, "Findings"),
    (reference::FEATURES, "Features"),
    (reference::FIELDS, "Fields"),
    (reference::BEHAVIOR, "Behavior"),
    ("openapi.json", "REST API"),
];

/// The id of the row of a verdict.
pub(crate) fn verdict_id(index: usize) -> String {
    format!("verdict-{index}")
}

/// A button that puts a text into the clipboard, and says when it is there. `what` tells it from others.
fn copy_button(
    what: &str,
    label: &'static str,
    text: &str,
    state: &State,
    send: &Callback<Message>,
) -> Html {
    let is_copied = state.copied.as_deref() == Some(what);
    let (what, text) = (what.to_owned(), text.to_owned());
    let onclick = send.reform(move |_| Message::Copy(what.clone(), text.clone()));
    let label = if is_copied { "Copied ✓" } else { label };
    button("small", "", word(label), onclick)
}

/// A menu closes when something in it is chosen.
fn close_menu(event: &MouseEvent) {
    let menu = event
        .target_dyn_into::<web_sys::Element>()
        .and_then(|element| element.closest("details").ok().flatten());
    if let Some(menu) = menu {
        wasm_bindgen::JsCast::unchecked_into::<HtmlDetailsElement>(menu).set_open(false);
    }
}

/// The code of a finding, which leads to its page.
fn code_link(code: &str) -> Html {
    let page = reference::of_code(code);
    let attributes = [
        ("class", "code"),
        ("href", &page),
        ("target", "_blank"),
        ("rel", "noopener"),
    ];
    el_with("a", &attributes, vec![word(code)])
}

/// An object that is selected by a click.
fn object_button(id: &str, send: &Callback<Message>) -> Html {
    let owned = id.to_owned();
    let onclick = send.reform(move |_| Message::SelectNode(owned.clone()));
    button("jump", "", code(id), onclick)
}

/// A sentence with its names, which stand between backticks, as code.
fn prose(sentence: &str) -> Html {
    let parts = sentence.split('`').zip(0..);
    let parts = parts.map(|(part, index)| match index % 2 {
        0 => word(part),
        _ => code(part),
    });
    all(parts.collect())
}
