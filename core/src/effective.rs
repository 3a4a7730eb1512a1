//! What affects an object, in the order in which it acts, and what an object affects: the attachments read in both
//! directions. Nothing is decided here.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use crate::attach;
use crate::eval::{Call, Outcome, Target};
use crate::mesh::{GatewayIndex, Role, ServiceIndex, WAYPOINT_CLASS, WorkloadIndex};
use crate::model::Model;
use crate::resource::{Action, Kind, ObjectId, ObjectIndex, Resource};
use crate::sorted;
use crate::wire::{self, EdgeStatus, EffectiveObject, HopKind, Influence, Phase, Via};

/// The answer for one object, or for every Service, workload, policy and route.
pub(crate) fn effective(model: &Model, only: Option<&str>) -> Vec<EffectiveObject> {
    let view = View::new(model);
    let mut found = sorted::Map::new();
    for (index, object) in model.mesh.objects() {
        let id = object.id.to_string();
        let wanted = match only {
            Some(only) => only == id,
            None => view.is_worth_telling(index, object.id.kind),
        };
        if wanted && model.mesh.is_live(index) {
            let answer = EffectiveObject {
                object: id.clone(),
                affected_by: view.affected_by(index, &object.id),
                affects: view.affects(index),
            };
            found.insert(id, answer);
        }
    }
    found.into_values().collect()
}

/// What is remembered of each object, by its place, once a request has come by it.
pub(crate) type Remembered = Vec<OnceLock<About>>;

/// An object and all that affects it.
pub(crate) struct About {
    /// These objects, in order.
    objects: Box<[ObjectIndex]>,
    /// The places of the findings about them.
    findings: Box<[u32]>,
}

/// Which findings bear on a request: those about the objects that it comes by, and about all that affects these.
pub(crate) struct Bearing<'m> {
    model: &'m Model,
    findings: &'m [Arc<wire::Diagnostic>],
    remembered: &'m Remembered,
    view: OnceCell<View<'m>>,
}

impl<'m> Bearing<'m> {
    /// Of the requests to a model; `remembered` has a place for each of its objects.
    pub(crate) fn new(
        model: &'m Model,
        findings: &'m [Arc<wire::Diagnostic>],
        remembered: &'m Remembered,
    ) -> Self {
        Self {
            model,
            findings,
            remembered,
            view: OnceCell::new(),
        }
    }

    /// The findings for one request, in their order.
    pub(crate) fn on<T>(
        &self,
        call: &Call,
        outcome: &Outcome<'_, T>,
    ) -> Vec<Arc<wire::Diagnostic>> {
        let mesh = &self.model.mesh;
        let called = match call.target {
            Target::Service(service) => mesh.service(service).map(|service| service.object),
            Target::Workload(workload) => mesh.workload(workload).map(|workload| workload.object),
            Target::Ingress | Target::External => None,
        };
        let mut objects: Vec<ObjectIndex> = called.into_iter().chain(call.client.gateway).collect();
        objects.extend(outcome.hops.iter().filter_map(|hop| hop.proxy));
        objects.extend(outcome.backends.iter().filter_map(|backend| {
            let namespace = backend.object.namespace.as_deref()?;
            let service = mesh.find_service(namespace, &backend.object.name)?;
            Some(mesh.service(service)?.object)
        }));
        let mut told: Vec<&About> = Vec::new();
        let mut places: Vec<u32> = Vec::new();
        for object in objects {
            // What affects another object on the way is told of there.
            if told
                .iter()
                .any(|about| about.objects.binary_search(&object).is_ok())
            {
                continue;
            }
            let about = self.about(object);
            places.extend(about.into_iter().flat_map(|about| about.findings.iter()));
            told.extend(about);
        }
        places.sort_unstable();
        places.dedup();
        let findings = places.into_iter();
        let findings = findings.filter_map(|place| self.findings.get(usize::try_from(place).ok()?));
        findings.cloned().collect()
    }

