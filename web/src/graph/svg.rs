//! The graph as SVG: boxes, and curves between them from left to right.

use ambient_core::{sorted, wire};
use yew::prelude::*;

use super::layout::{self, BOX_HEIGHT, Placed};
use super::scope;
use crate::state::{Message, State};
use crate::worker::Answer;

/// Draws the graph of an answer.
pub(crate) fn draw(answer: &Answer, state: &State, send: &Callback<Message>) -> Html {
    let layout = &answer.layout;
    let boxes: sorted::Map<&str, &Placed> = layout
        .boxes
        .iter()
        .map(|placed| (placed.id.as_str(), placed))
        .collect();
    let found: sorted::Set<&str> = state.found().map(String::as_str).collect();
    let view = state.view;
    let zoom = view.zoom.unwrap_or(1.0);
    let view_box = format!(
        "{} {} {} {}",
        view.x,
        view.y,
        layout.width / zoom,
        layout.height / zoom
    );
    // As large as fits, but never larger than life.
    let style = match view.zoom {
        None => format!(
            "max-width: {}px; max-height: {}px",
            layout.width, layout.height
        ),
        Some(_) => String::new(),
    };
    html! {
        <svg viewBox={view_box} {style} preserveAspectRatio="xMinYMin meet" aria-hidden="true">
            <defs>
                <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
                    <path d="M0 0 L8 4 L0 8 z" class="arrow" />
                </marker>
            </defs>
            { for answer.drawn.graph.edges.iter().filter_map(|edge| {
                Some(edge_view(edge, boxes.get(edge.from.as_str())?, boxes.get(edge.to.as_str())?, state))
            }) }
            { for answer.drawn.graph.nodes.iter().filter_map(|node| {
                Some(node_view(node, boxes.get(node.id.as_str())?, state, &found, send))
            }) }
            // Over everything: why not is what a reader looks for.
            { for answer.drawn.graph.edges.iter().filter_map(|edge| {
                label_view(edge, boxes.get(edge.from.as_str())?, boxes.get(edge.to.as_str())?)
            }) }
        </svg>
    }
}

fn node_view(
    node: &wire::Node,
    placed: &Placed,
    state: &State,
    found: &sorted::Set<&str>,
    send: &Callback<Message>,
) -> Html {
    let selected = state.node.as_deref() == Some(node.id.as_str());
    let folded = node.id == scope::folded_id(&node.name);
    let target = if folded { &node.name } else { &node.id }.clone();
    let onclick = send.reform(move |_| match folded {
        true => Message::Fold(target.clone()),
        false => Message::SelectNode(target.clone()),
    });
    let prefix = format!("/{}/", node.name);
    let is_found =
        found.contains(node.id.as_str()) || folded && found.iter().any(|id| id.contains(&prefix));
    let class = classes!(
        "node",
        selected.then_some("selected"),
        folded.then_some("folded"),
        is_found.then_some("found"),
        (!found.is_empty() && !is_found).then_some("dim"),
        node.missing.then_some("missing"),
        node.role.clone(),
        family(&node.kind)
    );
    let missing = if node.missing {
        " — not in the manifests"
    } else {
        ""
    };
    let status = node.feature_status.clone().unwrap_or_default();
    let room = placed.width - 22.0;
    let status_width = 6.3 * status.len() as f64 + 12.0;
    let tooltip = [
        Some(&node.id),
        node.feature_status.as_ref(),
        node.capture_reason.as_ref(),
    ];
    let tooltip: Vec<&str> = tooltip.into_iter().flatten().map(String::as_str).collect();
    html! {
        <g {class} {onclick} transform={format!("translate({} {})", placed.x, placed.y)} key={node.id.clone()}>
            <title>{ tooltip.join(" — ") }{ missing }</title>
            <rect width={placed.width.to_string()} height={BOX_HEIGHT.to_string()} rx="6" />
            <text x="12" y="17" class="node-name">{ shorten(&node.name, (room - status_width) / 7.4) }</text>
            <text x="12" y="32" class="node-kind">{ shorten(&layout::subtitle(node), room / 5.9) }</text>
            if !status.is_empty() {
                <text x={(placed.width - 10.0).to_string()} y="16" class="node-status">{ status }</text>
            }
        </g>
    }
}

