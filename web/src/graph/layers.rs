//! Layers of a connected graph without cycles, by Sugiyama's method in its plainest form: longest paths make the layers,
//! barycentres the order in them, least squares the places. Pure numbers: nothing here knows what a vertex is.

/// How often order and places are mended, from one end and back; more changes next to nothing.
const ROUNDS: usize = 8;

/// Where a vertex stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Its layer; every edge leads to a later one.
    pub(super) layer: usize,
    /// Its centre, across the direction of edges.
    pub(super) across: f64,
}

/// Places the vertices `0..count`. In a layer a vertex has the room `vertex` to itself, an edge that passes by `edge`.
pub(super) fn place(count: usize, edges: &[(usize, usize)], vertex: f64, edge: f64) -> Vec<Place> {
    let layers = layers(count, edges);
    let mut drawing = Drawing::new(&layers, edges, vertex, edge);
    for _ in 0..ROUNDS {
        drawing.order();
    }
    drawing.stack();
    for _ in 0..ROUNDS {
        drawing.straighten();
    }
    let across = drawing.across.into_iter();
    let places = layers.into_iter().zip(across);
    places
        .map(|(layer, across)| Place { layer, across })
        .collect()
}

/// As far to the left as edges allow; a vertex with more edges to the right than to the left stands close to those.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut before, mut behind) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for &(from, to) in edges {
        behind[from].push(to);
        before[to].push(from);
    }
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut sorted: Vec<usize> = (0..count).filter(|&at| missing[at] == 0).collect();
    let mut layers = vec![0; count];
    let mut next = 0;
    while let Some(&from) = sorted.get(next) {
        next += 1;
        for &to in &behind[from] {
            layers[to] = layers[to].max(layers[from] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                sorted.push(to);
            }
        }
    }
    for &at in sorted.iter().rev() {
        if behind[at].len() > before[at].len() {
            let nearest = behind[at].iter().map(|&to| layers[to]).min();
            layers[at] = nearest.map_or(layers[at], |nearest| nearest - 1);
        }
    }
    layers
}

/// The graph with a bend in every layer that an edge passes: behind the vertices, in the same lists.
struct Drawing {
    layers: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    behind: Vec<Vec<usize>>,
    room: Vec<f64>,
    /// The place among the others of the layer, or in pixels.
    across: Vec<f64>,
}

