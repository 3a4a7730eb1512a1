//! Where tokens are looked for. `envoyproxy/envoy: source/extensions/filters/http/jwt_authn/extractor.cc`.

use super::token::{Content, Token};
use crate::flow::Http;
use crate::resource::request_authentication::JwtRule;
use crate::sorted;
use crate::wire::JwtLocation;

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Location {
    /// A header, its name in lower case.
    Header(String),
    /// A query parameter.
    Param(String),
    /// A cookie.
    Cookie(String),
}

impl From<Option<&JwtLocation>> for Location {
    fn from(location: Option<&JwtLocation>) -> Self {
        match location {
            None => Self::Header("authorization".to_owned()),
            Some(JwtLocation::Header { header }) => Self::Header(header.to_ascii_lowercase()),
            Some(JwtLocation::Param { param }) => Self::Param(param.clone()),
            Some(JwtLocation::Cookie { cookie }) => Self::Cookie(cookie.clone()),
        }
    }
}

/// A place where a provider looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The place.
    pub(crate) location: Location,
    /// What stands in front of the token, in a header.
    pub(crate) prefix: String,
}

/// A token that a provider finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) location: Location,
    pub(super) content: Content,
}

/// The places of a rule; without any, `Authorization: Bearer` and the parameter `access_token`.
pub(super) fn places(rule: &JwtRule) -> Vec<Place> {
    let place = |location, prefix: &str| Place {
        location,
        prefix: prefix.to_owned(),
    };
    let headers = rule.from_headers.iter().map(|header| {
        let name = header.name.to_ascii_lowercase();
        place(
            Location::Header(name),
            header.prefix.as_deref().unwrap_or_default(),
        )
    });
    let params = rule
        .from_params
        .iter()
        .map(|name| place(Location::Param(name.clone()), ""));
    let cookies = rule
        .from_cookies
        .iter()
        .map(|name| place(Location::Cookie(name.clone()), ""));
    let mut places: Vec<Place> = headers.chain(params).chain(cookies).collect();
    if places.is_empty() {
        places.extend(usual());
    }
    places
}

/// Where tokens are looked for if a rule says nothing of it.
pub(super) fn usual() -> [Place; 2] {
    [
        Place {
            location: Location::Header("authorization".to_owned()),
            prefix: "Bearer ".to_owned(),
        },
        Place {
            location: Location::Param("access_token".to_owned()),
            prefix: String::new(),
        },
    ]
}

/// The places in the order in which Envoy looks: it keeps them in maps, headers by name with prefix behind it, then
/// parameters, then cookies.
pub(super) fn in_order(places: &[Place]) -> Vec<&Place> {
    let mut places: Vec<&Place> = places.iter().collect();
    places.sort_by_cached_key(|place| place.order());
    places.dedup();
    places
}

impl Place {
    fn order(&self) -> (u8, String) {
        match &self.location {
            Location::Header(name) => (0, format!("{name}{}", self.prefix)),
            Location::Param(name) => (1, name.clone()),
            Location::Cookie(name) => (2, name.clone()),
        }
    }

    /// The tokens at this place: what the request's text holds there, then what is said to be there.
    pub(super) fn find(&self, http: &Http, tokens: &[Token]) -> Vec<Found> {
        let written = match &self.location {
            Location::Header(name) => self.in_header(http, name),
            Location::Param(name) => Vec::from_iter(in_query(http.query(), name)),
            Location::Cookie(name) => Vec::from_iter(in_cookies(http.header("cookie"), name)),
        };
        let written = written.into_iter().map(Content::Encoded);
        let stated = tokens
            .iter()
            .filter(|token| token.location == self.location)
            .map(|token| token.content.clone());
        written
            .chain(stated)
            .map(|content| Found {
                location: self.location.clone(),
                content,
            })
            .collect()
    }

    /// One token a line.
    fn in_header(&self, http: &Http, name: &str) -> Vec<String> {
        let token = |line: &String| {
            if self.prefix.is_empty() {
                return Some(line.clone());
            }
            let (_, behind) = line.split_once(&self.prefix)?;
            Some(from_token(behind).unwrap_or(line).to_owned())
        };
        http.header(name).iter().filter_map(token).collect()
    }
}

/// All from the first character of which tokens are made.
fn from_token(text: &str) -> Option<&str> {
    let is_token = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    text.get(text.find(is_token)?..)
}

fn in_query(query: &str, name: &str) -> Option<String> {
    parameters(query)
        .get(name)
        .and_then(|values| values.first().cloned())
}

/// The path without a parameter. Envoy writes all others anew, sorted by name and each with a `=`.
/// `envoyproxy/envoy: source/common/http/utility.cc` (QueryParamsMulti).
pub(super) fn without_parameter(path: &str, name: &str) -> String {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters = parameters(query);
    parameters.remove(name);
    let mut written = bare.to_owned();
    for (name, values) in &parameters {
        for value in values {
            written.push(if written.len() == bare.len() {
                '?'
            } else {
                '&'
            });
            written.extend([name, "=", value]);
        }
    }
    written
}

/// The parameters of a query by name, decoded.
fn parameters(query: &str) -> sorted::Map<String, Vec<String>> {
    let mut parameters: sorted::Map<String, Vec<String>> = sorted::Map::new();
    for pair in query.split('&').filter(|_| !query.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let values = parameters.entry(decoded(name)).or_default();
        values.push(decoded(value));
    }
    parameters
}

/// Percent-decoded; what is no text then stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let escaped = match (byte, behind) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn in_cookies(lines: &[String], name: &str) -> Option<String> {
    lines
        .iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| {
            let quoted = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            (key == name).then(|| quoted.unwrap_or(value).to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> Http {
        Http {
            path: "/x?a=1&access_token=q.q.q#f".to_owned(),
            headers: [
                ("authorization", vec!["Bearer  a.b-_.c, more"]),
                ("x-plain", vec!["t.t.t", "u"]),
                ("cookie", vec!["one=1; session=\"c.c.c\"", "two=2"]),
            ]
            .into_iter()
            .map(|(name, lines)| {
                (
                    name.to_owned(),
                    lines.into_iter().map(str::to_owned).collect(),
                )
            })
            .collect(),
            ..Http::default()
        }
    }

    #[test]
    fn where_tokens_are_found() {
        for (rule, expected) in [
            ("{}", &["a.b-_.c, more", "q.q.q"][..]),
            ("{ fromHeaders: [{ name: X-Plain }] }", &["t.t.t", "u"]),
            (
                "{ fromHeaders: [{ name: x-plain, prefix: 't.' }] }",
                &["t.t"],
            ),
            ("{ fromHeaders: [{ name: x-plain, prefix: 'JWT ' }] }", &[]),
            (
                "{ fromHeaders: [{ name: authorization, prefix: 'bearer ' }] }",
                &[],
            ),
            ("{ fromParams: [a, b] }", &["1"]),
            ("{ fromCookies: [session, two] }", &["c.c.c", "2"]),
        ] {
            let rule: JwtRule = crate::source::from_yaml(rule);
            let found: Vec<Content> = places(&rule)
                .iter()
                .flat_map(|place| place.find(&http(), &[]))
                .map(|found| found.content)
                .collect();
            let expected: Vec<Content> = expected
                .iter()
                .map(|token| Content::Encoded((*token).to_owned()))
                .collect();
            assert_eq!(found, expected, "{rule:?}");
        }
    }
}
