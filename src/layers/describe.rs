//! How a layer describes itself: its word, its shape, and its tensors by path.

use core::fmt;

use super::{Layer, LayerPlan};
use crate::activations::Activation;
use crate::core::{Sample, Shape};
use crate::simd::InstructionSet;

/// A part of a layer's description.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Part {
    /// A layer: its word, its activation's, what comes out, how many parameters it has, how much it computes.
    #[non_exhaustive]
    Layer {
        /// The word of the description: `dense`.
        word: &'static str,
        /// Displays the activation, empty if there is none.
        activation: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
        /// The shape of one output.
        output: Shape,
        /// How many parameters it has.
        parameters: usize,
        /// [`Layer::MULTIPLY_ADDS`], without those of layers in it, which are described by themselves.
        multiply_adds: usize,
    },
    /// The kernels that a layer's products run: for a number of samples, on an instruction set, which the machine need not have.
    Kernels(fn(samples: usize, set: InstructionSet) -> LayerPlan),
    /// A tensor of parameters.
    #[non_exhaustive]
    Tensor {
        /// Whether it is a weight or a bias.
        kind: Kind,
        /// The shape in PyTorch's order: `[outputs, inputs]`.
        shape: &'static [usize],
    },
}

impl Part {
    /// A layer, by the word for it in the summary; the rest is in its type.
    #[must_use]
    pub fn layer<L: Layer>(word: &'static str) -> Self {
        Self::Layer {
            word,
            activation: name_of::<L::Activation>,
            output: L::Output::SHAPE,
            parameters: L::PARAMETERS,
            multiply_adds: L::MULTIPLY_ADDS,
        }
    }

    /// A layer whose parameters are those of layers in it, which are described by themselves.
    #[doc(hidden)]
    #[must_use]
    pub fn block<L: Layer>(word: &'static str) -> Self {
        Self::Layer {
            word,
            activation: |_formatter| Ok(()),
            output: L::Output::SHAPE,
            parameters: 0,
            multiply_adds: 0,
        }
    }

    /// Branches that are described by themselves, and give `O` together.
    #[doc(hidden)]
    #[must_use]
    pub fn join<O: Sample>(word: &'static str) -> Self {
        let activation: fn(&mut fmt::Formatter<'_>) -> fmt::Result = |_formatter| Ok(());
        Self::Layer { word, activation, output: O::SHAPE, parameters: 0, multiply_adds: 0 }
    }

    /// A tensor of parameters, with its shape in PyTorch's order.
    #[must_use]
    pub fn tensor(kind: Kind, shape: &'static [usize]) -> Self {
        Self::Tensor { kind, shape }
    }
}

/// What is called with a tensor: its path, its kind, its shape, and where it begins among the parameters.
pub(super) type VisitTensor<'a> =
    &'a mut dyn FnMut(&ParameterPath<'_>, Kind, &'static [usize], usize);

/// [`Layer::describe`]
type Describe = fn(&ParameterPath<'_>, &mut dyn FnMut(&ParameterPath<'_>, Part));

/// What a layer or network says of itself, without its type: so what asks it is compiled once, and not in the build of every user.
#[derive(Clone, Copy)]
pub(crate) struct Description {
    describe: Describe,
    parameters: usize,
    name: fn() -> &'static str,
}

impl Description {
    pub(super) fn new(describe: Describe, parameters: usize, name: fn() -> &'static str) -> Self {
        Self { describe, parameters, name }
    }

    /// Calls `visit` with each tensor, in memory order.
    ///
    /// # Panics
    ///
    /// If a layer describes other tensors than it holds: a file would lack some of its numbers.
    pub(crate) fn tensors(self, visit: VisitTensor<'_>) {
        let mut start = 0;
        (self.describe)(&ParameterPath::ROOT, &mut |path, part| {
            if let Part::Tensor { kind, shape } = part {
                let end = start + shape.iter().product::<usize>();
                if end > self.parameters {
                    self.is_wrong();
                }
                visit(path, kind, shape, start);
                start = end;
            }
        });
        if start != self.parameters {
            self.is_wrong();
        }
    }

    /// Says which layer it is.
    #[cold]
    #[inline(never)]
    fn is_wrong(self) -> ! {
        // Layers are numbered. `last` is the layer before a part: its number, how many parameters it has, and how many it has described so far.
        let (mut wrong, mut last) = (None, (0, 0, 0));
        let mut all = 0;
        (self.describe)(&ParameterPath::ROOT, &mut |_, part| match part {
            Part::Layer { parameters, .. } => {
                wrong = wrong.or((last.1 != last.2).then_some(last));
                last = (last.0 + 1, parameters, 0);
            }
            Part::Tensor { shape, .. } => {
                let count = shape.iter().product::<usize>();
                last.2 += count;
                all += count;
            }
            Part::Kernels(_) => {}
        });
        wrong = wrong.or((last.1 != last.2).then_some(last));
        if let Some((number @ 1.., holds, described)) = wrong {
            let mut index = 0;
            (self.describe)(&ParameterPath::ROOT, &mut |path, part| {
                let Part::Layer { word, .. } = part else { return };
                index += 1;
                if index == number {
                    let path = InField(path);
                    panic!(
                        "`Layer::describe` of `{word}`{path} names tensors of {described} numbers, but the layer holds {holds}: it names all of them, in memory order"
                    );
                }
            });
        }
        panic!(
            "`Layer::describe` in `{}` names tensors of {all} numbers, but there are {}: each layer names itself by `Part::layer`, and then all of its tensors",
            (self.name)(),
            self.parameters,
        )
    }
}

/// Displays as "in `encoder.dense1`", and as nothing for a layer that is in no network.
struct InField<'a>(&'a ParameterPath<'a>);

impl fmt::Display for InField<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.parent.is_some() { write!(formatter, " in `{}`", self.0) } else { Ok(()) }
    }
}

/// One function for all layers with this activation.
fn name_of<A: Activation>(formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "{}", A::name())
}

/// What a tensor of parameters is for. Weight decay is for weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Multiplies something.
    Weight,
    /// Is added to something; or is a factor that should not shrink, as the slopes of `prelu`.
    Bias,
    /// Kept while training, by the layer itself, and not learned: a running mean. Its part of a gradient is the difference that a step subtracts from it,
    /// whatever the optimizer, without a learning rate, moments or decay; norms and clipping leave it out.
    Statistic,
}

/// The way to a layer or tensor through the networks around it; displays as `encoder.dense1.weight`.
#[derive(Clone, Copy, Debug)]
pub struct ParameterPath<'a> {
    parent: Option<&'a ParameterPath<'a>>,
    name: Name,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Field(&'static str),
    Index(usize),
}

impl<'a> ParameterPath<'a> {
    /// The network itself.
    pub const ROOT: ParameterPath<'static> = ParameterPath { parent: None, name: Name::Field("") };

    /// A field of what `self` leads to.
    pub fn field(&'a self, name: &'static str) -> Self {
        Self { parent: Some(self), name: Name::Field(name) }
    }

    /// An element of the array that `self` leads to: `critics.0`.
    pub fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), name: Name::Index(index) }
    }
}

impl fmt::Display for ParameterPath<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent.filter(|parent| parent.parent.is_some()) {
            write!(formatter, "{parent}.")?;
        }
        match self.name {
            Name::Field(name) => formatter.write_str(name),
            Name::Index(index) => write!(formatter, "{index}"),
        }
    }
}
