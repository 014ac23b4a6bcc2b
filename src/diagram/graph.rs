//! A network as a graph: what comes out of each stage, and where it goes.

use super::tree::{INPUT, Item, Join, Stage, source};
use crate::core::Shape;

/// A network: nodes in an order in which each comes after those that it takes its inputs from.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// From node to node; of one node, the way that is drawn straight first.
    pub(super) edges: Vec<(usize, usize)>,
    pub(super) frames: Vec<Frame>,
    /// What the stages are called, with their nodes.
    names: Vec<(String, usize)>,
    /// The inputs of the chains around a stage.
    starts: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// What is written below it.
    pub(super) lines: Vec<String>,
    pub(super) output: Shape,
    pub(super) parameters: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Input,
    Layer(&'static str),
    Sum,
    Concat,
}

/// Nodes with a line around them.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) label: String,
    /// From the first to before the last.
    pub(super) nodes: core::ops::Range<usize>,
    /// Of the frames around it.
    pub(super) depth: usize,
}

impl Graph {
    /// One input, and the stages behind it. Several inputs are stages themselves, the first of them the first node.
    pub(super) fn new(input: Shape, items: &[Item]) -> Self {
        let mut graph = Self::default();
        let start = match input {
            Shape::Record(_) => 0,
            _ => graph.node(Kind::Input, &[INPUT.to_owned()], input, 0),
        };
        graph.chain(start, items, 0);
        graph
    }

    fn node(&mut self, kind: Kind, lines: &[String], output: Shape, parameters: usize) -> usize {
        self.nodes.push(Node { kind, lines: lines.to_vec(), output, parameters });
        self.nodes.len() - 1
    }

    /// Stages one behind the other, from a node on; the last of them.
    fn chain(&mut self, from: usize, items: &[Item], depth: usize) -> usize {
        self.starts.push(from);
        let end = items.iter().fold(from, |from, item| self.item(from, item, depth));
        self.starts.pop();
        end
    }

    fn item(&mut self, from: usize, item: &Item, depth: usize) -> usize {
        match item {
            Item::Layer(stage) => {
                let Stage { lines, word, output, parameters, names } = stage;
                if let Some(label) = source(word) {
                    let input = self.starts.iter().rev().nth(1).copied();
                    let named = self.names.iter().rev().find(|(name, _)| name == label);
                    let other = if label == "input" { input } else { named.map(|(_, node)| *node) };
                    return other.unwrap_or(from);
                }
                let node = if *word == INPUT {
                    let lines: Vec<_> =
                        names.0.iter().take(1).chain(&lines[1..]).cloned().collect();
                    self.node(Kind::Input, &lines, *output, *parameters)
                } else {
                    let node = self.node(Kind::Layer(word), lines, *output, *parameters);
                    self.edges.push((from, node));
                    node
                };
                self.names.extend(names.0.iter().map(|name| (name.clone(), node)));
                node
            }
            Item::Block { join: Join::Heads, branches, .. } => {
                for item in branches.iter().flatten() {
                    if let Item::Group { label, items } = item {
                        self.head(from, items, label, depth);
                    }
                }
                from
            }
            Item::Block { join, branches, stage } => {
                let ends: Vec<_> =
                    branches.iter().map(|branch| self.chain(from, branch, depth)).collect();
                let kind = if *join == Join::Sum { Kind::Sum } else { Kind::Concat };
                let mut lines = stage.lines.clone();
                if *join == Join::Concat {
                    lines.insert(0, "concat".to_owned());
                }
                let node = self.node(kind, &lines, stage.output, stage.parameters);
                self.edges.extend(ends.into_iter().map(|end| (end, node)));
                self.names.extend(stage.names.0.iter().map(|name| (name.clone(), node)));
                node
            }
            Item::Group { label, items } => self.frame(from, items, label.clone(), depth),
            Item::Repeat { count, items } => self.frame(from, items, format!("× {count}"), depth),
        }
    }

    /// The name of a head stands at its last node, as a label does.
    fn head(&mut self, from: usize, items: &[Item], label: &str, depth: usize) {
        let first = self.nodes.len();
        let mut end = self.chain(from, items, depth);
        if self.nodes.len() == first {
            // What an earlier stage gave, as it is.
            let output = self.nodes[end].output;
            let node = self.node(Kind::Layer(""), &["identity".to_owned()], output, 0);
            self.edges.push((end, node));
            end = node;
        }
        if let Some(line) = self.nodes[end].lines.first_mut() {
            *line = format!("{label}: {line}");
        }
    }

    fn frame(&mut self, from: usize, items: &[Item], label: String, depth: usize) -> usize {
        let first = self.nodes.len();
        let end = self.chain(from, items, depth + 1);
        self.frames.push(Frame { label, nodes: first..self.nodes.len(), depth });
        end
    }
}
