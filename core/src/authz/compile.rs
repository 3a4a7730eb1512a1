//! From a policy as written to a policy as enforced. What is common to all proxies is here; what each keeps and loses
//! is said by [`ztunnel`](super::ztunnel) and [`waypoint`](super::waypoint).

use std::sync::{Arc, OnceLock};

use super::attribute::Attribute;
use super::clause::{Clause, ClauseId, Matcher, Values};
use super::loss::{Loss, LossKind};
use super::policy::{ClauseOrigin, Order, Policy, Provider, Rule};
use super::trust_domain::TrustDomains;
use super::{waypoint, ztunnel};
use crate::matcher::{self, Glob, PathTemplate, ServiceAccountUri, StringMatch};
use crate::resource::authorization_policy as written;
use crate::resource::{Action, AuthorizationPolicy, ObjectIndex, WrittenClause, WrittenGroup};
use crate::wire::{Behavior, Cause, ExtensionProvider, ProviderAnswer, Settings};

/// Who enforces a policy: each reads the same text in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enforcer {
    /// A ztunnel, in front of workloads.
    Ztunnel,
    /// A waypoint or ingress gateway where it speaks HTTP.
    Http,
    /// A waypoint or ingress gateway where it sees bytes.
    Tcp,
}

impl Enforcer {
    /// As sentences name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ztunnel => "ztunnel",
            Self::Http => "Envoy",
            Self::Tcp => "Envoy on a TCP port",
        }
    }
}

/// The policy's own facts, and those of the mesh, that its meaning depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its namespace, which short service accounts are in.
    pub(crate) namespace: &'a str,
    /// Its name, which decides about the order at Envoy.
    pub(crate) name: &'a str,
    /// Its annotations.
    pub(crate) annotations: &'a crate::resource::Labels,
    /// Facts of the mesh.
    pub(crate) settings: &'a Settings,
}

/// What is left of a rule.
pub(super) enum Kept<'a> {
    /// These groups, which may have lost clauses and alternatives.
    Groups(Vec<WrittenGroup<'a>>),
    /// Nothing.
    Omitted,
}

/// Compiles a valid policy for one kind of proxy. Values that validation refuses are skipped.
pub(crate) fn compile(
    policy: &AuthorizationPolicy,
    context: Context<'_>,
    enforcer: Enforcer,
) -> Policy {
    let action = policy.action.unwrap_or_default();
    let provider = (action == Action::Custom).then(|| Arc::new(provider(policy, context.settings)));
    let mut compiler = Compiler {
        context,
        reading: Reading::new(context, enforcer),
        losses: Vec::new(),
        origins: Vec::new(),
    };
    let mut rules: Vec<Rule> = (0..)
        .zip(&policy.rules)
        .filter_map(|(index, rule)| compiler.rule(rule.as_ref()?, index, action, enforcer))
        .collect();
    let documented = context.settings.behavior == Behavior::Documented;
    if enforcer == Enforcer::Ztunnel && documented && action == Action::Allow {
        // The documentation knows no half of an ALLOW policy.
        let mut losses = compiler.losses.iter();
        let omitted = losses.find(|loss| loss.kind == LossKind::RuleOmitted);
        if let Some(rule) = omitted.map(|loss| loss.rule).filter(|_| !rules.is_empty()) {
            rules.clear();
            compiler.losses.push(Loss {
                rule,
                path: String::new(),
                kind: LossKind::RuleDeniesEverything,
            });
        }
    }
    let order = match enforcer {
        Enforcer::Ztunnel => Order::default(),
        Enforcer::Http | Enforcer::Tcp => {
            rules.sort_by_cached_key(|rule| Order::of_rule_at_envoy(rule.index));
            Order::at_envoy(context.namespace, context.name, provider.as_deref())
        }
    };
    Policy {
        object: context.object,
        action,
        dry_run: written::is_dry_run(context.annotations),
        cause: Cause::Authorization,
        provider,
        losses: compiler.losses.into(),
        rules: rules.into(),
        origins: compiler.origins.into(),
        order,
    }
}

