//! What can happen, and what has to happen outside in answer.

use ambient_core::wire;

use super::{Pane, Tab};
use crate::report::{self, Report, Topic};
use crate::worker::{Answer, Question};

/// What can happen. Not to be cloned: an answer is large.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The visitor typed.
    Typed(Tab, String),
    /// Typing has paused, or the visitor does not want to wait.
    Evaluate,
    /// The engine answered.
    Answered(Box<Answer>),
    /// The engine reported to a docked panel, or made an export.
    Reported(Box<Report>),
    /// The engine stopped, saying this.
    EngineFailed(String),
    /// Another tab to the front.
    ShowTab(Tab),
    /// Another pane on a narrow screen.
    ShowPane(Pane),
    /// Another panel into the dock, or out of it.
    Dock(Pane),
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
    /// A request joins the sample requests.
    AddRequest(serde_json::Value),
    /// To an example.
    OpenExample(&'static str),
    /// To another theme.
    NextTheme,
    /// The list of keys opens.
    Help,
    /// A link, please.
    Share,
    /// A link all the same, though there are secrets in it.
    ShareSecrets,
    /// The link.
    Linked(String),
    /// A text for the clipboard, and what it is.
    Copy(String, String),
    /// The graph for the clipboard.
    Export(Topic),
    /// It is in the clipboard, or could not be put there.
    Copied(bool),
    /// The news is read.
    Dismiss,
    /// Back to the visitor's own work.
    KeepMine,
    /// The editor is there.
    EditorReady,
    /// The graph larger or smaller.
    Zoom(f64),
    /// The graph moves by pixels.
    Pan(f64, f64),
    /// The graph as it was at first.
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
    /// Ask for what only an open panel shows.
    Report(Box<report::Question>),
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
    /// A verdict into sight.
    RevealVerdict(usize),
    /// Edits into the editor.
    Edit(Tab, Vec<wire::Edit>),
    /// The list of keys opens.
    Help,
    /// A text into the clipboard.
    Copy(String),
    /// Make a link of this text.
    Link(String),
    /// A link into address bar and clipboard.
    CopyLink(String),
    /// The address bar to an example, or to nothing.
    SetFragment(String),
}
