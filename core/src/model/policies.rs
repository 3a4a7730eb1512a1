//! Which policies, compiled how, bear on which chain: read off the attachments, decided nowhere else.

use std::collections::BTreeMap;

use crate::attach::Attachments;
use crate::authz::{self, Context, Enforcer, Policy, PolicySet};
use crate::mesh::{GatewayIndex, Mesh, ServiceIndex, WAYPOINT_CLASS, WorkloadIndex};
use crate::resource::{Kind, Object, ObjectId, ObjectIndex, Resource};
use crate::wire::Via;

/// A place where one set of policies is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chain {
    /// In front of a workload.
    Ztunnel(WorkloadIndex),
    /// At a waypoint, for the Service addressed; `None`: for workloads addressed themselves.
    Waypoint(GatewayIndex, Option<ServiceIndex>),
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
}

/// The members of chains, by what they are attached to.
#[derive(Default)]
struct Members {
    everywhere: Vec<u32>,
    namespaces: BTreeMap<String, Vec<u32>>,
    workloads: BTreeMap<WorkloadIndex, Vec<u32>>,
    all_waypoints: Vec<u32>,
    gateways: BTreeMap<GatewayIndex, Vec<u32>>,
    services: BTreeMap<ServiceIndex, Vec<u32>>,
}

impl Policies {
    pub(super) fn compile(mesh: &Mesh, attachments: &Attachments) -> Self {
        let mut policies = Self::default();
        let mut at_waypoints: BTreeMap<ObjectIndex, u32> = BTreeMap::new();
        for (index, object) in mesh.live(Kind::AuthorizationPolicy) {
            let Resource::AuthorizationPolicy(policy) = &object.resource else {
                continue;
            };
            let compile = |enforcer| authz::compile(policy, context(mesh, index, object), enforcer);
            if policy.target_refs.is_empty() && policy.target_ref.is_none() {
                policies.ztunnel_of.insert(index, place(&policies.ztunnel));
                policies.ztunnel.push(compile(Enforcer::Ztunnel));
            } else {
                at_waypoints.insert(index, place(&policies.http));
                policies.http.push(compile(Enforcer::Http));
                policies.tcp.push(compile(Enforcer::Tcp));
            }
        }
        let members = policies.members(mesh, attachments, &at_waypoints);
        policies.fill(mesh, attachments, &members);
        policies
    }

    fn members(
        &self,
        mesh: &Mesh,
        attachments: &Attachments,
        at_waypoints: &BTreeMap<ObjectIndex, u32>,
    ) -> Members {
        let mut members = Members::default();
        for row in attachments
            .rows()
            .iter()
            .filter(|row| row.is_attached() && mesh.is_live(row.from))
        {
            let (namespace, name) = (row.to.namespace.as_str(), row.to.name.as_str());
            match (
                row.via,
                row.to.kind,
                self.ztunnel_of.get(&row.from),
                at_waypoints.get(&row.from),
            ) {
                (Via::Mesh, _, Some(&policy), _) => members.everywhere.push(policy),
                (Via::Namespace, _, Some(&policy), _) => {
                    members
                        .namespaces
                        .entry(name.to_owned())
                        .or_default()
                        .push(policy);
                }
                (Via::Selector, _, Some(&policy), _) => {
                    if let Some(workload) = mesh
                        .find(&row.to)
                        .and_then(|object| mesh.workload_of(object))
                    {
                        members.workloads.entry(workload).or_default().push(policy);
                    }
                }
                (Via::TargetRef, Kind::Gateway, _, Some(&policy)) => {
                    if let Some(gateway) = mesh.find_gateway(namespace, name) {
                        members.gateways.entry(gateway).or_default().push(policy);
                    }
                }
                (Via::TargetRef, Kind::Service, _, Some(&policy)) => {
                    if let Some(service) = mesh.find_service(namespace, name) {
                        members.services.entry(service).or_default().push(policy);
                    }
                }
                (Via::TargetRef, Kind::GatewayClass, _, Some(&policy)) => {
                    members.all_waypoints.push(policy)
                }
                _ => {}
            }
        }
        members
    }

    fn fill(&mut self, mesh: &Mesh, attachments: &Attachments, members: &Members) {
        for (index, workload) in mesh
            .workloads()
            .filter(|(_, workload)| workload.capture.is_captured())
        {
            let namespace = members.namespaces.get(&workload.namespace);
            let own = members.workloads.get(&index);
            let set = distinct([Some(&members.everywhere), namespace, own]);
            if !set.is_empty() {
                self.workloads
                    .insert(index, PolicySet::new(Enforcer::Ztunnel, &self.ztunnel, set));
            }
        }
        let addressed = mesh.gateways().map(|(gateway, _)| (gateway, None));
        let services = mesh.services().filter_map(|(service, _)| {
            Some((attachments.service_waypoint(service)?, Some(service)))
        });
        for (gateway, service) in addressed.chain(services) {
            let of_service = service.and_then(|service| members.services.get(&service));
            let set = distinct([
                Some(&members.all_waypoints),
                members.gateways.get(&gateway),
                of_service,
            ]);
            if !set.is_empty() {
                let http = PolicySet::new(Enforcer::Http, &self.http, set.iter().copied());
                let tcp = PolicySet::new(Enforcer::Tcp, &self.tcp, set);
                self.waypoints.insert((gateway, service), (http, tcp));
            }
        }
    }

    /// A policy as ztunnels enforce it; `None` for one that no ztunnel is told of.
    pub(crate) fn at_ztunnel(&self, policy: ObjectIndex) -> Option<&Policy> {
        self.ztunnel
            .get(usize::try_from(*self.ztunnel_of.get(&policy)?).ok()?)
    }

    /// The policies of a chain with the table that they index; `None`: it has none. `http`: the proxy speaks HTTP.
    pub(crate) fn of(&self, chain: Chain, http: bool) -> Option<(&PolicySet, &[Policy])> {
        match chain {
            Chain::Ztunnel(workload) => Some((self.workloads.get(&workload)?, &self.ztunnel)),
            Chain::Waypoint(gateway, service) => {
                let (for_http, for_tcp) = self.waypoints.get(&(gateway, service))?;
                Some(if http {
                    (for_http, &self.http)
                } else {
                    (for_tcp, &self.tcp)
                })
            }
        }
    }
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
            Kind::Service => {
                service.is_some() && mesh.find_service(&to.namespace, &to.name) == service
            }
            Kind::GatewayClass => to.name == WAYPOINT_CLASS,
            _ => false,
        },
        _ => false,
    };
    attachments
        .of(policy)
        .filter(|row| row.is_attached() && reaches(row.via, &row.to))
        .map(|row| (row.via, row.to.clone()))
        .max_by_key(|(_, to)| to.kind == Kind::Service)
}

/// A policy that is attached in two ways counts once.
fn distinct<const N: usize>(lists: [Option<&Vec<u32>>; N]) -> Vec<u32> {
    let mut members: Vec<u32> = lists.into_iter().flatten().flatten().copied().collect();
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
