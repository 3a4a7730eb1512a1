//! `CUSTOM` policies: for each external authorizer an RBAC filter that only looks, and behind it the filter that asks
//! the authorizer if something matched. `istio/istio: pilot/pkg/security/authz/builder/builder.go` (buildHTTP,
//! buildTCP), `pilot/pkg/security/authz/builder/extauthz.go`.
//!
//! Settings do not say at which address an authorizer answers: the cluster has the authorizer's name.

use serde_json::{Map, Value, json};

use super::rbac::{self, Protocol};
use crate::authz::{Policy, PolicySet, Provider, Table};
use crate::resource::Action;
use crate::sorted;
use crate::wire::ProviderProtocol;

pub(super) const HTTP_RBAC: &str = "envoy.filters.http.rbac";
pub(super) const NETWORK_RBAC: &str = "envoy.filters.network.rbac";

/// The filters of a chain, by the names of the authorizers.
pub(super) fn filters(protocol: Protocol, set: &PolicySet, policies: Table<'_>) -> Vec<Value> {
    let mut by_provider: sorted::Map<&str, (&Provider, Vec<&Policy>)> = sorted::Map::new();
    for policy in set.of(Action::Custom, policies) {
        if let Some(provider) = &policy.provider {
            let (_, members) = by_provider
                .entry(&provider.name)
                .or_insert_with(|| (provider, Vec::new()));
            members.push(policy);
        }
    }
    let conflict = by_provider.len() > 1;
    let mut filters = Vec::new();
    for (name, (provider, members)) in by_provider {
        let prefix = format!("istio-ext-authz-{name}-");
        let named = |dry_run: bool| {
            members
                .iter()
                .filter(move |policy| policy.dry_run == dry_run)
                .flat_map(|policy| rbac::named(policy, &prefix))
        };
        let protocol_of = provider.protocol.unwrap_or_default();
        if conflict {
            let refused = named(false)
                .map(|(name, rule)| (format!("{name}-deny-due-to-bad-CUSTOM-action"), rule));
            let config = json_map("rules", rbac::rules("DENY", refused));
            filters.push(rbac::filter(protocol, config));
            continue;
        }
        if protocol == Protocol::Tcp && protocol_of == ProviderProtocol::Http {
            continue;
        }
        let mut config = json_map("shadow_rules", rbac::rules("DENY", named(false)));
        config.insert(
            "shadow_rules_stat_prefix".to_owned(),
            "istio_ext_authz_".into(),
        );
        if members.iter().any(|policy| policy.dry_run) {
            config.insert("rules".to_owned(), rbac::rules("DENY", named(true)));
        }
        filters.push(rbac::filter(protocol, config));
        filters.push(authorizer(protocol, provider, protocol_of));
    }
    filters
}

fn json_map(key: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), value)])
}

fn authorizer(protocol: Protocol, provider: &Provider, asked_by: ProviderProtocol) -> Value {
    let cluster = &provider.name;
    let (name, kind, rbac) = match protocol {
        Protocol::Http => (
            "envoy.filters.http.ext_authz",
            "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            HTTP_RBAC,
        ),
        Protocol::Tcp => (
            "envoy.filters.network.ext_authz",
            "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
            NETWORK_RBAC,
        ),
    };
    let (service, how) = match asked_by {
        ProviderProtocol::Http => (
            "http_service",
            json!({
                "server_uri": {
                    "uri": format!("http://{cluster}"),
                    "cluster": cluster,
                    "timeout": "600s",
                },
            }),
        ),
        ProviderProtocol::Grpc => (
            "grpc_service",
            json!({ "envoy_grpc": { "cluster_name": cluster }, "timeout": "600s" }),
        ),
    };
    let mut config = json!({
        "@type": format!("type.googleapis.com/{kind}"),
        "transport_api_version": "V3",
        "filter_enabled_metadata": {
            "filter": rbac,
            "path": [{ "key": "istio_ext_authz_shadow_effective_policy_id" }],
            "value": { "string_match": { "prefix": format!("istio-ext-authz-{cluster}") } },
        },
    });
    if let Some(fields) = config.as_object_mut() {
        fields.insert(service.to_owned(), how);
        if protocol == Protocol::Tcp {
            fields.insert("stat_prefix".to_owned(), "tcp.".into());
        }
    }
    json!({ "name": name, "typed_config": config })
}
