//! A flowchart for Mermaid, which wikis and code hosts draw.

use std::fmt::Write;

use super::{caption, label, places, printable};
use crate::wire::{EdgeStatus, Graph, Node};

pub(super) fn write(graph: &Graph) -> String {
    let (by_id, by_namespace) = places(graph);
    let mut text = String::from("flowchart LR\n");
    for (number, (namespace, nodes)) in by_namespace.iter().enumerate() {
        let inside = !namespace.is_empty();
        if inside {
            let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", escaped(namespace));
        }
        let indent = if inside { "    " } else { "  " };
        for &place in nodes {
            if let Some(node) = graph.nodes.get(place) {
                let _ = writeln!(text, "{indent}n{place}{}", shape(node));
            }
        }
        if inside {
            text.push_str("  end\n");
        }
    }
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (by_id.get(&*edge.from), by_id.get(&*edge.to)) else {
            continue;
        };
        let arrow = match edge.status {
            EdgeStatus::Attached => "-->",
            EdgeStatus::FailSafeDeny => "==>",
            EdgeStatus::Rejected | EdgeStatus::Ignored => "-.->",
        };
        let _ = writeln!(
            text,
            "  n{from} {arrow}|\"{}\"| n{to}",
            escaped(&caption(edge))
        );
    }
    text
}

/// A box; rounded for what manifests refer to and do not hold.
fn shape(node: &Node) -> String {
    let text = label(node).map(escaped).join("<br/>");
    if node.missing {
        format!("([\"{text}\"])")
    } else {
        format!("[\"{text}\"]")
    }
}

/// Mermaid's own entities: quotes would end the label, brackets and entities would be HTML, backticks Markdown, and `%%`
/// a directive wherever it stands.
fn escaped(text: &str) -> String {
    printable(text)
        .replace('#', "#35;")
        .replace('&', "#amp;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
        .replace('`', "#96;")
        .replace('%', "#37;")
}
