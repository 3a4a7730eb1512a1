//! Gateway and GatewayClass (`gateway.networking.k8s.io`).

use crate::decode::Decode;

use super::Labels;

/// `spec` of a Gateway.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Gateway {
    /// Name of its GatewayClass.
    pub(crate) gateway_class_name: String,
    /// Listeners.
    pub(crate) listeners: Vec<Listener>,
    /// Requested addresses.
    pub(crate) addresses: Vec<GatewayAddress>,
    /// Labels and annotations of what is deployed for it.
    pub(crate) infrastructure: Option<Infrastructure>,
    /// Which ListenerSets may attach.
    pub(crate) allowed_listeners: Option<AllowedListeners>,
    /// Certificates towards clients and backends.
    pub(crate) tls: Option<Box<GatewayTls>>,
    /// Not modelled.
    pub(crate) default_scope: Option<super::NotModelled>,
}

impl Gateway {
    /// Whether clients that show no valid certificate are let in all the same, on one port at least.
    pub(crate) fn lets_anyone_in(&self) -> bool {
        let frontend = self.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        frontend.is_some_and(|frontend| {
            let ports = frontend.per_port.iter().map(|entry| &entry.tls);
            ports.chain([&frontend.every_port]).any(|tls| {
                let validation = tls.validation.as_ref();
                validation.and_then(|one| one.mode.as_deref()) == Some("AllowInsecureFallback")
            })
        })
    }
}

/// `spec.tls`
#[derive(Clone, Debug, Default, Decode)]
#[serde(default)]
pub(crate) struct GatewayTls {
    /// Towards clients.
    pub(crate) frontend: Option<FrontendTls>,
    /// Towards backends.
    pub(crate) backend: Option<BackendTls>,
}

/// `spec.tls.frontend`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FrontendTls {
    /// For ports without an entry of their own.
    #[serde(rename = "default")]
    pub(crate) every_port: ClientTls,
    /// Port by port.
    pub(crate) per_port: Vec<PortTls>,
}

/// `spec.tls.frontend.perPort[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(default)]
pub(crate) struct PortTls {
    /// The port.
    pub(crate) port: u16,
    /// What holds there.
    pub(crate) tls: ClientTls,
}

/// `spec.tls.frontend.default`
#[derive(Clone, Debug, Default, Decode)]
#[serde(default)]
pub(crate) struct ClientTls {
    /// How certificates of clients are judged.
    pub(crate) validation: Option<ClientValidation>,
}

/// `spec.tls.frontend.default.validation`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ClientValidation {
    /// The authorities.
    pub(crate) ca_certificate_refs: Vec<SecretReference>,
    /// `AllowValidOnly` (default) or `AllowInsecureFallback`.
    pub(crate) mode: Option<String>,
}

/// `spec.tls.backend`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BackendTls {
    /// The gateway's own certificate.
    pub(crate) client_certificate_ref: Option<SecretReference>,
}

/// `spec.listeners[]`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Listener {
    /// The name, which a `sectionName` points at.
    pub(crate) name: String,
    /// The hostname it serves; absent: every one.
    pub(crate) hostname: Option<String>,
    /// The port.
    pub(crate) port: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `HBONE`, …
    pub(crate) protocol: String,
    /// TLS termination or passthrough.
    pub(crate) tls: Option<ListenerTls>,
    /// Who may attach.
    pub(crate) allowed_routes: Option<AllowedRoutes>,
}

/// `spec.listeners[].tls`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListenerTls {
    /// `Terminate` (default) or `Passthrough`.
    pub(crate) mode: Option<String>,
    /// Certificates.
    pub(crate) certificate_refs: Vec<SecretReference>,
    /// Not modelled.
    pub(crate) options: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) frontend_validation: Option<super::NotModelled>,
}

/// A reference to a certificate, to authorities, to parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct SecretReference {
    /// The group; empty: core.
    pub(crate) group: Option<String>,
    /// The kind; absent: Secret.
    pub(crate) kind: Option<String>,
    /// The name.
    pub(crate) name: String,
    /// The namespace; absent: the Gateway's.
    pub(crate) namespace: Option<String>,
}

/// `allowedRoutes`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct AllowedRoutes {
    /// From which namespaces; absent: the Gateway's own.
    pub(crate) namespaces: Option<RouteNamespaces>,
    /// Which kinds; empty: all that the protocol takes.
    pub(crate) kinds: Vec<RouteGroupKind>,
}

/// `allowedListeners`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct AllowedListeners {
    /// From which namespaces; absent: none.
    pub(crate) namespaces: Option<RouteNamespaces>,
}

/// `namespaces` of `allowedRoutes` and `allowedListeners`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct RouteNamespaces {
    /// `Same`, `All`, `Selector`, `None`.
    pub(crate) from: Option<String>,
    /// The labels of admitted namespaces, for `Selector`.
    pub(crate) selector: Option<LabelSelector>,
}

/// `allowedRoutes.kinds[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct RouteGroupKind {
    /// The group; absent: Gateway API's.
    pub(crate) group: Option<String>,
    /// The kind.
    pub(crate) kind: String,
}

/// A Kubernetes label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LabelSelector {
    /// Labels that must be there with these values.
    pub(crate) match_labels: Labels,
    /// Further conditions; all must hold.
    pub(crate) match_expressions: Vec<LabelSelectorRequirement>,
}

/// `matchExpressions[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct LabelSelectorRequirement {
    /// The label.
    pub(crate) key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub(crate) operator: String,
    /// Values of `In` and `NotIn`.
    pub(crate) values: Vec<String>,
}

impl LabelSelector {
    /// Whether labels satisfy it; an empty selector is satisfied by all.
    /// `kubernetes/apimachinery: pkg/apis/meta/v1/helpers.go` (LabelSelectorAsSelector).
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.holds(labels))
    }
}

impl LabelSelectorRequirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            // The API server admits no other operator.
            _ => false,
        }
    }
}

/// `spec.addresses[]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct GatewayAddress {
    /// `IPAddress` (default) or `Hostname`.
    #[serde(rename = "type")]
    pub(crate) address_type: Option<String>,
    /// The address.
    pub(crate) value: Option<String>,
}

/// `spec.infrastructure`
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Infrastructure {
    /// Labels of the gateway's pods.
    pub(crate) labels: Labels,
    /// Annotations of the gateway's pods.
    pub(crate) annotations: Labels,
    /// Further parameters.
    pub(crate) parameters_ref: Option<Box<SecretReference>>,
}

/// `spec` of a GatewayClass.
#[derive(Clone, Debug, Default, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GatewayClass {
    /// Who implements it.
    pub(crate) controller_name: String,
    /// Not modelled.
    pub(crate) description: Option<super::NotModelled>,
    /// Not modelled.
    pub(crate) parameters_ref: Option<super::NotModelled>,
}
