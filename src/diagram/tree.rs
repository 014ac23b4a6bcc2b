//! What a network says of itself, as a tree: layers, branches and what joins them, networks within networks, repeats.

use core::fmt;

use crate::core::Shape;
use crate::layers::{ParameterPath, Part};

/// A stage of a network.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Layer(Stage),
    /// Branches with one input, and how they are joined. A branch without stages is the input itself.
    Block {
        join: Join,
        branches: Vec<Vec<Item>>,
        stage: Stage,
    },
    /// A network within the network.
    Group {
        label: String,
        items: Vec<Item>,
    },
    /// The same stages several times.
    Repeat {
        count: usize,
        items: Vec<Item>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Sum,
    Concat,
    /// They stay apart: each branch is a group with its name.
    Heads,
}

/// A layer, and those behind it that leave the shape as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stage {
    /// What the description says, a line for each layer: `conv 5×5`, `batchnorm`, `relu`.
    pub(super) lines: Vec<String>,
    /// The word of the first layer.
    pub(super) word: &'static str,
    pub(super) output: Shape,
    pub(super) parameters: usize,
    pub(super) names: Names,
}

/// The fields of the layers of a stage, by which a later branch takes what it gives. Stages that differ in their names alone are the same.
#[derive(Clone, Debug)]
pub(super) struct Names(pub(super) Vec<String>);

impl PartialEq for Names {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The word of one of several inputs.
pub(super) const INPUT: &str = "input";

/// The label in the word of a branch that takes what an earlier stage gave: `from fine`.
pub(super) fn source(word: &str) -> Option<&str> {
    word.strip_prefix("from ")
}

/// A layer of the description, flat.
struct Flat {
    /// The fields on the way to it.
    path: Vec<String>,
    word: &'static str,
    /// What stands behind the word.
    rest: String,
    output: Shape,
    parameters: usize,
    /// The shape of its first tensor.
    weight: Vec<usize>,
}

type Describe = fn(&ParameterPath<'_>, &mut dyn FnMut(&ParameterPath<'_>, Part));

/// The stages of a network.
pub(super) fn read(describe: Describe) -> Vec<Item> {
    let mut layers: Vec<Flat> = Vec::new();
    describe(&ParameterPath::ROOT, &mut |path, part| match part {
        Part::Layer { word, activation, output, parameters, .. } => layers.push(Flat {
            path: path.to_string().split('.').map(str::to_owned).collect(),
            word,
            rest: Display(activation).to_string(),
            output,
            parameters,
            weight: Vec::new(),
        }),
        Part::Tensor { shape, .. } => {
            if let Some(layer) = layers.last_mut().filter(|layer| layer.weight.is_empty()) {
                layer.weight = shape.to_vec();
            }
        }
        Part::Kernels(_) => {}
    });
    items(&layers, 0)
}

struct Display(fn(&mut fmt::Formatter<'_>) -> fmt::Result);

impl fmt::Display for Display {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0(formatter)
    }
}

/// The layers whose paths have the first `depth` fields in common, as stages.
fn items(mut layers: &[Flat], depth: usize) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    while let [layer, ..] = layers {
        let field = layer.path.get(depth);
        let together = |other: &&Flat| other.path.get(depth) == field;
        let (part, rest) = layers.split_at(layers.iter().take_while(together).count().max(1));
        layers = rest;
        match part {
            // The layers of a block come before it.
            [children @ .., block] if !children.is_empty() && block.path.len() == depth + 1 => {
                match join_of(block.word) {
                    Some(join) => items.push(block_of(children, block, join, depth + 1)),
                    None => items.extend(self::items(part, depth + 1)),
                }
            }
            [only] if only.path.len() <= depth + 1 => add(&mut items, stage(only)),
            _ => {
                let label = field.cloned().unwrap_or_default();
                items.push(Item::Group { label, items: self::items(part, depth + 1) });
            }
        }
    }
    fold(items)
}

