//! Where a rule sends requests: backends with their weights, and why some of them cannot be used.

use super::headers::HeaderChanges;
use crate::attach::Reason;
use crate::mesh::ServiceIndex;
use crate::resource::{BackendObjectReference, Destination, Labels, ObjectIndex};
use crate::wire;

/// A backend with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    /// What it is, as the contract names it.
    pub(crate) object: wire::ObjectRef,
    /// The Service that it leads to; `None`: to none that the manifests hold.
    pub(crate) service: Option<ServiceIndex>,
    /// Its port.
    pub(crate) port: Option<u16>,
    /// The part of the Service's workloads that it is limited to.
    pub(crate) subset: Option<Subset>,
    /// Its weight, as written or 1.
    pub(crate) weight: u32,
    /// Why its share of the requests fails.
    pub(crate) invalid: Option<Invalid>,
    /// What it alone changes in requests.
    pub(crate) headers: HeaderChanges,
    /// What it alone changes in answers.
    pub(crate) response_headers: HeaderChanges,
}

/// A subset that a DestinationRule defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subset {
    /// Its name.
    pub(crate) name: String,
    /// Labels of its workloads.
    pub(crate) labels: Labels,
}

impl Backend {
    /// A backend with weight 1 and no changes of its own.
    pub(crate) fn new(
        object: wire::ObjectRef,
        service: Option<ServiceIndex>,
        port: Option<u16>,
        invalid: Option<Invalid>,
    ) -> Self {
        Self {
            object,
            service,
            port,
            subset: None,
            weight: 1,
            invalid,
            headers: HeaderChanges::default(),
            response_headers: HeaderChanges::default(),
        }
    }

    /// The contract's form.
    pub(super) fn to_wire(&self, weight: Option<u32>, percent: f64) -> wire::Backend {
        wire::Backend {
            object: self.object.clone(),
            port: self.port,
            subset: self.subset.as_ref().map(|subset| subset.name.clone()),
            weight,
            percent: Some(percent),
            invalid: self.invalid.map(|invalid| invalid.name().to_owned()),
        }
    }
}

/// Why a backend cannot be used. `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (isInvalidBackend).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invalid {
    /// It does not exist.
    BackendNotFound,
    /// Its kind is none that a route may name.
    UnknownKind,
    /// It is in another namespace, and no ReferenceGrant there lets the route refer to it.
    RefNotPermitted,
    /// It has no such port; no condition says so.
    NoSuchPort,
    /// No DestinationRule defines the subset.
    NoSuchSubset,
    /// istiod sends the proxy nothing of it.
    NoCluster,
}

impl Invalid {
    /// Whether istiod makes a host name of the reference.
    pub(crate) fn has_host(self) -> bool {
        match self {
            Self::UnknownKind | Self::RefNotPermitted => false,
            Self::BackendNotFound | Self::NoSuchPort | Self::NoSuchSubset | Self::NoCluster => true,
        }
    }

    /// The condition reason, where there is one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BackendNotFound => "BackendNotFound",
            Self::UnknownKind => "InvalidKind",
            Self::RefNotPermitted => "RefNotPermitted",
            Self::NoSuchPort => "NoSuchPort",
            Self::NoSuchSubset => "NoSuchSubset",
            Self::NoCluster => "NoCluster",
        }
    }
}

/// Finds what a route refers to. Implemented where the mesh is known.
pub(crate) trait Backends {
    /// The backend of a Gateway API route.
    fn reference(&self, reference: &BackendObjectReference, route: ObjectIndex) -> Backend;

    /// What istiod says against a reference in the route's status, if anything.
    fn refusal(&self, reference: &BackendObjectReference, route: ObjectIndex) -> Option<Reason>;

    /// The destination of a VirtualService, whose host is complete. `called`: the port that was called, which counts
    /// where the destination names none and its Service has several.
    fn destination(&self, destination: &Destination, called: u16) -> Backend;
}
