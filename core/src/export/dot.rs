//! A digraph for Graphviz.

use std::fmt::Write;

use super::{caption, label, places, printable};
use crate::wire::{EdgeStatus, Graph};

pub(super) fn write(graph: &Graph) -> String {
    let (by_id, by_namespace) = places(graph);
    let mut text = String::from(
        "digraph attachments {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
    );
    for (number, (namespace, nodes)) in by_namespace.iter().enumerate() {
        let inside = !namespace.is_empty();
        if inside {
            let _ = writeln!(
                text,
                "  subgraph cluster_{number} {{\n    label=\"{}\";",
                escaped(namespace)
            );
        }
        let indent = if inside { "    " } else { "  " };
        for &place in nodes {
            if let Some(node) = graph.nodes.get(place) {
                let style = if node.missing {
                    ", style=\"rounded,dashed\""
                } else {
                    ""
                };
                let label = label(node).map(escaped).join("\\n");
                let _ = writeln!(text, "{indent}n{place} [label=\"{label}\"{style}];");
            }
        }
        if inside {
            text.push_str("  }\n");
        }
    }
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (by_id.get(&*edge.from), by_id.get(&*edge.to)) else {
            continue;
        };
        let style = match edge.status {
            EdgeStatus::Attached => "",
            EdgeStatus::FailSafeDeny => ", color=red",
            EdgeStatus::Rejected | EdgeStatus::Ignored => ", style=dashed, color=gray40",
        };
        let _ = writeln!(
            text,
            "  n{from} -> n{to} [label=\"{}\"{style}];",
            escaped(&caption(edge))
        );
    }
    text.push_str("}\n");
    text
}

/// Graphviz reads the entities of HTML in labels.
fn escaped(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}
