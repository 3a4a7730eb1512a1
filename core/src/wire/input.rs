//! What comes in: manifests, settings, sample requests.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decode::{Decode, Reader, Value};
use crate::sorted;

/// The body of `POST /v1/evaluate`; the other endpoints read all of it but `requests`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Kubernetes manifests, as kubectl prints and reads them.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub manifests: Manifests,
    /// Mesh-wide facts that manifests do not carry.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub settings: Settings,
    /// Sample requests.
    #[serde(default, deserialize_with = "null_is_absent")]
    pub requests: Requests,
}

/// As Kubernetes reads a field whose value is `null`.
fn null_is_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Manifests: one text, or several named files. Each is multi-document YAML or JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "manifests are a text, or a list of `{ name, content }`"
)]
pub enum Manifests {
    /// One text without a name.
    Text(String),
    /// Several files.
    Files(Vec<ManifestFile>),
}

impl Default for Manifests {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// One named file of manifests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestFile {
    /// The file's name, as diagnostics show it.
    pub name: String,
    /// The file's text.
    pub content: String,
}

/// Sample requests: a list of objects or, where positions in a text matter (the page's second tab),
/// that text itself: a YAML list of requests, or a mapping with `requests` and, if wanted, `settings`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "requests are a list, or a text with a list")]
pub enum Requests {
    /// YAML; diagnostics of a request then have `file: requests` and a range.
    Text(String),
    /// Objects of the shape of `Request`. Each is decoded on its own, so that a bad one does not lose the others.
    List(#[schemars(with = "Vec<Request>")] Vec<serde_json::Value>),
}

impl Default for Requests {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// Mesh-wide facts that manifests do not carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase", default, expecting = "an object of settings")]
#[decode(or_default)]
pub struct Settings {
    /// The mesh's trust domain.
    pub trust_domain: String,
    /// Other names of the trust domain.
    pub trust_domain_aliases: Vec<String>,
    /// DNS suffix of Services.
    pub cluster_domain: String,
    /// The namespace whose policies are mesh-wide.
    pub root_namespace: String,
    /// CUSTOM authorizers by name.
    pub extension_providers: sorted::Map<String, ExtensionProvider>,
    /// How proxies normalize paths before they look at them.
    pub path_normalization: PathNormalization,
    /// How many proxies in front of an ingress gateway are trusted to write `x-forwarded-for`.
    pub xff_trusted_hops: u32,
    /// Which answer counts where Istio's documentation and its code differ.
    pub behavior: Behavior,
    /// The clock for token checks, RFC 3339; absent: `exp` and `nbf` are not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            root_namespace: "istio-system".to_owned(),
            extension_providers: sorted::Map::new(),
            path_normalization: PathNormalization::default(),
            xff_trusted_hops: 0,
            behavior: Behavior::default(),
            now: None,
        }
    }
}

/// What an external authorizer answers: the answer alone, or with its protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "an extension provider is `allow`, `deny` or `unknown`, or `{ answer, protocol }`"
)]
pub enum ExtensionProvider {
    /// An HTTP authorizer.
    Answer(ProviderAnswer),
    /// An authorizer of a stated protocol.
    Full {
        /// What it answers.
        #[serde(default)]
        answer: ProviderAnswer,
        /// How it is asked; an HTTP authorizer is skipped on TCP.
        #[serde(default)]
        protocol: ProviderProtocol,
    },
}

impl Decode for ExtensionProvider {
    fn decode(reader: &Reader<'_>) -> Self {
        #[derive(Decode)]
        #[serde(default)]
        struct Full {
            answer: ProviderAnswer,
            protocol: ProviderProtocol,
        }
        match reader.value() {
            Some(Value::Map(_)) => {
                let Full { answer, protocol } = Full::decode(reader);
                Self::Full { answer, protocol }
            }
            _ => Self::Answer(ProviderAnswer::decode(reader)),
        }
    }
}

/// What an external authorizer answers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum ProviderAnswer {
    /// It lets requests pass.
    Allow,
    /// It refuses.
    Deny,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// How an external authorizer is asked.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum ProviderProtocol {
    /// `envoyExtAuthzHttp`
    #[default]
    Http,
    /// `envoyExtAuthzGrpc`
    Grpc,
}

/// `meshConfig.pathNormalization`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Decode, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PathNormalization {
    /// The path stays as it is.
    None,
    /// Dot segments are removed (RFC 3986), `\` becomes `/`.
    #[default]
    Base,
    /// BASE, and `//` becomes `/`.
    MergeSlashes,
    /// `%2F` and `%5C` are decoded, then MERGE_SLASHES.
    DecodeAndMergeSlashes,
}

/// Which answer counts where Istio's documentation and its code differ.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Decode, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Behavior {
    /// As Istio's code does.
    #[default]
    Implemented,
    /// As Istio's documentation says.
    Documented,
}