/// A text of no more characters than fit.
fn shorten(text: &str, fits: f64) -> String {
    let fits = fits.max(4.0) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    text.chars()
        .take(fits.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// What a kind is there for: a colour, beside the word in the box.
fn family(kind: &str) -> &'static str {
    match kind {
        "AuthorizationPolicy" | "RequestAuthentication" | "PeerAuthentication" => "policy-kind",
        "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "VirtualService" => "route-kind",
        "Gateway" | "GatewayClass" => "gateway-kind",
        "Service" | "ServiceEntry" => "service-kind",
        _ => "other-kind",
    }
}

/// From the right side of one box to the left side of the other.
fn ends(from: &Placed, to: &Placed) -> [(f64, f64); 2] {
    [
        (from.x + from.width, from.y + BOX_HEIGHT / 2.0),
        (to.x, to.y + BOX_HEIGHT / 2.0),
    ]
}

fn edge_view(edge: &wire::Edge, from: &Placed, to: &Placed, state: &State) -> Html {
    let [(x1, y1), (x2, y2)] = ends(from, to);
    // To the left, for what closes a cycle, the curve swings out.
    let bend = ((x2 - x1).abs() / 2.0).max(30.0);
    let path = format!(
        "M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}",
        x1 + bend,
        x2 - bend
    );
    let touched = state
        .node
        .as_deref()
        .is_some_and(|node| node == edge.from || node == edge.to);
    html! {
        <g class={classes!("edge", class(edge.status), touched.then_some("touched"))}>
            <title>{ format!("{} ({}): {}", via_name(edge.via), status_name(edge.status), edge.message) }</title>
            <path d={path} marker-end="url(#arrow)" />
        </g>
    }
}

/// Why an edge is not attached.
fn label_view(edge: &wire::Edge, from: &Placed, to: &Placed) -> Option<Html> {
    let reason = edge.reason.as_ref()?;
    if edge.status == wire::EdgeStatus::Attached {
        return None;
    }
    let [(x1, y1), (x2, y2)] = ends(from, to);
    let (x, y) = (x1.midpoint(x2), y1.midpoint(y2) - 4.0);
    Some(html! {
        <text class="edge-label" x={x.to_string()} y={y.to_string()} text-anchor="middle">{ reason }</text>
    })
}

/// The class of what has a status.
pub(crate) fn class(status: wire::EdgeStatus) -> &'static str {
    match status {
        wire::EdgeStatus::Attached => "attached",
        wire::EdgeStatus::Rejected => "rejected",
        wire::EdgeStatus::Ignored => "ignored",
        wire::EdgeStatus::FailSafeDeny => "fail-safe",
    }
}

/// The contract's word.
pub(crate) fn via_name(via: wire::Via) -> &'static str {
    match via {
        wire::Via::TargetRef => "targetRef",
        wire::Via::ParentRef => "parentRef",
        wire::Via::Selector => "selector",
        wire::Via::Namespace => "namespace",
        wire::Via::Mesh => "mesh",
        wire::Via::UseWaypoint => "use-waypoint",
        wire::Via::UseWaypointCanary => "use-waypoint-canary",
        wire::Via::BackendRef => "backendRef",
        wire::Via::Membership => "membership",
        wire::Via::Host => "host",
        wire::Via::Gateways => "gateways",
    }
}

/// In words.
pub(crate) fn status_name(status: wire::EdgeStatus) -> &'static str {
    match status {
        wire::EdgeStatus::Attached => "attached",
        wire::EdgeStatus::Rejected => "rejected",
        wire::EdgeStatus::Ignored => "ignored",
        wire::EdgeStatus::FailSafeDeny => "denies instead",
    }
}
