//! Which policies, compiled how, bear on which chain: read off the attachments, decided nowhere else.

mod compile;

use std::sync::{Arc, OnceLock};

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
    replaced: Option<Arc<Replaced>>,
}

/// Policies with other rules, compiled for a kind of proxy once one is asked.
struct Replaced {
    mesh: Arc<Mesh>,
    written: Box<[(ObjectIndex, Arc<AuthorizationPolicy>)]>,
    /// Those that had other rules before.
    earlier: Option<Arc<Replaced>>,
    /// By their places in the tables.
    ztunnel: OnceLock<Vec<(u32, Policy)>>,
    http: OnceLock<Vec<(u32, Policy)>>,
    tcp: OnceLock<Vec<(u32, Policy)>>,
}

impl Replaced {
    fn of(&self, enforcer: Enforcer, chains: &Chains) -> &[(u32, Policy)] {
        let (compiled, places) = match enforcer {
            Enforcer::Ztunnel => (&self.ztunnel, &chains.ztunnel_of),
            Enforcer::Http => (&self.http, &chains.envoy_of),
            Enforcer::Tcp => (&self.tcp, &chains.envoy_of),
        };
        compiled.get_or_init(|| {
            let own = self.written.iter().filter_map(|(index, written)| {
                let (place, object) = (places.get(index)?, self.mesh.object(*index)?);
                let context = context(&self.mesh, *index, object);
                Some((*place, authz::compile(written, context, enforcer)))
            });
            let mut all: Vec<(u32, Policy)> = own.collect();
            // The newest rules of a policy come first and count.
            if let Some(earlier) = &self.earlier {
                all.extend_from_slice(earlier.of(enforcer, chains));
            }
            all
        })
    }
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
        mesh: &Arc<Mesh>,
        changed: &[(ObjectIndex, Arc<AuthorizationPolicy>)],
    ) -> Self {
        let replaced = Replaced {
            mesh: Arc::clone(mesh),
            written: changed.into(),
            earlier: self.replaced.clone(),
            ztunnel: OnceLock::new(),
            http: OnceLock::new(),
            tcp: OnceLock::new(),
        };
        Self {
            replaced: Some(Arc::new(replaced)),
            ..self.clone()
        }
    }

    /// All policies as one kind of proxy enforces them.
    fn table(&self, enforcer: Enforcer) -> Table<'_> {
        let policies = match enforcer {
            Enforcer::Ztunnel => &self.ztunnel,
            Enforcer::Http => &self.http,
            Enforcer::Tcp => &self.tcp,
        };
        let replaced = self.replaced.as_ref();
        let replaced = replaced.map(|replaced| replaced.of(enforcer, &self.chains));
        Table::new(policies, replaced.unwrap_or_default())
    }

    /// A policy as ztunnels enforce it; `None` for one that no ztunnel is told of.
    pub(crate) fn at_ztunnel(&self, policy: ObjectIndex) -> Option<&Policy> {
        let table = self.table(Enforcer::Ztunnel);
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
                self.table(Enforcer::Ztunnel),
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
                    (for_http, self.table(Enforcer::Http))
                } else {
                    (for_tcp, self.table(Enforcer::Tcp))
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