fn join_of(word: &str) -> Option<Join> {
    match word {
        "residual" | "add" => Some(Join::Sum),
        "concat" => Some(Join::Concat),
        "heads" => Some(Join::Heads),
        _ => None,
    }
}

/// The branches of a block: its layers by the next field, which is `block` and perhaps `projection`, or `first` and `second`.
fn block_of(children: &[Flat], block: &Flat, join: Join, depth: usize) -> Item {
    let mut branches = Vec::new();
    let mut rest = children;
    while let [first, ..] = rest {
        let together = |other: &&Flat| other.path.get(depth) == first.path.get(depth);
        let (branch, after) = rest.split_at(rest.iter().take_while(together).count());
        let items = items(branch, depth + 1);
        branches.push(match first.path.get(depth) {
            Some(name) if join == Join::Heads => vec![Item::Group { label: name.clone(), items }],
            _ => items,
        });
        rest = after;
    }
    if join == Join::Sum && branches.len() == 1 {
        branches.push(Vec::new());
    }
    let stage = Stage { lines: Vec::new(), ..stage(block) };
    Item::Block { join, branches, stage }
}

fn stage(layer: &Flat) -> Stage {
    let rest = match layer.rest.trim() {
        "identity" => "",
        rest => rest,
    };
    let kernel = match layer.weight[..] {
        [_, _, rows, columns] => format!(" {rows}×{columns}"),
        _ => String::new(),
    };
    let lines = match (layer.word, rest) {
        ("", "") => vec!["identity".to_owned()],
        ("", rest) => vec![rest.to_owned()],
        (word, "") => vec![format!("{word}{kernel}")],
        // An activation has a line of its own, the size of a window has not.
        (word, rest) if rest.starts_with(|letter: char| letter.is_ascii_digit()) => {
            vec![format!("{word} {}", rest.replace('x', "×"))]
        }
        (word, rest) => vec![format!("{word}{kernel}"), rest.to_owned()],
    };
    let Flat { word, output, parameters, .. } = *layer;
    let names = Names(layer.path.last().cloned().into_iter().collect());
    Stage { lines, word, output, parameters, names }
}

/// Adds a layer; one that leaves the shape as it is, to the stage before it.
fn add(items: &mut Vec<Item>, layer: Stage) {
    let stays = matches!(layer.word, "" | "batchnorm" | "layernorm" | "dropout" | "prelu");
    match items.last_mut() {
        // No node is drawn for it: the edge comes from the other stage.
        Some(Item::Layer(stage)) if source(stage.word).is_some() => {
            if layer.lines != ["identity"] {
                items.push(Item::Layer(layer));
            }
        }
        Some(Item::Layer(stage) | Item::Block { stage, .. })
            if stays && stage.output == layer.output =>
        {
            stage.lines.extend(layer.lines);
            stage.names.0.extend(layer.names.0);
            stage.parameters += layer.parameters;
        }
        _ => items.push(Item::Layer(layer)),
    }
}

/// Stages that come three times or more in a row are there once.
fn fold(items: Vec<Item>) -> Vec<Item> {
    /// Stages of which more come again are drawn.
    const LONGEST: usize = 4;
    let mut folded = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let count = |length: usize| {
            let pattern = &items[at..(at + length).min(items.len())];
            // Several inputs are not one behind the other.
            if pattern.iter().any(|item| matches!(item, Item::Layer(stage) if stage.word == INPUT))
            {
                return 0;
            }
            items[at..].chunks_exact(length).take_while(|chunk| *chunk == pattern).count()
        };
        match (1..=LONGEST).find(|length| count(*length) >= 3) {
            Some(length) => {
                let items = items[at..at + length].to_vec();
                folded.push(Item::Repeat { count: count(length), items });
                at += length * count(length);
            }
            None => {
                folded.push(items[at].clone());
                at += 1;
            }
        }
    }
    folded
}
