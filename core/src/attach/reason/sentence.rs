//! What a reason means for one reference, in words.

use super::Reason;
use crate::resource::{Kind, ObjectId};
use crate::wire::Via;

impl Reason {
    /// What it means for one reference, as one plain sentence.
    pub(crate) fn sentence(self, via: Via, from: &ObjectId, to: &ObjectId) -> String {
        let holder = format!("{} `{}`", from.kind_name(), from.qualified_name());
        let target = format!("{} `{}`", to.kind_name(), to.qualified_name());
        match self {
            // What is wrong with the reference itself is said there.
            Self::InvalidDestination
            | Self::BackendNotFound
            | Self::InvalidKind
            | Self::RefNotPermitted
                if via == Via::ParentRef && from != to =>
            {
                format!(
                    "Istio drops {holder} as a whole, because of a reference that it cannot use."
                )
            }
            Self::Accepted => accepted(via, from.kind, &holder, &target),
            Self::Invalid if via == Via::TargetRef && to.kind == Kind::GatewayClass => format!(
                "A class is a target for policies of the root namespace only, and only if it is one of waypoints; {holder} is not enforced for {target}."
            ),
            Self::Invalid => {
                format!("{holder} is refused by validation, so nothing that it says takes effect.")
            }
            Self::NoClassOfWaypoints => format!(
                "{target} is a target for policies of the root namespace alone, and only if waypoints are of that class; {holder} is enforced nowhere."
            ),
            Self::TargetNotFound if from.kind == Kind::BackendTlsPolicy => format!(
                "{target} is no Service or ServiceEntry that exists and has a port of that name, so {holder} has no effect there."
            ),
            Self::TargetNotFound => {
                format!("{target} does not exist, so {holder} is enforced nowhere there.")
            }
            Self::AncestorNotBound => {
                format!(
                    "{target} has no waypoint that serves it, so {holder} is not enforced for it."
                )
            }
            Self::NoMatchingParent => {
                format!("{target} does not exist or has no such section; {holder} has no effect.")
            }
            Self::NoMatchingPort => {
                format!("{target} has no such port, so {holder} matches nothing there.")
            }
            Self::BackendNotFound if from.kind == Kind::VirtualService => {
                format!("{target} does not exist; its share of the requests is answered with 503.")
            }
            Self::BackendNotFound => {
                format!("{target} does not exist; its share of the requests is answered with 500.")
            }
            Self::InvalidKind => format!(
                "{target} is of a kind that no route may send requests to; its share is answered with 500."
            ),
            Self::WaypointIsNotReady => match via {
                Via::UseWaypoint | Via::UseWaypointCanary => {
                    format!(
                        "{target} does not exist or has no address, so traffic of {holder} goes on without a waypoint."
                    )
                }
                _ => format!(
                    "The waypoint that {target} names does not exist, so {holder} has no effect."
                ),
            },
            Self::AttachmentDenied => match via {
                Via::UseWaypoint | Via::UseWaypointCanary => {
                    format!(
                        "The listener of {target} does not admit namespace `{}`, so traffic of {holder} goes on without a waypoint.",
                        match from.kind {
                            Kind::Namespace => &from.name,
                            _ => &from.namespace,
                        }
                    )
                }
                _ => format!(
                    "The waypoint that {target} names does not admit its namespace, so {holder} has no effect."
                ),
            },
            Self::UnsupportedTrafficType => match via {
                Via::UseWaypoint | Via::UseWaypointCanary => {
                    format!(
                        "{target} does not serve this sort of traffic (label `istio.io/waypoint-for`), so traffic of {holder} goes on without a waypoint."
                    )
                }
                _ => format!(
                    "The waypoint that {target} names does not serve traffic of Services, so {holder} has no effect."
                ),
            },
            Self::MissingUseWaypointLabel => {
                format!(
                    "Neither {target} nor its namespace names a waypoint, so nothing reads {holder}."
                )
            }
            Self::OptedOut => format!(
                "{target} opts out with `istio.io/use-waypoint: none`, so nothing reads {holder}."
            ),
            Self::ExternalNameService => {
                let service = match via {
                    Via::Membership => holder,
                    _ => target,
                };
                format!("{service} is of type ExternalName, which ambient does not implement.")
            }
            Self::NotProducerNamespace => {
                format!(
                    "{holder} is neither in the namespace of {target} nor in that of its waypoint, so it has no effect."
                )
            }
            Self::NoAddress => format!(
                "{target} is headless: clients call its pods directly, and {holder} never applies."
            ),
            Self::NoMatchingListenerHostname => format!(
                "No hostname of {holder} is one that a listener of {target} serves, so it is not accepted."
            ),
            Self::NotAllowedByListeners => format!(
                "`allowedRoutes` of the listeners of {target} admits neither this namespace nor this kind, so {holder} is not accepted."
            ),
            Self::NotAllowed => format!(
                "{target} takes no ListenerSet from here: `allowedListeners` does not admit it, or the class takes none."
            ),
            Self::ListenersNotValid => {
                format!("No listener of {holder} is valid, so {target} does not take it.")
            }
            Self::UnsupportedProtocol => {
                format!("{target} does not speak the protocol of this listener.")
            }
            Self::ListenerWithoutTls => {
                "A listener of a ListenerSet with protocol `HTTPS` or `TLS` needs `tls`.".to_owned()
            }
            Self::UnsupportedAddress => format!(
                "No address of {target} is a host name, so Istio configures nothing for it."
            ),
            Self::HostnameConflict => format!(
                "Another listener of {target} has the same port, protocol and hostname, and came first."
            ),
            Self::ProtocolConflict => format!(
                "Another listener of {target} has the same port with a protocol that excludes this one's, and came first."
            ),
            Self::InvalidRouteKinds => {
                "`allowedRoutes.kinds` names a kind that the listener's protocol does not take."
                    .to_owned()
            }
            Self::InvalidCertificateRef => {
                "The certificates of this listener are no Secrets, or more than two.".to_owned()
            }
            Self::InvalidCaCertificateRef => {
                "More than one authority is named for the clients of this listener.".to_owned()
            }
            Self::InvalidCaCertificateKind => {
                "The authority for the clients of this listener is neither a ConfigMap nor a Secret."
                    .to_owned()
            }
            Self::InvalidClientCertificateRef => {
                format!("The certificate of {holder} towards backends is no Secret.")
            }
            Self::UnsupportedKind => format!(
                "Istio does not read objects of kind {}, so {holder} has no effect.",
                from.kind_name()
            ),
            Self::RefNotPermitted if from == to => format!(
                "A certificate of {holder} is in another namespace, and no ReferenceGrant there lets it be used here."
            ),
            Self::RefNotPermitted => format!(
                "{target} is in another namespace, and no ReferenceGrant there lets {holder} refer to it."
            ),
            Self::InvalidDestination => format!(
                "This reference of {holder} to {target} is none that Istio can use (a port, and a name without dots or namespace, is asked for), so it drops the whole route."
            ),
            Self::InvalidFilter | Self::InvalidConfiguration => {
                format!(
                    "Istio drops {holder} as a whole, because it does not implement a part of it."
                )
            }
            Self::TargetNotConsulted => format!(
                "Nothing refuses {target} as a target of {holder}, but no proxy looks there, so it has no effect."
            ),
            Self::ReferencedResourceNotFound => {
                format!("{target} does not exist, so {holder} is not bound to it.")
            }
            Self::ShadowedByRoute => format!(
                "Gateway API routes of {target} take every request first, so {holder} never applies there."
            ),
            Self::Conflicted => {
                format!("An older policy of this kind is for {target}, so {holder} does not count.")
            }
            Self::NoValidCaCertificate => format!(
                "The authority that {holder} names is no ConfigMap, so no certificate of {target} is trusted."
            ),
            Self::IgnoredByIstio => {
                format!("An annotation of {holder} asks Istio to leave it alone.")
            }
            Self::ShadowedByOlder if matches!(via, Via::Namespace | Via::Mesh) => format!(
                "An older Telemetry without selector is for {target}, and only one counts, so {holder} has no effect."
            ),
            Self::ShadowedByOlder => format!(
                "An older VirtualService is for {target}, and the documentation lets only one count."
            ),
            Self::CanarySameAsPrimary => {
                format!("{target} is the waypoint of {holder} already, so it is no canary.")
            }
            Self::CanaryInvalidWeight => format!(
                "The canary's weight of {holder} is no whole number from 0 to 100, so {target} gets nothing."
            ),
            Self::UnsupportedParent if via == Via::Gateways => format!(
                "`gateways` names Istio's own Gateways only, so {holder} is not bound to {target}, which is Gateway API's."
            ),
            Self::UnsupportedParent if to.kind == Kind::Other => format!(
                "Routes have no parents of kind `{}`, so this parentRef of {holder} is silently skipped.",
                to.kind_name()
            ),
            Self::UnsupportedParent if to.kind == Kind::IstioGateway => format!(
                "Routes attach to Gateway API's Gateways, not to Istio's own, so this parentRef of {holder} is silently skipped."
            ),
            Self::UnsupportedParent => {
                format!(
                    "The `group` of this parentRef is not the one of kind `{}`, so it is silently skipped.",
                    to.kind_name()
                )
            }
            Self::ParentNotFound => format!("{target} does not exist; nobody writes a status."),
            Self::ParentNotAccepted => format!(
                "{target} is not accepted by its own parent, so there is nothing that {holder} could attach to; nobody writes a status."
            ),
            Self::ForeignController => format!(
                "{target} belongs to a controller that is not Istio's, which ignores {holder}."
            ),
            Self::WaypointTakesNoRoutes => {
                format!(
                    "{target} is a waypoint, which takes no routes: {holder} has no effect there, although the documentation says it has."
                )
            }
            Self::IneffectiveSelector => {
                format!("{target} is a waypoint, which takes policies by `targetRefs` only.")
            }
            Self::RootSelector => format!(
                "In the root namespace a {} counts only without a selector, so {holder} is enforced nowhere.",
                from.kind_name()
            ),
            Self::NotEnforcedByZtunnel => format!(
                "ztunnel knows nothing of {holder}, and no waypoint reads it that way, so it has no effect for {target}."
            ),
            Self::NotCaptured => {
                format!("No ztunnel captures {target}, so nothing enforces {holder} there.")
            }
            Self::LeftToSidecar => format!(
                "No ztunnel captures what has a sidecar: in {target} sidecars enforce {holder}, and verdicts here are without it."
            ),
            Self::ClassNotEnforced => {
                format!(
                    "Waypoints compare with the class name `istio-waypoint` only, so {holder} is enforced nowhere."
                )
            }
            Self::UnsupportedValue => {
                format!(
                    "ztunnel takes no policy of this action or on a dry run, so {holder} has no effect in front of workloads."
                )
            }
            Self::AllowsNothingAtZtunnel => format!(
                "ztunnel is told neither of HTTP attributes nor of trust domains; no rule of {holder} that allows is left, so everything is denied."
            ),
            Self::DeniesAsDocumented => format!(
                "As documented, {holder} fails safe: ztunnel cannot read HTTP attributes, so it denies everything in its scope."
            ),
            Self::EmptyAtZtunnel => format!(
                "ztunnel is told neither of HTTP attributes nor of trust domains; of the rules of {holder} nothing is left that can match, so it denies nothing in front of workloads."
            ),
        }
    }
}

