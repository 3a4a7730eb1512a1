//! Questions to the engine and what becomes of its answers: first the verdicts, then what the docked panel asks for.

use ambient_core::wire;

use super::{Effect, Notice, State, Tab};
use crate::graph::scope::Scope;
use crate::report::{self, Report, Topic};
use crate::worker::{Answer, Question};

impl State {
    pub(super) fn ask(&mut self) -> Vec<Effect> {
        self.sequence += 1;
        let mut effects = vec![Effect::Ask(Box::new(Question {
            sequence: self.sequence,
            manifests: self.texts.manifests.clone(),
            requests: self.texts.requests.clone(),
            scope: Scope {
                folded: self.folded.clone(),
                focus: self.node.clone().filter(|_| self.focused),
            },
            selected: self.node.clone(),
            documented: self.documented,
        }))];
        // A link or an example that was only looked at replaces nothing; a visitor's own work waits to be chosen.
        if self.edited && !matches!(self.notice, Some(Notice::TheirsOpen(_))) {
            effects.push(Effect::Store);
        }
        effects
    }

    pub(super) fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        if answer.sequence != self.sequence {
            return Vec::new();
        }
        // Nothing can be read of a text that says something: the last answer stays, greyed.
        let nothing_of = |tab: Tab, is_empty: bool| {
            is_empty
                && !self.texts.get(tab).trim().is_empty()
                && answer.evaluation.diagnostics.iter().any(|diagnostic| {
                    diagnostic.severity == wire::Severity::Error
                        && Tab::of_file(diagnostic.file.as_deref()) == tab
                })
        };
        self.stale_verdicts = nothing_of(Tab::Requests, answer.evaluation.results.is_empty());
        self.stale_graph = nothing_of(Tab::Manifests, answer.graph.nodes.is_empty());
        let mut answer = answer;
        if let Some(last) = self.answer.take() {
            if self.stale_verdicts || self.stale_graph {
                answer.evaluation.results = last.evaluation.results;
            }
            if self.stale_graph {
                answer.graph = last.graph;
                answer.drawn = last.drawn;
                answer.layout = last.layout;
            }
        }
        let count = answer.evaluation.results.len();
        self.answer = Some(answer);
        self.copied = None;
        let mut effects = vec![Effect::SetMarkers];
        if let Some(index) = self.awaited.take_if(|index| *index < count) {
            effects.push(Effect::RevealVerdict(index));
        }
        effects.extend(self.ask_report());
        effects
    }

    /// What the docked panel asks for, if it has not been asked yet. Only one report is under way, so that fast typing
    /// makes no queue of them.
    pub(super) fn ask_report(&mut self) -> Option<Effect> {
        let topic = self.dock?.topic()?;
        let answered = self.answer.as_ref()?.sequence;
        let shown = self
            .report
            .as_ref()
            .map(|report| (report.sequence, report.topic));
        if self.reporting.is_some() || shown == Some((answered, topic)) {
            return None;
        }
        self.reporting = Some((answered, topic));
        Some(Effect::Report(self.report_question(topic)))
    }

    pub(super) fn report_question(&self, topic: Topic) -> Box<report::Question> {
        Box::new(report::Question {
            sequence: self.answer.as_ref().map_or(0, |answer| answer.sequence),
            topic,
            manifests: self.texts.manifests.clone(),
            requests: self.texts.requests.clone(),
            documented: self.documented,
            selected: self.node.clone(),
        })
    }

    pub(super) fn reported(&mut self, report: Report) -> Vec<Effect> {
        if report.topic.is_export() {
            self.copying = Some("graph".to_owned());
            return vec![Effect::Copy(report.text)];
        }
        self.reporting = None;
        if self.dock.and_then(super::Pane::topic) == Some(report.topic) {
            self.report = Some(report);
        }
        self.ask_report().into_iter().collect()
    }

    /// The report of a topic, if it is the one at hand.
    pub(crate) fn report_of(&self, topic: Topic) -> Option<&Report> {
        self.report.as_ref().filter(|report| report.topic == topic)
    }

    /// How many verdicts there are of each sort: allow, deny, unknown.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let results = self
            .answer
            .iter()
            .flat_map(|answer| &answer.evaluation.results);
        results.fold([0; 3], |[allow, deny, unknown], answer| {
            match answer.verdict {
                wire::Verdict::Allow => [allow + 1, deny, unknown],
                wire::Verdict::Deny => [allow, deny + 1, unknown],
                wire::Verdict::Unknown => [allow, deny, unknown + 1],
            }
        })
    }

    /// How many requests have an expectation, and how many of those are not as expected.
    pub(crate) fn expectations(&self) -> (usize, usize) {
        let results = self
            .answer
            .iter()
            .flat_map(|answer| &answer.evaluation.results);
        let all = results.filter_map(|answer| answer.expected.as_ref());
        all.fold((0, 0), |(all, unmet), expected| {
            (all + 1, unmet + usize::from(!expected.met))
        })
    }

    /// The counts in words, for the title and for those who listen to the page.
    pub(crate) fn summary(&self) -> String {
        let names = ["allow", "deny", "unknown"];
        let counts = self.counts();
        let (_, unmet) = self.expectations();
        let unmet = (&unmet, "not as expected");
        std::iter::once(unmet)
            .chain(counts.iter().zip(names))
            .filter(|(count, _)| **count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect::<Vec<_>>()
            .join(" · ")
    }
}