fn provider(policy: &AuthorizationPolicy, settings: &Settings) -> Provider {
    let name = policy
        .provider
        .as_ref()
        .map(|provider| provider.name.clone())
        .unwrap_or_default();
    let (answer, protocol) = match settings.extension_providers.get(&name) {
        None => (ProviderAnswer::Unknown, None),
        Some(ExtensionProvider::Answer(answer)) => (*answer, Some(Default::default())),
        Some(ExtensionProvider::Full { answer, protocol }) => (*answer, Some(*protocol)),
    };
    Provider {
        name,
        answer,
        protocol,
    }
}

struct Compiler<'a> {
    context: Context<'a>,
    reading: Reading<'a>,
    losses: Vec<Loss>,
    origins: Vec<ClauseOrigin>,
}

impl Compiler<'_> {
    fn rule(
        &mut self,
        rule: &crate::resource::Rule,
        index: u32,
        action: Action,
        enforcer: Enforcer,
    ) -> Option<Rule> {
        let mut lose = |path: &str, kind| {
            self.losses.push(Loss {
                rule: index,
                path: path.to_owned(),
                kind,
            });
        };
        let kept = match enforcer {
            Enforcer::Ztunnel => ztunnel::keep(
                rule.groups(),
                action,
                self.context.settings.behavior,
                &mut lose,
            ),
            Enforcer::Http => waypoint::keep_http(rule.groups(), &mut lose),
            Enforcer::Tcp => waypoint::keep_tcp(rule.groups(), action, &mut lose),
        };
        let Kept::Groups(groups) = kept else {
            return None;
        };
        let groups = groups.into_iter().map(|group| {
            let alternatives = group.alternatives.into_iter();
            let clauses = alternatives.map(|alternative| {
                let clauses = alternative.clauses.into_iter();
                let clauses = clauses.filter_map(|clause| self.clause(clause, index));
                clauses.collect()
            });
            clauses.collect()
        });
        Some(Rule::new(index, groups))
    }

    fn clause(&mut self, clause: WrittenClause<'_>, rule: u32) -> Option<Clause> {
        let attribute = clause.attribute?;
        let id = ClauseId(u32::try_from(self.origins.len()).ok()?);
        self.origins.push(ClauseOrigin {
            rule,
            path: clause.path.into(),
            want: clause.values.into(),
            attribute: attribute.clone(),
            field: OnceLock::new(),
        });
        Some(Clause {
            id,
            values: Values::new(
                clause
                    .values
                    .iter()
                    .flat_map(|value| self.reading.compile(&attribute, value))
                    .collect(),
            ),
            attribute,
            negated: clause.negated,
        })
    }
}

/// How one kind of proxy reads values.
struct Reading<'a> {
    namespace: &'a str,
    /// `None`: this proxy does not know of aliases.
    trust_domains: Option<TrustDomains<'a>>,
    /// Envoy matches namespaces and service accounts within the whole URI.
    identity_in_uri: bool,
    /// The documentation lets `{**}/` match without the slash.
    lenient_templates: bool,
}

impl<'a> Reading<'a> {
    fn new(context: Context<'a>, enforcer: Enforcer) -> Self {
        let settings = context.settings;
        let documented = settings.behavior == Behavior::Documented;
        Self {
            namespace: context.namespace,
            trust_domains: (enforcer != Enforcer::Ztunnel || documented)
                .then(|| TrustDomains::new(settings)),
            identity_in_uri: enforcer != Enforcer::Ztunnel,
            lenient_templates: documented,
        }
    }

