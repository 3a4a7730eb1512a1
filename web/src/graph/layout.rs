//! Where the nodes of a graph stand: layered from left to right, by the direction of references. Pure, and the same
//! for the same graph.

use ambient_core::decode::Decode;
use ambient_core::{sorted, wire};
use serde::Serialize;

use super::layers;

/// Where everything stands, in pixels at a zoom of 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode)]
pub(crate) struct Layout {
    /// The width of all of it.
    pub(crate) width: f64,
    /// The height of all of it.
    pub(crate) height: f64,
    /// The nodes that have references; an object without any is only in the text.
    pub(crate) boxes: Vec<Placed>,
}

/// A node's box.
#[derive(Clone, Debug, PartialEq, Serialize, Decode)]
pub(crate) struct Placed {
    /// The node's id.
    pub(crate) id: String,
    /// The left edge.
    pub(crate) x: f64,
    /// The upper edge.
    pub(crate) y: f64,
    /// The width.
    pub(crate) width: f64,
}

/// The height of every box.
pub(crate) const BOX_HEIGHT: f64 = 40.0;
const GAP: f64 = 18.0;
/// Wide enough for the reason of an edge.
const LAYER_GAP: f64 = 130.0;
const MARGIN: f64 = 12.0;
/// Text is measured by its length: the page's font is about this wide.
const CHARACTER: f64 = 7.8;
/// The same for the second line, and for the status.
const SMALL_CHARACTER: f64 = 6.3;
const MIN_WIDTH: f64 = 110.0;
const MAX_WIDTH: f64 = 320.0;

/// Lays a graph out.
pub(crate) fn place(graph: &wire::Graph) -> Layout {
    let connected: sorted::Set<&str> = graph
        .edges
        .iter()
        .flat_map(|edge| [edge.from.as_str(), edge.to.as_str()])
        .collect();
    let nodes: Vec<&wire::Node> = graph
        .nodes
        .iter()
        .filter(|node| connected.contains(node.id.as_str()))
        .collect();
    let numbers: sorted::Map<&str, usize> =
        nodes.iter().map(|node| node.id.as_str()).zip(0..).collect();
    let edges = acyclic(graph, &numbers);
    let mut layout = Layout {
        width: 0.0,
        height: MARGIN,
        boxes: Vec::new(),
    };
    for part in parts(nodes.len(), &edges) {
        stack(&mut layout, &nodes, &part, &edges);
    }
    layout.boxes.sort_by(|left, right| left.id.cmp(&right.id));
    layout.width += MARGIN;
    layout
}

/// The connected parts: the nodes of each.
fn parts(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut part: Vec<usize> = (0..count).collect();
    for &(from, to) in edges {
        let (kept, joined) = (part[from], part[to]);
        for part in &mut part {
            if *part == joined {
                *part = kept;
            }
        }
    }
    let members = |of: usize| (0..count).filter(|&node| part[node] == of).collect();
    (0..count)
        .map(members)
        .filter(|part: &Vec<usize>| !part.is_empty())
        .collect()
}

/// Puts one connected part below the others.
fn stack(layout: &mut Layout, nodes: &[&wire::Node], part: &[usize], edges: &[(usize, usize)]) {
    let within = |node: usize| part.iter().position(|&member| member == node);
    let edges: Vec<(usize, usize)> = edges
        .iter()
        .filter_map(|&(from, to)| Some((within(from)?, within(to)?)))
        .collect();
    let places = layers::place(part.len(), &edges, BOX_HEIGHT + GAP, GAP);
    let top = places
        .iter()
        .map(|place| place.across)
        .fold(f64::INFINITY, f64::min);
    let mut columns = vec![0.0; part.len()];
    for (&node, place) in part.iter().zip(&places) {
        columns[place.layer] = width(nodes[node]).max(columns[place.layer]);
    }
    let mut bottom = layout.height;
    for (&node, place) in part.iter().zip(&places) {
        let before = &columns[..place.layer];
        let x = before.iter().fold(MARGIN, |x, width| x + width + LAYER_GAP);
        let y = layout.height + place.across - top;
        let width = width(nodes[node]);
        layout.width = layout.width.max(x + width);
        bottom = bottom.max(y + BOX_HEIGHT);
        layout.boxes.push(Placed {
            id: nodes[node].id.clone(),
            x,
            y,
            width,
        });
    }
    layout.height = bottom + GAP;
}

