//! Path templates: `{*}` is one segment, `{**}` any number of them.
//! `istio/istio: pkg/config/security/security.go` (CheckValidPathTemplate) says what is valid;
//! `envoyproxy/envoy: source/extensions/path/uri_template_lib/uri_template_internal.cc` what it matches.

const ONE: &str = "{*}";
const ANY: &str = "{**}";

/// A compiled template; it matches whole paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathTemplate {
    /// What comes before `{**}`, or everything.
    head: Box<[Piece]>,
    /// The literal text behind `{**}`, where there is one.
    tail: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// `{*}`
    One,
}

/// Why a path is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathTemplateError {
    /// There is an operator behind `{**}`.
    OperatorAfterAny,
    /// There is a brace that belongs to no operator of its own segment.
    StrayBrace,
    /// A literal segment is empty or holds a character that paths may not.
    BadLiteral,
}

impl PathTemplateError {
    /// What is wrong, to be said of the path.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::OperatorAfterAny => "has an operator behind `{**}`, which must be the last",
            Self::StrayBrace => "has a `{` or `}` outside of a segment that is `{*}` or `{**}`",
            Self::BadLiteral => {
                "has a segment beside its operators that is empty or holds a character that RFC 3986 does not allow there"
            }
        }
    }
}

/// What an operator matches, and what a literal may consist of: `pchar` of RFC 3986 without `*`.
fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte)
}

impl PathTemplate {
    /// Whether a path of a policy is a template.
    pub(crate) fn is_template(path: &str) -> bool {
        path.contains(ONE) || path.contains(ANY)
    }

    /// Whether a path of a policy, template or not, is valid.
    pub(crate) fn check(path: &str) -> Result<(), PathTemplateError> {
        let template = Self::is_template(path);
        let mut any_seen = false;
        for segment in path.trim_matches('/').split('/') {
            match segment {
                ONE | ANY if any_seen => return Err(PathTemplateError::OperatorAfterAny),
                ONE => {}
                ANY => any_seen = true,
                literal if literal.contains(['{', '}']) => {
                    return Err(PathTemplateError::StrayBrace);
                }
                literal
                    if template
                        && (literal.is_empty() || !literal.bytes().all(is_segment_byte)) =>
                {
                    return Err(PathTemplateError::BadLiteral);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Compiles a valid template. What [`check`](Self::check) refuses is read as far as it goes.
    pub(crate) fn new(template: &str) -> Self {
        let (head, tail) = match template.split_once(ANY) {
            Some((head, tail)) => (head, Some(Box::from(tail))),
            None => (template, None),
        };
        let mut pieces = Vec::new();
        for (index, literal) in head.split(ONE).enumerate() {
            if index > 0 {
                pieces.push(Piece::One);
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.into()));
            }
        }
        Self {
            head: pieces.into(),
            tail,
        }
    }

    /// The template as Envoy writes it: `*` and `**`.
    /// `istio/istio: pilot/pkg/security/authz/matcher/template.go` (PathTemplateMatcher).
    pub(crate) fn uri_template(&self) -> String {
        let mut template: String = self
            .head
            .iter()
            .map(|piece| match piece {
                Piece::Literal(literal) => literal,
                Piece::One => "*",
            })
            .collect();
        if let Some(tail) = &self.tail {
            template.push_str("**");
            template.push_str(tail);
        }
        template
    }

    /// Whether a path without its query matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let mut rest = path;
        for piece in &self.head {
            match piece {
                Piece::Literal(literal) => match rest.strip_prefix(&**literal) {
                    Some(behind) => rest = behind,
                    None => return false,
                },
                Piece::One => {
                    let end = rest
                        .bytes()
                        .position(|byte| !is_segment_byte(byte))
                        .unwrap_or(rest.len());
                    match rest.split_at_checked(end) {
                        Some((segment, behind)) if !segment.is_empty() => rest = behind,
                        _ => return false,
                    }
                }
            }
        }
        match &self.tail {
            None => rest.is_empty(),
            Some(tail) => rest.strip_suffix(&**tail).is_some_and(|middle| {
                middle
                    .bytes()
                    .all(|byte| byte == b'/' || is_segment_byte(byte))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_operators_match() {
        for (template, path, expected) in [
            ("/{*}", "/", false),
            ("/{*}", "/a", true),
            ("/{*}", "/a/", false),
            ("/{*}", "/a/b", false),
            ("/{**}", "/", true),
            ("/{**}", "/a/b/", true),
            ("/a/{**}", "/a", false),
            ("/a/{**}", "/a/", true),
            ("/a/{**}", "/a/b/c", true),
            ("/a/{**}", "/A/b", false),
            ("/s/{**}/cart", "/s/x/y/cart", true),
            ("/s/{**}/cart", "/s//cart", true),
            ("/s/{**}/cart", "/s/cart", false),
            ("/s/{**}/cart", "/s/x/cart/", false),
            ("/f/{*}/b/{**}", "/f/x/b/", true),
            ("/f/{*}/b/{**}", "/f/x/b", false),
            ("/f/{*}/b/{**}", "/f//b/x", false),
            ("/f/{*}/b/{**}", "/f/1.5/b/2", true),
            ("/foo/{**}/", "/foo/bar/baz.txt", false),
            ("/foo/{**}/", "/foo/bar/", true),
            ("/a/{*}", "/a/x|y", false),
            ("/a/{**}", "/a/x|y", false),
            ("/a/{*}", "/a/é", false),
        ] {
            assert_eq!(
                PathTemplate::new(template).matches(path),
                expected,
                "{template} ~ {path}"
            );
        }
    }

    #[test]
    fn what_is_valid() {
        use PathTemplateError::{BadLiteral, OperatorAfterAny, StrayBrace};
        for (path, expected) in [
            ("", Ok(())),
            ("/", Ok(())),
            ("/a|b", Ok(())),
            ("/a/*", Ok(())),
            ("/{*}", Ok(())),
            ("/{**}/", Ok(())),
            ("/a/{*}/b/{**}/c", Ok(())),
            ("/{**}/{*}", Err(OperatorAfterAny)),
            ("/{**}/{**}", Err(OperatorAfterAny)),
            ("/{*}.txt", Err(StrayBrace)),
            ("/{id}", Err(StrayBrace)),
            ("/a}", Err(StrayBrace)),
            ("/{*}/*", Err(BadLiteral)),
            ("/{*}//a", Err(BadLiteral)),
            ("/{*}/é", Err(BadLiteral)),
        ] {
            assert_eq!(PathTemplate::check(path), expected, "{path}");
        }
    }
}
