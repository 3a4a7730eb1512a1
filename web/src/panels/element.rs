//! Elements as function calls. `html!` writes out the building of each element where it stands, some 300 bytes of the
//! page; these share it, which the panels with the most elements are worth it.

use yew::html::onclick;
use yew::prelude::*;
use yew::virtual_dom::{VList, VNode, VTag};

/// An element with a class (or none, if that is empty) and children.
pub(super) fn el(name: &'static str, class: &'static str, children: Vec<Html>) -> Html {
    let mut tag = VTag::new(name);
    if !class.is_empty() {
        tag.add_attribute("class", class);
    }
    tag.add_children(children);
    tag.into()
}

/// An element with attributes.
pub(super) fn el_with(
    name: &'static str,
    attributes: &[(&'static str, &str)],
    children: Vec<Html>,
) -> Html {
    let mut tag = VTag::new(name);
    for (key, value) in attributes {
        tag.add_attribute(key, (*value).to_owned());
    }
    tag.add_children(children);
    tag.into()
}

/// What only those see who see: an icon beside a word.
pub(super) fn icon(icon: &str) -> Html {
    el_with("span", &[("aria-hidden", "true")], vec![word(icon)])
}

/// A table with titles above its columns.
pub(super) fn table(titles: &[&str], rows: Vec<Html>) -> Html {
    let titles = titles.iter().map(|title| say("th", "", title)).collect();
    let head = el("thead", "", vec![el("tr", "", titles)]);
    el("table", "", vec![head, el("tbody", "", rows)])
}

/// A row of a table.
pub(super) fn row<const N: usize>(cells: [Html; N]) -> Html {
    let cells = cells.into_iter().map(|cell| el("td", "", vec![cell]));
    el("tr", "", cells.collect())
}

/// An element with a text.
pub(super) fn say(name: &'static str, class: &'static str, text: &str) -> Html {
    el(name, class, vec![word(text)])
}

/// A text.
pub(super) fn word(text: &str) -> Html {
    VNode::from(AttrValue::from(text.to_owned()))
}

/// A name of something, as code.
pub(super) fn code(text: &str) -> Html {
    say("code", "", text)
}

/// Several, without an element around them.
pub(super) fn all(children: Vec<Html>) -> Html {
    VList::with_children(children, None).into()
}

/// Nothing.
pub(super) fn none() -> Html {
    VNode::default()
}

/// A button.
pub(super) fn button(
    class: &'static str,
    title: &str,
    label: Html,
    click: Callback<MouseEvent>,
) -> Html {
    let mut tag = VTag::new("button");
    tag.add_attribute("class", class);
    if !title.is_empty() {
        tag.add_attribute("title", title.to_owned());
    }
    tag.add_child(label);
    tag.add_listener(std::rc::Rc::new(onclick::Wrapper::new(click)));
    tag.into()
}
