//! News for the visitor, and sharing, which makes most of it.

use super::{Effect, State, Texts};

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
    /// What of the texts should not be in a link, before one is made.
    Secrets(Vec<String>),
    /// The browser keeps the page from the clipboard.
    NotCopied,
    /// A link cannot be opened.
    Unreadable(String),
    /// The engine has stopped; what it said last.
    EngineFailed(String),
    /// A link is open, and the visitor's own work waits.
    TheirsOpen(Texts),
    /// What to notice in an example.
    Example(String),
}

impl State {
    /// A link at once, or first a question if there is something in the texts that links should not carry.
    pub(super) fn share(&mut self) -> Vec<Effect> {
        let secrets = self.texts.secrets();
        if secrets.is_empty() {
            return self.share_all();
        }
        self.notice = Some(Notice::Secrets(secrets));
        Vec::new()
    }

    pub(super) fn share_all(&self) -> Vec<Effect> {
        vec![Effect::Link(self.shared().plain())]
    }

    /// The link is there.
    pub(super) fn linked(&mut self, link: String) -> Vec<Effect> {
        self.notice = Some(Notice::Shared {
            length: link.len(),
            copied: false,
        });
        vec![Effect::CopyLink(link)]
    }

    /// What the clipboard said, to a link or to another text.
    pub(super) fn copied(&mut self, success: bool) {
        match (&mut self.notice, &self.copying) {
            (_, Some(what)) if success => self.copied = Some(what.clone()),
            (_, Some(_)) => self.notice = Some(Notice::NotCopied),
            (Some(Notice::Shared { copied, .. }), None) => *copied = success,
            _ => {}
        }
        self.copying = None;
    }
}
