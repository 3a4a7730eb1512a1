//! PeerAuthentication (`security.istio.io`): whether workloads take plaintext.

use crate::decode::{Decode, Key};
use crate::sorted;

use super::violation::Violations;
use super::{Labels, WorkloadSelector, policy_attachment};

/// `spec` of a PeerAuthentication, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PeerAuthentication {
    /// Labels of the workloads it is for.
    pub(crate) selector: Option<WorkloadSelector>,
    /// The mode of all ports.
    pub(crate) mtls: Option<MutualTls>,
    /// The modes of single container ports.
    pub(crate) port_level_mtls: Option<sorted::Map<PortKey, MutualTls>>,
}

/// `mtls`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
#[serde(default)]
pub(crate) struct MutualTls {
    /// The mode.
    pub(crate) mode: MutualTlsMode,
}

/// `mtls.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Decode)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MutualTlsMode {
    /// As the level above says.
    #[default]
    Unset,
    /// Plaintext. To a ztunnel the same as `PERMISSIVE`.
    Disable,
    /// Plaintext and mutual TLS.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl MutualTlsMode {
    /// As policies write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }
}

/// A port as the key of a map: a number in YAML, in quotes in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PortKey(pub(crate) u32);

impl Key for PortKey {
    fn read(key: &str) -> Result<Self, &'static str> {
        key.parse().map(Self).map_err(|_| "a port")
    }
}

impl PeerAuthentication {
    /// The mode of all ports; what is absent is `UNSET`.
    pub(crate) fn mode(&self) -> MutualTlsMode {
        self.mtls.unwrap_or_default().mode
    }

    /// Whether it is for all workloads in its reach. A selector without labels counts as none.
    pub(crate) fn selects_all(&self) -> bool {
        self.selector
            .as_ref()
            .is_none_or(|selector| selector.match_labels.is_empty())
    }
}

/// Checks a policy with its annotations. `istio/istio: pkg/config/validation/validation.go`
/// (ValidatePeerAuthentication).
pub(crate) fn validate(policy: &PeerAuthentication, annotations: &Labels) -> Violations {
    let mut out = Violations::default();
    policy_attachment::refuse_dry_run(annotations, &mut out);
    if let Some(selector) = &policy.selector {
        policy_attachment::validate_selector(selector, &mut out);
    }
    let Some(ports) = &policy.port_level_mtls else {
        return out;
    };
    let path = "spec.portLevelMtls";
    if ports.is_empty() {
        out.error(path, "`portLevelMtls` is empty");
    } else if policy.selects_all() {
        out.error_with_help(
            path,
            "`portLevelMtls` needs a `selector` with labels",
            "only a policy for single workloads can tell ports apart",
        );
    }
    for PortKey(port) in ports.keys() {
        if !(1..=65535).contains(port) {
            out.error(
                format!("{path}.{port}"),
                format!("`{port}` is not a port between 1 and 65535"),
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_yaml_and_json() {
        let yaml: PeerAuthentication =
            crate::source::from_yaml("{ portLevelMtls: { 8080: { mode: STRICT } } }");
        let json: PeerAuthentication =
            crate::source::from_yaml(r#"{ "portLevelMtls": { "8080": { "mode": "STRICT" } } }"#);
        assert_eq!(yaml, json);
        assert_eq!(
            yaml.port_level_mtls,
            Some(sorted::Map::from([(
                PortKey(8080),
                MutualTls {
                    mode: MutualTlsMode::Strict
                }
            )]))
        );
        let no_port = serde_json::json!({ "portLevelMtls": { "http": {} } });
        assert!(crate::decode::from_json::<PeerAuthentication>(&no_port).is_err());
    }

    #[test]
    fn refused() {
        let check = |yaml: &str| {
            let violations = validate(&crate::source::from_yaml(yaml), &Labels::new());
            violations
                .errors
                .into_iter()
                .map(|error| error.path)
                .collect::<Vec<_>>()
        };
        for (yaml, expected) in [
            ("{}", &[][..]),
            ("{ mtls: { mode: STRICT } }", &[]),
            (
                "{ selector: { matchLabels: { a: b } }, portLevelMtls: { 80: {} } }",
                &[],
            ),
            ("{ portLevelMtls: { 80: {} } }", &["spec.portLevelMtls"]),
            (
                "{ selector: {}, portLevelMtls: { 80: {} } }",
                &["spec.portLevelMtls"],
            ),
            (
                "{ selector: { matchLabels: { a: b } }, portLevelMtls: {} }",
                &["spec.portLevelMtls"],
            ),
            (
                "{ selector: { matchLabels: { a: b } }, portLevelMtls: { 0: {} } }",
                &["spec.portLevelMtls.0"],
            ),
            (
                "{ selector: { matchLabels: { a: b } }, portLevelMtls: { 65535: {} } }",
                &[],
            ),
            (
                "{ selector: { matchLabels: { a: b } }, portLevelMtls: { 65536: {} } }",
                &["spec.portLevelMtls.65536"],
            ),
            (
                "{ selector: { matchLabels: { a: '*' } } }",
                &["spec.selector.matchLabels"],
            ),
        ] {
            assert_eq!(check(yaml), expected, "{yaml}");
        }
        let dry_run = Labels::from([("istio.io/dry-run".to_owned(), "true".to_owned())]);
        assert_eq!(
            validate(&PeerAuthentication::default(), &dry_run)
                .errors
                .len(),
            1
        );
    }
}
