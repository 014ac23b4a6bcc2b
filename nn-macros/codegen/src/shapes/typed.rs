//! The tree with its shapes: networks, their layers, the blocks in these.

use proc_macro2::Ident;

use crate::shapes::diagnostics::Assertion;
use crate::shapes::shape::Shape;
use crate::shapes::sizes::Count;
use crate::syntax::tree::{ActivationKind, Head, Stage};
use crate::syntax::vocabulary::{CAPTURED, HEADS, Role};

/// A network whose shapes are known, as far as there are no errors.
pub(crate) struct TypedNetwork<'a> {
    pub(crate) name: Ident,
    pub(crate) input: Shape,
    pub(crate) layers: Vec<TypedLayer<'a>>,
    pub(crate) output: Shape,
    /// Conditions on constants, for the compiler.
    pub(crate) assertions: Vec<Assertion>,
}

impl TypedNetwork<'_> {
    /// Whether a value in it has more than one use.
    pub(crate) fn is_graph(&self) -> bool {
        self.layers.iter().any(TypedLayer::has_sources)
    }

    /// Whether a later layer than the next takes what this one gives, too.
    pub(crate) fn is_kept(&self, layer: usize) -> bool {
        let blocks = self.layers.iter().flat_map(|layer| &layer.blocks);
        blocks.into_iter().any(|block| block.source == Source::Layer(layer))
    }

    /// The number of its layers, those of its blocks included.
    pub(crate) fn depth(&self) -> usize {
        let in_blocks = |layer: &TypedLayer<'_>| -> usize {
            layer.blocks.iter().map(|block| block.network.depth()).sum()
        };
        self.layers.iter().map(|layer| in_blocks(layer).max(1)).sum()
    }
}

/// What a block takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Source {
    /// What its layer is given.
    Before,
    /// The input of the chain, by `from input`.
    Input,
    /// What the layer with this index in the chain gave, by `from label`.
    Layer(usize),
}

/// A block of layers in a layer, which becomes a type of its own.
pub(crate) struct TypedBlock<'a> {
    pub(crate) role: Role,
    pub(crate) source: Source,
    /// The name of the field that gives it, or `input`; none without `from`.
    pub(crate) from: Option<String>,
    /// Whether it was written: `residual` without a projection may have one beside its block all the same.
    pub(crate) is_written: bool,
    pub(crate) network: TypedNetwork<'a>,
}

impl TypedBlock<'_> {
    pub(crate) fn parameters(&self) -> Count {
        let counts = self.network.layers.iter().map(|layer| &layer.parameters);
        counts.fold(Count::Known(0), |sum, count| sum.plus(count))
    }
}

/// A layer of the network.
pub(crate) struct TypedLayer<'a> {
    pub(crate) stage: &'a Stage,
    /// The name of its field.
    pub(crate) field: Ident,
    /// The name of the constant that checks the user's own type in it.
    pub(crate) check: Ident,
    /// The shape that it takes.
    pub(crate) input: Shape,
    /// What it is given, where only the compiler knows whether that is what it takes.
    pub(crate) given: Option<Shape>,
    pub(crate) output: Shape,
    pub(crate) parameters: Count,
    pub(crate) blocks: Vec<TypedBlock<'a>>,
    /// The name of the struct of its branches, if it has one.
    pub(crate) join: Option<Ident>,
    /// Whether its output is cast to another type of the same length: see `blocks::settle`.
    pub(crate) casts_output: bool,
    /// Whether it has a mistake.
    pub(crate) broken: bool,
    /// Whether memory cannot hold it, so that Rust has no type for it.
    pub(crate) impossible: bool,
}

impl TypedLayer<'_> {
    /// Whether its type and its samples are known: there is no mistake in it, nor before it.
    pub(crate) fn is_known(&self) -> bool {
        !self.broken
            && self.input.is_known()
            && self.output.is_known()
            && self.inner_layers().all(TypedLayer::is_known)
    }

    /// The blocks of `concat`, if there are two at least, and of `heads`.
    pub(crate) fn branches(&self) -> Option<&[TypedBlock<'_>]> {
        let is_concat =
            matches!(&self.stage.head, Head::Layer(grammar) if grammar.word == "concat");
        (is_concat && self.blocks.len() > 1 || self.is_heads()).then_some(self.blocks.as_slice())
    }

    /// Whether it is `heads`, with one at least.
    pub(crate) fn is_heads(&self) -> bool {
        let is_heads = matches!(&self.stage.head, Head::Layer(grammar) if grammar.word == HEADS);
        is_heads && !self.blocks.is_empty()
    }

    /// Whether it is one of several inputs.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self.stage.head, Head::Input(_))
    }

    /// Whether its samples are cast between types of the same length: of the user's own layer, only the compiler knows the types.
    pub(crate) fn is_recast(&self) -> bool {
        self.casts_output || self.given.is_some() || matches!(self.stage.head, Head::User(_))
    }

    /// Whether one of its branches takes something else than what the layer is given.
    pub(crate) fn has_sources(&self) -> bool {
        self.blocks.iter().any(|block| block.source != Source::Before)
    }

    /// Whether it takes a part of the input of its chain: one of several inputs, or a value from around the block.
    pub(crate) fn is_part(&self) -> bool {
        matches!(self.stage.head, Head::Input(_) | Head::Captured(_))
    }

    /// Whether it was not written: it brings values from around a block into it.
    pub(crate) fn is_hidden(&self) -> bool {
        match &self.stage.head {
            Head::Layer(grammar) => grammar.word == CAPTURED,
            head => matches!(head, Head::Captured(_)),
        }
    }

    /// The layers of its blocks.
    fn inner_layers(&self) -> impl Iterator<Item = &TypedLayer<'_>> {
        self.blocks.iter().flat_map(|block| &block.network.layers)
    }

    /// Whether it or its blocks name the user's own types.
    pub(crate) fn has_user_types(&self) -> bool {
        self.has_own_type() || self.inner_layers().any(TypedLayer::has_user_types)
    }

    /// Whether its type names the user's own, its blocks aside.
    pub(crate) fn has_own_type(&self) -> bool {
        let user = |kind: &ActivationKind| matches!(kind, ActivationKind::User(_));
        matches!(self.stage.head, Head::User(_))
            || self.stage.activation.as_ref().is_some_and(|activation| user(&activation.kind))
    }

    /// Whether backpropagation goes through it. Of the user's own types, the compiler finds out.
    pub(crate) fn is_differentiable(&self) -> bool {
        let step =
            self.stage.activation.as_ref().is_some_and(|activation| match &activation.kind {
                ActivationKind::Known(row, _) => !row.differentiable,
                ActivationKind::User(_) => false,
            });
        !step && self.inner_layers().all(TypedLayer::is_differentiable)
    }

    /// The user's own layers: itself, or those of its blocks.
    pub(crate) fn user_layers(&self) -> Vec<&TypedLayer<'_>> {
        let own = matches!(self.stage.head, Head::User(_)).then_some(self);
        own.into_iter().chain(self.inner_layers().flat_map(TypedLayer::user_layers)).collect()
    }
}
