//! The RBAC filters of one chain, and the external authorizers that `CUSTOM` policies ask.
//! `istio/istio: pilot/pkg/security/authz/builder/builder.go`, `extauthz.go`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::rule::{self, Context};
use crate::authz::{Policy, PolicySet, TrustDomains};
use crate::mesh::Mesh;
use crate::resource::Action;
use crate::wire::ProviderProtocol;

const EXT_AUTHZ: &str = "istio-ext-authz";
/// `builder.go` (badCustomActionSuffix).
const REFUSED: &str = "-deny-due-to-bad-CUSTOM-action";

/// Builds the filters of one chain.
pub(super) struct Builder<'a> {
    mesh: &'a Mesh,
    set: &'a PolicySet,
    policies: &'a [Policy],
    http: bool,
}

impl<'a> Builder<'a> {
    /// `http`: the chain speaks HTTP.
    pub(super) fn new(
        mesh: &'a Mesh,
        set: &'a PolicySet,
        policies: &'a [Policy],
        http: bool,
    ) -> Self {
        Self {
            mesh,
            set,
            policies,
            http,
        }
    }

    /// The filters of `AUDIT`, `DENY` and `ALLOW` policies. `builder.go` (build).
    pub(super) fn local(&self) -> Vec<Value> {
        [
            (Action::Audit, "LOG", ""),
            (Action::Deny, "DENY", "istio_dry_run_deny_"),
            (Action::Allow, "ALLOW", "istio_dry_run_allow_"),
        ]
        .into_iter()
        .filter_map(|(action, name, stat_prefix)| {
            let (shadow, enforced): (Vec<&Policy>, Vec<&Policy>) =
                self.of(action).partition(|policy| policy.dry_run);
            let mut config = Map::new();
            if !enforced.is_empty() {
                config.insert("rules".to_owned(), self.rules(name, &enforced, ""));
            }
            if !shadow.is_empty() {
                config.insert("shadowRules".to_owned(), self.rules(name, &shadow, ""));
                config.insert("shadowRulesStatPrefix".to_owned(), stat_prefix.into());
            }
            (!config.is_empty()).then(|| self.rbac(config))
        })
        .collect()
    }

    /// The filters of `CUSTOM` policies: RBAC says whether the authorizer is asked, the filter behind it asks.
    /// `builder.go` (buildHTTP, buildTCP).
    pub(super) fn custom(&self) -> Vec<Value> {
        let mut providers: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
        for policy in self.of(Action::Custom) {
            if let Some(provider) = &policy.provider {
                providers.entry(&provider.name).or_default().push(policy);
            }
        }
        let conflict = providers.len() > 1;
        let mut filters = Vec::new();
        for (name, policies) in providers {
            let protocol = policies
                .first()
                .and_then(|policy| policy.provider.as_ref()?.protocol)
                .unwrap_or_default();
            let (shadow, enforced): (Vec<&Policy>, Vec<&Policy>) =
                policies.into_iter().partition(|policy| policy.dry_run);
            let prefix = format!("{EXT_AUTHZ}-{name}-");
            let mut config = Map::new();
            if conflict {
                let mut rules = self.rules("DENY", &enforced, &prefix);
                rename(&mut rules);
                config.insert("rules".to_owned(), rules);
                filters.push(self.rbac(config));
                continue;
            }
            if !self.http && protocol == ProviderProtocol::Http {
                continue;
            }
            config.insert(
                "shadowRules".to_owned(),
                self.rules("DENY", &enforced, &prefix),
            );
            config.insert(
                "shadowRulesStatPrefix".to_owned(),
                "istio_ext_authz_".into(),
            );
            if !shadow.is_empty() {
                config.insert("rules".to_owned(), self.rules("DENY", &shadow, &prefix));
            }
            filters.push(self.rbac(config));
            filters.push(self.ext_authz(name, protocol));
        }
        filters
    }

    fn of(&self, action: Action) -> impl Iterator<Item = &'a Policy> {
        self.set.of_action(action, self.policies)
    }

    /// `envoy.config.rbac.v3.RBAC`
    fn rules(&self, action: &str, policies: &[&Policy], prefix: &str) -> Value {
        let settings = self.mesh.settings();
        let aliases = settings.trust_domain_aliases.iter().map(String::as_str);
        let trust_domains = TrustDomains::new(&settings.trust_domain, aliases);
        let mut rendered = Map::new();
        for policy in policies {
            let Some(object) = self.mesh.object(policy.object) else {
                continue;
            };
            let context = Context {
                namespace: &object.id.namespace,
                trust_domains: &trust_domains,
            };
            let name = |index| format!("{prefix}{}-rule[{index}]", policy.name_at_envoy());
            for rule in &policy.rules {
                rendered.insert(name(rule.index), rule::render(policy, rule, &context));
            }
            if policy.has_no_rules() {
                rendered.insert(name(0), rule::never());
            }
        }
        json!({ "action": action, "policies": rendered })
    }

    fn rbac(&self, mut config: Map<String, Value>) -> Value {
        let kind = if self.http { "http" } else { "network" };
        if !self.http {
            config.insert("statPrefix".to_owned(), "tcp.".into());
        }
        config.insert(
            "@type".to_owned(),
            format!("type.googleapis.com/envoy.extensions.filters.{kind}.rbac.v3.RBAC").into(),
        );
        json!({ "name": format!("envoy.filters.{kind}.rbac"), "typedConfig": config })
    }

    /// The filter that asks. Mesh configuration names the authorizer's Service, which manifests do not show: the
    /// provider's name stands for its cluster.
    fn ext_authz(&self, provider: &str, protocol: ProviderProtocol) -> Value {
        let kind = if self.http { "http" } else { "network" };
        let enabled = json!({
            "filter": format!("envoy.filters.{kind}.rbac"),
            "path": [{ "key": "istio_ext_authz_shadow_effective_policy_id" }],
            "value": { "stringMatch": { "prefix": format!("{EXT_AUTHZ}-{provider}") } },
        });
        let mut config = json!({
            "@type": format!("type.googleapis.com/envoy.extensions.filters.{kind}.ext_authz.v3.ExtAuthz"),
            "filterEnabledMetadata": enabled,
            "transportApiVersion": "V3",
        });
        let service = match protocol {
            ProviderProtocol::Http => (
                "httpService",
                json!({ "serverUri": {
                    "uri": format!("http://{provider}"),
                    "cluster": provider,
                    "timeout": "600s",
                } }),
            ),
            ProviderProtocol::Grpc => (
                "grpcService",
                json!({ "envoyGrpc": { "clusterName": provider }, "timeout": "600s" }),
            ),
        };
        if let Some(fields) = config.as_object_mut() {
            fields.insert(service.0.to_owned(), service.1);
            if !self.http {
                fields.insert("statPrefix".to_owned(), "tcp.".into());
            }
        }
        json!({ "name": format!("envoy.filters.{kind}.ext_authz"), "typedConfig": config })
    }
}

/// `builder.go` (getBadCustomDenyRules).
fn rename(rules: &mut Value) {
    let Some(policies) = rules.get_mut("policies").and_then(Value::as_object_mut) else {
        return;
    };
    let names: BTreeSet<String> = policies.keys().cloned().collect();
    for name in names {
        if let Some(policy) = policies.remove(&name) {
            policies.insert(format!("{name}{REFUSED}"), policy);
        }
    }
}
