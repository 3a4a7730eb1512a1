//! Faults that a VirtualService injects: after authorization, before anything is sent on.
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateFault),
//! `envoyproxy/envoy: source/extensions/filters/http/fault/fault_filter.cc` (abortStatus).

/// What a rule does to a share of its requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fault {
    /// How long requests wait, and which share of them in percent.
    pub(crate) delay: Option<(String, f64)>,
    /// The answer instead of the backend's, and which share of requests gets it.
    pub(crate) abort: Option<(Abort, f64)>,
}

/// The answer of an aborted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abort {
    /// An HTTP status; a gRPC client gets its counterpart.
    Http(u16),
    /// A gRPC status, under HTTP 200.
    Grpc(u16),
}

impl Fault {
    /// The answer that every request gets.
    pub(crate) fn certain_abort(&self) -> Option<Abort> {
        self.abort
            .filter(|(_, percent)| *percent >= 100.0)
            .map(|(abort, _)| abort)
    }
}
