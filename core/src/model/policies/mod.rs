//! Which policies, compiled how, bear on which chain: read off the attachments, decided nowhere else.

mod compile;

use std::sync::Arc;

use crate::attach::Attachments;
use crate::authz::mtls::Surprise;
use crate::authz::{self, Context, Enforcer, Policy, PolicySet, Table, jwt};
use crate::mesh::{GatewayIndex, Mesh, ServiceIndex, WAYPOINT_CLASS, WorkloadIndex};
use crate::resource::{AuthorizationPolicy, Kind, Object, ObjectId, ObjectIndex};
use crate::sorted;
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

/// All policies, compiled for the proxies that enforce them. A copy shares all of it.
#[derive(Clone)]
pub(crate) struct Policies {
    ztunnel: Arc<Vec<Policy>>,
    /// As waypoints enforce them where they speak HTTP, and at the same places where they see bytes.
    http: Arc<Vec<Policy>>,
    tcp: Arc<Vec<Policy>>,
    chains: Arc<Chains>,
    /// What stands at some places instead, to ask what it would come to.
    replaced: Arc<Replaced>,
}

/// Policies with other rules, by their places in the tables.
#[derive(Default)]
struct Replaced {
    ztunnel: Vec<(u32, Policy)>,
    http: Vec<(u32, Policy)>,
    tcp: Vec<(u32, Policy)>,
}

/// The policies of an Envoy for HTTP and for other connections; those that have the same share them.
type AtEnvoy = Arc<(PolicySet, PolicySet)>;

/// Which policies each chain has, by their places in the tables.
#[derive(Default)]
struct Chains {
    ztunnel_of: sorted::Map<ObjectIndex, u32>,
    /// At waypoints and at ingress gateways.
    envoy_of: sorted::Map<ObjectIndex, u32>,
    workloads: sorted::Map<WorkloadIndex, Arc<PolicySet>>,
    waypoints: sorted::Map<(GatewayIndex, Option<ServiceIndex>), AtEnvoy>,
    /// The RequestAuthentications of chains that have any.
    tokens: sorted::Map<Chain, jwt::Providers>,
    ingress: sorted::Map<ObjectIndex, AtEnvoy>,
    /// Where PeerAuthentications do not come to what their modes say.
    surprises: sorted::Set<Surprise>,
}

impl Policies {
    pub(super) fn compile(mesh: &Mesh, attachments: &Attachments) -> Self {
        compile::policies(mesh, attachments)
    }

    /// The same with other rules in some policies: who enforces them stays as it is.
    pub(super) fn with_rules(
        &self,
        mesh: &Mesh,
        changed: &[(ObjectIndex, AuthorizationPolicy)],
    ) -> Self {
        let mut replaced = Replaced::default();
        for (index, written) in changed {
            let Some(object) = mesh.object(*index) else {
                continue;
            };
            let compile =
                |enforcer| authz::compile(written, context(mesh, *index, object), enforcer);
            if let Some(place) = self.chains.ztunnel_of.get(index) {
                let policy = compile(Enforcer::Ztunnel);
                replaced.ztunnel.push((*place, policy));
            }
            if let Some(place) = self.chains.envoy_of.get(index) {
                replaced.http.push((*place, compile(Enforcer::Http)));
                replaced.tcp.push((*place, compile(Enforcer::Tcp)));
            }
        }
        // The newest rules of a policy come first and count.
        replaced.ztunnel.extend_from_slice(&self.replaced.ztunnel);
        replaced.http.extend_from_slice(&self.replaced.http);
        replaced.tcp.extend_from_slice(&self.replaced.tcp);
        Self {
            replaced: Arc::new(replaced),
            ..self.clone()
        }
    }

    /// A policy as ztunnels enforce it; `None` for one that no ztunnel is told of.
    pub(crate) fn at_ztunnel(&self, policy: ObjectIndex) -> Option<&Policy> {
        let table = Table::new(&self.ztunnel, &self.replaced.ztunnel);
        table.get(*self.chains.ztunnel_of.get(&policy)?)
    }

    /// The token check of a chain; `None`: it has none.
    pub(crate) fn tokens_of(&self, chain: Chain) -> Option<&jwt::Providers> {
        self.chains.tokens.get(&chain)
    }

    /// Where PeerAuthentications do not come to what their modes say.
    pub(crate) fn surprises(&self) -> impl Iterator<Item = Surprise> {
        self.chains.surprises.iter().copied()
    }

    /// The policies of a chain with the table that they index; `None`: neither has it any, nor a token check. `http`: the proxy speaks HTTP.
    pub(crate) fn of(&self, chain: Chain, http: bool) -> Option<(&PolicySet, Table<'_>)> {
        match chain {
            Chain::Ztunnel(workload) => Some((
                self.chains.workloads.get(&workload)?,
                Table::new(&self.ztunnel, &self.replaced.ztunnel),
            )),
            Chain::Waypoint(..) | Chain::Ingress(_) => {
                let (for_http, for_tcp) = &**match chain {
                    Chain::Ingress(gateway) => self.chains.ingress.get(&gateway)?,
                    Chain::Waypoint(gateway, service) => {
                        self.chains.waypoints.get(&(gateway, service))?
                    }
                    Chain::Ztunnel(_) => return None,
                };
                Some(if http {
                    (for_http, Table::new(&self.http, &self.replaced.http))
                } else {
                    (for_tcp, Table::new(&self.tcp, &self.replaced.tcp))
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

fn context<'a>(mesh: &'a Mesh, index: ObjectIndex, object: &'a Object) -> Context<'a> {
    Context {
        object: index,
        namespace: &object.id.namespace,
        name: &object.id.name,
        annotations: &object.metadata.annotations,
        settings: mesh.settings(),
    }
}
