//! Where the nodes of a graph stand: in columns, each behind those before it; in lanes, one above the other where there are branches; and in rows, where there are many.

use core::ops::Range;

use super::graph::{Graph, Kind};

/// Where everything stands, in columns and lanes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The column and lane of each node, lanes counted from the top.
    pub(super) places: Vec<(usize, usize)>,
    /// The lane in which each edge runs between its ends.
    pub(super) edges: Vec<usize>,
    /// How many lanes there are.
    pub(super) lanes: usize,
    /// The first columns of the rows.
    pub(super) rows: Vec<usize>,
    /// How wide the columns are.
    pub(super) widths: Vec<f64>,
}

/// Nodes one behind the other, between two that stand already, or at an end.
struct Chain {
    nodes: Vec<usize>,
    /// The edge into the first node, those between them, and the one out of the last.
    edges: Vec<usize>,
    /// The chain that it leaves; of a way around, and of an input of its own, the one that it joins.
    parent: Option<usize>,
}

/// What stands on one height.
#[derive(Default)]
struct Lane {
    /// The columns that chains take, and the lanes that they leave.
    taken: Vec<(Range<usize>, usize)>,
}

impl Lane {
    /// What is in the way of a chain.
    fn blocks(&self, range: &Range<usize>) -> Option<usize> {
        let meets = |used: &Range<usize>| range.start < used.end && used.start < range.end;
        self.taken.iter().find(|(used, _)| meets(used)).map(|(_, parent)| *parent)
    }
}

impl Layout {
    /// `width` of a column, by what stands in it.
    pub(super) fn new(graph: &Graph, width: impl Fn(&[usize]) -> f64, most: f64) -> Self {
        let count = graph.nodes.len();
        let mut columns = vec![0; count];
        // Edges come from nodes before them.
        for node in 0..count {
            for (from, _) in graph.edges.iter().filter(|(_, to)| *to == node) {
                columns[node] = columns[node].max(columns[*from] + 1);
            }
        }
        let chains = chains(graph);
        let depth = |mut chain: usize| {
            let mut depth = 0;
            while let Some(parent) = chains[chain].parent.filter(|parent| *parent < chain) {
                (chain, depth) = (parent, depth + 1);
            }
            depth
        };
        // What a chain leaves is there before it, and a short one lies within a longer one.
        let mut order: Vec<_> = (0..chains.len()).collect();
        order.sort_by_key(|chain| (depth(*chain), span(graph, &columns, &chains[*chain]).len()));

        let mut lanes: Vec<Lane> = Vec::new();
        // From top to bottom.
        let mut heights: Vec<usize> = Vec::new();
        let mut of_chain = vec![0; chains.len()];
        for index in order {
            let chain = &chains[index];
            let range = span(graph, &columns, chain);
            center(graph, &mut columns, chain, &range);
            let parent = chain.parent.map_or(0, |parent| of_chain[parent]);
            let lane = if heights.is_empty() {
                None
            } else {
                // A way around goes above, a branch below.
                let goes_around = chain
                    .edges
                    .last()
                    .is_some_and(|edge| graph.nodes[graph.edges[*edge].1].kind == Kind::Sum);
                let start = heights.iter().position(|lane| *lane == parent).unwrap_or(0);
                let mut outward: Vec<usize> = if goes_around {
                    (0..start).rev().collect()
                } else {
                    (start + 1..heights.len()).collect()
                };
                // Over those that leave the same lane; between it and what else is in the way.
                let sibling = |at: &usize| lanes[heights[*at]].blocks(&range) == Some(parent);
                let passed = outward.iter().take_while(|at| sibling(at)).count();
                let last = passed.checked_sub(1).map_or(start, |last| outward[last]);
                match outward.drain(passed..).next() {
                    Some(at) if lanes[heights[at]].blocks(&range).is_none() => Some(heights[at]),
                    _ => {
                        heights.insert(if goes_around { last } else { last + 1 }, lanes.len());
                        None
                    }
                }
            };
            if heights.is_empty() {
                heights.push(0);
            }
            let lane = lane.unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(Lane::default());
            }
            lanes[lane].taken.push((range, parent));
            of_chain[index] = lane;
        }
        let height = |lane: usize| heights.iter().position(|other| *other == lane).unwrap_or(0);
        let mut of_node = vec![0; count];
        let mut of_edge = vec![0; graph.edges.len()];
        for (chain, lane) in chains.iter().zip(&of_chain) {
            chain.nodes.iter().for_each(|node| of_node[*node] = height(*lane));
            chain.edges.iter().for_each(|edge| of_edge[*edge] = height(*lane));
        }
        let places: Vec<_> = columns.iter().copied().zip(of_node).collect();
        let columns_count = columns.iter().map(|column| column + 1).max().unwrap_or(0);
        let in_column = |column: usize| {
            let nodes = (0..count).filter(|node| columns[*node] == column);
            width(&nodes.collect::<Vec<_>>())
        };
        let widths: Vec<_> = (0..columns_count).map(in_column).collect();
        let rows = rows(graph, &columns, &widths, most);
        Self { places, edges: of_edge, lanes: heights.len().max(1), rows, widths }
    }

    /// The row of a column.
    pub(super) fn row(&self, column: usize) -> usize {
        self.rows.partition_point(|first| *first <= column).saturating_sub(1)
    }
}

