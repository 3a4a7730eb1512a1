//! Service accounts within the URI of a peer, as Envoy finds them.

/// A service account of one namespace, in any trust domain, with any further pairs of keys and values between and
/// behind. `istio/istio: pilot/pkg/security/authz/model/generator.go` (serviceAccountRegex).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceAccountUri {
    namespace: Box<str>,
    name: Box<str>,
    /// `/ns/<namespace>/`
    after_domain: Box<str>,
    /// `sa/<name>`
    account: Box<str>,
}

impl ServiceAccountUri {
    /// The account `name` of `namespace`.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            after_domain: format!("/ns/{namespace}/").into(),
            account: format!("sa/{name}").into(),
        }
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a URI, its scheme included, names it.
    pub(crate) fn matches(&self, uri: &str) -> bool {
        let Some(rest) = uri.strip_prefix("spiffe://") else {
            return false;
        };
        // There is something in front of `/ns/`, and something in front of `/sa/` where that does not follow at once.
        places(rest, &self.after_domain)
            .filter(|(before, _)| !before.is_empty())
            .any(|(_, pairs)| {
                places(pairs, &self.account)
                    .filter(|(before, _)| {
                        before.is_empty() || before.len() > 1 && before.ends_with('/')
                    })
                    .any(|(_, behind)| {
                        behind.is_empty() || behind.len() > 1 && behind.starts_with('/')
                    })
            })
    }
}

/// Every place of a text, overlapping ones too: what is before it and what is behind.
fn places<'a>(text: &'a str, wanted: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.char_indices().filter_map(move |(start, _)| {
        let (before, from) = text.split_at_checked(start)?;
        Some((before, from.strip_prefix(wanted)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_an_account() {
        let account = ServiceAccountUri::new("a.b", "web");
        for (uri, expected) in [
            ("spiffe://td/ns/a.b/sa/web", true),
            ("spiffe://td/ns/a.b/sa/web/k/v", true),
            ("spiffe://td/ns/a.b/k/v/sa/web", true),
            ("spiffe://td/k/v/ns/a.b/sa/web", true),
            ("spiffe://td/ns/a.b/ns/a.b/sa/web", true),
            ("spiffe://td/ns/axb/sa/web", false),
            ("spiffe://td/ns/a.b/sa/web-2", false),
            ("spiffe://td/ns/a.b/sa/web/", false),
            ("spiffe://td/ns/a.b/xsa/web", false),
            ("spiffe://td/ns/a.b//sa/web", false),
            ("spiffe:///ns/a.b/sa/web", false),
            ("https://td/ns/a.b/sa/web", false),
        ] {
            assert_eq!(account.matches(uri), expected, "{uri}");
        }
    }
}
