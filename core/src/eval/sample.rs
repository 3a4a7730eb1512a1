//! Sample requests as they come in: a list of objects, or a text. Each is decoded on its own, so that a bad one does
//! not lose the others.

use crate::authz::jwt;
use crate::source::{
    Diagnostics, DocumentId, Documents, FieldPath, Lint, Node, Origin, Value, decode, lint,
};
use crate::wire;

lint!(pub(crate) BAD_REQUEST = "WP0501", "bad-request", Error);
lint!(pub(crate) UNRESOLVED_REQUEST = "WP0502", "unresolved-request", Error);
lint!(pub(crate) UNKNOWN_REQUEST_FIELD = "WP0503", "unknown-request-field", Warning);
lint!(pub(crate) BAD_SETTING = "WP0504", "bad-setting", Warning);
lint!(pub(crate) DIVIDED_BY_CANARY = "WP0505", "divided-by-canary", Warning);

/// What reading requests reports.
pub(crate) static LINTS: &[&Lint] = &[
    &BAD_REQUEST,
    &UNRESOLVED_REQUEST,
    &UNKNOWN_REQUEST_FIELD,
    &BAD_SETTING,
    &DIVIDED_BY_CANARY,
];

/// The name of the text of requests in diagnostics.
const FILE: &str = "requests";

/// One sample request.
pub(crate) struct Sample {
    /// Where it stands among the requests; in a document of [`Samples::documents`].
    pub(crate) origin: Origin,
    /// Its label, also where the rest of it is not to be read.
    pub(crate) name: Option<String>,
    /// The request, or the field and the reason why it is none.
    pub(crate) request: Result<wire::Request, (FieldPath, String)>,
    /// Fields that no request has.
    pub(crate) unknown: Vec<FieldPath>,
}

/// All sample requests.
pub(crate) struct Samples {
    /// The text, if the requests came as one.
    pub(crate) documents: Documents,
    /// The requests, in their order.
    pub(crate) samples: Vec<Sample>,
    /// Settings that stand beside the requests in a text.
    pub(crate) settings: Option<wire::Settings>,
}

/// Reads sample requests.
pub(crate) fn read(requests: &wire::Requests, out: &mut Diagnostics) -> Samples {
    match requests {
        wire::Requests::List(values) => {
            let nodes: Vec<Node> = values.iter().map(Node::from).collect();
            let samples = nodes
                .iter()
                .enumerate()
                .map(|(index, node)| {
                    sample(
                        node,
                        DocumentId::default(),
                        FieldPath::new().key(FILE).index(index),
                    )
                })
                .collect();
            Samples {
                documents: Documents::default(),
                samples,
                settings: None,
            }
        }
        wire::Requests::Text(text) => from_text(text, out),
    }
}

/// A list of requests, or a mapping with `requests` and, if wanted, `settings`; several documents count together.
fn from_text(text: &str, out: &mut Diagnostics) -> Samples {
    let documents = Documents::read_text(FILE, text, out);
    let mut samples = Vec::new();
    let mut settings = None;
    for (document, root) in documents.iter() {
        let (list, base) = match &root.value {
            Value::Map(_) => (root.get("requests"), FieldPath::new().key("requests")),
            _ => (Some(root), FieldPath::new()),
        };
        if let Some(written) = root.get("settings") {
            let mut unknown = Vec::new();
            match decode(written, Some(&mut unknown)) {
                Ok(decoded) => settings = Some(decoded),
                Err(error) => {
                    let path = FieldPath::new().key("settings").join(&error.path);
                    out.report(&BAD_REQUEST, Origin { document, path }, error.message);
                }
            }
            for field in unknown {
                let path = FieldPath::new().key("settings").join(&field);
                let message = format!("there is no setting `{field}`");
                out.report(&BAD_SETTING, Origin { document, path }, message)
                    .help("it has no effect; look for a misspelling");
            }
        }
        let Some(Node {
            value: Value::List(items),
            ..
        }) = list
        else {
            out.report(
                &BAD_REQUEST,
                Origin {
                    document,
                    path: base,
                },
                "requests are a list",
            )
            .help("begin each request with `- name: …`");
            continue;
        };
        samples.extend(
            items
                .iter()
                .enumerate()
                .map(|(index, node)| sample(node, document, base.clone().index(index))),
        );
    }
    Samples {
        documents,
        samples,
        settings,
    }
}

/// Reports settings that have the right shape and no meaning.
pub(crate) fn check_settings(settings: &wire::Settings, out: &mut Diagnostics) {
    let Some(now) = settings.now.as_deref() else {
        return;
    };
    if jwt::parse_time(now).is_none() {
        let origin = Origin {
            document: DocumentId::default(),
            path: FieldPath::parse("settings.now"),
        };
        let message = format!("`{now}` is no time; tokens are not checked against a clock");
        out.report(&BAD_SETTING, origin, message)
            .help("write it as `2026-01-31T12:00:00Z`");
    }
}

fn sample(node: &Node, document: DocumentId, path: FieldPath) -> Sample {
    let mut unknown = Vec::new();
    let request = decode::<wire::Request>(node, Some(&mut unknown))
        .map_err(|error| (error.path, error.message));
    // What a test expects is compared as it is.
    unknown.retain(|path| !path.to_string().starts_with("expect"));
    let name = node.get("name").and_then(Node::as_str).map(str::to_owned);
    Sample {
        origin: Origin { document, path },
        name,
        request,
        unknown,
    }
}
