//! From attachments to the policies of every chain.

use std::sync::Arc;

use super::{AtEnvoy, Chain, Chains, Policies, context};
use crate::attach::Attachments;
use crate::authz::mtls::{Candidate, Levels};
use crate::authz::{self, Enforcer, Policy, PolicySet, jwt, mtls};
use crate::mesh::{GatewayIndex, Ingress, Mesh, ServiceIndex, WorkloadIndex};
use crate::resource::{Kind, Object, ObjectIndex, Resource};
use crate::sorted;
use crate::wire::Via;

/// The members of chains, by what they are attached to.
struct Members<T> {
    everywhere: Vec<T>,
    namespaces: sorted::Map<String, Vec<T>>,
    workloads: sorted::Map<WorkloadIndex, Vec<T>>,
    all_waypoints: Vec<T>,
    gateways: sorted::Map<GatewayIndex, Vec<T>>,
    services: sorted::Map<ServiceIndex, Vec<T>>,
}

/// All policies of a mesh.
pub(super) fn policies(mesh: &Mesh, attachments: &Attachments) -> Policies {
    let mut compiler = Compiler::default();
    compiler.run(mesh, attachments);
    Policies {
        ztunnel: Arc::new(compiler.ztunnel),
        http: Arc::new(compiler.http),
        tcp: Arc::new(compiler.tcp),
        chains: Arc::new(compiler.chains),
        replaced: None,
    }
}

/// The tables in the making.
#[derive(Default)]
struct Compiler {
    ztunnel: Vec<Policy>,
    http: Vec<Policy>,
    tcp: Vec<Policy>,
    chains: Chains,
}

impl Compiler {
    fn run(&mut self, mesh: &Mesh, attachments: &Attachments) {
        let gateways: Vec<&Ingress> = mesh.ingresses().collect();
        for (index, object) in mesh.live(Kind::AuthorizationPolicy) {
            let Resource::AuthorizationPolicy(policy) = &object.resource else {
                continue;
            };
            let compile = |enforcer| authz::compile(policy, context(mesh, index, object), enforcer);
            if policy.target_refs.is_empty() && policy.target_ref.is_none() {
                self.chains.ztunnel_of.insert(index, place(&self.ztunnel));
                self.ztunnel.push(compile(Enforcer::Ztunnel));
            }
            let has_target = !policy.target_refs.is_empty() || policy.target_ref.is_some();
            if has_target
                || gateways
                    .iter()
                    .any(|gateway| reaches(mesh, gateway, object))
            {
                self.chains.envoy_of.insert(index, place(&self.http));
                self.http.push(compile(Enforcer::Http));
                self.tcp.push(compile(Enforcer::Tcp));
            }
        }
        let at_ztunnel = |object| self.chains.ztunnel_of.get(&object).copied();
        let at_waypoint = |object| self.chains.envoy_of.get(&object).copied();
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
        self.fill_workloads(mesh, &ztunnels, &peers);
        self.fill_waypoints(mesh, attachments, &waypoints, &tokens);
        self.fill_ingress(mesh, &gateways, &waypoints, &tokens);
    }

    fn fill_workloads(
        &mut self,
        mesh: &Mesh,
        members: &Members<u32>,
        peers: &Members<ObjectIndex>,
    ) {
        // A PeerAuthentication comes to the same policy in front of all workloads for which it is the one that counts.
        let mut converted: sorted::Map<ObjectIndex, u32> = sorted::Map::new();
        // Where no selector tells a workload from others, it has the same policies as they, and for the same reasons.
        let mut of_namespaces: sorted::Map<&str, Option<Arc<PolicySet>>> = sorted::Map::new();
        for (index, workload) in mesh
            .workloads()
            .filter(|(_, workload)| workload.capture.is_captured())
        {
            let namespace = workload.namespace.as_str();
            let selected =
                members.workloads.contains_key(&index) || peers.workloads.contains_key(&index);
            if let Some(known) = of_namespaces.get(namespace).filter(|_| !selected) {
                if let Some(set) = known {
                    self.chains.workloads.insert(index, Arc::clone(set));
                }
                continue;
            }
            let mut set = members.of_workload(index, namespace);
            if let Some(policy) = self.mtls(mesh, peers, index, namespace) {
                let table = &mut self.ztunnel;
                set.push(*converted.entry(policy.object).or_insert_with(|| {
                    table.push(policy);
                    place(table).saturating_sub(1)
                }));
            }
            let set = (!set.is_empty())
                .then(|| Arc::new(PolicySet::new(Enforcer::Ztunnel, &self.ztunnel, set)));
            if !selected {
                of_namespaces.insert(namespace, set.clone());
            }
            if let Some(set) = set {
                self.chains.workloads.insert(index, set);
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
        self.chains.surprises.extend(mtls.surprise);
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
        // Where nothing is attached to a Service itself, it has the policies of its waypoint, and for the same reasons.
        let mut of_gateways: sorted::Map<GatewayIndex, AtEnvoy> = sorted::Map::new();
        for (gateway, service) in addressed.chain(services) {
            let set = members.of_waypoint(gateway, service);
            let rules = tokens.of_waypoint(gateway, service);
            if !set.is_empty() || !rules.is_empty() {
                let targeted =
                    service.is_some_and(|service| members.services.contains_key(&service));
                let sets = match of_gateways.get(&gateway).filter(|_| !targeted) {
                    Some(known) => Arc::clone(known),
                    None => self.at_envoy(set),
                };
                if !targeted {
                    of_gateways.insert(gateway, Arc::clone(&sets));
                }
                self.chains.waypoints.insert((gateway, service), sets);
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
                self.chains.tokens.insert(chain, jwt::Providers::new(rules));
            }
        }
    }

    /// What an Envoy makes of some policies, for HTTP and for other traffic.
    fn at_envoy(&self, set: Vec<u32>) -> AtEnvoy {
        let http = PolicySet::new(Enforcer::Http, &self.http, set.iter().copied());
        Arc::new((http, PolicySet::new(Enforcer::Tcp, &self.tcp, set)))
    }

    /// Ingress gateways enforce what is attached to them, and what selects their pods, alone or by the namespace.
    fn fill_ingress(
        &mut self,
        mesh: &Mesh,
        gateways: &[&Ingress],
        members: &Members<u32>,
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
            set.extend(
                in_reach(Kind::AuthorizationPolicy)
                    .filter_map(|index| self.chains.envoy_of.get(&index)),
            );
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
                let sets = self.at_envoy(set);
                self.chains.ingress.insert(gateway.object, sets);
            }
            if !rules.is_empty() {
                let rules =
                    rules
                        .into_iter()
                        .filter_map(|index| match &mesh.object(index)?.resource {
                            Resource::RequestAuthentication(policy) => Some((index, policy)),
                            _ => None,
                        });
                self.chains.tokens.insert(chain, jwt::Providers::new(rules));
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
            namespaces: sorted::Map::new(),
            workloads: sorted::Map::new(),
            all_waypoints: Vec::new(),
            gateways: sorted::Map::new(),
            services: sorted::Map::new(),
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

/// A policy that is attached in two ways counts once.
fn distinct<T: Copy + Ord, const N: usize>(lists: [Option<&Vec<T>>; N]) -> Vec<T> {
    let mut members: Vec<T> = lists.into_iter().flatten().flatten().copied().collect();
    members.sort_unstable();
    members.dedup();
    members
}

fn place(table: &[Policy]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}
