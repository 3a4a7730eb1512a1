//! Why a reference is attached or not: the condition reasons of Gateway API and Istio where they exist, else
//! this project's own. Status and sentence are methods, so that no place words a reason twice.

mod sentence;

use crate::wire::{EdgeStatus, Via};

/// Why a reference is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// It takes effect.
    Accepted,
    /// Validation refuses the object that holds it.
    Invalid,
    /// The target of a policy does not exist.
    TargetNotFound,
    /// The target of a policy has no waypoint that serves it.
    AncestorNotBound,
    /// The parent of a route does not exist, or has no such section.
    NoMatchingParent,
    /// The Service that is a route's parent has no such port. Istio accepts the route, and it matches nothing.
    NoMatchingPort,
    /// No listener's hostname is among those of the route.
    NoMatchingListenerHostname,
    /// A listener's hostname matches, and it does not admit the route's namespace or kind.
    NotAllowedByListeners,
    /// The Gateway does not admit the ListenerSet.
    NotAllowed,
    /// No listener of the ListenerSet is valid.
    ListenersNotValid,
    /// A listener of a protocol that its Gateway does not speak.
    UnsupportedProtocol,
    /// A listener of a ListenerSet whose protocol asks for `tls`, and that has none.
    ListenerWithoutTls,
    /// A Gateway all of whose addresses are of a type that Istio does not take.
    UnsupportedAddress,
    /// Two listeners of one port, protocol and hostname.
    HostnameConflict,
    /// Two listeners of one port whose protocols exclude each other.
    ProtocolConflict,
    /// A listener whose `allowedRoutes.kinds` names a kind that its protocol does not take.
    InvalidRouteKinds,
    /// A listener whose certificates are no Secrets, or too many.
    InvalidCertificateRef,
    /// A listener for whose clients several authorities are named.
    InvalidCaCertificateRef,
    /// A listener for whose clients an authority is named that is neither a ConfigMap nor a Secret.
    InvalidCaCertificateKind,
    /// A Gateway whose own certificate is no Secret.
    InvalidClientCertificateRef,
    /// A kind that Istio does not read.
    UnsupportedKind,
    /// A reference into another namespace without a ReferenceGrant there.
    RefNotPermitted,
    /// A destination that no cluster can be made of; Istio drops the whole route.
    InvalidDestination,
    /// A filter, or something like it, that Istio does not implement; it drops the whole route.
    InvalidFilter,
    /// A match that means nothing; Istio drops the whole route.
    InvalidConfiguration,
    /// The backend does not exist.
    BackendNotFound,
    /// The backend is of a kind that Istio does not take.
    InvalidKind,
    /// The named waypoint does not exist.
    WaypointIsNotReady,
    /// The waypoint's listener does not admit the namespace.
    AttachmentDenied,
    /// The waypoint does not serve this sort of traffic.
    UnsupportedTrafficType,
    /// Neither the Service nor its namespace names a waypoint.
    MissingUseWaypointLabel,
    /// `use-waypoint: none`
    OptedOut,
    /// Ambient does not implement ExternalName Services.
    ExternalNameService,
    /// The route is neither in the Service's namespace nor in its waypoint's.
    NotProducerNamespace,
    /// The Service has no address of its own.
    NoAddress,
    /// A parent of a group and kind that Istio does not know.
    UnsupportedParent,
    /// The parent Gateway does not exist: nobody writes a status.
    ParentNotFound,
    /// The parent ListenerSet is not accepted itself: no listener of it is there.
    ParentNotAccepted,
    /// The class belongs to another controller.
    ForeignController,
    /// A route whose parent is a waypoint Gateway.
    WaypointTakesNoRoutes,
    /// A selector where only targetRefs count.
    IneffectiveSelector,
    /// A PeerAuthentication with a selector in the root namespace, where only those without one count.
    RootSelector,
    /// A kind that ztunnels know nothing of.
    NotEnforcedByZtunnel,
    /// The workloads in reach are not captured.
    NotCaptured,
    /// The workloads in reach have sidecars, which enforce it; this engine does not tell what comes of that.
    LeftToSidecar,
    /// Kind and target are valid, and yet the code never looks there.
    TargetNotConsulted,
    /// The Istio Gateway that a VirtualService names does not exist.
    ReferencedResourceNotFound,
    /// A VirtualService behind routes of the same Service that leave it nothing.
    ShadowedByRoute,
    /// An older policy of the same kind is for the same port.
    Conflicted,
    /// No certificate of an authority that a policy could judge by.
    NoValidCaCertificate,
    /// An annotation asks Istio to leave the policy alone.
    IgnoredByIstio,
    /// A VirtualService beside an older one for the same host, of which the documentation lets only one count; a
    /// Telemetry beside an older one for the same namespace.
    ShadowedByOlder,
    /// The canary waypoint is the waypoint itself.
    CanarySameAsPrimary,
    /// The canary's weight is no percentage.
    CanaryInvalidWeight,
    /// A GatewayClass that no proxy compares with.
    ClassNotEnforced,
    /// A GatewayClass as target of a policy outside of the root namespace, or one that no waypoint has.
    NoClassOfWaypoints,
    /// A ztunnel takes no such policy.
    UnsupportedValue,
    /// An ALLOW policy of which a ztunnel keeps no rule: it denies everything.
    AllowsNothingAtZtunnel,
    /// A policy that denies everything in its scope, as the documentation has it, because a rule needs more than a
    /// ztunnel knows.
    DeniesAsDocumented,
    /// A DENY policy of which a ztunnel keeps no rule that can match: it does nothing.
    EmptyAtZtunnel,
}

