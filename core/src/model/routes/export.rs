//! `exportTo`: the namespaces whose proxies see a VirtualService or DestinationRule.
//! `istio/istio: pilot/pkg/model/push_context.go` (initVirtualServices), `pilot/pkg/model/virtualservice_controller.go`
//! (convertExportToSet).

/// Who sees an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Export {
    /// Everyone.
    Public,
    /// The proxies of these namespaces; of none, if it is empty.
    Namespaces(Vec<String>),
}

impl Export {
    /// What a list says for an object of a namespace.
    pub(super) fn new(written: &[String], namespace: &str) -> Self {
        if written.is_empty() || written.iter().any(|one| one == "*") {
            return Self::Public;
        }
        if written.iter().any(|one| one == "~") {
            return Self::Namespaces(Vec::new());
        }
        let names = written.iter().map(|one| match one.as_str() {
            "." => namespace.to_owned(),
            other => other.to_owned(),
        });
        Self::Namespaces(names.collect())
    }

    /// Whether proxies of a namespace see it.
    pub(super) fn reaches(&self, namespace: &str) -> bool {
        match self {
            Self::Public => true,
            Self::Namespaces(names) => names.iter().any(|name| name == namespace),
        }
    }
}
