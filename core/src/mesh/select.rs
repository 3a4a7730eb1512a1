//! Label selection over workloads, without walking all of them.

use super::{Mesh, WorkloadIndex};
use crate::resource::Labels;
use crate::sorted;

/// Workloads by namespace and by each of their labels.
#[derive(Default)]
pub(super) struct Index {
    by_namespace: sorted::Map<String, Vec<WorkloadIndex>>,
    by_label: sorted::Map<(String, String, String), Vec<WorkloadIndex>>,
}

impl Index {
    pub(super) fn add(&mut self, namespace: &str, labels: &Labels, workload: WorkloadIndex) {
        self.by_namespace
            .entry(namespace.to_owned())
            .or_default()
            .push(workload);
        for (key, value) in labels {
            let label = (namespace.to_owned(), key.clone(), value.clone());
            self.by_label.entry(label).or_default().push(workload);
        }
    }
}

impl Mesh {
    /// The workloads of a namespace, in their order.
    pub(crate) fn workloads_in(&self, namespace: &str) -> &[WorkloadIndex] {
        self.selection
            .by_namespace
            .get(namespace)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The workloads of a namespace that have all of the labels. Without labels: all of them.
    pub(crate) fn select(&self, namespace: &str, labels: &Labels) -> Vec<WorkloadIndex> {
        // The rarest label leaves the fewest workloads to look at.
        let candidates = labels
            .iter()
            .map(|(key, value)| {
                let label = (namespace.to_owned(), key.clone(), value.clone());
                self.selection
                    .by_label
                    .get(&label)
                    .map(Vec::as_slice)
                    .unwrap_or_default()
            })
            .min_by_key(|workloads| workloads.len())
            .unwrap_or_else(|| self.workloads_in(namespace));
        candidates
            .iter()
            .copied()
            .filter(|&index| self.has_labels(index, labels))
            .collect()
    }

    /// The workloads of the whole mesh that have all of the labels, namespace by namespace.
    pub(crate) fn select_everywhere(&self, labels: &Labels) -> Vec<WorkloadIndex> {
        self.selection
            .by_namespace
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
