//! Which policies, compiled how, bear on which chain: read off the attachments, decided nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::attach::Attachments;
use crate::authz::mtls::{Candidate, Levels, Surprise};
use crate::authz::{self, Context, Enforcer, Policy, PolicySet, jwt, mtls};
use crate::mesh::{GatewayIndex, Ingress, Mesh, ServiceIndex, WAYPOINT_CLASS, WorkloadIndex};
use crate::resource::{Kind, Object, ObjectId, ObjectIndex, Resource};
use crate::wire::Via;

/// A place where one set of policies is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chain {
    /// In front of a workload.
    Ztunnel(WorkloadIndex),
    /// At a waypoint, for the Service addressed; `None`: for workloads addressed themselves.
    Waypoint(GatewayIndex, Option<ServiceIndex>),
    /// At an ingress gateway, of either API.
    Ingress(ObjectIndex),
}

/// All policies, compiled for the proxies that enforce them.
#[derive(Default)]
pub(crate) struct Policies {
    ztunnel: Vec<Policy>,
    /// As waypoints enforce them where they speak HTTP, and at the same places where they see bytes.
    http: Vec<Policy>,
    tcp: Vec<Policy>,
    ztunnel_of: BTreeMap<ObjectIndex, u32>,
    workloads: BTreeMap<WorkloadIndex, PolicySet>,
    waypoints: BTreeMap<(GatewayIndex, Option<ServiceIndex>), (PolicySet, PolicySet)>,
    /// The RequestAuthentications of chains that have any.
    tokens: BTreeMap<Chain, jwt::Providers>,
    ingress: BTreeMap<ObjectIndex, (PolicySet, PolicySet)>,
    /// Where PeerAuthentications do not come to what their modes say.
    surprises: BTreeSet<Surprise>,
}

/// The members of chains, by what they are attached to.
struct Members<T> {
    everywhere: Vec<T>,
    namespaces: BTreeMap<String, Vec<T>>,
    workloads: BTreeMap<WorkloadIndex, Vec<T>>,
    all_waypoints: Vec<T>,
    gateways: BTreeMap<GatewayIndex, Vec<T>>,
    services: BTreeMap<ServiceIndex, Vec<T>>,
}

impl Policies {
    pub(super) fn compile(mesh: &Mesh, attachments: &Attachments) -> Self {
        let mut policies = Self::default();
        let gateways: Vec<Ingress> = mesh.ingresses().collect();
        // At waypoints and at ingress gateways.
        let mut at_waypoints: BTreeMap<ObjectIndex, u32> = BTreeMap::new();
        for (index, object) in mesh.live(Kind::AuthorizationPolicy) {
            let Resource::AuthorizationPolicy(policy) = &object.resource else {
                continue;
            };
            let compile = |enforcer| authz::compile(policy, context(mesh, index, object), enforcer);
            if policy.target_refs.is_empty() && policy.target_ref.is_none() {
                policies.ztunnel_of.insert(index, place(&policies.ztunnel));
                policies.ztunnel.push(compile(Enforcer::Ztunnel));
            }
            let has_target = !policy.target_refs.is_empty() || policy.target_ref.is_some();
            if has_target
                || gateways
                    .iter()
                    .any(|gateway| reaches(mesh, gateway, object))
            {
                at_waypoints.insert(index, place(&policies.http));
                policies.http.push(compile(Enforcer::Http));
                policies.tcp.push(compile(Enforcer::Tcp));
            }
        }
        let at_ztunnel = |object| policies.ztunnel_of.get(&object).copied();
        let at_waypoint = |object| at_waypoints.get(&object).copied();
        let of_kind = |kind| {
            move |index| {
                mesh.object(index)
                    .filter(|object| object.id.kind == kind)
                    .map(|_| index)
            }
        };
        let ztunnels = Members::gather(mesh, attachments, at_ztunnel);
        let waypoints = Members::gather(mesh, attachments, at_waypoint);
        let peers = Members::gather(mesh, attachments, of_kind(Kind::PeerAuthentication));
        let tokens = Members::gather(mesh, attachments, of_kind(Kind::RequestAuthentication));
        policies.fill_workloads(mesh, &ztunnels, &peers);
        policies.fill_waypoints(mesh, attachments, &waypoints, &tokens);
        policies.fill_ingress(mesh, &gateways, &waypoints, &at_waypoints, &tokens);
        policies
    }