/// The edges as numbers, each pair once, without those that would close a cycle.
fn acyclic(graph: &wire::Graph, numbers: &sorted::Map<&str, usize>) -> Vec<(usize, usize)> {
    let mut edges: sorted::Set<(usize, usize)> = sorted::Set::new();
    let mut next: sorted::Map<usize, Vec<usize>> = sorted::Map::new();
    for edge in &graph.edges {
        let (Some(&from), Some(&to)) = (
            numbers.get(edge.from.as_str()),
            numbers.get(edge.to.as_str()),
        ) else {
            continue;
        };
        if from != to && !edges.contains(&(from, to)) && !reaches(&next, to, from) {
            edges.insert((from, to));
            next.entry(from).or_default().push(to);
        }
    }
    edges.into_iter().collect()
}

fn reaches(next: &sorted::Map<usize, Vec<usize>>, from: usize, to: usize) -> bool {
    let mut seen = sorted::Set::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            open.extend(next.get(&node).into_iter().flatten());
        }
    }
    false
}

fn width(node: &wire::Node) -> f64 {
    let length = |text: &str| f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    let status = node.feature_status.as_deref().unwrap_or_default();
    let first = length(&node.name) * CHARACTER + length(status) * SMALL_CHARACTER + 12.0;
    let second = length(&subtitle(node)) * SMALL_CHARACTER;
    (first.max(second) + 24.0).clamp(MIN_WIDTH, MAX_WIDTH)
}

/// The second line of a box; the status stands in the first.
pub(crate) fn subtitle(node: &wire::Node) -> String {
    let kind = match node.role.as_deref() {
        Some(role) => format!("{} ({role})", node.kind),
        None => node.kind.clone(),
    };
    let parts = [
        Some(&kind),
        node.namespace.as_ref(),
        node.attachment.as_ref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)], lonely: &[&str]) -> wire::Graph {
        let node = |id: &str| wire::Node {
            id: id.to_owned(),
            kind: "Service".to_owned(),
            name: id.to_owned(),
            ..wire::Node::default()
        };
        let ids: sorted::Set<&str> = edges
            .iter()
            .flat_map(|(from, to)| [*from, *to])
            .chain(lonely.iter().copied())
            .collect();
        wire::Graph {
            nodes: ids.into_iter().map(node).collect(),
            edges: edges
                .iter()
                .map(|(from, to)| wire::Edge {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    via: wire::Via::BackendRef,
                    status: wire::EdgeStatus::Attached,
                    reason: None,
                    message: String::new(),
                    port: None,
                    section_name: None,
                    inherited_from: None,
                    range: None,
                    file: None,
                })
                .collect(),
            diagnostics: Vec::new(),
        }
    }

    fn overlaps(left: &Placed, right: &Placed) -> bool {
        left.x < right.x + right.width
            && right.x < left.x + left.width
            && left.y < right.y + BOX_HEIGHT
            && right.y < left.y + BOX_HEIGHT
    }

    #[test]
    fn references_point_to_the_right_and_no_box_covers_another() {
        let layout = place(&graph(
            &[("a", "b"), ("a", "c"), ("c", "d"), ("x", "y")],
            &["lonely"],
        ));
        let at = |id: &str| {
            layout
                .boxes
                .iter()
                .find(|placed| placed.id == id)
                .expect("the node is placed")
        };
        assert!(
            at("a").x < at("b").x
                && at("a").x < at("c").x
                && at("c").x < at("d").x
                && at("x").x < at("y").x
        );
        assert_eq!(
            layout.boxes.len(),
            6,
            "a node without references is left out"
        );
        for (place, left) in layout.boxes.iter().enumerate() {
            assert!(left.x >= 0.0 && left.y >= 0.0);
            assert!(left.x + left.width <= layout.width && left.y + BOX_HEIGHT <= layout.height);
            for right in layout.boxes.iter().skip(place + 1) {
                assert!(!overlaps(left, right), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn a_cycle_is_laid_out_too() {
        assert_eq!(
            place(&graph(&[("a", "b"), ("b", "a"), ("a", "a")], &[]))
                .boxes
                .len(),
            2
        );
        assert_eq!(place(&graph(&[], &[])).boxes.len(), 0);
    }
}
