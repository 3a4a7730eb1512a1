//! The pods behind an ingress gateway of either API: their namespace, labels and identity.
//! `istio/istio: pilot/pkg/model/push_context.go` (mergeGateways): an Istio Gateway is whatever its selector matches.

use std::sync::Arc;

use super::{GatewayIndex, GatewayInfo, Mesh, Role, WorkloadIndex, WorkloadInfo};
use crate::flow::Principal;
use crate::resource::{Kind, Labels, ObjectId, ObjectIndex, Resource};

/// On the pods of a Gateway of Gateway API.
pub(super) const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// An ingress gateway.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    /// The Gateway.
    pub(crate) object: ObjectIndex,
    /// The namespace of its pods.
    pub(crate) namespace: String,
    /// The labels of its pods.
    pub(crate) labels: Arc<Labels>,
    /// What they are deployed as; `None`: the manifests do not tell.
    pub(crate) workload: Option<String>,
    /// Under which identity they run; `None`: the manifests do not tell.
    pub(crate) principal: Option<Principal>,
    /// The manifests hold neither its pods nor what deploys them: the Gateway stands for them.
    pub(crate) stands_for_pods: bool,
}

/// The labels of the gateway that `istioctl install` brings, and its service account.
const DEFAULT_LABEL: (&str, &str) = ("istio", "ingressgateway");
const DEFAULT_WORKLOAD: &str = "istio-ingressgateway";
const DEFAULT_ACCOUNT: &str = "istio-ingressgateway-service-account";

/// Adds the ingress gateways, and the workloads that are some.
pub(super) fn add(mesh: &mut Mesh) {
    let gateways = [Kind::Gateway, Kind::IstioGateway].into_iter();
    let objects = gateways.flat_map(|kind| mesh.live(kind));
    let found = objects.filter_map(|(index, _)| Some((index, mesh.ingress_of(index)?)));
    let ingresses = found.collect();
    let selectors = mesh.live(Kind::IstioGateway).filter_map(|(_, object)| {
        let Resource::IstioGateway(written) = &object.resource else {
            return None;
        };
        Some(&written.selector).filter(|selector| !selector.is_empty())
    });
    let selected = selectors.flat_map(|selector| mesh.select_everywhere(selector));
    let instances: Vec<Option<GatewayIndex>> = mesh
        .workloads()
        .map(|(_, workload)| {
            let marked = mesh.is_marked(workload.object).then_some(&workload.labels);
            let name = marked?.get(GATEWAY_NAME)?;
            mesh.find_gateway(&workload.namespace, name)
        })
        .collect();
    let at_gateways = mesh.workloads().zip(&instances);
    let at_gateways = at_gateways.filter_map(|((index, _), instance)| {
        let role = mesh.gateway((*instance)?)?.role;
        matches!(role, Role::Ingress | Role::Sandwich).then_some(index)
    });
    let routers = selected.chain(at_gateways).collect();
    for (workload, instance) in mesh.workloads.iter_mut().zip(instances) {
        workload.instance = instance;
    }
    mesh.routers = routers;
    mesh.ingresses = ingresses;
}

impl Mesh {
    /// All ingress gateways, of both APIs.
    pub(crate) fn ingresses(&self) -> impl Iterator<Item = &Ingress> {
        self.ingresses.values()
    }

    /// The ingress gateway that an object is; `None`: it is none.
    pub(crate) fn ingress(&self, object: ObjectIndex) -> Option<&Ingress> {
        self.ingresses.get(&object)
    }

    /// The Gateway of Gateway API whose pods a workload is.
    pub(crate) fn instance_of(&self, workload: &WorkloadInfo) -> Option<&GatewayInfo> {
        self.gateway(workload.instance?)
    }

    /// Whether a workload is the Envoy of an ingress gateway, and no ztunnel stands in front of it.
    pub(crate) fn is_router(&self, workload: WorkloadIndex) -> bool {
        self.routers.contains(&workload)
            && self
                .workload(workload)
                .is_some_and(|workload| !workload.capture.is_captured())
    }

    /// Whether an object is a gateway, or a workload that is one.
    pub(crate) fn is_at_gateway(&self, id: &ObjectId) -> bool {
        match id.kind {
            Kind::Gateway | Kind::IstioGateway => true,
            _ if self.routers.is_empty() => false,
            _ => self
                .find(id)
                .and_then(|object| self.workload_of(object))
                .is_some_and(|workload| self.is_router(workload)),
        }
    }

    /// The Gateway of Gateway API that an object is.
    pub(crate) fn gateway_of(&self, object: ObjectIndex) -> Option<GatewayIndex> {
        self.gateway_by_object.get(&object).copied()
    }

    fn ingress_of(&self, object: ObjectIndex) -> Option<Ingress> {
        match &self.object(object)?.resource {
            Resource::Gateway(_) => {
                let gateway = self.gateway(self.gateway_of(object)?)?;
                let works = matches!(gateway.role, Role::Ingress | Role::Sandwich);
                works.then(|| Ingress {
                    object,
                    namespace: gateway.namespace.clone(),
                    labels: Arc::clone(&gateway.pod_labels),
                    workload: Some(gateway.deployment.clone()),
                    principal: Some(gateway.principal.clone()),
                    stands_for_pods: false,
                })
            }
            Resource::IstioGateway(written) => Some(self.selected(object, &written.selector)),
            _ => None,
        }
    }

    /// The pods that a selector matches: a workload in the manifests, the pods of a Gateway API Gateway, else those that
    /// every installation has.
    fn selected(&self, object: ObjectIndex, selector: &Labels) -> Ingress {
        let fits = |labels: &Labels| {
            selector
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
        };
        let workload = self
            .workloads()
            .find(|(_, workload)| fits(&workload.labels));
        if let Some((_, workload)) = workload.filter(|_| !selector.is_empty()) {
            return Ingress {
                object,
                namespace: workload.namespace.clone(),
                labels: Arc::clone(&workload.labels),
                workload: self
                    .object(workload.object)
                    .map(|object| object.id.name.clone()),
                principal: Some(workload.principal.clone()),
                stands_for_pods: false,
            };
        }
        let gateway = self.gateways().find(|(_, gateway)| {
            matches!(gateway.role, Role::Ingress | Role::Sandwich) && fits(&gateway.pod_labels)
        });
        if let Some((_, gateway)) = gateway.filter(|_| !selector.is_empty()) {
            return Ingress {
                object,
                namespace: gateway.namespace.clone(),
                labels: Arc::clone(&gateway.pod_labels),
                workload: Some(gateway.deployment.clone()),
                principal: Some(gateway.principal.clone()),
                stands_for_pods: false,
            };
        }
        let own = self
            .object(object)
            .map(|object| object.id.namespace.clone());
        let is_default = selector.get(DEFAULT_LABEL.0).map(String::as_str) == Some(DEFAULT_LABEL.1);
        let root = self.settings().root_namespace.clone();
        Ingress {
            object,
            namespace: if is_default {
                root.clone()
            } else {
                own.unwrap_or_default()
            },
            labels: Arc::new(selector.clone()),
            workload: is_default.then(|| DEFAULT_WORKLOAD.to_owned()),
            principal: is_default
                .then(|| Principal::new(&self.settings().trust_domain, &root, DEFAULT_ACCOUNT)),
            stands_for_pods: true,
        }
    }
}
