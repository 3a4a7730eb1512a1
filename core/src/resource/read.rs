//! Documents → objects. What does not fit its type, or what validation refuses, is reported at its field; the rest of
//! the input is read all the same.

use super::kinds::{GATEWAY_API, KINDS, Row};
use super::{Metadata, Object, ObjectId, Resource, bystanders, policy_attachment};
use crate::source::{
    self, Change, Diagnostics, DocumentId, Documents, FieldPath, Lint, Node, Origin, Value, lint,
};

lint!(NOT_AN_OBJECT = "WP0101", "not-an-object", Error);
lint!(UNKNOWN_KIND = "WP0102", "unknown-kind", Info);
lint!(MISSING_NAME = "WP0103", "missing-name", Error);
lint!(WRONG_TYPE = "WP0104", "wrong-type", Error);
lint!(UNKNOWN_FIELD = "WP0105", "unknown-field", Warning);
lint!(REFUSED = "WP0106", "refused", Error);
lint!(REPLACED = "WP0107", "replaced", Warning);
lint!(DOUBTFUL = "WP0108", "doubtful", Warning);
lint!(
    API_VERSION_NOT_SERVED = "WP0109",
    "api-version-not-served",
    Warning
);

/// What reading objects reports.
pub(crate) static LINTS: &[&Lint] = &[
    &NOT_AN_OBJECT,
    &UNKNOWN_KIND,
    &MISSING_NAME,
    &WRONG_TYPE,
    &UNKNOWN_FIELD,
    &REFUSED,
    &REPLACED,
    &DOUBTFUL,
    &API_VERSION_NOT_SERVED,
    &policy_attachment::POLICY_TARGET_CROSS_NAMESPACE,
    &policy_attachment::POLICY_TARGET_KIND_INVALID,
    &policy_attachment::POLICY_SELECTOR_AND_TARGET,
    &policy_attachment::POLICY_TOO_MANY_TARGETS,
];

/// Reads every document that is an object of a known kind, in the order of the text.
pub(crate) fn read(documents: &Documents, out: &mut Diagnostics) -> Vec<Object> {
    let mut objects = Vec::with_capacity(documents.iter().count());
    for (document, node) in documents.iter() {
        objects.extend(object(document, node, out));
    }
    objects
}

fn object(document: DocumentId, node: &Node, out: &mut Diagnostics) -> Option<Object> {
    let at = |path: FieldPath| Origin { document, path };
    let (Some(api_version), Some(kind)) = (
        node.get("apiVersion").and_then(Node::as_str),
        node.get("kind").and_then(Node::as_str),
    ) else {
        let message = match node.value {
            Value::Map(_) => "this document has no `apiVersion` and `kind`",
            _ => "this document is no Kubernetes object",
        };
        out.report(&NOT_AN_OBJECT, at(FieldPath::new()), message)
            .help("an object begins with `apiVersion` and `kind`; documents are kept apart by a line `---`");
        return None;
    };
    let Some(row) = find(api_version, kind) else {
        if bystanders::holds(api_version, kind) {
            return None;
        }
        let message = format!(
            "`{kind}` of `{api_version}` is not evaluated; nothing of it has any effect here"
        );
        out.report(&UNKNOWN_KIND, at(FieldPath::new().key("kind")), message)
            .help(suggestion(api_version, kind));
        return None;
    };
    let mut metadata = metadata(document, node, out)?;
    if metadata.name.is_empty() {
        metadata.name = metadata.generate_name.take().unwrap_or_default();
    }
    if metadata.name.is_empty() {
        out.report(
            &MISSING_NAME,
            at(FieldPath::new().key("metadata").key("name")),
            format!("this `{kind}` has no name"),
        )
        .help("add `metadata.name`");
        return None;
    }
    let namespace = match metadata.namespace.as_deref() {
        None | Some("") => "default",
        Some(namespace) => namespace,
    };
    let id = ObjectId::new(row.kind, namespace, metadata.name.as_str());
    let mut unknown = Vec::new();
    let resource = match row.decode(node, row.lists_all_fields.then_some(&mut unknown)) {
        Ok(resource) => resource,
        Err(error) => {
            out.report(&WRONG_TYPE, at(error.path), error.message)
                .resource(&id)
                .help("the API server refuses the whole object; it is absent from every answer");
            return None;
        }
    };
    for path in unknown {
        out.report(&UNKNOWN_FIELD, at(path.clone()), format!("`{kind}` has no field `{path}`"))
            .resource(&id)
            .help("the API server drops it, or refuses the object in strict mode; look for a misspelling or a wrong indentation");
    }
    report_version(row, api_version, &id, document, out);
    let refused = validate(&resource, &metadata, (&id, api_version), document, out);
    Some(Object {
        id,
        metadata,
        document,
        refused,
        resource,
    })
}

