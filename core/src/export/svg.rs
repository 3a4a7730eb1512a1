//! A drawing without any script or font of its own: columns from what refers to what is referred to.

use std::fmt::Write;

use super::{caption, printable};
use crate::sorted;
use crate::wire::{EdgeStatus, Graph, Node};

const BOX_WIDTH: usize = 240;
const BOX_HEIGHT: usize = 40;
const COLUMN: usize = 380;
const ROW: usize = 56;
const MARGIN: usize = 20;
/// What fits into a box.
const CHARACTERS: usize = 33;

pub(super) fn write(graph: &Graph) -> String {
    let mut rows = [0usize; 4];
    let mut at: sorted::Map<&str, (usize, usize)> = sorted::Map::new();
    for node in &graph.nodes {
        let column = column(node);
        if let Some(row) = rows.get_mut(column) {
            at.insert(&node.id, (MARGIN + column * COLUMN, MARGIN + *row * ROW));
            *row += 1;
        }
    }
    let width = 2 * MARGIN + 3 * COLUMN + BOX_WIDTH;
    let height = 2 * MARGIN + rows.iter().max().copied().unwrap_or_default() * ROW;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<title>Attachments</title>\n"
    );
    for edge in &graph.edges {
        let (Some(&from), Some(&to)) = (at.get(&*edge.from), at.get(&*edge.to)) else {
            continue;
        };
        let style = match edge.status {
            EdgeStatus::Attached => "stroke=\"#2b6cb0\"",
            EdgeStatus::FailSafeDeny => "stroke=\"#c53030\" stroke-width=\"2\"",
            EdgeStatus::Rejected | EdgeStatus::Ignored => {
                "stroke=\"#718096\" stroke-dasharray=\"5 4\""
            }
        };
        let _ = writeln!(
            text,
            "<path d=\"{}\" fill=\"none\" {style}><title>{} → {}: {}</title></path>",
            curve(from, to),
            escaped(&edge.from),
            escaped(&edge.to),
            escaped(&caption(edge))
        );
    }
    for node in &graph.nodes {
        let Some(&(x, y)) = at.get(&*node.id) else {
            continue;
        };
        let dashes = if node.missing {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        let name = match &node.namespace {
            Some(namespace) => format!("{namespace}/{}", node.name),
            None => node.name.clone(),
        };
        let _ = writeln!(
            text,
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#4a5568\"{dashes}/><text x=\"{}\" y=\"{}\" fill=\"#4a5568\">{}</text><text x=\"{}\" y=\"{}\" fill=\"#1a202c\">{}</text></g>",
            escaped(&node.id),
            x + 10,
            y + 16,
            escaped(&short(&node.kind)),
            x + 10,
            y + 32,
            escaped(&short(&name))
        );
    }
    text.push_str("</svg>\n");
    text
}

/// What attaches, then what it is for, then what enforces it, then what runs.
fn column(node: &Node) -> usize {
    match node.kind.as_str() {
        "Namespace" | "Service" | "ServiceEntry" | "Host" | "ListenerSet" | "Mesh" => 1,
        "Gateway" | "GatewayClass" | "Gateway.networking.istio.io" => 2,
        _ if node.attachment.is_some() => 0,
        _ => 3,
    }
}

/// From the side of one box to the facing side of the other; within a column in a bow.
fn curve(from: (usize, usize), to: (usize, usize)) -> String {
    let middle = BOX_HEIGHT / 2;
    let (from_y, to_y) = (from.1 + middle, to.1 + middle);
    let (from_x, to_x) = if from.0 > to.0 {
        (from.0, to.0 + BOX_WIDTH)
    } else if from.0 == to.0 {
        (from.0 + BOX_WIDTH, to.0 + BOX_WIDTH)
    } else {
        (from.0 + BOX_WIDTH, to.0)
    };
    let bend = if from.0 == to.0 {
        from_x + 60
    } else {
        from_x.midpoint(to_x)
    };
    format!("M{from_x} {from_y} C{bend} {from_y} {bend} {to_y} {to_x} {to_y}")
}

/// As much of a name as fits; all of it is in the title.
fn short(name: &str) -> String {
    if name.chars().count() <= CHARACTERS {
        return name.to_owned();
    }
    name.chars().take(CHARACTERS - 1).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
