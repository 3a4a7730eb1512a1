//! News, above everything until it is read.

use yew::prelude::*;

use super::prose;
use crate::state::{Message, Notice, State};

/// Beyond this some chat programs cut links.
const LONG_LINK: usize = 2_000;

const NOT_COPIED: &str = "This browser keeps the page from its clipboard. It lets pages in that come from this machine or over HTTPS; else select the text and copy it.";

pub(super) fn view(state: &State, send: &Callback<Message>) -> Html {
    let Some(notice) = &state.notice else {
        return html! {};
    };
    let dismiss = send.reform(|_| Message::Dismiss);
    let (class, text, choice) = match notice {
        Notice::Shared { length, copied } => ("info", shared(*length, *copied), html! {}),
        Notice::NotCopied => ("error", NOT_COPIED.to_owned(), html! {}),
        Notice::Secrets(found) => {
            let share = send.reform(|_| Message::ShareSecrets);
            let text = format!(
                "The link would carry {}. Whoever gets it can read that.",
                found.join(", ")
            );
            let choice = html! {
                <>
                    <button onclick={share}>{ "Share all the same" }</button>
                    <button onclick={dismiss.clone()}>{ "Do not share" }</button>
                </>
            };
            return row("error", text, choice);
        }
        Notice::Unreadable(sentence) => ("error", sentence.clone(), html! {}),
        Notice::EngineFailed(error) => ("error", engine_failed(error), html! {}),
        Notice::Example(sentence) => ("info", format!("Notice: {sentence}"), html! {}),
        Notice::TheirsOpen(_) => {
            let keep = send.reform(|_| Message::KeepMine);
            let text = "You opened a link. Your own work of the last visit is kept, and nothing is stored over it until you choose.";
            let choice = html! {
                <>
                    <button onclick={keep}>{ "Keep mine" }</button>
                    <button onclick={dismiss.clone()}>{ "Open theirs" }</button>
                </>
            };
            return row("info", text.to_owned(), choice);
        }
    };
    let close =
        html! { <button class="icon" onclick={dismiss} aria-label="Close">{ "×" }</button> };
    row(class, text, html! { <>{ choice }{ close }</> })
}

fn row(class: &'static str, text: String, buttons: Html) -> Html {
    html! {
        <div class={classes!("notice", class)} role="status">
            <p>{ prose(&text) }</p>
            { buttons }
        </div>
    }
}

fn engine_failed(error: &str) -> String {
    format!(
        "The engine has stopped: `{error}`. What is shown is the last answer; reload the page to go on. Both texts are kept."
    )
}

fn shared(length: usize, copied: bool) -> String {
    let done = if copied {
        "The link is in your clipboard"
    } else {
        "The link is in the address bar"
    };
    let hint = if length > LONG_LINK {
        " Some chat programs cut links of more than 2,000 characters."
    } else {
        ""
    };
    format!(
        "{done}. It carries both texts and what is open, {length} characters in all, behind the `#`, which is never sent: nothing was stored on any server.{hint}"
    )
}
