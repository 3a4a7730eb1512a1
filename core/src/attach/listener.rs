//! Listeners of Gateways and ListenerSets: which are valid, and which routes each can take.
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go` (buildListener, reportGatewayStatus),
//! `pilot/pkg/config/kube/gatewaycommon/listener_conflict.go`, `gatewaycommon/conversion.go`
//! (GenerateGatewaySupportedKinds).

use super::use_waypoint::admits_namespace;
use super::{Reason, Row, origin, reference_grant};
use crate::mesh::{
    GatewayIndex, GatewayInfo, INGRESS_CONTROLLER, MESH_CONTROLLER, Mesh, Role, UNMANAGED,
};
use crate::resource::{
    GATEWAY_API, Gateway, Kind, Listener, ListenerSet, Object, ObjectId, ObjectIndex,
    ParentReference, Resource, Route, SecretReference,
};
use crate::sorted;
use crate::source::FieldPath;
use crate::wire::Via;

/// As many certificates as a listener may have.
const MAX_CERTIFICATES: usize = 2;

/// One listener, judged.
#[derive(Clone, Debug)]
pub(crate) struct ListenerState {
    /// The Gateway or ListenerSet that holds it.
    pub(crate) holder: ObjectIndex,
    /// Its place among the holder's listeners.
    pub(crate) position: usize,
    /// The kinds of routes that it takes: those of its protocol that `allowedRoutes.kinds` leaves.
    pub(crate) kinds: Vec<Kind>,
    /// What is wrong with it, in the order of its conditions.
    pub(crate) problems: Vec<Reason>,
    /// Whether it counts as valid for what holds it. A listener that is only unexpected on a waypoint does, and one
    /// whose `allowedRoutes.kinds` name too much.
    pub(crate) is_valid: bool,
    /// Whether routes can have it as a parent at all.
    pub(crate) takes_routes: bool,
    /// Whether istiod makes a server of it, valid or not.
    pub(crate) has_server: bool,
}

/// All listeners of the mesh, by what holds them.
#[derive(Default)]
pub(crate) struct Listeners {
    by_holder: sorted::Map<ObjectIndex, Vec<ListenerState>>,
    sets: sorted::Map<ObjectIndex, Reason>,
}

impl Listeners {
    /// The listeners of a Gateway or ListenerSet, in their order.
    pub(crate) fn of(&self, holder: ObjectIndex) -> &[ListenerState] {
        self.by_holder
            .get(&holder)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// What a parent makes of a route: attached to one of its listeners, or the reason that Istio reports where each
    /// has one of its own. `pilot/pkg/config/kube/gateway/conversion.go` (referenceAllowed), `conditions.go`
    /// (createRouteStatus).
    pub(super) fn admit(&self, mesh: &Mesh, holder: ObjectIndex, wanted: &Wanted<'_>) -> Reason {
        let results: Vec<Reason> = self
            .of(holder)
            .iter()
            .filter(|state| state.takes_routes)
            .filter_map(|state| Some(wanted.by(mesh, state, listener(mesh, state)?)))
            .collect();
        [
            Reason::Accepted,
            Reason::NotAllowedByListeners,
            Reason::NoMatchingListenerHostname,
            Reason::NoMatchingParent,
        ]
        .into_iter()
        .find(|reason| results.contains(reason))
        .unwrap_or(Reason::ParentNotFound)
    }

    /// Whether a route is attached to one listener.
    pub(crate) fn takes(&self, mesh: &Mesh, state: &ListenerState, wanted: &Wanted<'_>) -> bool {
        state.takes_routes
            && listener(mesh, state)
                .is_some_and(|written| wanted.by(mesh, state, written) == Reason::Accepted)
    }

    /// What a ListenerSet's Gateway makes of it.
    pub(super) fn set(&self, object: ObjectIndex) -> Option<Reason> {
        self.sets.get(&object).copied()
    }
}

/// A route that looks for a listener.
pub(crate) struct Wanted<'a> {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its hostnames; empty: every one.
    pub(crate) hostnames: &'a [String],
    /// The listener that it names.
    pub(crate) section_name: Option<&'a str>,
    /// The port that it names.
    pub(crate) port: Option<u16>,
}

impl<'a> Wanted<'a> {
    /// What a parentRef of a route asks for.
    pub(crate) fn new(object: &'a Object, route: Route<'a>, parent: &'a ParentReference) -> Self {
        Self {
            kind: route.kind,
            namespace: &object.id.namespace,
            hostnames: route.hostnames,
            section_name: parent.section_name.as_deref(),
            port: parent.port,
        }
    }

    /// Hostname comes before namespace: a route that fails both is told about the hostname.
    fn by(&self, mesh: &Mesh, state: &ListenerState, listener: &Listener) -> Reason {
        let Some(holder) = mesh.object(state.holder) else {
            return Reason::NoMatchingParent;
        };
        let elsewhere = self.port.is_some_and(|port| port != listener.port)
            || self.section_name.is_some_and(|name| name != listener.name);
        let namespaces = listener
            .allowed_routes
            .as_ref()
            .and_then(|routes| routes.namespaces.as_ref());
        if elsewhere {
            Reason::NoMatchingParent
        } else if !hostname_matches(listener, self.hostnames) {
            Reason::NoMatchingListenerHostname
        } else if !admits_namespace(mesh, namespaces, &holder.id.namespace, self.namespace)
            || !state.kinds.contains(&self.kind)
        {
            Reason::NotAllowedByListeners
        } else {
            Reason::Accepted
        }
    }
}

fn hostname_matches(listener: &Listener, hostnames: &[String]) -> bool {
    let own = match listener.hostname.as_deref() {
        None | Some("") => return true,
        Some(own) => own,
    };
    hostnames.is_empty()
        || hostnames
            .iter()
            .any(|hostname| crate::matcher::hosts_intersect(own, hostname))
}

/// The listener as written.
pub(crate) fn listener<'m>(mesh: &'m Mesh, state: &ListenerState) -> Option<&'m Listener> {
    match &mesh.object(state.holder)?.resource {
        Resource::Gateway(gateway) => gateway.listeners.get(state.position),
        Resource::ListenerSet(set) => set.listeners.get(state.position),
        _ => None,
    }
}

/// Judges every listener: a Gateway's own first, then those of its ListenerSets, the oldest first.
pub(super) fn resolve(mesh: &Mesh) -> Listeners {
    let mut found = Listeners::default();
    let mut sets: sorted::Map<GatewayIndex, Vec<(ObjectIndex, &Object, &ListenerSet)>> =
        sorted::Map::new();
    for (index, object) in mesh.live(Kind::ListenerSet) {
        let Resource::ListenerSet(set) = &object.resource else {
            continue;
        };
        match parent_of(mesh, object, set) {
            Ok(gateway) => sets.entry(gateway).or_default().push((index, object, set)),
            Err(reason) => {
                found.sets.insert(index, reason);
            }
        }
    }
    for (index, gateway) in mesh.gateways() {
        let Some(Resource::Gateway(written)) =
            mesh.object(gateway.object).map(|object| &object.resource)
        else {
            continue;
        };
        let attached = sets.remove(&index).unwrap_or_default();
        if mesh.exposure(gateway).is_nowhere() {
            // Nothing else of it is looked at.
            let refused = attached.iter().map(|(set, _, _)| *set);
            found
                .sets
                .extend(refused.map(|set| (set, Reason::UnsupportedAddress)));
            continue;
        }
        let mut accepted: Vec<&Listener> = Vec::new();
        judge(
            mesh,
            gateway,
            gateway.object,
            &written.listeners,
            &mut accepted,
            &mut found,
        );
        let mut attached = attached;
        attached.sort_by_key(|(_, object, _)| {
            let created = object.metadata.creation_timestamp.as_deref();
            (created, &object.id)
        });
        for (object, _, set) in attached {
            judge(
                mesh,
                gateway,
                object,
                &set.listeners,
                &mut accepted,
                &mut found,
            );
            let valid = found.of(object).iter().any(|one| one.is_valid);
            let reason = if valid {
                Reason::Accepted
            } else {
                Reason::ListenersNotValid
            };
            found.sets.insert(object, reason);
        }
    }
    found
}

/// The Gateway that takes a ListenerSet, or why none does.
/// `pilot/pkg/config/kube/gateway/gateway_collection.go` (ListenerSetCollection).
fn parent_of(mesh: &Mesh, object: &Object, set: &ListenerSet) -> Result<GatewayIndex, Reason> {
    let parent = &set.parent_ref;
    let kind = (
        parent.group.as_deref().unwrap_or(GATEWAY_API),
        parent.kind.as_deref().unwrap_or("Gateway"),
    );
    if kind != (GATEWAY_API, "Gateway") {
        return Err(Reason::UnsupportedParent);
    }
    let namespace = parent.namespace.as_deref().unwrap_or(&object.id.namespace);
    let (index, gateway) = mesh
        .find_gateway(namespace, &parent.name)
        .and_then(|index| Some((index, mesh.gateway(index)?)))
        .ok_or(Reason::ParentNotFound)?;
    match mesh.controller_of(gateway) {
        Some(INGRESS_CONTROLLER) if allows_set(mesh, gateway, &object.id.namespace) => Ok(index),
        Some(INGRESS_CONTROLLER | MESH_CONTROLLER | UNMANAGED) => Err(Reason::NotAllowed),
        _ => Err(Reason::ForeignController),
    }
}

/// `allowedListeners`: absent means none at all.
fn allows_set(mesh: &Mesh, gateway: &GatewayInfo, namespace: &str) -> bool {
    let Some(Resource::Gateway(written)) =
        mesh.object(gateway.object).map(|object| &object.resource)
    else {
        return false;
    };
    let rule = written
        .allowed_listeners
        .as_ref()
        .and_then(|allowed| allowed.namespaces.as_ref())
        .filter(|rule| match rule.from.as_deref() {
            None => false,
            // Unlike routes' selector, one that is left out admits nobody.
            Some("Selector") => rule.selector.is_some(),
            Some(_) => true,
        });
    rule.is_some() && admits_namespace(mesh, rule, &gateway.namespace, namespace)
}

/// Judges the listeners of one holder, its Gateway or a ListenerSet.
/// `pilot/pkg/config/kube/gateway/conversion.go` (buildListener), `gateway_collection.go` (GatewayCollection,
/// ListenerSetCollection), `gatewaycommon/listener_conflict_collection.go`.
fn judge<'m>(
    mesh: &Mesh,
    gateway: &GatewayInfo,
    holder: ObjectIndex,
    listeners: &'m [Listener],
    accepted: &mut Vec<&'m Listener>,
    found: &mut Listeners,
) {
    let in_set = holder != gateway.object;
    // Classes that take no ListenerSets are not asked about conflicts at all.
    let is_ingress = mesh.is_ingress(gateway);
    let written = mesh.object(gateway.object);
    let written = written.and_then(|object| match &object.resource {
        Resource::Gateway(written) => Some(written),
        _ => None,
    });
    let of = mesh.object(holder).zip(written);
    let states = listeners.iter().enumerate().map(|(position, listener)| {
        let (kinds, all_known) = supported_kinds(listener);
        let needs_tls = listener.tls.is_none() && matches!(&*listener.protocol, "HTTPS" | "TLS");
        let conflict = accepted
            .iter()
            .filter(|_| is_ingress)
            .find_map(|prior| conflict(listener, prior));
        let mut problems = Vec::new();
        let mut is_valid = conflict.is_none();
        if let Some(conflict) = conflict {
            problems.push(conflict);
        } else {
            accepted.push(listener);
            let speaks = speaks(gateway.role, listener);
            if !speaks || !is_expected(gateway.role, listener) {
                problems.push(Reason::UnsupportedProtocol);
            } else if needs_tls && in_set {
                problems.push(Reason::ListenerWithoutTls);
            }
            let certificates = of.and_then(|of| certificates(mesh, of, listener));
            problems.extend(certificates);
            is_valid = speaks && certificates.is_none() && !(needs_tls && in_set);
        }
        if !all_known {
            problems.push(Reason::InvalidRouteKinds);
        }
        let has_server = conflict.is_none() && !needs_tls;
        ListenerState {
            holder,
            position,
            kinds,
            problems,
            is_valid,
            has_server,
            // A Gateway's own listener is a parent also if it is not valid, a ListenerSet's is not.
            takes_routes: has_server && is_ingress && (is_valid || !in_set),
        }
    });
    let states = states.collect();
    found.by_holder.insert(holder, states);
}

/// The kinds that a listener takes, and whether `allowedRoutes.kinds` names no other.
fn supported_kinds(listener: &Listener) -> (Vec<Kind>, bool) {
    let terminates = listener
        .tls
        .as_ref()
        .is_some_and(|tls| tls.mode.as_deref().is_none_or(|mode| mode == "Terminate"));
    let of_protocol: &[Kind] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &[Kind::HttpRoute, Kind::GrpcRoute],
        "TCP" => &[Kind::TcpRoute],
        "TLS" if terminates => &[Kind::TlsRoute, Kind::TcpRoute],
        "TLS" => &[Kind::TlsRoute],
        _ => &[],
    };
    let written = listener
        .allowed_routes
        .as_ref()
        .map(|routes| routes.kinds.as_slice())
        .unwrap_or_default();
    if written.is_empty() {
        return (of_protocol.to_vec(), true);
    }
    let kinds: Vec<Kind> = of_protocol
        .iter()
        .copied()
        .filter(|kind| {
            written.iter().any(|one| {
                one.kind == kind.written()
                    && one.group.as_deref().unwrap_or(GATEWAY_API) == GATEWAY_API
            })
        })
        .collect();
    let all = kinds.len() == written.len();
    (kinds, all)
}

/// Whether the controller knows the protocol, which is compared exactly: a lower-case `http` is none.
/// `pilot/pkg/config/kube/gateway/conversion.go` (listenerProtocolToIstio).
fn speaks(role: Role, listener: &Listener) -> bool {
    match listener.protocol.as_str() {
        "HBONE" => matches!(role, Role::Waypoint | Role::EastWest),
        protocol => matches!(protocol, "HTTP" | "HTTPS" | "TLS" | "TCP"),
    }
}

/// Whether a waypoint's listener is the one that it should have (unexpectedWaypointListener).
fn is_expected(role: Role, listener: &Listener) -> bool {
    role != Role::Waypoint || (listener.protocol == "HBONE" && listener.port == 15008)
}

/// Whether a listener conflicts with one that came before it. A listener that lost frees its place.
fn conflict(listener: &Listener, prior: &Listener) -> Option<Reason> {
    let layer4 = |one: &Listener| matches!(&*one.protocol, "TCP" | "UDP");
    let http = |one: &Listener| matches!(&*one.protocol, "HTTP" | "HTTPS" | "TLS");
    let hostname = |one: &Listener| match one.hostname.as_deref() {
        None | Some("") => "*".to_owned(),
        Some(name) => name.to_owned(),
    };
    let distinct = if listener.port != prior.port {
        true
    } else if (layer4(listener) || http(listener)) && layer4(prior)
        || layer4(listener) && http(prior)
    {
        false
    } else if http(listener) && http(prior) {
        hostname(listener) != hostname(prior)
    } else {
        listener.protocol != prior.protocol
    };
    let reason = if listener.protocol != prior.protocol || layer4(listener) {
        Reason::ProtocolConflict
    } else {
        Reason::HostnameConflict
    };
    (!distinct).then_some(reason)
}

/// What is wrong with a listener's certificates, as far as manifests can tell: Secrets count as there. One that can be
/// used is enough. `pilot/pkg/config/kube/gateway/conversion.go` (buildTLS, buildSecretReference).
fn certificates(
    mesh: &Mesh,
    (holder, gateway): (&Object, &Gateway),
    listener: &Listener,
) -> Option<Reason> {
    let tls = listener.tls.as_ref()?;
    if tls.mode.as_deref().is_some_and(|mode| mode != "Terminate") {
        return None;
    }
    if tls.certificate_refs.len() > MAX_CERTIFICATES {
        return Some(Reason::InvalidCertificateRef);
    }
    let problems = tls.certificate_refs.iter().map(|reference| {
        // Leave is asked for before anything else is looked at, and always for a Secret.
        if !may_use(mesh, holder, "Secret", reference) {
            Some(Reason::RefNotPermitted)
        } else if is_secret(reference) {
            None
        } else {
            Some(Reason::InvalidCertificateRef)
        }
    });
    let problems: Vec<Option<Reason>> = problems.collect();
    if problems.iter().any(Option::is_none) {
        return authority(mesh, holder, gateway, listener.port);
    }
    problems.into_iter().flatten().next()
}

fn is_secret(reference: &SecretReference) -> bool {
    reference.group.as_deref().unwrap_or_default().is_empty()
        && reference.kind.as_deref().unwrap_or("Secret") == "Secret"
}

/// Whether a reference stays in its holder's namespace, or a ReferenceGrant lets it leave.
fn may_use(mesh: &Mesh, holder: &Object, kind: &str, reference: &SecretReference) -> bool {
    let own = &*holder.id.namespace;
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    let from = (GATEWAY_API, holder.id.kind.written(), own);
    namespace == own || reference_grant::permits(mesh, from, ("", kind, namespace, &reference.name))
}

/// What is wrong with the authority by which a Gateway judges its clients on a port; ConfigMaps and Secrets count as
/// there. `pilot/pkg/config/kube/gateway/conversion.go` (resolveGatewayTLS, buildCaCertificateReference).
fn authority(mesh: &Mesh, holder: &Object, gateway: &Gateway, port: u16) -> Option<Reason> {
    let frontend = gateway.tls.as_ref()?.frontend.as_ref()?;
    let own = frontend.per_port.iter().find(|entry| entry.port == port);
    let tls = own.map_or(&frontend.every_port, |entry| &entry.tls);
    let references = &tls.validation.as_ref()?.ca_certificate_refs;
    let reference = references.first()?;
    let kind = reference.kind.as_deref().unwrap_or_default();
    let known = reference.group.as_deref().unwrap_or_default().is_empty()
        && matches!(kind, "ConfigMap" | "Secret");
    if references.len() > 1 {
        Some(Reason::InvalidCaCertificateRef)
    } else if !known {
        Some(Reason::InvalidCaCertificateKind)
    } else if !may_use(mesh, holder, kind, reference) {
        Some(Reason::RefNotPermitted)
    } else {
        None
    }
}

/// What is wrong with the certificate that a Gateway shows to backends.
/// `pilot/pkg/config/kube/gateway/conversion.go` (validateBackendClientCertificateRef).
pub(crate) fn client_certificate(
    mesh: &Mesh,
    object: &Object,
    gateway: &Gateway,
) -> Option<Reason> {
    let backend = gateway.tls.as_ref()?.backend.as_ref()?;
    let reference = backend.client_certificate_ref.as_ref()?;
    if !is_secret(reference) {
        Some(Reason::InvalidClientCertificateRef)
    } else if !may_use(mesh, object, "Secret", reference) {
        Some(Reason::RefNotPermitted)
    } else {
        None
    }
}

/// The edges of ListenerSets to their Gateways.
pub(super) fn rows(mesh: &Mesh, listeners: &Listeners, rows: &mut Vec<Row>) {
    for (index, object) in mesh.drawn() {
        let Resource::ListenerSet(set) = &object.resource else {
            continue;
        };
        let parent = &set.parent_ref;
        let group = parent.group.as_deref().unwrap_or(GATEWAY_API);
        let kind = parent.kind.as_deref().unwrap_or("Gateway");
        let namespace = parent.namespace.as_deref().unwrap_or(&object.id.namespace);
        let Some(reason) = listeners.set(index) else {
            continue;
        };
        rows.push(Row::new(
            index,
            ObjectId::of_reference(group, kind, namespace, &parent.name),
            Via::ParentRef,
            reason,
            origin(object, FieldPath::new().key("spec").key("parentRef")),
        ));
    }
}
