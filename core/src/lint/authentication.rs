//! Lints about PeerAuthentications: where a workload takes plaintext, or refuses it, against what its modes say.

use super::{Row, row};
use crate::authz::mtls::Surprise;
use crate::model::Model;
use crate::source::{Diagnostics, FieldPath, Lint, Origin, lint};

lint!(
    DISABLE_NOT_HONOURED = "WP0301",
    "disable-not-honoured",
    Warning
);
lint!(STRICT_LOST = "WP0302", "strict-lost", Error);

pub(super) static CHECKS: &[Row] = &[
    row(&DISABLE_NOT_HONOURED, disable_not_honoured),
    row(&STRICT_LOST, strict_lost),
];

fn disable_not_honoured(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "write `mode: PERMISSIVE` for the port; to a ztunnel it means the same";
    surprises(model, lint, out, help, |surprise| {
        !matches!(surprise, Surprise::StrictLost(_))
    });
}

fn strict_lost(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "write `mtls: { mode: STRICT }` beside the ports, or in the policy of the namespace";
    surprises(model, lint, out, help, |surprise| {
        matches!(surprise, Surprise::StrictLost(_))
    });
}

fn surprises(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    help: &str,
    is_about: impl Fn(Surprise) -> bool,
) {
    for surprise in model.policies.surprises().filter(|one| is_about(*one)) {
        let Some(object) = model.mesh.object(surprise.object()) else {
            continue;
        };
        let origin = Origin {
            document: object.document,
            path: FieldPath::new().key("spec").key("portLevelMtls"),
        };
        out.report(lint, origin, surprise.sentence())
            .resource(&object.id)
            .help(help);
    }
}
