//! What the editor completes, as a module that its script imports: kinds, their fields and the fields of requests, from
//! the engine's own tables and types. It costs the wasm nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ambient_core::wire;
use serde_json::{Value, json};

use crate::error::{At, Result};

/// Writes `tables.js`.
pub(super) fn write(folder: &Path) -> Result {
    let file = folder.join("tables.js");
    let text = format!(
        "export const kinds = {};\nexport const fields = {};\nexport const requests = {};\n",
        json!(kinds()),
        json!(fields()),
        json!(requests()),
    );
    std::fs::write(&file, text).at(&file)
}

/// Every kind that attaches to something, or has fields that decide.
fn kinds() -> BTreeSet<String> {
    let labels = |feature: &wire::Feature| feature.attachment == "label";
    let features = ambient_core::features().into_iter();
    let kinds = features.filter(|it| !labels(it)).map(|it| it.name);
    let others = [
        "Namespace",
        "Service",
        "ServiceAccount",
        "Deployment",
        "Pod",
    ];
    kinds
        .chain(ambient_core::fields().into_iter().map(|field| field.kind))
        .chain(others.map(str::to_owned))
        .collect()
}

/// The paths of each kind's fields.
fn fields() -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for field in ambient_core::fields() {
        fields.entry(field.kind).or_default().push(field.path);
    }
    fields
}

/// The paths of a request's fields.
fn requests() -> Vec<String> {
    let schema = schemars::schema_for!(wire::Request).to_value();
    let mut paths = Vec::new();
    collect(&schema, &schema, "", &mut paths);
    paths
}

/// The properties of a schema, and those of what they refer to.
fn collect(root: &Value, schema: &Value, above: &str, paths: &mut Vec<String>) {
    let referred = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|pointer| root.pointer(pointer.trim_start_matches('#')));
    let parts = ["anyOf", "allOf"].map(|word| schema.get(word).and_then(Value::as_array));
    let parts = parts.into_iter().flatten().flatten();
    for part in referred.into_iter().chain(parts).chain(schema.get("items")) {
        collect(root, part, above, paths);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let path = format!("{above}{name}");
        paths.push(path.clone());
        collect(root, property, &format!("{path}."), paths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_what_people_write() {
        assert!(kinds().contains("AuthorizationPolicy") && kinds().contains("Gateway"));
        assert!(!kinds().iter().any(|kind| kind.contains('/')));
        let policy = &fields()["AuthorizationPolicy"];
        assert!(
            policy
                .iter()
                .any(|path| path == "spec.rules[].to[].operation.methods[]"),
            "{policy:?}"
        );
        let requests = requests();
        for path in [
            "from.serviceAccount",
            "to.port",
            "http.headers",
            "jwt.claims",
            "expect",
        ] {
            assert!(requests.iter().any(|it| it == path), "{path}: {requests:?}");
        }
    }
}