impl Reason {
    /// What becomes of a reference with this reason. `kubernetes-sigs/gateway-api: apis/v1` for its own reasons;
    /// whether a condition is False (rejected) or nothing refuses and yet nothing happens (ignored).
    pub(crate) fn status(self, via: Via) -> EdgeStatus {
        match self {
            Self::Accepted => EdgeStatus::Attached,
            Self::AllowsNothingAtZtunnel | Self::DeniesAsDocumented => EdgeStatus::FailSafeDeny,
            Self::EmptyAtZtunnel => EdgeStatus::Ignored,
            // On the Service they are a False condition; a route or policy that counts on the waypoint is only inert.
            Self::WaypointIsNotReady | Self::AttachmentDenied | Self::UnsupportedTrafficType => {
                match via {
                    Via::UseWaypoint | Via::UseWaypointCanary => EdgeStatus::Rejected,
                    _ => EdgeStatus::Ignored,
                }
            }
            // A host that nobody owns is refused by none; it only means nothing.
            Self::ReferencedResourceNotFound if via == Via::Host => EdgeStatus::Ignored,
            Self::Invalid
            | Self::NoClassOfWaypoints
            | Self::ReferencedResourceNotFound
            | Self::TargetNotFound
            | Self::AncestorNotBound
            | Self::NoMatchingParent
            | Self::BackendNotFound
            | Self::InvalidKind
            | Self::NoMatchingListenerHostname
            | Self::NotAllowedByListeners
            | Self::NotAllowed
            | Self::ListenersNotValid
            | Self::UnsupportedProtocol
            | Self::ListenerWithoutTls
            | Self::UnsupportedAddress
            | Self::HostnameConflict
            | Self::ProtocolConflict
            | Self::InvalidRouteKinds
            | Self::InvalidCertificateRef
            | Self::InvalidCaCertificateRef
            | Self::InvalidCaCertificateKind
            | Self::InvalidClientCertificateRef
            | Self::RefNotPermitted
            | Self::InvalidDestination
            | Self::Conflicted
            | Self::NoValidCaCertificate
            | Self::IgnoredByIstio
            | Self::CanarySameAsPrimary
            | Self::CanaryInvalidWeight
            | Self::UnsupportedValue => EdgeStatus::Rejected,
            Self::MissingUseWaypointLabel
            | Self::OptedOut
            | Self::ExternalNameService
            | Self::NoMatchingPort
            | Self::NotProducerNamespace
            | Self::NoAddress
            | Self::UnsupportedParent
            | Self::ParentNotFound
            | Self::ParentNotAccepted
            | Self::ForeignController
            | Self::WaypointTakesNoRoutes
            | Self::IneffectiveSelector
            | Self::RootSelector
            | Self::NotEnforcedByZtunnel
            | Self::NotCaptured
            | Self::LeftToSidecar
            | Self::UnsupportedKind
            | Self::InvalidFilter
            | Self::InvalidConfiguration
            | Self::TargetNotConsulted
            | Self::ShadowedByRoute
            | Self::ShadowedByOlder
            | Self::ClassNotEnforced => EdgeStatus::Ignored,
        }
    }

