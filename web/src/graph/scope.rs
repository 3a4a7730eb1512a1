//! What part of a graph is drawn: namespaces can be folded into one box each, and a node can be looked at with its
//! neighbours alone. Pure, and the same for the same graph.

use ambient_core::decode::Decode;
use ambient_core::{sorted, wire};
use serde::Serialize;

/// With more nodes than this, namespaces come folded.
const READABLE: usize = 80;

/// What is to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode)]
pub(crate) struct Scope {
    /// Namespaces that are one box; `None`: as the size of the graph asks for.
    pub(crate) folded: Option<sorted::Set<String>>,
    /// The node that is shown with its neighbours alone.
    pub(crate) focus: Option<String>,
}

/// A graph as drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode)]
pub(crate) struct Drawn {
    /// Nodes and edges; a folded namespace is a node of kind `Namespace` without a place in the text.
    pub(crate) graph: wire::Graph,
    /// Every namespace with references, and whether it is folded.
    pub(crate) namespaces: sorted::Map<String, bool>,
}

/// The id of the box of a folded namespace.
pub(crate) fn folded_id(namespace: &str) -> String {
    format!("Namespace//{namespace}/…")
}

/// Leaves out and folds what a scope says. Nodes without references are left out always.
pub(crate) fn draw(graph: &wire::Graph, scope: &Scope) -> Drawn {
    let near = |id: &str| match &scope.focus {
        Some(focus) => id == focus || touches(graph, focus, id),
        None => true,
    };
    let edges: Vec<&wire::Edge> = graph
        .edges
        .iter()
        .filter(|edge| near(&edge.from) && near(&edge.to))
        .collect();
    let connected: sorted::Set<&str> = edges
        .iter()
        .flat_map(|edge| [edge.from.as_str(), edge.to.as_str()])
        .chain(scope.focus.as_deref())
        .collect();
    let nodes: Vec<&wire::Node> = graph
        .nodes
        .iter()
        .filter(|node| connected.contains(node.id.as_str()))
        .collect();
    let namespaces = namespaces(&nodes, scope);
    let folded = |node: &wire::Node| -> Option<String> {
        let namespace = node.namespace.as_ref()?;
        let focused = scope.focus.as_deref() == Some(node.id.as_str());
        (namespaces.get(namespace) == Some(&true) && !focused).then(|| folded_id(namespace))
    };
    let places: sorted::Map<&str, String> = nodes
        .iter()
        .map(|node| {
            let place = folded(node).unwrap_or_else(|| node.id.clone());
            (node.id.as_str(), place)
        })
        .collect();
    let mut drawn: Vec<wire::Node> = nodes
        .iter()
        .filter(|node| folded(node).is_none())
        .map(|node| (*node).clone())
        .collect();
    drawn.extend(
        namespaces
            .iter()
            .filter(|(_, folded)| **folded)
            .filter_map(|(namespace, _)| {
                let id = folded_id(namespace);
                let count = places.values().filter(|place| **place == id).count();
                (count > 0).then(|| wire::Node {
                    id,
                    kind: "Namespace".to_owned(),
                    name: namespace.clone(),
                    role: Some(format!("{count} objects")),
                    ..wire::Node::default()
                })
            }),
    );
    Drawn {
        graph: wire::Graph {
            nodes: drawn,
            edges: moved(&edges, &places),
            diagnostics: Vec::new(),
        },
        namespaces,
    }
}

fn touches(graph: &wire::Graph, focus: &str, id: &str) -> bool {
    graph
        .edges
        .iter()
        .any(|edge| (edge.from == focus && edge.to == id) || (edge.to == focus && edge.from == id))
}

fn namespaces(nodes: &[&wire::Node], scope: &Scope) -> sorted::Map<String, bool> {
    let names: sorted::Set<&String> = nodes
        .iter()
        .filter_map(|node| node.namespace.as_ref())
        .collect();
    let crowded = nodes.len() > READABLE && names.len() > 1 && scope.focus.is_none();
    names
        .into_iter()
        .map(|name| {
            let folded = scope
                .folded
                .as_ref()
                .map_or(crowded, |folded| folded.contains(name));
            (name.clone(), folded)
        })
        .collect()
}

/// The edges between boxes; of those that a fold makes equal, one.
fn moved(edges: &[&wire::Edge], places: &sorted::Map<&str, String>) -> Vec<wire::Edge> {
    let mut seen = sorted::Set::new();
    edges
        .iter()
        .filter_map(|edge| {
            let place = |id: &str| places.get(id).cloned();
            let (from, to) = (place(&edge.from)?, place(&edge.to)?);
            let is_folded = from != edge.from || to != edge.to;
            let kept =
                !is_folded || from != to && seen.insert((from.clone(), to.clone(), edge.status));
            kept.then(|| wire::Edge {
                from,
                to,
                ..(*edge).clone()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(text: &str) -> wire::Graph {
        ambient_core::graph(&wire::Input {
            manifests: wire::Manifests::Text(text.to_owned()),
            ..wire::Input::default()
        })
    }

    fn services(namespaces: &[&str], each: usize) -> wire::Graph {
        let mut text = String::new();
        for namespace in namespaces {
            for number in 0..each {
                text.push_str(&format!(
                    "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: s{number}, namespace: {namespace}, labels: {{ istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: a }} }}\nspec: {{ ports: [{{ port: 80 }}] }}\n"
                ));
            }
        }
        graph(&text)
    }

    fn ids(drawn: &Drawn) -> Vec<&str> {
        drawn
            .graph
            .nodes
            .iter()
            .map(|node| node.id.as_str())
            .collect()
    }

    #[test]
    fn small_graphs_are_whole_and_large_ones_come_folded() {
        let small = draw(&services(&["a", "b"], 2), &Scope::default());
        assert_eq!(
            small.graph.nodes.len(),
            5,
            "four Services and the waypoint that is missing"
        );
        assert!(small.namespaces.values().all(|folded| !folded));
        let large = draw(&services(&["a", "b"], 50), &Scope::default());
        assert_eq!(ids(&large), ["Namespace//a/…", "Namespace//b/…"]);
        assert_eq!(large.graph.edges.len(), 1, "all that leads from b to a");
        assert!(large.namespaces.values().all(|folded| *folded));
    }

    #[test]
    fn what_the_visitor_folds_is_folded_and_nothing_else() {
        let scope = Scope {
            folded: Some(sorted::Set::from(["b".to_owned()])),
            focus: None,
        };
        let drawn = draw(&services(&["a", "b"], 2), &scope);
        assert_eq!(
            drawn.namespaces,
            sorted::Map::from([("a".to_owned(), false), ("b".to_owned(), true)])
        );
        assert!(ids(&drawn).contains(&"Service/a/s0") && !ids(&drawn).contains(&"Service/b/s0"));
    }

    #[test]
    fn a_focus_shows_the_neighbours_alone_and_itself_unfolded() {
        let scope = Scope {
            folded: Some(sorted::Set::from(["a".to_owned()])),
            focus: Some("Service/a/s1".to_owned()),
        };
        let drawn = draw(&services(&["a", "b"], 2), &scope);
        assert_eq!(ids(&drawn), ["Service/a/s1", "Namespace//a/…"]);
        assert_eq!(drawn.graph.edges.len(), 1);
    }
}