/// The columns of a chain, from behind what it leaves to before what it joins.
fn span(graph: &Graph, columns: &[usize], chain: &Chain) -> Range<usize> {
    let before = chain.edges.first().map(|edge| graph.edges[*edge].0);
    let after = chain.edges.last().map(|edge| graph.edges[*edge].1);
    let outside = |node: &usize| !chain.nodes.contains(node);
    let own = chain.nodes.iter().map(|node| columns[*node]);
    let first = before.filter(outside).map(|node| columns[node] + 1);
    let last = after.filter(outside).map(|node| columns[node]);
    let first = first.or(own.clone().min()).unwrap_or(0);
    let last = last.or(own.max().map(|column| column + 1)).unwrap_or(first);
    first..last
}

/// Moves the nodes of a chain into the middle of the columns that it has, if nothing else hangs on them.
fn center(graph: &Graph, columns: &mut [usize], chain: &Chain, range: &Range<usize>) {
    let own = graph
        .edges
        .iter()
        .filter(|(from, to)| chain.nodes.contains(from) || chain.nodes.contains(to));
    let has_two_ends = chain.edges.len() == chain.nodes.len() + 1;
    if !has_two_ends || own.count() != chain.edges.len() {
        return;
    }
    let free = range.len().saturating_sub(chain.nodes.len());
    for (place, node) in chain.nodes.iter().enumerate() {
        columns[*node] = range.start + free / 2 + place;
    }
}

/// The edges and nodes of a graph as chains, the straight way first.
fn chains(graph: &Graph) -> Vec<Chain> {
    let mut used = vec![false; graph.edges.len()];
    let mut of_node: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let mut chains: Vec<Chain> = Vec::new();
    for start in 0..graph.nodes.len() {
        loop {
            let index = chains.len();
            let mut chain = Chain { nodes: Vec::new(), edges: Vec::new(), parent: of_node[start] };
            // A node that nothing leads to is the first of a chain.
            if of_node[start].is_none() {
                of_node[start] = Some(index);
                chain.nodes.push(start);
            }
            let mut node = start;
            let next = |node: usize, used: &[bool]| {
                (0..used.len()).find(|edge| graph.edges[*edge].0 == node && !used[*edge])
            };
            while let Some(edge) = next(node, &used) {
                used[edge] = true;
                chain.edges.push(edge);
                node = graph.edges[edge].1;
                if let Some(joined) = of_node[node] {
                    // A way around runs beside what it goes around.
                    let goes_around = graph.nodes[node].kind == Kind::Sum;
                    if goes_around || chain.parent.is_none() {
                        chain.parent = Some(joined);
                    }
                    break;
                }
                of_node[node] = Some(index);
                chain.nodes.push(node);
            }
            if chain.nodes.is_empty() && chain.edges.is_empty() {
                break;
            }
            chains.push(chain);
        }
    }
    chains
}

/// How many pixels a row is made longer at a time.
const STEP: f64 = 10.0;

/// Rows of at most this width, cut where what comes out of one node alone goes on; as many as that takes, and about equally long.
fn rows(graph: &Graph, columns: &[usize], widths: &[f64], most: f64) -> Vec<usize> {
    // The edges that go on may be several, if they come from one node.
    let can_begin: Vec<bool> = (0..widths.len())
        .map(|column| {
            let crosses =
                |(from, to): &&(usize, usize)| columns[*from] < column && columns[*to] >= column;
            let mut from = graph.edges.iter().filter(crosses).map(|(from, _)| *from);
            let first = from.next();
            from.all(|other| Some(other) == first)
        })
        .collect();
    let cut = |most: f64| {
        let mut rows = vec![0];
        let (mut width, mut last) = (0.0, None);
        for column in 0..widths.len() {
            if column > 0 && can_begin[column] {
                last = Some(column);
            }
            width += widths[column];
            if width > most
                && let Some(first) = last.take()
            {
                rows.push(first);
                width = widths[first..=column].iter().sum();
            }
        }
        rows
    };
    let rows = cut(most);
    let mut equal = widths.iter().sum::<f64>() / rows.len() as f64;
    while equal < most {
        let shorter = cut(equal);
        if shorter.len() <= rows.len() {
            return shorter;
        }
        equal += STEP;
    }
    rows
}