/// Gateway API's standard channel serves no alpha version of a kind that has come to `v1`.
/// `kubernetes-sigs/gateway-api: config/crd/standard`.
fn report_version(
    row: &Row,
    api_version: &str,
    id: &ObjectId,
    document: DocumentId,
    out: &mut Diagnostics,
) {
    let alpha = api_version.contains("/v1alpha");
    if row.group != GATEWAY_API || !alpha || !row.versions.contains(&"v1") {
        return;
    }
    let origin = Origin {
        document,
        path: FieldPath::new().key("apiVersion"),
    };
    let served = format!("{GATEWAY_API}/v1");
    out.report(
        &API_VERSION_NOT_SERVED,
        origin.clone(),
        format!(
            "Gateway API's standard channel serves `{}` as `{served}` only",
            row.kind.written()
        ),
    )
    .resource(id)
    .help("write `v1`; the fields are the same")
    .fix(
        format!("Write `{served}`"),
        vec![Change::Replace(origin, served)],
    );
}

fn find(api_version: &str, kind: &str) -> Option<&'static Row> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    KINDS.iter().find(|row| {
        row.group == group && row.kind.written() == kind && row.versions.contains(&version)
    })
}

/// What to do about an unknown kind: another `apiVersion` if the kind exists under one, else nothing.
fn suggestion(api_version: &str, kind: &str) -> String {
    match KINDS
        .iter()
        .find(|row| row.kind.written().eq_ignore_ascii_case(kind))
    {
        Some(row) => {
            let version = row.versions.first().copied().unwrap_or_default();
            let slash = if row.group.is_empty() { "" } else { "/" };
            format!(
                "did you mean `kind: {}` of `apiVersion: {}{slash}{version}`?",
                row.kind.written(),
                row.group
            )
        }
        None => format!(
            "objects of `{api_version}` that have no part in attachment, routing or authorization can stay"
        ),
    }
}

fn metadata(document: DocumentId, node: &Node, out: &mut Diagnostics) -> Option<Metadata> {
    let Some(metadata) = node.get("metadata") else {
        return Some(Metadata::default());
    };
    // The API server writes fields that nobody here reads (`uid`, `managedFields`, …): unknown ones are no finding.
    source::decode(metadata, None)
        .map_err(|error| {
            let path = FieldPath::new().key("metadata").join(&error.path);
            out.report(&WRONG_TYPE, Origin { document, path }, error.message)
                .help("the API server refuses the whole object; it is absent from every answer");
        })
        .ok()
}

/// Reports what validation says; whether it refuses the object.
fn validate(
    resource: &Resource,
    metadata: &Metadata,
    (id, version): (&ObjectId, &str),
    document: DocumentId,
    out: &mut Diagnostics,
) -> bool {
    let violations = resource.validate(version, metadata);
    for (lint, violation) in violations
        .errors
        .iter()
        .map(|error| (error.lint.unwrap_or(&REFUSED), error))
        .chain(
            violations
                .warnings
                .iter()
                .map(|warning| (&DOUBTFUL, warning)),
        )
    {
        let origin = Origin {
            document,
            path: FieldPath::parse(&violation.path),
        };
        let finding = out.report(lint, origin, violation.message.as_str());
        finding.resource(id);
        if let Some(help) = &violation.help {
            finding.help(help.as_str());
        }
    }
    !violations.errors.is_empty()
}

/// Reports an object behind which another one of its id stands. The last counts, as if they were applied one after the
/// other.
pub(crate) fn report_replaced(replaced: &Object, out: &mut Diagnostics) {
    let origin = Origin {
        document: replaced.document,
        path: FieldPath::new(),
    };
    let message = format!(
        "{} `{}` stands in the manifests again further down; only the last one counts",
        replaced.id.kind.name(),
        replaced.id.qualified_name()
    );
    out.report(&REPLACED, origin, message)
        .resource(&replaced.id)
        .help("remove one, or give it another name");
}
