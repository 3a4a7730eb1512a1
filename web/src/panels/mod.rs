//! What the page shows: each panel is a function of the state, and sends messages. No panel calls another.

mod effective;
mod graph;
mod notice;
mod problems;
mod toolbar;
mod trace;
mod verdicts;

use web_sys::{HtmlTextAreaElement, InputEvent};
use yew::prelude::*;

use crate::state::{Message, Pane, State, Tab};

/// A panel beside the editor.
struct Panel {
    pane: Pane,
    title: &'static str,
    /// The class of its section.
    class: &'static str,
    /// How many there are of what it shows.
    count: fn(&State) -> usize,
    view: fn(&State, &Callback<Message>) -> Html,
}

/// The panels, in the order of the page.
const PANELS: &[Panel] = &[
    Panel {
        pane: Pane::Verdicts,
        title: "Verdicts",
        class: "verdicts",
        count: |state| state.counts().iter().sum(),
        view: verdicts::view,
    },
    Panel {
        pane: Pane::Graph,
        title: "Attachment",
        class: "graph",
        count: |state| {
            state
                .answer
                .as_ref()
                .map_or(0, |answer| answer.graph.edges.len())
        },
        view: graph::view,
    },
    Panel {
        pane: Pane::Problems,
        title: "Problems",
        class: "problems",
        count: |state| {
            state
                .answer
                .as_ref()
                .map_or(0, |answer| answer.evaluation.diagnostics.len())
        },
        view: problems::view,
    },
];

/// The whole page.
pub(crate) fn page(
    state: &State,
    send: &Callback<Message>,
    editor: &NodeRef,
    stand_in: &NodeRef,
) -> Html {
    let pane = match state.pane {
        Pane::Verdicts => "verdicts",
        Pane::Graph => "graph",
        Pane::Problems => "problems",
        Pane::Editor => "editor",
    };
    html! {
        <div class="page" data-pane={pane}>
            <a class="skip" href="#verdicts">{ "Skip to the verdicts" }</a>
            { toolbar::view(state, send) }
            { notice::view(state, send) }
            { pane_tabs(state, send) }
            <main>
                { editor_panel(state, send, editor, stand_in) }
                <div class="panels">
                    { for PANELS.iter().map(|panel| panel_view(panel, state, send)) }
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
            <h2 id={heading}>{ panel.title }<span class="count">{ (panel.count)(state) }</span></h2>
            { (panel.view)(state, send) }
        </section>
    }
}

/// On a narrow screen, which panel is shown.
fn pane_tabs(state: &State, send: &Callback<Message>) -> Html {
    let editor = (Pane::Editor, "Editor", None);
    let panes = PANELS
        .iter()
        .map(|panel| (panel.pane, panel.title, Some((panel.count)(state))))
        .chain([editor]);
    html! {
        <nav class="pane-tabs" aria-label="Panels">
            { for panes.map(|(pane, title, count)| {
                let onclick = send.reform(move |_| Message::ShowPane(pane));
                html! {
                    <button {onclick} aria-pressed={(state.pane == pane).to_string()}>
                        { title }
                        if let Some(count) = count { <span class="count">{ count }</span> }
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
    html! {
        <footer>
            <span>
                { format!("Engine {} · follows Istio {}, Gateway API {}", ambient_core::VERSION, ambient_core::ISTIO, ambient_core::GATEWAY_API) }
            </span>
            <span>{ "What you paste stays in this browser: nothing is sent anywhere." }</span>
        </footer>
    }
}

/// A sentence with its names, which stand between backticks, as code.
fn prose(sentence: &str) -> Html {
    html! {
        { for sentence.split('`').enumerate().map(|(index, part)| match index % 2 {
            0 => html! { { part } },
            _ => html! { <code>{ part }</code> },
        }) }
    }
}
