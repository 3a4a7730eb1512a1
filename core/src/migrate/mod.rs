//! VirtualServices, with the subsets of DestinationRules, as Gateway API's routes. What cannot be said there is noted at
//! its line, and nothing is believed: requests made of the rules are evaluated against both forms, and each that is
//! treated differently is listed.

mod check;
mod convert;
mod notes;
mod rule;
mod sample;
pub(crate) mod yaml;

use crate::model::Model;
use crate::resource::ObjectId;
use crate::source::Diagnostics;
use crate::wire;

pub(crate) use notes::LINTS;

/// Converts all VirtualServices of manifests.
pub(crate) fn run(manifests: &wire::Manifests, settings: &wire::Settings) -> wire::Migration {
    let before = Model::load(manifests, settings, &mut Diagnostics::default());
    let converted = convert::all(&before);
    let made = yaml::documents(&converted.documents);
    let after = Model::load_without(&with(manifests, &made), settings, &converted.replaced);
    let samples = sample::requests(&before, &converted);
    let differences = samples
        .iter()
        .filter_map(|request| check::difference(&before, &after, &converted, request))
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