impl Drawing {
    fn new(layers: &[usize], edges: &[(usize, usize)], vertex: f64, edge: f64) -> Self {
        let count = layers.len();
        let mut drawing = Self {
            layers: vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)],
            before: vec![Vec::new(); count],
            behind: vec![Vec::new(); count],
            room: vec![vertex; count],
            across: vec![0.0; count],
        };
        for (at, &layer) in layers.iter().enumerate() {
            drawing.layers[layer].push(at);
        }
        for &(from, to) in edges {
            let mut last = from;
            for layer in layers[from] + 1..layers[to] {
                let bend = drawing.room.len();
                drawing.room.push(edge);
                drawing.across.push(0.0);
                drawing.before.push(Vec::new());
                drawing.behind.push(Vec::new());
                drawing.layers[layer].push(bend);
                drawing.connect(last, bend);
                last = bend;
            }
            drawing.connect(last, to);
        }
        drawing.number();
        drawing
    }

    fn connect(&mut self, from: usize, to: usize) {
        self.behind[from].push(to);
        self.before[to].push(from);
    }

    fn number(&mut self) {
        for layer in &self.layers {
            for (place, &at) in layer.iter().enumerate() {
                self.across[at] = index(place);
            }
        }
    }

    /// The middle of the neighbours on one side; without any, where it is.
    fn middle(&self, at: usize, neighbours: &[usize]) -> f64 {
        if neighbours.is_empty() {
            return self.across[at];
        }
        let sum: f64 = neighbours.iter().map(|&near| self.across[near]).sum();
        sum / index(neighbours.len())
    }

    /// Sorts each layer by its neighbours' places, to the right and back.
    fn order(&mut self) {
        let last = self.layers.len();
        for (layer, forward) in (0..last)
            .map(|at| (at, true))
            .chain((0..last).rev().map(|at| (at, false)))
        {
            let sides = if forward { &self.before } else { &self.behind };
            let mut sorted: Vec<(f64, usize)> = self.layers[layer]
                .iter()
                .map(|&at| (self.middle(at, &sides[at]), at))
                .collect();
            sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
            for (place, (_, at)) in sorted.iter().enumerate() {
                self.layers[layer][place] = *at;
                self.across[*at] = index(place);
            }
        }
    }

    /// One below the other.
    fn stack(&mut self) {
        for layer in &self.layers {
            let mut top = 0.0;
            for &at in layer {
                self.across[at] = top + self.room[at] / 2.0;
                top += self.room[at];
            }
        }
    }

    /// Brings each layer as close to its neighbours as order and room allow, to the right and back.
    fn straighten(&mut self) {
        let last = self.layers.len();
        for layer in (0..last).chain((0..last).rev()) {
            self.settle(layer);
        }
    }

    /// Least squares: what would overlap stands together, in the middle of where it wants to stand.
    fn settle(&mut self, layer: usize) {
        let mut offsets = Vec::new();
        let mut groups: Vec<(f64, usize)> = Vec::new();
        let mut top = 0.0;
        for &at in &self.layers[layer] {
            let offset = top + self.room[at] / 2.0;
            top += self.room[at];
            offsets.push(offset);
            let near = [self.before[at].as_slice(), &self.behind[at]].concat();
            let mut group = (self.middle(at, &near) - offset, 1);
            while let Some(&(wanted, members)) = groups.last()
                && wanted / index(members) > group.0 / index(group.1)
            {
                groups.pop();
                group = (group.0 + wanted, group.1 + members);
            }
            groups.push(group);
        }
        let shifts = groups
            .iter()
            .flat_map(|&(wanted, members)| std::iter::repeat_n(wanted / index(members), members));
        for ((&at, offset), shift) in self.layers[layer].iter().zip(offsets).zip(shifts) {
            self.across[at] = offset + shift;
        }
    }
}

fn index(place: usize) -> f64 {
    u32::try_from(place).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_straight_and_a_fork_stands_around_its_stem() {
        let places = place(3, &[(0, 1), (1, 2)], 10.0, 5.0);
        let layers: Vec<usize> = places.iter().map(|place| place.layer).collect();
        assert_eq!(layers, [0, 1, 2]);
        assert!(places.iter().all(|place| place.across == places[0].across));

        let fork = place(3, &[(0, 1), (0, 2)], 10.0, 5.0);
        assert!((fork[2].across - fork[1].across).abs() >= 10.0);
        assert!((fork[0].across * 2.0 - fork[1].across - fork[2].across).abs() < 0.01);
    }

    #[test]
    fn what_only_refers_stands_beside_what_it_refers_to() {
        let places = place(4, &[(0, 1), (1, 2), (3, 2)], 10.0, 5.0);
        assert_eq!(places[3].layer, 1);
    }

    #[test]
    fn edges_that_need_not_cross_do_not() {
        let places = place(4, &[(0, 3), (1, 2), (0, 2)], 10.0, 5.0);
        let above = |left: usize, right: usize| places[left].across < places[right].across;
        assert_eq!(above(0, 1), above(3, 2));
    }

    #[test]
    fn a_long_edge_has_room_beside_the_vertices_it_passes() {
        let places = place(3, &[(0, 1), (1, 2), (0, 2)], 10.0, 6.0);
        assert_eq!(places[2].layer, 2);
        assert!((places[1].across - places[0].across).abs() > 0.0);
    }

    #[test]
    fn nothing_has_no_places() {
        assert!(place(0, &[], 1.0, 1.0).is_empty());
    }
}