/// Who enforces policies of a kind without targetRefs.
fn enforcers(kind: Kind) -> &'static str {
    match kind {
        Kind::PeerAuthentication => "captured workload",
        Kind::RequestAuthentication
        | Kind::WasmPlugin
        | Kind::TrafficExtension
        | Kind::EnvoyFilter => "ingress gateway",
        Kind::Telemetry => "waypoint and ingress gateway",
        _ => "captured workload and gateway",
    }
}

fn accepted(via: Via, kind: Kind, holder: &str, target: &str) -> String {
    match via {
        Via::TargetRef => format!("{holder} is enforced at {target}."),
        Via::ParentRef if kind == Kind::ListenerSet => {
            format!("{holder} adds its listeners to {target}.")
        }
        Via::ParentRef => format!("{holder} routes requests to {target}."),
        Via::Selector => format!("{holder} selects {target}."),
        Via::Namespace => {
            format!("{holder} is for every {} of {target}.", enforcers(kind))
        }
        Via::Mesh => format!("{holder} is for every {} of the mesh.", enforcers(kind)),
        Via::UseWaypoint => format!("Traffic to {holder} goes through {target}."),
        Via::UseWaypointCanary => {
            format!("A share of the traffic to {holder} goes through {target}.")
        }
        Via::BackendRef => format!("{holder} sends requests to {target}."),
        Via::Membership => format!("{target} is behind {holder}."),
        Via::Host => format!("{holder} states the name of {target}."),
        Via::Gateways => format!("{holder} is bound to {target}."),
    }
}
