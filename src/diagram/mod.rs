//! A network as a picture.

mod draw;
mod graph;
mod layout;
mod tree;

use crate::core::Sample;
use crate::figures::Figure;
use crate::layers::Layer;
use graph::Graph;

/// That of the network of this name.
pub(crate) fn of<N: Layer>(name: &'static str) -> Figure {
    let graph = Graph::new(<N::Input as Sample>::SHAPE, &tree::read(N::describe));
    draw::draw(name, N::PARAMETERS, &graph)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::draw::draw;
    use super::graph::{Graph, Kind, Node};
    use super::layout::Layout;
    use crate::core::Shape;

    fn graph(kinds: &[Kind], edges: &[(usize, usize)]) -> Graph {
        let node = |(index, kind): (usize, &Kind)| Node {
            kind: *kind,
            lines: vec![format!("layer {index}")],
            output: Shape::Vector(8 * (index + 1)),
            parameters: index,
        };
        let nodes = kinds.iter().enumerate().map(node).collect();
        let mut graph = Graph::default();
        (graph.nodes, graph.edges) = (nodes, edges.to_vec());
        graph
    }

    /// No two nodes stand at one place, and each stands behind what it takes its inputs from.
    fn check(graph: &Graph, most: f64) -> Layout {
        let layout = Layout::new(graph, |_| 100.0, most);
        let places: BTreeSet<_> = layout.places.iter().collect();
        assert_eq!(places.len(), graph.nodes.len(), "{layout:?}");
        for (from, to) in &graph.edges {
            assert!(layout.places[*from].0 < layout.places[*to].0, "{layout:?}");
        }
        assert!(layout.rows.is_sorted() && layout.edges.iter().all(|lane| *lane < layout.lanes));
        let svg = draw("Graph", 7, graph).to_svg();
        assert!(!svg.contains("NaN"));
        layout
    }

    #[test]
    fn several_inputs_and_several_heads() {
        let (input, layer) = (Kind::Input, Kind::Layer("dense"));
        // Two inputs, a join of them, two heads, one of them with a way around.
        let kinds = [
            input,
            layer,
            layer,
            input,
            layer,
            Kind::Concat,
            layer,
            layer,
            Kind::Sum,
            layer,
            layer,
        ];
        let edges = [
            (0, 1),
            (1, 2),
            (2, 5),
            (3, 4),
            (4, 5),
            (5, 6),
            (6, 7),
            (7, 8),
            (6, 8),
            (5, 9),
            (9, 10),
        ];
        let layout = check(&graph(&kinds, &edges), 1000.0);
        // The way around and the straight way have the head between them and the other head.
        assert_eq!(layout.lanes, 4 - 1, "{layout:?}");
        check(&graph(&kinds, &edges), 300.0);
        check(&graph(&[input], &[]), 300.0);
        check(&graph(&[input, input], &[]), 300.0);
    }

    #[test]
    fn random_graphs() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..300 {
            let count = 1 + random(12);
            let mut kinds = Vec::new();
            let mut edges = BTreeSet::new();
            for to in 0..count {
                kinds.push([Kind::Layer("dense"), Kind::Sum, Kind::Concat][random(3)]);
                for _ in 0..random(3).min(to) {
                    edges.insert((random(to), to));
                }
            }
            let edges: Vec<_> = edges.into_iter().collect();
            check(&graph(&kinds, &edges), [150.0, 500.0, 1000.0][random(3)]);
        }
    }
}
