//! The layers of `core`: a module uses only what lies below it.
//!
//! What reads upwards cannot be understood, tested or replaced without everything above.

use super::Finding;
use super::source::SourceFile;

/// From the bottom up. Modules of one layer do not know each other; `lib` is above all.
const LAYERS: &[&[&str]] = &[
    &["sorted"],
    &["decode"],
    &["wire"],
    &["behavior", "matcher", "trace", "flow"],
    &["source"],
    &["resource"],
    &["mesh"],
    &["attach"],
    &["authz", "route"],
    &["model"],
    &["eval", "status"],
    &[
        "change",
        "effective",
        "envoy",
        "explain",
        "export",
        "lint",
        "graph",
        "migrate",
    ],
    &["measure"],
];

/// Reports every path of a module of `core` to one that is not below it.
pub(super) fn downward(source: &SourceFile) -> Vec<Finding> {
    let Some(path) = source.path.strip_prefix("core/src/") else {
        return Vec::new();
    };
    let mut modules: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    modules.pop_if(|name| *name == "mod");
    let from = modules[0];
    if from == "lib" {
        return Vec::new();
    }
    let Some(layer) = layer(from) else {
        let message =
            format!("`{from}` is in no layer: give it a place in xtask/src/tidy/layers.rs");
        return vec![Finding { line: 1, message }];
    };
    // An item at the root, such as `crate::evaluate`, is the facade: above all.
    let upward = |to: &str| to != from && self::layer(to).is_none_or(|to| to >= layer);
    references(source, modules.len())
        .into_iter()
        .filter(|(_, to)| upward(to))
        .map(|(line, to)| Finding {
            line,
            message: format!("`{from}` must not use `{to}`, which is not below it"),
        })
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The first name of every path that starts at the root of the crate: `crate::a::b`, each of `crate::{a, b::c}`,
/// and `super::super::a` where that leaves `depth` modules. Below that depth `super` may start in an inline module,
/// so it counts only if it names a layer.
fn references(source: &SourceFile, depth: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (start, token) in source.tokens.iter().enumerate() {
        if token.text == "crate" && source.is_at(start + 1, &[":", ":"]) {
            first_names(source, start + 3, &mut found);
        } else if token.text == "super"
            && !source.is_at(start.saturating_sub(3), &["super", ":", ":"])
        {
            let mut end = start;
            while source.is_at(end, &["super", ":", ":"]) {
                end += 3;
            }
            if (end - start) / 3 >= depth {
                let mut named = Vec::new();
                first_names(source, end, &mut named);
                found.extend(named.into_iter().filter(|(_, name)| layer(name).is_some()));
            }
        }
    }
    found
}

/// The name at a position, or the first name of each entry of a group `{a, b::{c, d}}` there.
fn first_names<'a>(source: &'a SourceFile, at: usize, found: &mut Vec<(usize, &'a str)>) {
    let mut nesting = 0;
    let mut expected = true;
    for token in source.tokens.iter().skip(at) {
        match token.text.as_str() {
            "{" => nesting += 1,
            "}" => nesting -= 1,
            "," if nesting == 1 => expected = true,
            name if expected => {
                found.push((token.line, name));
                expected = false;
            }
            _ => {}
        }
        if nesting == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let source = SourceFile::parse(path, text).unwrap();
        downward(&source)
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn an_upward_path_is_found_wherever_it_stands() {
        for text in [
            "use crate::model::Model;",
            "use crate::{wire, model::Model};",
            "fn f(model: &crate::model::Model) {}",
            "fn f() { vec![crate::model::load()]; }",
            "use super::super::model::Model;",
            "use crate::evaluate;",
        ] {
            assert_eq!(lines("core/src/mesh/workload.rs", text), [1], "{text}");
        }
    }

    #[test]
    fn modules_of_one_layer_do_not_know_each_other() {
        assert_eq!(lines("core/src/authz/mod.rs", "use crate::route;"), [1]);
        assert_eq!(lines("core/src/flow.rs", "use super::trace;"), [1]);
    }

    #[test]
    fn downward_paths_and_a_modules_own_are_allowed() {
        let text = "use crate::{flow::{Flow, model}, wire};\nuse crate::mesh::select;\nuse super::Mesh;\n// crate::eval";
        assert_eq!(lines("core/src/mesh/workload.rs", text), [0; 0]);
        assert_eq!(lines("core/src/lib.rs", "use crate::model::Model;"), [0; 0]);
        assert_eq!(
            lines("server/src/main.rs", "use crate::model::Model;"),
            [0; 0]
        );
    }

    #[test]
    fn a_module_needs_a_layer() {
        assert_eq!(lines("core/src/helpers.rs", ""), [1]);
    }
}