/// One sample request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// A label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who calls.
    pub from: Source,
    /// What is called.
    pub to: Destination,
    /// An HTTP request; absent like `grpc` and `tls`: plain TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpRequest>,
    /// A gRPC call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcRequest>,
    /// A TLS connection that the client originates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsRequest>,
    /// The tokens that the request carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jwt: Vec<Jwt>,
    /// Makes the request a test: a verdict, or an object of fields that must equal the answer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<serde_json::Value>,
}

/// Who calls: exactly one of `workload`, `serviceAccount`, `principal`, `gateway`, `outside`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// `namespace/name` of a Pod or of a controller with a pod template in the manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// `namespace/name`: an identity without a workload; in the mesh unless `inMesh` says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// A SPIFFE id, from anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// `namespace/name` of the ingress Gateway (either API) through which the request enters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// No mesh identity: plaintext.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<bool>,
    /// The address that the first proxy sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// For `workload` and `serviceAccount`: overrides what labels say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_mesh: Option<bool>,
}

/// What is called: exactly one of `service`, `host`, `workload`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// `namespace/name` of a Service, called through its VIP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// A name: of a Service, a ServiceEntry, or a gateway's hostname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// `namespace/name` of a workload, called at its own address, past any Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Port of the Service, of the workload, or of the gateway's listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The destination address that policies see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[decode(or_default)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The Host header; absent: the name or address that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Header lines by name.
    #[serde(skip_serializing_if = "sorted::Map::is_empty")]
    pub headers: sorted::Map<String, HeaderValue>,
}

impl Default for HttpRequest {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            host: None,
            headers: sorted::Map::new(),
        }
    }
}

/// One line of a header, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a header is a text, or a list of texts")]
pub enum HeaderValue {
    /// One line.
    One(String),
    /// Several lines.
    Many(Vec<String>),
}

impl Decode for HeaderValue {
    fn decode(reader: &Reader<'_>) -> Self {
        match reader.value() {
            Some(Value::List(_)) => {
                let lines = Vec::<Line>::decode(reader);
                Self::Many(lines.into_iter().map(|Line(line)| line).collect())
            }
            _ => Self::One(Line::decode(reader).0),
        }
    }
}

/// One line of a header. A whole number needs no quotes: nothing else can be meant by it. Other plain words do, since
/// what was typed (`yes`, `1.0`) is not what YAML makes of it.
struct Line(String);

impl Decode for Line {
    fn decode(reader: &Reader<'_>) -> Self {
        Self(match reader.value() {
            Some(Value::String(line)) => (**line).to_owned(),
            Some(Value::Int(number)) => number.to_string(),
            _ => {
                reader.note("a header is a text, or a list of texts; put it in quotes".to_owned());
                String::new()
            }
        })
    }
}

/// A gRPC call: `POST /<service>/<method>` over HTTP/2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRequest {
    /// The full name, `package.Service`.
    pub service: String,
    /// The method.
    pub method: String,
    /// The authority; absent: the name or address that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Metadata by name.
    #[serde(skip_serializing_if = "sorted::Map::is_empty")]
    pub headers: sorted::Map<String, HeaderValue>,
}

/// A TLS connection that the client originates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsRequest {
    /// The server name that the client asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
}

/// A token, by its claims or as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Jwt {
    /// A real token, checked against the inline `jwks` of the RequestAuthentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// `iss`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `aud`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// All other claims.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Whether signature and times hold; absent: they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Where the request carries it; absent: the Authorization header.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub location: Option<JwtLocation>,
}

/// Where a request carries a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a token is in one of `{ header }`, `{ param }`, `{ cookie }`, each with a name"
)]
pub enum JwtLocation {
    /// A header line.
    Header {
        /// Its name.
        header: String,
    },
    /// A query parameter.
    Param {
        /// Its name.
        param: String,
    },
    /// A cookie.
    Cookie {
        /// Its name.
        cookie: String,
    },
}

impl Decode for JwtLocation {
    fn decode(reader: &Reader<'_>) -> Self {
        let entries: Vec<(&str, Option<&Value>)> = reader
            .entries()
            .map(|(key, entry)| (key, entry.value()))
            .collect();
        match entries.as_slice() {
            [("header", Some(Value::String(name)))] => Self::Header {
                header: (**name).to_owned(),
            },
            [("param", Some(Value::String(name)))] => Self::Param {
                param: (**name).to_owned(),
            },
            [("cookie", Some(Value::String(name)))] => Self::Cookie {
                cookie: (**name).to_owned(),
            },
            _ => {
                reader.note(
                    "a token is in one of `{ header }`, `{ param }`, `{ cookie }`, each with a name"
                        .to_owned(),
                );
                Self::Header {
                    header: String::new(),
                }
            }
        }
    }
}