    fn fill_workloads(
        &mut self,
        mesh: &Mesh,
        members: &Members<u32>,
        peers: &Members<ObjectIndex>,
    ) {
        // A PeerAuthentication comes to the same policy in front of all workloads for which it is the one that counts.
        let mut converted: BTreeMap<ObjectIndex, u32> = BTreeMap::new();
        for (index, workload) in mesh
            .workloads()
            .filter(|(_, workload)| workload.capture.is_captured())
        {
            let mut set = members.of_workload(index, &workload.namespace);
            if let Some(policy) = self.mtls(mesh, peers, index, &workload.namespace) {
                let table = &mut self.ztunnel;
                set.push(*converted.entry(policy.object).or_insert_with(|| {
                    table.push(policy);
                    place(table).saturating_sub(1)
                }));
            }
            if !set.is_empty() {
                self.workloads
                    .insert(index, PolicySet::new(Enforcer::Ztunnel, &self.ztunnel, set));
            }
        }
    }

    /// What the PeerAuthentications of one workload come to.
    fn mtls(
        &mut self,
        mesh: &Mesh,
        peers: &Members<ObjectIndex>,
        workload: WorkloadIndex,
        namespace: &str,
    ) -> Option<Policy> {
        let candidates = |objects: &[ObjectIndex]| -> Vec<Candidate<'_>> {
            objects
                .iter()
                .filter_map(|&index| {
                    let object = mesh.object(index)?;
                    let Resource::PeerAuthentication(spec) = &object.resource else {
                        return None;
                    };
                    Some(Candidate {
                        object: index,
                        name: &object.id.name,
                        created: object.metadata.creation_timestamp.as_deref(),
                        spec,
                    })
                })
                .collect()
        };
        let of = |list: Option<&Vec<ObjectIndex>>| {
            candidates(list.map(Vec::as_slice).unwrap_or_default())
        };
        let levels = Levels {
            mesh: &candidates(&peers.everywhere),
            namespace: &of(peers.namespaces.get(namespace)),
            workload: &of(peers.workloads.get(&workload)),
        };
        let mtls = mtls::compile(levels, mesh.settings().behavior);
        self.surprises.extend(mtls.surprise);
        mtls.policy
    }

    fn fill_waypoints(
        &mut self,
        mesh: &Mesh,
        attachments: &Attachments,
        members: &Members<u32>,
        tokens: &Members<ObjectIndex>,
    ) {
        let addressed = mesh.gateways().map(|(gateway, _)| (gateway, None));
        let services = mesh.services().flat_map(|(service, _)| {
            let waypoints = attachments.service_waypoints(service);
            waypoints.map(move |waypoint| (waypoint.gateway, Some(service)))
        });
        for (gateway, service) in addressed.chain(services) {
            let set = members.of_waypoint(gateway, service);
            let rules = tokens.of_waypoint(gateway, service);
            if !set.is_empty() || !rules.is_empty() {
                let http = PolicySet::new(Enforcer::Http, &self.http, set.iter().copied());
                let tcp = PolicySet::new(Enforcer::Tcp, &self.tcp, set);
                self.waypoints.insert((gateway, service), (http, tcp));
            }
            if !rules.is_empty() {
                let rules =
                    rules
                        .into_iter()
                        .filter_map(|index| match &mesh.object(index)?.resource {
                            Resource::RequestAuthentication(policy) => Some((index, policy)),
                            _ => None,
                        });
                let chain = Chain::Waypoint(gateway, service);
                self.tokens.insert(chain, jwt::Providers::new(rules));
            }
        }
    }

    /// Ingress gateways enforce what is attached to them, and what selects their pods, alone or by the namespace.
    fn fill_ingress(
        &mut self,
        mesh: &Mesh,
        gateways: &[Ingress],
        members: &Members<u32>,
        places: &BTreeMap<ObjectIndex, u32>,
        tokens: &Members<ObjectIndex>,
    ) {
        for gateway in gateways {
            let chain = Chain::Ingress(gateway.object);
            let at = mesh.gateway_of(gateway.object);
            let attached = |members: Option<&Vec<u32>>| members.cloned().unwrap_or_default();
            let mut set = attached(at.and_then(|at| members.gateways.get(&at)));
            let in_reach = |kind| {
                mesh.live(kind)
                    .filter(|(_, object)| reaches(mesh, gateway, object))
                    .map(|(index, _)| index)
            };
            set.extend(in_reach(Kind::AuthorizationPolicy).filter_map(|index| places.get(&index)));
            set.sort_unstable();
            set.dedup();
            let mut rules: Vec<ObjectIndex> = at
                .and_then(|at| tokens.gateways.get(&at))
                .cloned()
                .unwrap_or_default();
            rules.extend(in_reach(Kind::RequestAuthentication));
            rules.sort_unstable();
            rules.dedup();
            if !set.is_empty() || !rules.is_empty() {
                let http = PolicySet::new(Enforcer::Http, &self.http, set.iter().copied());
                let tcp = PolicySet::new(Enforcer::Tcp, &self.tcp, set);
                self.ingress.insert(gateway.object, (http, tcp));
            }
            if !rules.is_empty() {
                let rules =
                    rules
                        .into_iter()
                        .filter_map(|index| match &mesh.object(index)?.resource {
                            Resource::RequestAuthentication(policy) => Some((index, policy)),
                            _ => None,
                        });
                self.tokens.insert(chain, jwt::Providers::new(rules));
            }
        }
    }

    /// A policy as ztunnels enforce it; `None` for one that no ztunnel is told of.
    pub(crate) fn at_ztunnel(&self, policy: ObjectIndex) -> Option<&Policy> {
        self.ztunnel
            .get(usize::try_from(*self.ztunnel_of.get(&policy)?).ok()?)
    }

    /// The token check of a chain; `None`: it has none.
    pub(crate) fn tokens_of(&self, chain: Chain) -> Option<&jwt::Providers> {
        self.tokens.get(&chain)
    }

    /// Where PeerAuthentications do not come to what their modes say.
    pub(crate) fn surprises(&self) -> impl Iterator<Item = Surprise> {
        self.surprises.iter().copied()
    }

    /// The policies of a chain with the table that they index; `None`: neither has it any, nor a token check. `http`: the proxy speaks HTTP.
    pub(crate) fn of(&self, chain: Chain, http: bool) -> Option<(&PolicySet, &[Policy])> {
        match chain {
            Chain::Ztunnel(workload) => Some((self.workloads.get(&workload)?, &self.ztunnel)),
            Chain::Waypoint(..) | Chain::Ingress(_) => {
                let (for_http, for_tcp) = match chain {
                    Chain::Ingress(gateway) => self.ingress.get(&gateway)?,
                    Chain::Waypoint(gateway, service) => self.waypoints.get(&(gateway, service))?,
                    Chain::Ztunnel(_) => return None,
                };
                Some(if http {
                    (for_http, &self.http)
                } else {
                    (for_tcp, &self.tcp)
                })
            }
        }
    }
}

