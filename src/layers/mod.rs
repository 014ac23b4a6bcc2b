//! The layers, and the traits that a layer, a network and a network inside a network have in common.

mod activate;
mod batchnorm;
pub(crate) mod branches;
mod concat;
#[cfg(feature = "train")]
mod context;
mod conv;
mod conv_transpose;
mod dense;
mod describe;
#[cfg(feature = "train")]
mod differentiable;
mod dropout;
mod flatten;
mod fraction;
#[cfg(feature = "train")]
mod gradient_sink;
mod inference;
mod input;
mod layernorm;
mod macros;
pub(crate) mod normalized;
pub(crate) mod outlined;
mod pad;
mod parameter;
#[cfg(feature = "train")]
pub(crate) mod parts;
mod pool;
mod prelu;
mod residual;
mod tree;
mod upsample;
#[cfg(feature = "train")]
mod weight_gradient;
mod window;

use core::slice;

use pulp::Simd;
use rand::Rng;

pub use activate::Activate;
#[cfg(feature = "train")]
pub(crate) use activate::{activate_all, activate_batch, derivative, derivative_batch};
pub use batchnorm::BatchNorm;
pub use concat::Concat;
#[cfg(feature = "train")]
pub use context::Context;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use dense::{Bias, Dense, NoBias};
pub(crate) use describe::Description;
pub use describe::{Kind, ParameterPath, Part};
#[cfg(feature = "train")]
pub use differentiable::{Batch, Differentiable, End};
pub use dropout::Dropout;
pub use flatten::{Flatten, Reshape};
pub use fraction::{Fraction, Ratio};
#[cfg(feature = "train")]
pub(crate) use gradient_sink::{Descent, Step, Trained};
#[cfg(feature = "train")]
pub use gradient_sink::{GradientBlock, GradientSink};
pub(crate) use inference::forward_batch;
pub use input::Input;
pub use layernorm::LayerNorm;
pub use pad::Pad;
pub use parameter::Parameter;
#[cfg(feature = "train")]
pub use parts::split_trace;
pub use pool::{AvgPool, GlobalAvgPool, MaxPool};
pub use prelu::PRelu;
#[cfg(feature = "train")]
pub use residual::ShortcutGradient;
pub use residual::{NoProjection, Residual, Shortcut};
pub use tree::ParameterTree;
pub(crate) use tree::{Described, OfLayer, OfTree, tensors};
#[doc(hidden)]
pub use tree::{Elements, Fields, Whole};
pub use upsample::Upsample;
pub use window::{Window, Windowed};

use self::normalized::Addition;
use crate::activations::Activation;
use crate::core::Parameters;
use crate::core::Sample;
pub use crate::kernels::{KernelName, LayerPlan};

/// Something that turns samples into samples: a layer, or a whole network.
///
/// The methods here are what a network calls on its layers, inside a pass that runs on one instruction set.
/// To use a network, see [`Network`](crate::Network).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    note = "a layer of one's own, `Own<T>`, implements `axonal::Layer`, and `Differentiable` to be trained; an activation stands behind a layer, as in `dense 8 Own`"
)]
pub trait Layer: Parameters {
    /// One input.
    type Input: Sample<Scalar = Self::Scalar>;
    /// One output.
    type Output: Sample<Scalar = Self::Scalar>;
    /// The activation that its scores go through last, [`Identity`](crate::activations::Identity) if there is none.
    type Activation: Activation;

    /// What the layer does to the probabilities of a `sigmoid` or `softmax` before it: whether a network that ends in this layer still ends in that activation.
    const PASSES: Passes = Passes::Nothing;

    /// Multiplications with an addition, for one sample.
    const MULTIPLY_ADDS: usize;

    /// Whether the layers inside are called through functions of their own (`outlined.rs`), which find the instruction set themselves. Then this layer's
    /// code is compiled once, and not for each instruction set, and its `simd` is the baseline, whatever the machine has.
    #[doc(hidden)]
    const OUTLINED: bool = false;