    fn about(&self, index: ObjectIndex) -> Option<&'m About> {
        let mesh = &self.model.mesh;
        let object = mesh.object(index)?;
        let remembered = self.remembered.get(usize::try_from(index.0).ok()?)?;
        Some(remembered.get_or_init(|| {
            let view = self.view.get_or_init(|| View::new(self.model));
            // Of the ways in, the request takes one, and its proxies are told of here.
            let mut found = Found::default();
            view.acting(index, &object.id, &mut found);
            let acting = found.acts.iter().map(|act| act.object);
            let ids: sorted::Set<&ObjectId> = acting.chain([&object.id]).collect();
            let mut objects: Vec<ObjectIndex> = ids.iter().filter_map(|id| mesh.find(id)).collect();
            objects.push(index);
            objects.sort_unstable();
            let names: sorted::Set<String> = ids.iter().map(ToString::to_string).collect();
            let findings = (0..).zip(self.findings);
            let bearing = findings.filter(|(_, finding)| {
                let object = finding.resource.as_ref();
                object.is_some_and(|object| names.contains(object))
            });
            About {
                objects: objects.into(),
                findings: bearing.map(|(place, _)| place).collect(),
            }
        }))
    }
}

/// The attachments, also by what they point at.
struct View<'m> {
    model: &'m Model,
    by_target: sorted::Map<&'m ObjectId, Vec<&'m attach::Row>>,
    behind_gateways: BehindGateways<'m>,
    class: ObjectId,
    mesh: ObjectId,
}

impl<'m> View<'m> {
    fn new(model: &'m Model) -> Self {
        let mut by_target: sorted::Map<&ObjectId, Vec<&attach::Row>> = sorted::Map::new();
        for row in model.attachments.rows() {
            by_target.entry(&row.to).or_default().push(row);
        }
        Self {
            model,
            by_target,
            behind_gateways: BehindGateways::new(model),
            class: ObjectId::new(Kind::GatewayClass, "", WAYPOINT_CLASS),
            mesh: ObjectId::new(Kind::Mesh, "", "mesh"),
        }
    }

    fn is_worth_telling(&self, index: ObjectIndex, kind: Kind) -> bool {
        matches!(kind, Kind::Service | Kind::ServiceEntry)
            || kind.feature().is_some()
            || self
                .model
                .mesh
                .workload_of(index)
                .and_then(|workload| self.model.mesh.workload(workload))
                .is_some_and(|workload| workload.object == index)
    }

