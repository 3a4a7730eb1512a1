//! Label selection over workloads, without walking all of them.

use super::{Capture, Mesh, WorkloadIndex, WorkloadInfo};
use crate::resource::Labels;
use crate::sorted;

/// Workloads by namespace.
#[derive(Default)]
pub(super) struct Index(sorted::Map<String, InNamespace>);

/// Workloads of one namespace, all of them and by each of their labels.
#[derive(Default)]
struct InNamespace {
    all: Vec<WorkloadIndex>,
    /// How they are captured.
    captures: sorted::Set<Capture>,
    by_label: sorted::Map<String, Vec<WorkloadIndex>>,
}

/// A label as one text. Two labels may have the same one: what it leads to are candidates.
fn text(key: &str, value: &str) -> String {
    [key, "=", value].concat()
}

impl Index {
    pub(super) fn add(&mut self, workload: &WorkloadInfo, index: WorkloadIndex) {
        let near = self.0.entry(workload.namespace.clone()).or_default();
        near.all.push(index);
        near.captures.insert(workload.capture);
        for (key, value) in &*workload.labels {
            let alike = near.by_label.entry(text(key, value)).or_default();
            alike.push(index);
        }
    }
}

impl Mesh {
    /// The workloads of a namespace, in their order.
    pub(crate) fn workloads_in(&self, namespace: &str) -> &[WorkloadIndex] {
        let near = self.selection.0.get(namespace);
        near.map(|near| near.all.as_slice()).unwrap_or_default()
    }

    /// Whether a workload of a namespace, or of any where none is given, is captured so.
    pub(crate) fn has_captured(&self, namespace: Option<&str>, capture: Capture) -> bool {
        let fits = |near: &InNamespace| near.captures.contains(&capture);
        match namespace {
            Some(namespace) => self.selection.0.get(namespace).is_some_and(fits),
            None => self.selection.0.values().any(fits),
        }
    }

    /// The workloads of a namespace that have all of the labels. Without labels: all of them.
    pub(crate) fn select(&self, namespace: &str, labels: &Labels) -> Vec<WorkloadIndex> {
        let Some(near) = self.selection.0.get(namespace) else {
            return Vec::new();
        };
        // The rarest label leaves the fewest workloads to look at.
        let candidates = labels
            .iter()
            .map(|(key, value)| {
                let alike = near.by_label.get(&text(key, value));
                alike.map(Vec::as_slice).unwrap_or_default()
            })
            .min_by_key(|workloads| workloads.len())
            .unwrap_or(&near.all);
        candidates
            .iter()
            .copied()
            .filter(|&index| self.has_labels(index, labels))
            .collect()
    }

    /// The workloads of the whole mesh that have all of the labels, namespace by namespace.
    pub(crate) fn select_everywhere(&self, labels: &Labels) -> Vec<WorkloadIndex> {
        self.selection
            .0
            .keys()
            .flat_map(|namespace| self.select(namespace, labels))
            .collect()
    }

    fn has_labels(&self, workload: WorkloadIndex, labels: &Labels) -> bool {
        self.workload(workload).is_some_and(|workload| {
            labels
                .iter()
                .all(|(key, value)| workload.labels.get(key) == Some(value))
        })
    }
}
