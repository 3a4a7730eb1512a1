//! The graph as text that other tools read: Mermaid, DOT, SVG. Input is the contract's graph, so that whoever has one
//! can write it; the same graph gives the same bytes.

mod dot;
mod mermaid;
mod svg;

use crate::sorted;
use crate::wire::{Edge, EdgeStatus, Graph, GraphFormat, Node};

/// Writes a graph; JSON is the contract's own form and is written by whoever sends it.
pub(crate) fn export(graph: &Graph, format: GraphFormat) -> String {
    match format {
        GraphFormat::Mermaid => mermaid::write(graph),
        GraphFormat::Dot => dot::write(graph),
        GraphFormat::Svg => svg::write(graph),
    }
}

/// Kind and name, as labels have them.
fn label(node: &Node) -> [&str; 2] {
    [&node.kind, &node.name]
}

/// The text, with another character for those that no line of text and no XML may have.
fn printable(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' => char::REPLACEMENT_CHARACTER,
            char if char.is_control() => ' ',
            char => char,
        })
        .collect()
}

/// What an edge says of itself: its sort, and why it is not in effect.
fn caption(edge: &Edge) -> String {
    let via = edge.via.name();
    let port = edge.port.map(|port| format!(" {port}")).unwrap_or_default();
    match (edge.status, &edge.reason) {
        (EdgeStatus::Attached, _) | (_, None) => format!("{via}{port}"),
        (_, Some(reason)) => format!("{via}{port}: {reason}"),
    }
}

/// The places of nodes by id, and by namespace those that have one.
fn places(graph: &Graph) -> (sorted::Map<&str, usize>, sorted::Map<&str, Vec<usize>>) {
    let mut by_namespace: sorted::Map<&str, Vec<usize>> = sorted::Map::new();
    let mut by_id = sorted::Map::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        by_id.insert(node.id.as_str(), place);
        let namespace = node.namespace.as_deref().unwrap_or_default();
        by_namespace.entry(namespace).or_default().push(place);
    }
    (by_id, by_namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let node = |kind: &str, name: &str| Node {
            id: format!("{kind}/shop/{name}"),
            kind: kind.to_owned(),
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
            ..Node::default()
        };
        let edge = |status: EdgeStatus, reason: &str| Edge {
            from: "HTTPRoute/shop/r".to_owned(),
            to: "Service/shop/a\"<b>".to_owned(),
            via: crate::wire::Via::ParentRef,
            status,
            reason: Some(reason.to_owned()),
            message: String::new(),
            port: Some(80),
            section_name: None,
            inherited_from: None,
            range: None,
            file: None,
        };
        Graph {
            nodes: vec![node("HTTPRoute", "r"), node("Service", "a\"<b>")],
            edges: vec![
                edge(EdgeStatus::Attached, "Accepted"),
                edge(EdgeStatus::Ignored, "NoAddress"),
            ],
            diagnostics: Vec::new(),
        }
    }

    #[test]
    fn mermaid_draws_what_has_no_effect_dashed() {
        assert_eq!(
            export(&graph(), GraphFormat::Mermaid),
            "flowchart LR
  subgraph s0[\"shop\"]
    n0[\"HTTPRoute<br/>r\"]
    n1[\"Service<br/>a#quot;#lt;b#gt;\"]
  end
  n0 -->|\"parentRef 80\"| n1
  n0 -.->|\"parentRef 80: NoAddress\"| n1
"
        );
    }

    #[test]
    fn dot_escapes_what_quotes_would_end() {
        assert_eq!(
            export(&graph(), GraphFormat::Dot),
            "digraph attachments {
  rankdir=LR;
  node [shape=box, style=rounded, fontname=\"sans-serif\"];
  edge [fontname=\"sans-serif\", fontsize=10];
  subgraph cluster_0 {
    label=\"shop\";
    n0 [label=\"HTTPRoute\\nr\"];
    n1 [label=\"Service\\na\\\"<b>\"];
  }
  n0 -> n1 [label=\"parentRef 80\"];
  n0 -> n1 [label=\"parentRef 80: NoAddress\", style=dashed, color=gray40];
}
"
        );
    }

    #[test]
    fn what_means_something_to_the_reader_is_escaped() {
        let name = "&lt;\u{ffff}`%%{x}\u{1}\n\\N";
        let graph = Graph {
            nodes: vec![Node {
                name: name.to_owned(),
                ..Node::default()
            }],
            ..Graph::default()
        };
        let mermaid = export(&graph, GraphFormat::Mermaid);
        assert!(
            mermaid.contains("#amp;lt;\u{fffd}#96;#37;#37;{x}  \\N\"]"),
            "{mermaid}"
        );
        let dot = export(&graph, GraphFormat::Dot);
        assert!(dot.contains("&amp;lt;\u{fffd}`%%{x}  \\\\N\"]"), "{dot}");
        let svg = export(&graph, GraphFormat::Svg);
        assert!(svg.contains(">&amp;lt;\u{fffd}`%%{x}  \\N</text>"), "{svg}");
    }

    #[test]
    fn long_names_stay_in_their_boxes_and_are_whole_in_the_title() {
        let mut graph = graph();
        if let Some(node) = graph.nodes.first_mut() {
            node.name = "é".repeat(253);
        }
        let svg = export(&graph, GraphFormat::Svg);
        assert!(
            svg.contains(&format!("{}…</text>", "é".repeat(27))),
            "{svg}"
        );
        assert!(!svg.contains(&"é".repeat(254)));
    }

    #[test]
    fn svg_is_well_formed_and_the_same_each_time() {
        let svg = export(&graph(), GraphFormat::Svg);
        assert_eq!(svg, export(&graph(), GraphFormat::Svg));
        assert!(svg.contains("a&quot;&lt;b&gt;"), "{svg}");
        assert!(svg.contains("stroke-dasharray"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 2);
        assert_eq!(svg.matches("<rect").count(), 2);
    }
}
