//! Everything that can be said of manifests before any request is asked about: the pipeline on one page. A model is
//! built once for a text, never changes, and is asked many times.

mod envoy_names;
mod policies;
mod routes;

pub(crate) use envoy_names::outbound_cluster;
pub(crate) use policies::{Chain, Policies, scope};
pub(crate) use routes::{
    ParentSort, Placed, Routes, Written as WrittenVirtualService, servers_of_pods, virtual_services,
};

use std::sync::{Arc, OnceLock};

use crate::attach::{self, Attachments, Reason, Row};
use crate::authz::{Effect, LossKind};
use crate::mesh::{self, Mesh};
use crate::resource;
use crate::source::{Diagnostics, Documents};
use crate::wire::{self, EdgeStatus, Via};

/// What the manifests come to.
pub(crate) struct Model {
    /// The texts, and where everything stands.
    pub(crate) documents: Arc<Documents>,
    /// The objects and their index.
    pub(crate) mesh: Arc<Mesh>,
    /// Every reference, with what becomes of it.
    pub(crate) attachments: Arc<Attachments>,
    /// Policies as each proxy enforces them.
    pub(crate) policies: Policies,
    /// Routes as each waypoint tries them.
    pub(crate) routes: Arc<Routes>,
    /// What becomes of every reference, once somebody has asked.
    effects: OnceLock<Vec<(EdgeStatus, Reason)>>,
}

impl Model {
    /// Reads, indexes, attaches, compiles: each stage reports what it meets and returns what it could make.
    pub(crate) fn load(
        manifests: &wire::Manifests,
        settings: &wire::Settings,
        out: &mut Diagnostics,
    ) -> Self {
        let documents = Documents::read(manifests, out);
        let objects = resource::read(&documents, out);
        let model = Self::of(documents, objects, settings);
        for replaced in model.mesh.replaced() {
            resource::report_replaced(replaced, out);
        }
        model
    }

    /// The same without some of the objects. Findings about these manifests have been told before.
    pub(crate) fn load_without(
        manifests: &wire::Manifests,
        settings: &wire::Settings,
        without: &[resource::ObjectId],
    ) -> Self {
        let mut unheard = Diagnostics::default();
        let documents = Documents::read(manifests, &mut unheard);
        let mut objects = resource::read(&documents, &mut unheard);
        objects.retain(|object| !without.contains(&object.id));
        Self::of(documents, objects, settings)
    }

    fn of(documents: Documents, objects: Vec<resource::Object>, settings: &wire::Settings) -> Self {
        let mesh = mesh::index(settings.clone(), objects);
        let attachments = attach::resolve(&mesh);
        let policies = Policies::compile(&mesh, &attachments);
        let routes = Routes::compile(&mesh, &attachments);
        Self {
            documents: Arc::new(documents),
            mesh: Arc::new(mesh),
            attachments: Arc::new(attachments),
            policies,
            routes: Arc::new(routes),
            effects: OnceLock::new(),
        }
    }

    /// What the manifests come to with other rules in some policies. All else is shared.
    pub(crate) fn with_rules(
        &self,
        changed: &[(resource::ObjectIndex, Arc<resource::AuthorizationPolicy>)],
    ) -> Self {
        Self {
            documents: Arc::clone(&self.documents),
            mesh: Arc::clone(&self.mesh),
            attachments: Arc::clone(&self.attachments),
            policies: self.policies.with_rules(&self.mesh, changed),
            routes: Arc::clone(&self.routes),
            effects: OnceLock::new(),
        }
    }

    /// Every reference, with what becomes of it.
    pub(crate) fn effects(&self) -> impl Iterator<Item = (&Row, EdgeStatus, Reason)> {
        let rows = self.attachments.rows();
        let effects = self
            .effects
            .get_or_init(|| rows.iter().map(|row| self.effect(row)).collect());
        let both = rows.iter().zip(effects);
        both.map(|(row, &(status, reason))| (row, status, reason))
    }

    /// What becomes of a reference once the route or policy behind it is compiled: a ztunnel may have nothing left to
    /// enforce, and a route may be dropped.
    pub(crate) fn effect(&self, row: &Row) -> (EdgeStatus, Reason) {
        if row.via == Via::ParentRef && row.is_attached() {
            let parent = ParentSort::of(row.to.kind);
            if let Some(problem) = self
                .routes
                .problem(row.from, parent)
                .filter(|problem| problem.drops.is_some())
            {
                return (EdgeStatus::Ignored, problem.reason);
            }
        }
        if !matches!(row.via, Via::Selector | Via::Namespace | Via::Mesh) || !row.is_attached() {
            return (row.status, row.reason);
        }
        let reason = match self.policies.at_ztunnel(row.from) {
            Some(_) if self.mesh.is_at_gateway(&row.to) => row.reason,
            Some(policy) if !crate::authz::is_sent(policy.action, policy.dry_run) => {
                Reason::UnsupportedValue
            }
            // What was written with nothing in it means what it says.
            Some(policy) if policy.losses.is_empty() => row.reason,
            Some(policy)
                if policy
                    .losses
                    .iter()
                    .any(|loss| loss.kind == LossKind::RuleDeniesEverything) =>
            {
                Reason::DeniesAsDocumented
            }
            Some(policy) => match policy.effect() {
                Effect::Enforced => row.reason,
                Effect::AllowsNothing => Reason::AllowsNothingAtZtunnel,
                Effect::Nothing => Reason::EmptyAtZtunnel,
            },
            None => row.reason,
        };
        if reason == row.reason {
            return (row.status, reason);
        }
        // Ingress gateways in reach enforce what ztunnels do not, whatever the condition says.
        let around = match (row.via, self.mesh.object(row.from)) {
            (Via::Namespace | Via::Mesh, Some(policy)) => {
                Some(attach::in_reach(&self.mesh, &policy.id.namespace))
            }
            _ => None,
        };
        match around.filter(|around| around.gateways) {
            Some(around) if !around.captured => (row.status, row.reason),
            Some(_) if reason.status(row.via) != EdgeStatus::FailSafeDeny => (row.status, reason),
            _ => (reason.status(row.via), reason),
        }
    }
}
