//! Pod and the kinds that hold a pod template: what runs, under which identity.

use std::sync::Arc;

use crate::decode::Decode;

use super::{Labels, metadata};

/// A Pod, or the one virtual pod of a controller: everything comes from the pod template, nothing from the
/// controller's own metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Workload {
    /// The pod's labels.
    pub(crate) labels: Arc<Labels>,
    /// The pod's annotations.
    pub(crate) annotations: Labels,
    /// The pod's spec.
    pub(crate) pod: PodSpec,
    /// The pod's address, where a pasted `status` tells it.
    pub(crate) pod_ip: Option<String>,
    /// `Succeeded` or `Failed`: it runs no more.
    pub(crate) terminated: bool,
}

/// `spec` of a Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec {
    /// The service account; absent: `default`.
    pub(crate) service_account_name: Option<String>,
    /// The pod shares its node's network.
    pub(crate) host_network: bool,
    /// Containers.
    pub(crate) containers: Vec<Container>,
    /// Init containers; native sidecars among them serve ports too.
    pub(crate) init_containers: Vec<Container>,
}

/// `spec.containers[]` of a Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container {
    /// Declared ports.
    pub(crate) ports: Vec<ContainerPort>,
    /// `Always` on an init container makes it a native sidecar.
    pub(crate) restart_policy: Option<String>,
}

/// `ports[]` of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerPort {
    /// The port's name, which a Service's `targetPort` may use.
    pub(crate) name: Option<String>,
    /// The port.
    pub(crate) container_port: u16,
}

/// A Pod as written.
#[derive(Debug, Default, Decode)]
#[serde(default)]
pub(super) struct Pod {
    metadata: metadata::Metadata,
    spec: PodSpec,
    status: PodStatus,
}

#[derive(Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: Option<String>,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
}

impl From<Pod> for Workload {
    fn from(pod: Pod) -> Self {
        Self {
            labels: Arc::new(pod.metadata.labels),
            annotations: pod.metadata.annotations,
            pod: pod.spec,
            pod_ip: pod.status.pod_ip,
            terminated: matches!(pod.status.phase.as_deref(), Some("Succeeded" | "Failed")),
        }
    }
}

/// A controller as written: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job.
#[derive(Debug, Default, Decode)]
#[serde(default)]
pub(super) struct Controller {
    spec: ControllerSpec,
}

#[derive(Debug, Default, Decode)]
#[serde(default)]
struct ControllerSpec {
    template: Template,
}

/// A CronJob as written: its template sits one level deeper.
#[derive(Debug, Default, Decode)]
#[serde(default)]
pub(super) struct CronJob {
    spec: CronJobSpec,
}

#[derive(Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
struct CronJobSpec {
    job_template: Controller,
}

#[derive(Debug, Default, Decode)]
#[serde(default)]
struct Template {
    metadata: metadata::Metadata,
    spec: PodSpec,
}

impl From<Controller> for Workload {
    fn from(controller: Controller) -> Self {
        let template = controller.spec.template;
        Self {
            labels: Arc::new(template.metadata.labels),
            annotations: template.metadata.annotations,
            pod: template.spec,
            ..Self::default()
        }
    }
}

impl From<CronJob> for Workload {
    fn from(job: CronJob) -> Self {
        job.spec.job_template.into()
    }
}
