//! A rule, spread out into its groups, alternatives and clauses: the one walk over all fields of a rule, for
//! validation, compilation and findings alike.

use super::{Attribute, Condition, Operation, Rule, Source};

/// `from`, `to`, or one entry of `when`: one of its alternatives must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenGroup<'a> {
    /// Relative to the rule: `from`, `when[0]`.
    pub(crate) path: String,
    /// Alternatives.
    pub(crate) alternatives: Vec<WrittenAlternative<'a>>,
}

/// One entry of `from` or `to`, or all of a `when` entry: all of its clauses must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenAlternative<'a> {
    /// Relative to the rule: `from[0]`, `when[0]`.
    pub(crate) path: String,
    /// Its fields that say something.
    pub(crate) clauses: Vec<WrittenClause<'a>>,
}

/// One list of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenClause<'a> {
    /// Relative to the rule: `from[0].source.notNamespaces`, `when[0].values`.
    pub(crate) path: String,
    /// The field's own name (`notNamespaces`), or the `when` key.
    pub(crate) name: &'a str,
    /// What it asks about; `None`: there is no such `when` key.
    pub(crate) attribute: Option<Attribute>,
    /// None of the values may match.
    pub(crate) negated: bool,
    /// The values; never empty.
    pub(crate) values: &'a [String],
}

impl Rule {
    /// The rule, spread out; what says nothing is left out.
    pub(crate) fn groups(&self) -> Vec<WrittenGroup<'_>> {
        let mut groups = Vec::new();
        if let Some(from) = self.from.as_deref().filter(|from| !from.is_empty()) {
            groups.push(WrittenGroup {
                path: "from".to_owned(),
                alternatives: from
                    .iter()
                    .enumerate()
                    .map(|(index, from)| {
                        let path = format!("from[{index}]");
                        let clauses = from
                            .source
                            .as_ref()
                            .map(|source| source.clauses(&path))
                            .unwrap_or_default();
                        WrittenAlternative { path, clauses }
                    })
                    .collect(),
            });
        }
        if let Some(to) = self.to.as_deref().filter(|to| !to.is_empty()) {
            groups.push(WrittenGroup {
                path: "to".to_owned(),
                alternatives: to
                    .iter()
                    .enumerate()
                    .map(|(index, to)| {
                        let path = format!("to[{index}]");
                        let clauses = to
                            .operation
                            .as_ref()
                            .map(|operation| operation.clauses(&path))
                            .unwrap_or_default();
                        WrittenAlternative { path, clauses }
                    })
                    .collect(),
            });
        }
        groups.extend(self.when.iter().enumerate().map(|(index, condition)| {
            let path = format!("when[{index}]");
            WrittenGroup {
                path: path.clone(),
                alternatives: vec![WrittenAlternative {
                    clauses: condition.clauses(&path),
                    path,
                }],
            }
        }));
        groups
    }
}

type Field<'a> = (&'static str, Attribute, bool, &'a [String]);

fn spread<'a>(path: &str, fields: impl IntoIterator<Item = Field<'a>>) -> Vec<WrittenClause<'a>> {
    fields
        .into_iter()
        .filter(|(_, _, _, values)| !values.is_empty())
        .map(|(name, attribute, negated, values)| WrittenClause {
            path: format!("{path}.{name}"),
            name,
            attribute: Some(attribute),
            negated,
            values,
        })
        .collect()
}

impl Source {
    fn clauses(&self, path: &str) -> Vec<WrittenClause<'_>> {
        use Attribute as A;
        let fields: [Field<'_>; 14] = [
            ("principals", A::SourcePrincipal, false, &self.principals),
            (
                "notPrincipals",
                A::SourcePrincipal,
                true,
                &self.not_principals,
            ),
            (
                "requestPrincipals",
                A::RequestPrincipal,
                false,
                &self.request_principals,
            ),
            (
                "notRequestPrincipals",
                A::RequestPrincipal,
                true,
                &self.not_request_principals,
            ),
            ("namespaces", A::SourceNamespace, false, &self.namespaces),
            (
                "notNamespaces",
                A::SourceNamespace,
                true,
                &self.not_namespaces,
            ),
            (
                "serviceAccounts",
                A::SourceServiceAccount,
                false,
                &self.service_accounts,
            ),
            (
                "notServiceAccounts",
                A::SourceServiceAccount,
                true,
                &self.not_service_accounts,
            ),
            (
                "trustDomains",
                A::SourceTrustDomain,
                false,
                &self.trust_domains,
            ),
            (
                "notTrustDomains",
                A::SourceTrustDomain,
                true,
                &self.not_trust_domains,
            ),
            ("ipBlocks", A::SourceIp, false, &self.ip_blocks),
            ("notIpBlocks", A::SourceIp, true, &self.not_ip_blocks),
            ("remoteIpBlocks", A::RemoteIp, false, &self.remote_ip_blocks),
            (
                "notRemoteIpBlocks",
                A::RemoteIp,
                true,
                &self.not_remote_ip_blocks,
            ),
        ];
        spread(&format!("{path}.source"), fields)
    }
}

impl Operation {
    fn clauses(&self, path: &str) -> Vec<WrittenClause<'_>> {
        use Attribute as A;
        let fields: [Field<'_>; 8] = [
            ("hosts", A::Host, false, &self.hosts),
            ("notHosts", A::Host, true, &self.not_hosts),
            ("ports", A::DestinationPort, false, &self.ports),
            ("notPorts", A::DestinationPort, true, &self.not_ports),
            ("methods", A::Method, false, &self.methods),
            ("notMethods", A::Method, true, &self.not_methods),
            ("paths", A::Path, false, &self.paths),
            ("notPaths", A::Path, true, &self.not_paths),
        ];
        spread(&format!("{path}.operation"), fields)
    }
}

impl Condition {
    fn clauses(&self, path: &str) -> Vec<WrittenClause<'_>> {
        [
            ("values", false, &self.values),
            ("notValues", true, &self.not_values),
        ]
        .into_iter()
        .filter(|(_, _, values)| !values.is_empty())
        .map(|(field, negated, values)| WrittenClause {
            path: format!("{path}.{field}"),
            name: &self.key,
            attribute: Attribute::from_when_key(&self.key),
            negated,
            values,
        })
        .collect()
    }
}
