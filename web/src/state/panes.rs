//! Which panels are in sight.

use crate::report::Topic;

/// What a narrow screen shows alone. A wide one shows the editor, the verdicts and the graph, and one of the others
/// docked below them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The verdicts.
    #[default]
    Verdicts,
    /// The graph.
    Graph,
    /// The editor.
    Editor,
    /// The findings.
    Problems,
    /// Requests that get around policies.
    WaysAround,
    /// What istiod would write on objects.
    Status,
    /// What waypoints are told.
    Envoy,
    /// VirtualServices as routes.
    Migration,
}

impl Pane {
    /// What the engine has to report for it, if it is more than the answer holds.
    pub(crate) fn topic(self) -> Option<Topic> {
        match self {
            Self::Verdicts | Self::Graph | Self::Editor | Self::Problems => None,
            Self::WaysAround => Some(Topic::WaysAround),
            Self::Status => Some(Topic::Status),
            Self::Envoy => Some(Topic::Envoy),
            Self::Migration => Some(Topic::Migration),
        }
    }

    /// Whether it has its place in the dock.
    pub(super) fn is_docked(self) -> bool {
        self == Self::Problems || self.topic().is_some()
    }
}
