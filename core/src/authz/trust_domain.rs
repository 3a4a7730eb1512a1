//! Trust domain aliases: how waypoints and gateways widen principals and trust domains of a policy.
//! `istio/istio: pilot/pkg/security/trustdomain/bundle.go`. A ztunnel does none of this.

use crate::wire::Settings;

/// In policies, this trust domain stands for the mesh's own, whatever that is.
const LOCAL: &str = "cluster.local";

/// The mesh's trust domain and its aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrustDomains<'a>(pub(super) Vec<&'a str>);

/// Whether waypoints read more out of a value of `principals` than is written.
pub(crate) fn is_widened(settings: &Settings, principal: &str) -> bool {
    TrustDomains::new(settings).expand_principal(principal) != [principal]
}

impl<'a> TrustDomains<'a> {
    /// Those of the settings.
    pub(super) fn new(settings: &'a Settings) -> Self {
        let aliases = settings.trust_domain_aliases.iter().map(String::as_str);
        Self(
            std::iter::once(&*settings.trust_domain)
                .chain(aliases)
                .collect(),
        )
    }

    /// The principals that a value of `principals` stands for.
    pub(super) fn expand_principal(&self, principal: &str) -> Vec<String> {
        let as_written = || vec![principal.to_owned()];
        // Only `<trust domain>/ns/<namespace>/sa/<name>` names a trust domain.
        let Some((domain, rest)) = principal.split_once('/') else {
            return as_written();
        };
        if rest.split('/').count() != 4 || domain == "*" {
            return as_written();
        }
        if domain != LOCAL && !self.0.iter().any(|known| either_covers(domain, known)) {
            return as_written();
        }
        let mut expanded = Vec::new();
        for known in &self.0 {
            let replaced = if is_suffix_of(domain, known) {
                principal.to_owned()
            } else {
                format!("{known}/{rest}")
            };
            if !expanded.contains(&replaced) {
                expanded.push(replaced);
            }
        }
        expanded
    }

    /// The trust domains that a value of `trustDomains` stands for.
    pub(super) fn expand_trust_domain(&self, domain: &str) -> Vec<String> {
        if self.0.contains(&domain) {
            self.0.iter().map(|known| (*known).to_owned()).collect()
        } else {
            vec![domain.to_owned()]
        }
    }
}

fn either_covers(a: &str, b: &str) -> bool {
    a == b
        || b == "*"
        || is_prefix_of(a, b)
        || is_prefix_of(b, a)
        || is_suffix_of(a, b)
        || is_suffix_of(b, a)
}

fn is_prefix_of(pattern: &str, text: &str) -> bool {
    pattern
        .strip_suffix('*')
        .is_some_and(|prefix| text.starts_with(prefix))
}

fn is_suffix_of(pattern: &str, text: &str) -> bool {
    pattern
        .strip_prefix('*')
        .is_some_and(|suffix| text.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals() {
        for (domains, principal, expected) in [
            (&["td1"][..], "td1/ns/a/sa/b", &["td1/ns/a/sa/b"][..]),
            (
                &["td1", "td2"],
                "td1/ns/a/sa/b",
                &["td1/ns/a/sa/b", "td2/ns/a/sa/b"],
            ),
            (
                &["td1", "td2"],
                "td2/ns/a/sa/b",
                &["td1/ns/a/sa/b", "td2/ns/a/sa/b"],
            ),
            (&["td1"], "cluster.local/ns/a/sa/b", &["td1/ns/a/sa/b"]),
            (&["td1", "td2"], "other/ns/a/sa/b", &["other/ns/a/sa/b"]),
            (&["td1", "td2"], "*/ns/a/sa/b", &["*/ns/a/sa/b"]),
            (&["td1", "td2"], "td1/ns/a/*", &["td1/ns/a/*"]),
            (&["td1", "td2"], "*", &["*"]),
            (
                &["new-td", "other"],
                "*-td/ns/a/sa/b",
                &["*-td/ns/a/sa/b", "other/ns/a/sa/b"],
            ),
            (&["new-td", "old-td"], "*-td/ns/a/sa/b", &["*-td/ns/a/sa/b"]),
        ] {
            let got = TrustDomains(domains.to_vec()).expand_principal(principal);
            assert_eq!(got, expected, "{principal} in {domains:?}");
        }
    }

    #[test]
    fn trust_domains() {
        let domains = TrustDomains(vec!["td1", "td2"]);
        assert_eq!(domains.expand_trust_domain("td2"), ["td1", "td2"]);
        assert_eq!(domains.expand_trust_domain("td*"), ["td*"]);
        assert_eq!(domains.expand_trust_domain("other"), ["other"]);
    }
}
