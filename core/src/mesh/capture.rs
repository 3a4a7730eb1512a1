//! Whose traffic ztunnel captures.

use crate::resource::{Labels, Workload};

/// The label that enrols.
pub(crate) const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
const AMBIENT: &str = "ambient";
const NONE: &str = "none";
/// Written by the sidecar injector: `istio/istio: cni/pkg/util/enablement_selector.go`.
const SIDECAR_STATUS: &str = "sidecar.istio.io/status";
const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
/// `istio/api: annotation/annotations.yaml`
const BYPASS_INBOUND: &str = "ambient.istio.io/bypass-inbound-capture";
/// Namespaces that the CNI leaves alone by default: `istio/istio: cni/pkg/config/config.go`.
const EXCLUDED_NAMESPACES: &[&str] = &["kube-system"];

/// Whether ztunnel captures a workload's traffic, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Capture {
    /// It does.
    Captured,
    /// It carries what the pod sends, and an annotation keeps it from what the pod gets.
    OutboundOnly,
    /// The pod shares its node's network.
    HostNetwork,
    /// The pod has, or will have, a sidecar; that wins over ambient.
    Sidecar,
    /// The pod's own label says `none`.
    OptedOut,
    /// The CNI leaves the namespace alone.
    ExcludedNamespace,
    /// Neither the pod nor its namespace says `ambient`.
    NotEnrolled,
}

impl Capture {
    /// As the graph writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::OutboundOnly => "outboundOnly",
            Self::HostNetwork => "hostNetwork",
            Self::Sidecar => "sidecar",
            Self::OptedOut => "optedOut",
            Self::ExcludedNamespace => "excludedNamespace",
            Self::NotEnrolled => "notEnrolled",
        }
    }

    /// Whether ztunnel stands in front of it.
    pub(crate) fn is_captured(self) -> bool {
        self == Self::Captured
    }

    /// Whether ztunnel carries what it sends.
    pub(crate) fn carries_outbound(self) -> bool {
        matches!(self, Self::Captured | Self::OutboundOnly)
    }
}

/// Decides for one pod. `istio/istio: cni/pkg/util/enablement_selector.go` (Matches), with the selectors of
/// `manifests/charts/istio-cni/values.yaml`.
pub(super) fn capture(pod: &Workload, namespace: &str, namespace_labels: &Labels) -> Capture {
    let captured = match pod.annotations.get(BYPASS_INBOUND).map(String::as_str) {
        Some("true") => Capture::OutboundOnly,
        _ => Capture::Captured,
    };
    let own = pod.labels.get(DATAPLANE_MODE).map(String::as_str);
    let inherited = namespace_labels.get(DATAPLANE_MODE).map(String::as_str);
    if pod.pod.host_network {
        Capture::HostNetwork
    } else if will_have_sidecar(pod, namespace_labels) {
        Capture::Sidecar
    } else if EXCLUDED_NAMESPACES.contains(&namespace) {
        Capture::ExcludedNamespace
    } else if own == Some(AMBIENT) {
        captured
    } else if own == Some(NONE) {
        Capture::OptedOut
    } else if inherited == Some(AMBIENT) {
        // Any other value of the pod's own label, also a typo, does not opt out.
        captured
    } else {
        Capture::NotEnrolled
    }
}

/// A WorkloadEntry is what a machine outside the cluster registered: only its own words tell whether a ztunnel stands
/// in front of it. `istio/istio: pilot/pkg/serviceregistry/ambient/workloads.go` (setTunnelProtocol).
pub(super) fn of_entry(labels: &Labels, annotations: &Labels) -> Capture {
    let says = |map: &Labels, key: &str, value: &str| map.get(key).is_some_and(|is| is == value);
    if says(annotations, "ambient.istio.io/redirection", "enabled")
        || says(labels, "networking.istio.io/tunnel", "http")
    {
        Capture::Captured
    } else {
        Capture::NotEnrolled
    }
}

/// A running pod says it with an annotation. A pasted template has none yet, so the injector's choice is predicted: a
/// label of the namespace, or without any one of the pod, calls the injector, and the pod may refuse.
/// `istio/istio: manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`,
/// `pkg/kube/inject/inject.go` (injectRequired).
fn will_have_sidecar(pod: &Workload, namespace_labels: &Labels) -> bool {
    if pod.annotations.contains_key(SIDECAR_STATUS) {
        return true;
    }
    let own = pod.labels.get(INJECT).map(String::as_str);
    let is_called = match namespace_labels.get("istio-injection") {
        Some(value) => value == "enabled",
        None => {
            namespace_labels.contains_key(REVISION)
                || pod.labels.contains_key(REVISION)
                || own == Some("true")
        }
    };
    let wish = own.or_else(|| pod.annotations.get(INJECT).map(String::as_str));
    is_called && wish != Some("false")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::PodSpec;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn labels_of_pod_and_namespace_decide() {
        const MODE: &str = DATAPLANE_MODE;
        for (pod, namespace, expected) in [
            (labels(&[]), labels(&[]), Capture::NotEnrolled),
            (labels(&[]), labels(&[(MODE, "ambient")]), Capture::Captured),
            (
                labels(&[]),
                labels(&[(MODE, "Ambient")]),
                Capture::NotEnrolled,
            ),
            (labels(&[(MODE, "ambient")]), labels(&[]), Capture::Captured),
            (
                labels(&[(MODE, "none")]),
                labels(&[(MODE, "ambient")]),
                Capture::OptedOut,
            ),
            (
                labels(&[(MODE, "off")]),
                labels(&[(MODE, "ambient")]),
                Capture::Captured,
            ),
            (
                labels(&[("sidecar.istio.io/inject", "true")]),
                labels(&[(MODE, "ambient")]),
                Capture::Sidecar,
            ),
            (
                labels(&[]),
                labels(&[(MODE, "ambient"), ("istio-injection", "enabled")]),
                Capture::Sidecar,
            ),
            (
                labels(&[("sidecar.istio.io/inject", "false")]),
                labels(&[(MODE, "ambient"), ("istio-injection", "enabled")]),
                Capture::Captured,
            ),
            (
                labels(&[("sidecar.istio.io/inject", "true")]),
                labels(&[(MODE, "ambient"), ("istio-injection", "disabled")]),
                Capture::Captured,
            ),
            (
                labels(&[("sidecar.istio.io/inject", "maybe")]),
                labels(&[(MODE, "ambient"), (REVISION, "default")]),
                Capture::Sidecar,
            ),
            (
                labels(&[(REVISION, "default")]),
                labels(&[(MODE, "ambient")]),
                Capture::Sidecar,
            ),
        ] {
            let workload = Workload {
                labels: pod.clone().into(),
                ..Workload::default()
            };
            assert_eq!(
                capture(&workload, "default", &namespace),
                expected,
                "{pod:?} in {namespace:?}"
            );
        }
    }

    #[test]
    fn host_network_and_system_namespaces_are_never_captured() {
        let ambient = labels(&[(DATAPLANE_MODE, "ambient")]);
        let host_network = Workload {
            pod: PodSpec {
                host_network: true,
                ..PodSpec::default()
            },
            ..Workload::default()
        };
        assert_eq!(
            capture(&host_network, "default", &ambient),
            Capture::HostNetwork
        );
        assert_eq!(
            capture(&Workload::default(), "kube-system", &ambient),
            Capture::ExcludedNamespace
        );
    }
}
