//! What belongs to one crate or one module alone: a word of code that is allowed in one place only.

use super::Finding;
use super::source::SourceFile;

/// A name, where it is looked for, and where alone it may be.
struct Boundary {
    name: &'static str,
    inside: &'static str,
    allowed: &'static str,
    why: &'static str,
}

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        name: "Serialize",
        inside: "core/src/",
        allowed: "core/src/wire/",
        why: "what is serialized is a promise: only `wire` makes promises",
    },
    Boundary {
        name: "JsonSchema",
        inside: "core/src/",
        allowed: "core/src/wire/",
        why: "a schema describes what is promised: only `wire` makes promises",
    },
    Boundary {
        name: "wasm_bindgen",
        inside: "",
        allowed: "web/",
        why: "only the page knows that it runs in a browser",
    },
    Boundary {
        name: "axum",
        inside: "",
        allowed: "server/",
        why: "only the server knows HTTP's framework",
    },
];

/// Reports a name outside the place where it belongs.
pub(super) fn kept(source: &SourceFile) -> Vec<Finding> {
    let applies = |boundary: &&Boundary| {
        source.path.starts_with(boundary.inside) && !source.path.starts_with(boundary.allowed)
    };
    BOUNDARIES
        .iter()
        .filter(applies)
        .flat_map(|boundary| {
            let Boundary {
                name, allowed, why, ..
            } = boundary;
            let message = format!("`{name}` is for `{allowed}`: {why}");
            source.find(&message, |index| source.is_at(index, &[name]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_outside_its_place_and_allowed_in_it() {
        let findings = |path: &str, text: &str| kept(&SourceFile::parse(path, text).unwrap()).len();
        for (outside, inside, text) in [
            (
                "core/src/flow.rs",
                "core/src/wire/answer.rs",
                "#[derive(serde::Serialize)] struct A;",
            ),
            (
                "core/src/flow.rs",
                "core/src/wire/answer.rs",
                "impl Serialize for A {}",
            ),
            (
                "core/src/lib.rs",
                "web/src/engine.rs",
                "#[wasm_bindgen] fn f() {}",
            ),
            (
                "web/src/engine.rs",
                "server/src/lib.rs",
                "use axum::Router;",
            ),
        ] {
            assert_eq!(findings(outside, text), 1, "{outside}: {text}");
            assert_eq!(findings(inside, text), 0, "{inside}: {text}");
        }
        assert_eq!(
            findings(
                "core/tests/spec.rs",
                "#[derive(serde::Serialize)] struct A;"
            ),
            0
        );
    }
}