    /// As the condition about a sort of reference writes it: `istio.io/WaypointBound` has a word of its own for what is
    /// bound. `istio/istio: pilot/pkg/model/service.go` (GetConditions).
    pub(crate) fn name_of(self, via: Via) -> &'static str {
        match (self, via) {
            (Self::Accepted, Via::UseWaypoint) => "WaypointAccepted",
            _ => self.name(),
        }
    }

    /// As conditions and the contract write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Invalid | Self::NoClassOfWaypoints => "Invalid",
            Self::TargetNotFound => "TargetNotFound",
            Self::AncestorNotBound => "AncestorNotBound",
            Self::NoMatchingParent | Self::NoMatchingPort => "NoMatchingParent",
            Self::NoMatchingListenerHostname => "NoMatchingListenerHostname",
            Self::NotAllowedByListeners => "NotAllowedByListeners",
            Self::NotAllowed => "NotAllowed",
            Self::ListenersNotValid => "ListenersNotValid",
            Self::UnsupportedProtocol | Self::ListenerWithoutTls => "UnsupportedProtocol",
            Self::UnsupportedAddress => "UnsupportedAddress",
            Self::HostnameConflict => "HostnameConflict",
            Self::ProtocolConflict => "ProtocolConflict",
            Self::InvalidRouteKinds => "InvalidRouteKinds",
            Self::InvalidCertificateRef => "InvalidCertificateRef",
            Self::InvalidCaCertificateRef => "InvalidCACertificateRef",
            Self::InvalidCaCertificateKind => "InvalidCACertificateKind",
            Self::InvalidClientCertificateRef => "InvalidClientCertificateRef",
            Self::UnsupportedKind => "UnsupportedKind",
            Self::RefNotPermitted => "RefNotPermitted",
            Self::InvalidDestination => "InvalidDestination",
            Self::InvalidFilter => "InvalidFilter",
            Self::InvalidConfiguration => "InvalidConfiguration",
            Self::TargetNotConsulted => "TargetNotConsulted",
            Self::ReferencedResourceNotFound => "ReferencedResourceNotFound",
            Self::ShadowedByRoute => "ShadowedByRoute",
            Self::ShadowedByOlder => "ShadowedByOlder",
            Self::Conflicted => "Conflicted",
            Self::NoValidCaCertificate => "NoValidCACertificate",
            Self::IgnoredByIstio => "IgnoredByIstio",
            Self::CanarySameAsPrimary => "CanarySameAsPrimary",
            Self::CanaryInvalidWeight => "CanaryInvalidWeight",
            Self::BackendNotFound => "BackendNotFound",
            Self::InvalidKind => "InvalidKind",
            Self::WaypointIsNotReady => "WaypointIsNotReady",
            Self::AttachmentDenied => "AttachmentDenied",
            Self::UnsupportedTrafficType => "UnsupportedTrafficType",
            Self::MissingUseWaypointLabel => "MissingUseWaypointLabel",
            Self::OptedOut => "OptedOut",
            Self::ExternalNameService => "ExternalNameService",
            Self::NotProducerNamespace => "NotProducerNamespace",
            Self::NoAddress => "NoAddress",
            Self::UnsupportedParent => "UnsupportedParent",
            Self::ParentNotFound | Self::ParentNotAccepted => "ParentNotFound",
            Self::ForeignController => "ForeignController",
            Self::WaypointTakesNoRoutes => "WaypointTakesNoRoutes",
            Self::IneffectiveSelector | Self::RootSelector => "IneffectiveSelector",
            Self::NotEnforcedByZtunnel => "NotEnforcedByZtunnel",
            Self::NotCaptured | Self::LeftToSidecar => "NotCaptured",
            Self::ClassNotEnforced => "ClassNotEnforced",
            Self::UnsupportedValue
            | Self::AllowsNothingAtZtunnel
            | Self::DeniesAsDocumented
            | Self::EmptyAtZtunnel => "UnsupportedValue",
        }
    }
}
