//! VirtualServices, with the subsets of DestinationRules and the Gateways that they are bound to, as Gateway API's routes,
//! Services and Gateways. What cannot be said there is noted at its line, and nothing is believed: requests made of the rules are evaluated against both forms, and each that is
//! treated differently is listed.

mod check;
mod convert;
mod gateway;
mod notes;
mod parent;
mod rule;
mod sample;
pub(crate) mod yaml;

use serde_json::Value;

use crate::model::Model;
use crate::resource::{GATEWAY_API, ObjectId};
use crate::source::Diagnostics;
use crate::wire;

pub(crate) use notes::LINTS;

/// Converts all VirtualServices and Istio Gateways of manifests.
pub(crate) fn run(manifests: &wire::Manifests, settings: &wire::Settings) -> wire::Migration {
    let before = Model::load(manifests, settings, &mut Diagnostics::default());
    let converted = convert::all(&before);
    let made = yaml::documents(&converted.documents);
    let after = Model::load_without(&with(manifests, &made), settings, &converted.replaced);
    let samples = sample::requests(&before, &converted);
    let differences = samples
        .iter()
        .filter_map(|sample| check::difference(&before, &after, &converted, sample))
        .collect();
    wire::Migration {
        manifests: made,
        replaced: converted.replaced.iter().map(ObjectId::to_wire).collect(),
        notes: converted.notes.to_wire(&before.documents),
        checked: samples.len(),
        differences,
    }
}

/// The manifests, and what was made, as one more file.
fn with(manifests: &wire::Manifests, made: &str) -> wire::Manifests {
    let mut files = match manifests {
        wire::Manifests::Text(text) => vec![wire::ManifestFile {
            name: "manifests.yaml".to_owned(),
            content: text.clone(),
        }],
        wire::Manifests::Files(files) => files.clone(),
    };
    files.push(wire::ManifestFile {
        name: "migrated.yaml".to_owned(),
        content: made.to_owned(),
    });
    wire::Manifests::Files(files)
}

/// A map of JSON.
fn object(fields: Vec<(&str, Value)>) -> Value {
    let fields = fields.into_iter();
    Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// An object of Gateway API: version and kind, namespace and name, and what it says.
fn document(
    (version, kind): (&str, &str),
    (namespace, name): (&str, &str),
    spec: Vec<(&str, Value)>,
) -> Value {
    let metadata = vec![("name", name.into()), ("namespace", namespace.into())];
    object(vec![
        ("apiVersion", format!("{GATEWAY_API}/{version}").into()),
        ("kind", kind.into()),
        ("metadata", object(metadata)),
        ("spec", object(spec)),
    ])
}
