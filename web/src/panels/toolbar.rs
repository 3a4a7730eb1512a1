//! The bar above everything: name, examples, sharing, theme.

use web_sys::MouseEvent;
use yew::prelude::*;

use super::close_menu;
use crate::examples;
use crate::state::{Message, State, Theme};

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let (theme, theme_name) = match state.theme {
        Theme::Auto => ("◐", "Theme: as the system"),
        Theme::Light => ("☀", "Theme: light"),
        Theme::Dark => ("☾", "Theme: dark"),
    };
    html! {
        <header class="toolbar">
            <h1>{ "Ambient Playground" }</h1>
            <p class="tagline">{ "What attaches to what, which route a request takes, and is it allowed — before anything is applied." }</p>
            { examples_menu(send) }
            <button class="primary" onclick={send.reform(|_| Message::Share)}>{ "Share" }</button>
            <button class="icon keys" onclick={send.reform(|_| Message::Help)} title="Keys" aria-label="Keys" aria-haspopup="dialog">{ "?" }</button>
            <button class="icon" onclick={send.reform(|_| Message::NextTheme)} title={theme_name} aria-label={theme_name}>
                <span aria-hidden="true">{ theme }</span>
            </button>
        </header>
    }
}

fn examples_menu(send: &Callback<Message>) -> Html {
    html! {
        <details class="menu">
            <summary>{ "Examples" }</summary>
            <ul>
                { for examples::all().into_iter().map(|example| {
                    let id = example.id;
                    let onclick = send.reform(move |event: MouseEvent| {
                        close_menu(&event);
                        Message::OpenExample(id)
                    });
                    html! {
                        <li>
                            <button {onclick}>
                                <strong>{ example.title }</strong>
                                <span>{ example.notice }</span>
                            </button>
                        </li>
                    }
                }) }
            </ul>
        </details>
    }
}