impl<T: Copy + Ord> Members<T> {
    /// Reads the attachments; `place` says what stands for an object, if it is to be a member at all.
    fn gather(
        mesh: &Mesh,
        attachments: &Attachments,
        place: impl Fn(ObjectIndex) -> Option<T>,
    ) -> Self {
        let mut members = Self {
            everywhere: Vec::new(),
            namespaces: BTreeMap::new(),
            workloads: BTreeMap::new(),
            all_waypoints: Vec::new(),
            gateways: BTreeMap::new(),
            services: BTreeMap::new(),
        };
        for row in attachments
            .rows()
            .iter()
            .filter(|row| row.is_attached() && mesh.is_live(row.from))
        {
            let Some(member) = place(row.from) else {
                continue;
            };
            let (namespace, name) = (row.to.namespace.as_str(), row.to.name.as_str());
            match (row.via, row.to.kind) {
                (Via::Mesh, _) => members.everywhere.push(member),
                (Via::Namespace, _) => {
                    let list = members.namespaces.entry(name.to_owned()).or_default();
                    list.push(member);
                }
                (Via::Selector, _) => {
                    let workload = mesh
                        .find(&row.to)
                        .and_then(|object| mesh.workload_of(object));
                    if let Some(workload) = workload {
                        members.workloads.entry(workload).or_default().push(member);
                    }
                }
                (Via::TargetRef, Kind::Gateway) => {
                    if let Some(gateway) = mesh.find_gateway(namespace, name) {
                        members.gateways.entry(gateway).or_default().push(member);
                    }
                }
                (Via::TargetRef, Kind::Service | Kind::ServiceEntry) => {
                    for &service in mesh.services_of(&row.to) {
                        members.services.entry(service).or_default().push(member);
                    }
                }
                (Via::TargetRef, Kind::GatewayClass) => members.all_waypoints.push(member),
                _ => {}
            }
        }
        members
    }

