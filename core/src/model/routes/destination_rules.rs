//! DestinationRules, as far as routes need them: which subsets of a host a proxy knows.
//! `istio/istio: pilot/pkg/model/push_context.go` (destinationRule, getExportedDestinationRuleFromNamespace),
//! `pilot/pkg/model/sidecar.go` (DestinationRule).

use super::export::Export;
use super::names::full_host;
use crate::matcher;
use crate::mesh::Mesh;
use crate::resource::{Kind, Labels, Resource};

/// All DestinationRules that count for proxies as a whole.
#[derive(Default)]
pub(super) struct DestinationRules<'a> {
    rules: Vec<Written<'a>>,
}

struct Written<'a> {
    namespace: &'a str,
    /// Complete.
    host: String,
    export: Export,
    subsets: &'a [crate::resource::Subset],
}

impl<'a> DestinationRules<'a> {
    /// Reads them, the oldest first. Those with a `workloadSelector` are for the proxies of those workloads alone, which
    /// waypoints are not.
    pub(super) fn gather(mesh: &'a Mesh) -> Self {
        let mut rules: Vec<_> = mesh
            .live(Kind::DestinationRule)
            .filter_map(|(_, object)| match &object.resource {
                Resource::DestinationRule(rule) if rule.workload_selector.is_none() => {
                    Some((object, rule))
                }
                _ => None,
            })
            .collect();
        rules.sort_by_key(|(object, _)| {
            let created = object.metadata.creation_timestamp.as_deref();
            (created, &object.id.name, &object.id.namespace)
        });
        let rules = rules.into_iter().map(|(object, rule)| Written {
            namespace: &object.id.namespace,
            host: full_host(&rule.host, &object.id.namespace, mesh),
            export: Export::new(&rule.export_to, &object.id.namespace),
            subsets: &rule.subsets,
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// The labels of a subset of a host, as a proxy in a namespace knows it; `None`: no rule that counts defines it.
    pub(super) fn subset(
        &self,
        host: &str,
        service_namespace: Option<&str>,
        proxy_namespace: &str,
        root_namespace: &str,
        name: &str,
    ) -> Option<&Labels> {
        // The proxy's namespace, unless it is the root's; then the Service's; then the root's.
        let own = self.most_specific(host, |rule| rule.namespace == proxy_namespace);
        let of = |namespace: Option<&str>| {
            let namespace = namespace?;
            self.most_specific(host, |rule| {
                rule.namespace == namespace && rule.export.reaches(proxy_namespace)
            })
        };
        let rules = if proxy_namespace == root_namespace {
            of(service_namespace).or(own)
        } else {
            own.or_else(|| of(service_namespace))
                .or_else(|| of(Some(root_namespace)))
        }?;
        // Rules for one host in one namespace are one rule; of subsets with one name the oldest rule's counts.
        let mut subsets = rules.iter().flat_map(|rule| rule.subsets);
        subsets
            .find(|subset| subset.name == name)
            .map(|subset| &subset.labels)
    }

    /// The rules with the most specific host, of those that are asked about; `None`: there is none.
    fn most_specific(
        &self,
        host: &str,
        counts: impl Fn(&Written<'_>) -> bool,
    ) -> Option<Vec<&Written<'a>>> {
        let fitting: Vec<&Written<'a>> = self
            .rules
            .iter()
            .filter(|rule| counts(rule) && matcher::host_matches(&rule.host, host))
            .collect();
        let rank = |rule: &Written<'_>| (!rule.host.starts_with('*'), rule.host.len());
        let best = fitting.iter().map(|rule| rank(rule)).max()?;
        let best = fitting.into_iter().filter(|rule| rank(rule) == best);
        Some(best.collect())
    }
}
