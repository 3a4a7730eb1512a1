//! The two texts, and their tabs.

/// A text, and its tab in the editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The manifests.
    #[default]
    Manifests,
    /// The sample requests.
    Requests,
}

impl Tab {
    /// The tab's name in the editor's models.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Requests => "requests",
        }
    }

    /// The tab that a finding is about.
    pub(crate) fn of_file(file: Option<&str>) -> Self {
        if file == Some(Self::Requests.name()) {
            Self::Requests
        } else {
            Self::Manifests
        }
    }
}

/// Both texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The manifests.
    pub(crate) manifests: String,
    /// The sample requests.
    pub(crate) requests: String,
}

impl Texts {
    /// One of them.
    pub(crate) fn get(&self, tab: Tab) -> &str {
        match tab {
            Tab::Manifests => &self.manifests,
            Tab::Requests => &self.requests,
        }
    }

    /// What in them is nobody else's business, each with its place.
    pub(crate) fn secrets(&self) -> Vec<String> {
        [Tab::Manifests, Tab::Requests]
            .into_iter()
            .flat_map(|tab| {
                (1..)
                    .zip(self.get(tab).lines())
                    .filter_map(move |(line, text)| {
                        let what = secret(text)?;
                        Some(format!("{what} ({} line {line})", tab.name()))
                    })
            })
            .collect()
    }
}

/// What a line holds that should not be given away.
fn secret(line: &str) -> Option<&'static str> {
    let field = line.trim_start().trim_start_matches("- ");
    let is_kind = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if field.strip_prefix("kind: Secret").is_some_and(is_kind)
        || line.contains(r#""kind": "Secret""#)
    {
        return Some("a Secret");
    }
    if line.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    // `{"` in base64url: the header of a token that is written out.
    let token = line.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    token
        .filter(|word| word.len() > 40 && word.starts_with("eyJ"))
        .any(|word| word.matches('.').count() == 2)
        .then_some("a token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_tokens_are_named_with_their_line() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl", "e".repeat(30));
        let texts = Texts {
            manifests: "kind: Service\n---\nkind: Secret\n".to_owned(),
            requests: format!("- jwt: [{{ token: {token} }}]\n"),
        };
        assert_eq!(
            texts.secrets(),
            ["a Secret (manifests line 3)", "a token (requests line 1)"]
        );
        let harmless = Texts {
            manifests: "kind: SecretStore\nmetadata: { name: eyJust.a.name }\n".to_owned(),
            requests: "- jwt: [{ claims: { sub: me } }]\n".to_owned(),
        };
        assert!(harmless.secrets().is_empty());
    }
}