    /// The matchers that a value stands for. `istio/istio: pilot/pkg/security/authz/model/generator.go`,
    /// `pilot/pkg/serviceregistry/ambient/authorization.go` (handleRule).
    fn compile(&self, attribute: &Attribute, value: &str) -> Vec<Matcher> {
        let one = |matcher| vec![matcher];
        let parsed = |matcher: Option<Matcher>| Vec::from_iter(matcher);
        match attribute {
            Attribute::SourcePrincipal => match &self.trust_domains {
                Some(domains) => domains
                    .expand_principal(value)
                    .iter()
                    .map(|principal| Matcher::Principal(StringMatch::new(principal)))
                    .collect(),
                None => one(Matcher::Principal(StringMatch::new(value))),
            },
            Attribute::SourceTrustDomain => match &self.trust_domains {
                Some(domains) => domains
                    .expand_trust_domain(value)
                    .iter()
                    .map(|domain| Matcher::TrustDomain(StringMatch::new(domain)))
                    .collect(),
                None => one(Matcher::TrustDomain(StringMatch::new(value))),
            },
            Attribute::SourceNamespace => one(if self.identity_in_uri {
                Matcher::PrincipalUri(Glob::new(&format!("*/ns/{value}/*")))
            } else {
                Matcher::Namespace(StringMatch::new(value))
            }),
            Attribute::SourceServiceAccount => {
                let (namespace, name) = written::split_service_account(value);
                let namespace = namespace.unwrap_or(self.namespace);
                one(if self.identity_in_uri {
                    Matcher::ServiceAccountUri(ServiceAccountUri::new(namespace, name))
                } else {
                    Matcher::ServiceAccount {
                        namespace: namespace.into(),
                        name: name.into(),
                    }
                })
            }
            Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
                parsed(matcher::parse_ip_block(value).map(Matcher::Ip))
            }
            Attribute::DestinationPort => parsed(written::parse_port(value).map(Matcher::Port)),
            Attribute::RequestPrincipal => one(request_principal(value)),
            // The matchers of headers call for presence where those of other texts call for something.
            Attribute::Host | Attribute::Method | Attribute::RequestHeader(_) if value == "*" => {
                one(Matcher::Present)
            }
            Attribute::Host => one(Matcher::TextIgnoringCase(StringMatch::new(value))),
            Attribute::Path if PathTemplate::is_template(value) => {
                let template = match value.strip_suffix('/') {
                    Some(open) if self.lenient_templates && open.ends_with("{**}") => open,
                    _ => value,
                };
                one(Matcher::PathTemplate(PathTemplate::new(template)))
            }
            Attribute::Path
            | Attribute::Method
            | Attribute::RequestHeader(_)
            | Attribute::RequestAudiences
            | Attribute::RequestPresenter
            | Attribute::RequestClaim(_)
            | Attribute::ConnectionSni => one(Matcher::Text(StringMatch::new(value))),
            Attribute::EnvoyFilterMetadata { .. } => one(metadata(value)),
        }
    }
}

/// `istio/istio: pilot/pkg/security/authz/model/generator.go` (envoyFilterGenerator).
fn metadata(value: &str) -> Matcher {
    let in_list = value.starts_with('[') && value.ends_with(']');
    let text = if in_list {
        value.trim_matches(['[', ']'])
    } else {
        value
    };
    Matcher::Metadata {
        in_list,
        text: StringMatch::new(text),
    }
}

/// `iss/sub`, split at the last slash, for issuers are URLs. `istio/istio:
/// pilot/pkg/security/authz/model/generator.go` (requestPrincipalGenerator).
fn request_principal(value: &str) -> Matcher {
    let exact = |text: &str| StringMatch::Exact(text.into());
    let split = value.rsplit_once('/');
    let (issuer, subject) = if value == "*" {
        (StringMatch::NotEmpty, StringMatch::NotEmpty)
    } else if let Some(suffix) = value.strip_prefix('*') {
        match split {
            // Only the issuer of `*x/y*` is a pattern.
            Some((issuer, subject)) => (StringMatch::new(issuer), exact(subject)),
            None => (StringMatch::NotEmpty, StringMatch::Suffix(suffix.into())),
        }
    } else if let Some(prefix) = value.strip_suffix('*') {
        match split {
            Some((issuer, "*")) => (exact(issuer), StringMatch::NotEmpty),
            Some((issuer, subject)) => {
                let prefix = subject.strip_suffix('*').unwrap_or(subject);
                (exact(issuer), StringMatch::Prefix(prefix.into()))
            }
            None => (StringMatch::Prefix(prefix.into()), StringMatch::NotEmpty),
        }
    } else {
        match split {
            Some((issuer, subject)) => (exact(issuer), exact(subject)),
            None => (exact(value), exact("")),
        }
    };
    Matcher::RequestPrincipal { issuer, subject }
}