    /// One output from one input.
    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output);

    /// One output for each input; both slices have one length. By default, sample by sample.
    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        for (input, output) in inputs.iter().zip(outputs) {
            self.infer_one(simd, input, output);
        }
    }

    /// How many numbers [`infer_one_in`](Self::infer_one_in) keeps between the layers that it consists of: none where it is one layer.
    #[doc(hidden)]
    const ROOM_FOR_ONE: usize = 0;

    /// The same for [`infer_in`](Self::infer_in).
    #[doc(hidden)]
    const ROOM: usize = 0;

    /// [`infer_one`](Self::infer_one), with `room` for the numbers between the layers inside. It need not be cleared before.
    ///
    /// A network of networks so has one buffer, whose place is known to the compiler: buffers of their own would add up on the stack.
    #[doc(hidden)]
    #[inline(always)]
    fn infer_one_in<S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        _room: &mut [Self::Scalar],
    ) {
        self.infer_one(simd, input, output);
    }

    /// [`infer`](Self::infer) as [`infer_one_in`](Self::infer_one_in).
    #[doc(hidden)]
    #[inline(always)]
    fn infer_in<S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        _room: &mut [Self::Scalar],
    ) {
        self.infer(simd, inputs, outputs);
    }

    /// [`infer_one_in`](Self::infer_one_in), and an addition to what comes out: in registers, where a layer can do that.
    #[doc(hidden)]
    #[inline(always)]
    fn infer_one_onto_in<S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        addition: Addition<'_, Self::Output>,
        room: &mut [Self::Scalar],
    ) {
        self.infer_one_in(simd, input, output, room);
        addition.run::<Self, S>(simd, slice::from_mut(output));
    }

    /// The same for [`infer_in`](Self::infer_in).
    #[doc(hidden)]
    #[inline(always)]
    fn infer_onto_in<S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        addition: Addition<'_, Self::Output>,
        room: &mut [Self::Scalar],
    ) {
        self.infer_in(simd, inputs, outputs, room);
        addition.run::<Self, S>(simd, outputs);
    }

    /// Random weights by the layer's default initializer, zero biases.
    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R);

    /// Calls `visit` with each layer and each of its tensors, in memory order.
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part));
}

/// What a layer does to the probabilities of a `sigmoid` or `softmax` before it.
///
/// A loss, and the decision boundary of an evaluation, look through the last layers of a network: `conv 1 4x4 sigmoid => flatten` gives
/// the probabilities of `sigmoid`, as `conv 1 4x4 => flatten => sigmoid` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// New numbers, which are no probabilities any more: `dense`, `batchnorm`, `residual`.
    Nothing,
    /// The same numbers in the same order: `flatten`, `reshape`, `identity`. The network ends in the activation before them.
    Numbers,
    /// Some of the numbers, zeros, or means: probabilities are still probabilities, but no function of one score each. `maxpool`,
    /// `avgpool`, `global avgpool`, `upsample`, `pad`, and `concat` of branches that pass something on. The network ends in [`Probabilities`](crate::activations::Probabilities).
    Probabilities,
    /// The same numbers, but not while training: `dropout`. The network ends in [`Dropped`](crate::activations::Dropped).
    Dropped,
}

impl Passes {
    /// What two layers do, one behind the other.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Dropped, _) | (_, Self::Dropped) => Self::Dropped,
            (Self::Probabilities, _) | (_, Self::Probabilities) => Self::Probabilities,
            (Self::Numbers, Self::Numbers) => Self::Numbers,
        }
    }
}

/// The most scalars that blocks beside each other give at a time: 256 KiB of `f32`.
const BESIDE: usize = 64 * 1024;

/// How many samples of a batch, of `len` numbers each, blocks beside each other give at a time.
pub(crate) const fn together(len: usize) -> usize {
    match BESIDE / len {
        0 => 1,
        samples if samples > 64 => 64,
        samples => samples,
    }
}

/// What [`Layer`] is, for the one place where a description asks it of a type of the user's own.
///
/// Of such a type, rustc would show the definition, too; of a reference to it, it does not.
#[diagnostic::on_unimplemented(
    message = "`{L}` is not a layer",
    note = "a layer of one's own, `Own<T>`, implements `axonal::Layer`, and `Differentiable` to be trained; an activation stands behind a layer, as in `dense 8 Own`"
)]
pub trait IsLayer<L> {
    /// How many outputs it has.
    const OUTPUTS: usize;
}

#[diagnostic::do_not_recommend]
impl<L: Layer> IsLayer<L> for &L {
    const OUTPUTS: usize = outputs::<L>();
}

/// Not written above: there, rust-analyzer does not compute it.
const fn outputs<L: Layer>() -> usize {
    <L::Output as Sample>::LEN
}
