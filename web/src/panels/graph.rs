//! The attachment graph, with buttons and keys to move it, and the same as a table.

use ambient_core::wire;
use web_sys::{HtmlInputElement, InputEvent, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use super::{close_menu, effective, object_button, prose};
use crate::graph::svg;
use crate::report::Topic;
use crate::state::{Message, State};

/// How far an arrow key moves the graph, in pixels of the layout.
const STEP: f64 = 40.0;
const LARGER: f64 = 1.25;

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let Some(answer) = &state.answer else {
        return html! {};
    };
    if answer.layout.boxes.is_empty() {
        return html! { <p class="empty">{ "Nothing refers to anything yet." }</p> };
    }
    let button = |label: &'static str, text: &'static str, message: fn() -> Message| {
        let onclick = send.reform(move |_| message());
        html! { <button class="icon" {onclick} aria-label={label} title={label}>{ text }</button> }
    };
    html! {
        <div class={classes!("graph-body", state.stale_graph.then_some("stale"))}>
            <div class="graph-tools">
                { button("Larger", "+", || Message::Zoom(LARGER)) }
                { button("Smaller", "−", || Message::Zoom(1.0 / LARGER)) }
                { button("Fit", "⤢", || Message::Fit) }
                { focus(state, send) }
                { search(state, send) }
                { namespaces(state, send) }
                { exports(state, send) }
                <span class="legend">
                    <span class="line attached">{ "attached" }</span>
                    <span class="line ignored">{ "rejected, ignored" }</span>
                    <span class="line fail-safe">{ "denies instead" }</span>
                </span>
            </div>
            <div class="canvas" tabindex="0" role="group" aria-label="Attachment graph. Arrow keys move it, plus and minus zoom."
                onkeydown={perhaps(send, key)} onwheel={perhaps(send, wheel)} onpointermove={perhaps(send, drag)}>
                { svg::draw(answer, state, send) }
            </div>
            { effective::view(state, send) }
            { table(&answer.graph, send) }
        </div>
    }
}

/// Only the selected node and what it touches.
fn focus(state: &State, send: &Callback<Message>) -> Html {
    let onclick = send.reform(|_| Message::Focus);
    html! {
        <button {onclick} aria-pressed={state.focused.to_string()} disabled={state.node.is_none() && !state.focused}
            title="Draw the selected object with its neighbours alone">{ "Neighbours" }</button>
    }
}

fn search(state: &State, send: &Callback<Message>) -> Html {
    let oninput = send.reform(|event: InputEvent| {
        Message::Search(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let onkeydown = perhaps(send, |event: KeyboardEvent| {
        (event.key() == "Enter").then_some(Message::SelectFound)
    });
    let count = (!state.search.trim().is_empty()).then(|| state.found().count());
    html! {
        <>
            <input type="search" placeholder="Find an object" aria-label="Find an object in the graph"
                value={state.search.clone()} {oninput} {onkeydown} />
            if let Some(count) = count { <span class="found-count" role="status">{ format!("{count} found") }</span> }
        </>
    }
}

/// Which namespaces are one box. With one namespace there is nothing to fold.
fn namespaces(state: &State, send: &Callback<Message>) -> Html {
    let namespaces: Vec<_> = state.namespaces().collect();
    if namespaces.len() < 2 {
        return html! {};
    }
    let all = |label: &'static str, fold: bool| {
        let onclick = send.reform(move |_| Message::FoldAll(fold));
        html! { <button {onclick}>{ label }</button> }
    };
    html! {
        <details class="namespaces">
            <summary>{ format!("Namespaces ({})", namespaces.len()) }</summary>
            <div class="fold-all">{ all("Fold all", true) }{ all("Unfold all", false) }</div>
            { for namespaces.iter().map(|(name, folded)| {
                let owned = (*name).clone();
                let onchange = send.reform(move |_| Message::Fold(owned.clone()));
                html! {
                    <label><input type="checkbox" checked={!*folded} {onchange} />{ " " }{ (*name).clone() }</label>
                }
            }) }
        </details>
    }
}

/// The graph for the clipboard, as other tools read it.
fn exports(state: &State, send: &Callback<Message>) -> Html {
    let topics = [
        ("Mermaid", Topic::Mermaid),
        ("DOT", Topic::Dot),
        ("SVG", Topic::Svg),
        ("JSON", Topic::Json),
    ];
    let is_copied = state.copied.as_deref() == Some("graph");
    html! {
        <details class="menu exports">
            <summary aria-live="polite">{ if is_copied { "Copied ✓" } else { "Copy as" } }</summary>
            <ul>
                { for topics.into_iter().map(|(name, topic)| {
                    let onclick = send.reform(move |event: MouseEvent| {
                        close_menu(&event);
                        Message::Export(topic)
                    });
                    html! { <li><button {onclick}>{ name }</button></li> }
                }) }
            </ul>
        </details>
    }
}

/// Sends what an event means, if it means anything.
fn perhaps<E: 'static>(send: &Callback<Message>, meaning: fn(E) -> Option<Message>) -> Callback<E> {
    let send = send.clone();
    Callback::from(move |event| {
        if let Some(message) = meaning(event) {
            send.emit(message);
        }
    })
}

fn key(event: KeyboardEvent) -> Option<Message> {
    let message = match event.key().as_str() {
        "+" | "=" => Message::Zoom(LARGER),
        "-" => Message::Zoom(1.0 / LARGER),
        "0" => Message::Fit,
        "ArrowLeft" => Message::Pan(-STEP, 0.0),
        "ArrowRight" => Message::Pan(STEP, 0.0),
        "ArrowUp" => Message::Pan(0.0, -STEP),
        "ArrowDown" => Message::Pan(0.0, STEP),
        _ => return None,
    };
    event.prevent_default();
    Some(message)
}

/// Without Ctrl the wheel scrolls the page, as everywhere.
fn wheel(event: WheelEvent) -> Option<Message> {
    if !event.ctrl_key() {
        return None;
    }
    event.prevent_default();
    Some(Message::Zoom(if event.delta_y() < 0.0 {
        LARGER
    } else {
        1.0 / LARGER
    }))
}

fn drag(event: PointerEvent) -> Option<Message> {
    let dragging = event.buttons() == 1;
    dragging.then(|| {
        Message::Pan(
            -f64::from(event.movement_x()),
            -f64::from(event.movement_y()),
        )
    })
}

/// The same as text, for those who do not see the picture.
fn table(graph: &wire::Graph, send: &Callback<Message>) -> Html {
    html! {
        <details class="graph-table">
            <summary>{ format!("As a table ({} references)", graph.edges.len()) }</summary>
            <table>
                <thead><tr><th>{ "from" }</th><th>{ "by" }</th><th>{ "to" }</th><th>{ "status" }</th><th>{ "why" }</th></tr></thead>
                <tbody>
                    { for graph.edges.iter().map(|edge| {
                        let node = |id: &str| object_button(id, send);
                        html! {
                            <tr>
                                <td>{ node(&edge.from) }</td>
                                <td>{ svg::via_name(edge.via) }</td>
                                <td>{ node(&edge.to) }</td>
                                <td>{ svg::status_name(edge.status) }</td>
                                <td>{ prose(&edge.message) }</td>
                            </tr>
                        }
                    }) }
                </tbody>
            </table>
        </details>
    }
}