    /// The references to one thing, in the order of their ids.
    fn to(&self, target: &ObjectId) -> impl Iterator<Item = &'m attach::Row> {
        self.by_target.get(target).into_iter().flatten().copied()
    }

    fn affected_by(&self, index: ObjectIndex, id: &ObjectId) -> Vec<Influence> {
        let mut found = Found::default();
        self.ways_in(id, &mut found);
        self.acting(index, id, &mut found);
        found.acts.iter().map(|act| self.influence(act)).collect()
    }

    /// What acts on requests before they are sent to a Service: at the ingress gateways whose routes lead there, then
    /// whatever route or VirtualService sends them.
    fn ways_in(&self, id: &ObjectId, found: &mut Found<'m>) {
        for (gateway, routes) in self.behind_gateways.routes_to.get(id).into_iter().flatten() {
            let mesh = &self.model.mesh;
            let ingress = mesh.find(gateway).and_then(|index| mesh.ingress(index));
            let namespace = ingress.map_or(&gateway.namespace, |ingress| &ingress.namespace);
            let namespace = ObjectId::new(Kind::Namespace, "", namespace.as_str());
            let pods = pods_of(self.model, gateway).flat_map(|pod| self.to(pod));
            let rows = self.at_ingress(gateway, &namespace).chain(pods);
            let leads_here =
                |row: &&attach::Row| self.phase(row) != Phase::Route || routes.contains(&row.from);
            self.act(
                HopKind::IngressGateway,
                rows.filter(leads_here).collect(),
                found,
            );
        }
        // What is for the Service itself is told as its route, in the order of its waypoint.
        let is_own = |from: ObjectIndex| {
            self.model.attachments.of(from).any(|row| {
                matches!(row.via, Via::ParentRef | Via::Host) && row.to == *id && row.is_attached()
            })
        };
        for row in self.to(id).filter(|row| row.via == Via::BackendRef) {
            if row.is_attached() && self.model.mesh.is_live(row.from) && !is_own(row.from) {
                for hop in self.senders(row) {
                    found.push(self, hop, row);
                }
            }
        }
    }

    /// The proxies at which the holder of a backendRef sends requests.
    fn senders(&self, row: &attach::Row) -> Vec<Option<HopKind>> {
        let rows = self.model.attachments.of(row.from);
        let hops: sorted::Set<HopKind> = rows
            .filter(|row| matches!(row.via, Via::ParentRef | Via::Gateways | Via::Host))
            .filter(|row| self.model.effect(row).0 == EdgeStatus::Attached)
            .map(|row| match row.to.kind {
                Kind::Gateway if is_waypoint(self.model, &row.to) => HopKind::Waypoint,
                Kind::Gateway | Kind::ListenerSet | Kind::IstioGateway => HopKind::IngressGateway,
                _ => self.hop_to(&row.to),
            })
            .collect();
        if hops.is_empty() {
            return vec![None];
        }
        hops.into_iter().map(Some).collect()
    }

    /// What acts at the object itself and at the proxies in front of it.
    fn acting(&self, index: ObjectIndex, id: &ObjectId, found: &mut Found<'m>) {
        let mesh = &self.model.mesh;
        if let Some(service) = mesh.service_of(id) {
            self.service(service, index, id, found);
        } else if let Some(workload) = mesh.workload_of(index) {
            if let Some(gateway) = self.model.attachments.workload_waypoint(workload) {
                self.enrolment(index, found);
                self.waypoint(gateway, None, found);
            }
            self.ztunnel(workload, found);
            if mesh.is_router(workload) {
                self.ingress(id, &id.namespace, found);
            }
        } else if let Some(gateway) = mesh.gateway_of(index) {
            self.waypoint(gateway, None, found);
        } else if let Some(ingress) = mesh.ingress(index) {
            self.ingress(id, &ingress.namespace, found);
        }
        // What names the object itself and comes to nothing there.
        for row in self.to(id) {
            let (status, _) = self.model.effect(row);
            if status != EdgeStatus::Attached && row.via != Via::Membership {
                found.push(self, None, row);
            }
        }
    }

    fn service(
        &self,
        service: ServiceIndex,
        index: ObjectIndex,
        id: &ObjectId,
        found: &mut Found<'m>,
    ) {
        let waypoints = self.model.attachments.service_waypoints(service);
        for (place, waypoint) in waypoints.enumerate() {
            if place == 0 {
                self.enrolment(index, found);
            }
            self.waypoint(waypoint.gateway, Some(id), found);
        }
        // Gateways read these whether a waypoint serves or not.
        if self.hop_to(id) == HopKind::IngressGateway {
            let rows = self
                .to(id)
                .filter(|row| self.phase(row) == Phase::Destination);
            self.act(HopKind::IngressGateway, rows.collect(), found);
        }
        let workloads = self
            .model
            .mesh
            .service(service)
            .map(|service| &service.workloads);
        for &workload in workloads.into_iter().flatten() {
            self.ztunnel(workload, found);
        }
    }

    /// Which proxy acts on what is attached to a Service: its waypoint, or, without one, the gateways that route there.
    fn hop_to(&self, service: &ObjectId) -> HopKind {
        let index = self.model.mesh.service_of(service);
        match index.and_then(|index| self.model.attachments.service_waypoint(index)) {
            None if index.is_some() => HopKind::IngressGateway,
            _ => HopKind::Waypoint,
        }
    }

    fn enrolment(&self, index: ObjectIndex, found: &mut Found<'m>) {
        let rows = self.model.attachments.of(index);
        for row in rows.filter(|row| matches!(row.via, Via::UseWaypoint | Via::UseWaypointCanary)) {
            found.act(Act {
                object: &row.to,
                hop: Some(HopKind::Waypoint),
                phase: Phase::Enrolment,
                row,
            });
        }
    }

    /// What a waypoint does, for one Service or for workloads; an ingress gateway, for whatever comes.
    fn waypoint(&self, gateway: GatewayIndex, service: Option<&ObjectId>, found: &mut Found<'m>) {
        let Some(info) = self.model.mesh.gateway(gateway) else {
            return;
        };
        let Some(own) = self.model.mesh.object(info.object).map(|object| &object.id) else {
            return;
        };
        if info.role != Role::Waypoint {
            self.ingress(own, &info.namespace, found);
            return;
        }
        let is_telemetry = |row: &&attach::Row| self.kind_of(row) == Some(Kind::Telemetry);
        let searched = service.map_or(&info.namespace, |service| &service.namespace);
        let [near, far] = [&info.namespace, searched]
            .map(|name| ObjectId::new(Kind::Namespace, "", name.as_str()));
        let wide = [&self.mesh, &near, &far].into_iter();
        let wide = wide.flat_map(|target| self.to(target));
        let wide = wide.filter(|row| matches!(row.via, Via::Mesh | Via::Namespace));
        let mut rows: Vec<&attach::Row> = wide.filter(is_telemetry).collect();
        // With targetRefs it is looked for in one namespace alone.
        let targets = [Some(own), Some(&self.class), service]
            .into_iter()
            .flatten();
        let targeted = targets.flat_map(|target| self.to(target));
        rows.extend(targeted.filter(|row| {
            let holder = self.model.mesh.object(row.from);
            !is_telemetry(row) || holder.is_some_and(|holder| holder.id.namespace == *searched)
        }));
        self.act(HopKind::Waypoint, rows, found);
    }

    /// What an ingress gateway does whose pods are in a namespace.
    fn ingress(&self, own: &ObjectId, namespace: &str, found: &mut Found<'m>) {
        let namespace = ObjectId::new(Kind::Namespace, "", namespace);
        let rows = self.at_ingress(own, &namespace).collect();
        self.act(HopKind::IngressGateway, rows, found);
    }

    fn at_ingress<'a>(
        &'a self,
        own: &'a ObjectId,
        namespace: &'a ObjectId,
    ) -> impl Iterator<Item = &'m attach::Row> + 'a {
        [own, namespace, &self.mesh]
            .into_iter()
            .flat_map(|target| self.to(target))
            .filter(|row| self.kind_of(row) != Some(Kind::PeerAuthentication))
    }

    fn ztunnel(&self, workload: WorkloadIndex, found: &mut Found<'m>) {
        let Some(info) = self
            .model
            .mesh
            .workload(workload)
            .filter(|workload| workload.capture.is_captured())
        else {
            return;
        };
        let own = self.model.mesh.object(info.object).map(|object| &object.id);
        let namespace = ObjectId::new(Kind::Namespace, "", info.namespace.as_str());
        let mut rows: Vec<&attach::Row> = own.into_iter().flat_map(|id| self.to(id)).collect();
        rows.extend(self.to(&namespace));
        rows.extend(self.to(&self.mesh));
        rows.retain(|row| {
            self.kind_of(row).is_some_and(|kind| {
                matches!(kind, Kind::AuthorizationPolicy | Kind::PeerAuthentication)
            })
        });
        self.act(HopKind::DestinationZtunnel, rows, found);
    }

    fn kind_of(&self, row: &attach::Row) -> Option<Kind> {
        self.model
            .mesh
            .object(row.from)
            .map(|object| object.id.kind)
    }

    /// Adds what takes effect at one proxy, in the order in which that proxy acts.
    fn act(&self, hop: HopKind, rows: Vec<&'m attach::Row>, found: &mut Found<'m>) {
        let mut acting: Vec<&attach::Row> = rows
            .into_iter()
            .filter(|row| {
                let (status, _) = self.model.effect(row);
                let acts = matches!(status, EdgeStatus::Attached | EdgeStatus::FailSafeDeny);
                acts && self.phase(row) < Phase::Delivery && self.model.mesh.is_live(row.from)
            })
            .collect();
        // Stable: within a phase the order of ids stays.
        acting.sort_by_key(|row| self.phase(row));
        for row in acting {
            found.push(self, Some(hop), row);
        }
    }

    /// What an object does to traffic.
    fn phase(&self, row: &attach::Row) -> Phase {
        let Some(object) = self.model.mesh.object(row.from) else {
            return Phase::Delivery;
        };
        match &object.resource {
            Resource::PeerAuthentication(_) => Phase::Mtls,
            Resource::RequestAuthentication(_) => Phase::Authentication,
            Resource::AuthorizationPolicy(policy) => match policy.action.unwrap_or_default() {
                Action::Custom => Phase::Custom,
                Action::Audit => Phase::Audit,
                Action::Deny => Phase::Deny,
                Action::Allow => Phase::Allow,
            },
            Resource::WasmPlugin(_) | Resource::TrafficExtension(_) | Resource::EnvoyFilter(_) => {
                Phase::Extension
            }
            Resource::Telemetry(_) => Phase::Telemetry,
            Resource::DestinationRule(_) | Resource::BackendTlsPolicy(_) => Phase::Destination,
            Resource::VirtualService(_) if row.via != Via::BackendRef => Phase::Route,
            resource if resource.as_route().is_some() && row.via == Via::ParentRef => Phase::Route,
            _ => Phase::Delivery,
        }
    }

    fn influence(&self, act: &Act<'_>) -> Influence {
        let row = act.row;
        let (status, reason) = self.model.effect(row);
        let message = self
            .model
            .mesh
            .object(row.from)
            .map(|from| reason.sentence(row.via, &from.id, &row.to));
        Influence {
            object: act.object.to_string(),
            hop: act.hop,
            phase: act.phase,
            via: row.via,
            scope: row.to.to_string(),
            status,
            reason: reason.name_of(row.via).to_owned(),
            message: message.unwrap_or_default(),
        }
    }

    /// What an object bears on: for each of its references the Services, workloads and Gateways that it reaches.
    fn affects(&self, index: ObjectIndex) -> Vec<Influence> {
        let mut found = Found::default();
        for row in self.model.attachments.of(index) {
            if matches!(
                row.via,
                Via::UseWaypoint | Via::UseWaypointCanary | Via::Membership
            ) {
                continue;
            }
            let (status, _) = self.model.effect(row);
            if !matches!(status, EdgeStatus::Attached | EdgeStatus::FailSafeDeny) {
                found.add(self, None, row, &row.to);
                continue;
            }
            for (hop, object) in self.reached(row) {
                found.add(self, hop, row, object);
            }
        }
        let acts = found.acts.iter();
        let mut influences: Vec<_> = acts.map(|act| self.influence(act)).collect();
        influences.sort_by(|left, right| (&left.object, left.via).cmp(&(&right.object, right.via)));
        influences
    }

    /// What a policy without selector and targetRefs reaches: captured workloads, ingress gateways, waypoints, as far as
    /// its kind has a part there.
    fn around(&self, row: &'m attach::Row) -> Vec<(Option<HopKind>, &'m ObjectId)> {
        let mesh = &self.model.mesh;
        let kind = self.kind_of(row);
        let near = |namespace: &str| row.via == Via::Mesh || namespace == row.to.name;
        let mut reached = Vec::new();
        let mut add = |hop: HopKind, object: ObjectIndex| {
            if let Some(object) = mesh.object(object) {
                reached.push((Some(hop), &object.id));
            }
        };
        if matches!(
            kind,
            Some(Kind::AuthorizationPolicy | Kind::PeerAuthentication)
        ) {
            for (_, workload) in mesh.workloads() {
                if workload.capture.is_captured() && near(&workload.namespace) {
                    add(HopKind::DestinationZtunnel, workload.object);
                }
            }
        }
        if kind != Some(Kind::PeerAuthentication) {
            for ingress in mesh.ingresses().filter(|ingress| near(&ingress.namespace)) {
                add(HopKind::IngressGateway, ingress.object);
                let gateway = mesh.object(ingress.object).map(|object| &object.id);
                for service in gateway
                    .into_iter()
                    .flat_map(|id| self.behind_gateways.of(id))
                {
                    if let Some(service) = mesh.find(service) {
                        add(HopKind::IngressGateway, service);
                    }
                }
            }
        }
        if kind == Some(Kind::Telemetry) {
            for (_, gateway) in mesh.gateways() {
                if gateway.role == Role::Waypoint && near(&gateway.namespace) {
                    add(HopKind::Waypoint, gateway.object);
                }
            }
            for (index, service) in mesh.service_objects() {
                let waypoint = self.model.attachments.service_waypoint(index);
                let waypoint = waypoint.and_then(|index| mesh.gateway(index));
                if waypoint
                    .is_some_and(|waypoint| near(&waypoint.namespace) || near(&service.namespace))
                {
                    add(HopKind::Waypoint, service.object);
                }
            }
        }
        reached
    }

    /// An ingress gateway, or a workload that is one, and the Services behind it.
    fn at_and_behind(&self, gateway: &'m ObjectId) -> Vec<(Option<HopKind>, &'m ObjectId)> {
        std::iter::once(gateway)
            .chain(self.behind_gateways.of(gateway))
            .map(|id| (Some(HopKind::IngressGateway), id))
            .collect()
    }

    fn reached(&self, row: &'m attach::Row) -> Vec<(Option<HopKind>, &'m ObjectId)> {
        let mesh = &self.model.mesh;
        let id = |object: ObjectIndex| mesh.object(object).map(|object| &object.id);
        let behind = |gateway: GatewayIndex| {
            let services = mesh
                .service_objects()
                .filter(move |(service, _)| self.model.attachments.serves(gateway, *service))
                .map(|(_, service)| service.object);
            let workloads = mesh
                .workloads()
                .filter(move |(workload, _)| {
                    self.model.attachments.workload_waypoint(*workload) == Some(gateway)
                })
                .map(|(_, workload)| workload.object);
            services.chain(workloads)
        };
        let at = |hop: HopKind, to: &'m ObjectId| vec![(Some(hop), to)];
        match (row.via, row.to.kind) {
            (Via::Mesh | Via::Namespace, _) => self.around(row),
            (Via::TargetRef, Kind::GatewayClass) => mesh
                .gateways()
                .filter(|(_, gateway)| gateway.role == Role::Waypoint)
                .flat_map(|(index, gateway)| std::iter::once(gateway.object).chain(behind(index)))
                .filter_map(id)
                .map(|id| (Some(HopKind::Waypoint), id))
                .collect(),
            (
                Via::TargetRef | Via::ParentRef | Via::Selector,
                Kind::Gateway | Kind::ListenerSet,
            ) => {
                if !is_waypoint(self.model, &row.to) {
                    // Where a route leads, its backendRefs say.
                    return match row.via {
                        Via::ParentRef => at(HopKind::IngressGateway, &row.to),
                        _ => self.at_and_behind(&row.to),
                    };
                }
                let gateway = mesh.find_gateway(&row.to.namespace, &row.to.name);
                let mut reached = at(HopKind::Waypoint, &row.to);
                let telemetry = self.kind_of(row) == Some(Kind::Telemetry);
                reached.extend(
                    gateway
                        .into_iter()
                        .flat_map(behind)
                        .filter_map(id)
                        .filter(|id| !telemetry || id.namespace == row.to.namespace)
                        .map(|id| (Some(HopKind::Waypoint), id)),
                );
                reached
            }
            (Via::Selector, _) if mesh.is_at_gateway(&row.to) => self.at_and_behind(&row.to),
            (Via::Selector, _) => at(HopKind::DestinationZtunnel, &row.to),
            (Via::TargetRef | Via::ParentRef | Via::Host, _) => at(self.hop_to(&row.to), &row.to),
            (Via::Gateways, _) => at(HopKind::IngressGateway, &row.to),
            (Via::BackendRef, _) => {
                let hops = self.senders(row).into_iter();
                hops.map(|hop| (hop, &row.to)).collect()
            }
            _ => vec![(None, &row.to)],
        }
    }
}