    fn of_workload(&self, workload: WorkloadIndex, namespace: &str) -> Vec<T> {
        distinct([
            Some(&self.everywhere),
            self.namespaces.get(namespace),
            self.workloads.get(&workload),
        ])
    }

    fn of_waypoint(&self, gateway: GatewayIndex, service: Option<ServiceIndex>) -> Vec<T> {
        distinct([
            Some(&self.all_waypoints),
            self.gateways.get(&gateway),
            service.and_then(|service| self.services.get(&service)),
        ])
    }
}

/// Whether a policy without targetRefs is for the pods of an ingress gateway.
/// `istio/istio: pilot/pkg/model/authorization.go` (ListAuthorizationPolicies), `policyattachment.go`.
fn reaches(mesh: &Mesh, gateway: &Ingress, object: &Object) -> bool {
    let Some(policy) = object.resource.as_policy() else {
        return false;
    };
    let namespace = &object.id.namespace;
    let is_near = *namespace == gateway.namespace || mesh.is_root(namespace);
    let selects = policy.selector.is_none_or(|labels| {
        labels
            .iter()
            .all(|(key, value)| gateway.labels.get(key) == Some(value))
    });
    policy.target_ref.is_none() && policy.target_refs.is_empty() && is_near && selects
}

/// Why a policy is in a chain: the object that it is attached to there, the narrowest first.
pub(crate) fn scope(
    mesh: &Mesh,
    attachments: &Attachments,
    chain: Chain,
    policy: ObjectIndex,
) -> Option<(Via, ObjectId)> {
    let reaches = |via: Via, to: &ObjectId| match (chain, via) {
        (Chain::Ztunnel(_), Via::Mesh) => true,
        (Chain::Ztunnel(workload), Via::Namespace) => mesh
            .workload(workload)
            .is_some_and(|workload| workload.namespace == to.name),
        (Chain::Ztunnel(workload), Via::Selector) => {
            mesh.find(to).and_then(|object| mesh.workload_of(object)) == Some(workload)
        }
        (Chain::Waypoint(gateway, service), Via::TargetRef) => match to.kind {
            Kind::Gateway => mesh.find_gateway(&to.namespace, &to.name) == Some(gateway),
            Kind::Service | Kind::ServiceEntry => {
                service.is_some_and(|service| mesh.services_of(to).contains(&service))
            }
            Kind::GatewayClass => to.name == WAYPOINT_CLASS,
            _ => false,
        },
        (Chain::Ingress(_), Via::Mesh) => true,
        (Chain::Ingress(gateway), Via::Namespace) => mesh
            .ingress(gateway)
            .is_some_and(|gateway| gateway.namespace == to.name),
        (Chain::Ingress(gateway), Via::Selector | Via::TargetRef) => {
            mesh.find(to) == Some(gateway) || to.kind != Kind::Gateway
        }
        _ => false,
    };
    attachments
        .of(policy)
        .filter(|row| row.is_attached() && reaches(row.via, &row.to))
        .map(|row| (row.via, row.to.clone()))
        .max_by_key(|(_, to)| to.kind == Kind::Service)
}

/// A policy that is attached in two ways counts once.
fn distinct<T: Copy + Ord, const N: usize>(lists: [Option<&Vec<T>>; N]) -> Vec<T> {
    let mut members: Vec<T> = lists.into_iter().flatten().flatten().copied().collect();
    members.sort_unstable();
    members.dedup();
    members
}

fn context<'a>(mesh: &'a Mesh, index: ObjectIndex, object: &'a Object) -> Context<'a> {
    Context {
        object: index,
        namespace: &object.id.namespace,
        name: &object.id.name,
        annotations: &object.metadata.annotations,
        settings: mesh.settings(),
    }
}

fn place(table: &[Policy]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}