fn is_waypoint(model: &Model, id: &ObjectId) -> bool {
    id.kind == Kind::Gateway
        && model
            .mesh
            .find_gateway(&id.namespace, &id.name)
            .and_then(|index| model.mesh.gateway(index))
            .is_some_and(|gateway| gateway.role == Role::Waypoint)
}

/// The Services that ingress gateways, of either API, send requests to.
struct BehindGateways<'m> {
    services: sorted::Map<&'m ObjectId, sorted::Set<&'m ObjectId>>,
    /// By Service and gateway the routes and VirtualServices that lead from the one to the other.
    routes_to: sorted::Map<&'m ObjectId, sorted::Map<&'m ObjectId, sorted::Set<ObjectIndex>>>,
}

impl<'m> BehindGateways<'m> {
    fn new(model: &'m Model) -> Self {
        let mut found = Self {
            services: sorted::Map::new(),
            routes_to: sorted::Map::new(),
        };
        for row in model.attachments.rows() {
            let is_service = matches!(row.to.kind, Kind::Service | Kind::ServiceEntry);
            if row.via != Via::BackendRef || !is_service || !row.is_attached() {
                continue;
            }
            for gateway in gateways_of(model, row.from) {
                for at in pods_of(model, gateway).chain([gateway]) {
                    found.services.entry(at).or_default().insert(&row.to);
                }
                let routes = found.routes_to.entry(&row.to).or_default();
                routes.entry(gateway).or_default().insert(row.from);
            }
        }
        found
    }

    fn of(&self, gateway: &ObjectId) -> impl Iterator<Item = &'m ObjectId> {
        self.services.get(gateway).into_iter().flatten().copied()
    }
}

/// The ingress gateways at which a route or VirtualService is in effect.
fn gateways_of(model: &Model, holder: ObjectIndex) -> impl Iterator<Item = &ObjectId> {
    let parents = |holder| {
        let rows = model.attachments.of(holder);
        rows.filter(|row| matches!(row.via, Via::ParentRef | Via::Gateways))
            .filter(|row| model.effect(row).0 == EdgeStatus::Attached)
            .map(|row| &row.to)
    };
    parents(holder)
        .flat_map(move |to| match to.kind {
            Kind::ListenerSet => model.mesh.find(to).into_iter().flat_map(parents).collect(),
            _ => vec![to],
        })
        .filter(|to| matches!(to.kind, Kind::Gateway | Kind::IstioGateway))
        .filter(|to| !is_waypoint(model, to))
}

/// The workloads that a classic Gateway selects.
fn pods_of<'m>(model: &'m Model, gateway: &ObjectId) -> impl Iterator<Item = &'m ObjectId> {
    let rows = model.mesh.find(gateway).into_iter();
    rows.flat_map(|index| model.attachments.of(index))
        .filter(|row| row.via == Via::Selector && row.is_attached())
        .map(|row| &row.to)
}

/// Something that affects an object, or is affected by it.
struct Act<'m> {
    object: &'m ObjectId,
    hop: Option<HopKind>,
    phase: Phase,
    row: &'m attach::Row,
}

/// What is found so far, each once.
#[derive(Default)]
struct Found<'m> {
    acts: Vec<Act<'m>>,
    seen: sorted::Set<(&'m ObjectId, Option<HopKind>, Via, &'m ObjectId)>,
}

impl<'m> Found<'m> {
    fn push(&mut self, view: &View<'m>, hop: Option<HopKind>, row: &'m attach::Row) {
        if let Some(from) = view.model.mesh.object(row.from) {
            self.add(view, hop, row, &from.id);
        }
    }

    /// The row as seen from what it bears on.
    fn add(
        &mut self,
        view: &View<'m>,
        hop: Option<HopKind>,
        row: &'m attach::Row,
        object: &'m ObjectId,
    ) {
        let phase = view.phase(row);
        self.act(Act {
            object,
            hop,
            phase,
            row,
        });
    }

    fn act(&mut self, act: Act<'m>) {
        let key = (act.object, act.hop, act.row.via, &act.row.to);
        if self.seen.insert(key) {
            self.acts.push(act);
        }
    }
}
