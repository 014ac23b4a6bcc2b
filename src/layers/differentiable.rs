//! What training asks of a layer.

use pulp::Simd;

use super::{Context, GradientSink, Layer};

/// A layer that backpropagation goes through.
///
/// A training pass is: [`activations`](Self::activations) through all layers but the last, [`scores`](Self::scores) of the last one,
/// the loss, which turns scores into their gradient, then [`backward_scores`](Self::backward_scores) of the last layer
/// and [`backward`](Self::backward) of the others.
///
/// The backward functions have no `self`: the layer is in the [`GradientSink`], which may change its parameters as soon as it has their gradient.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be trained by backpropagation: a layer or an activation in it has no gradient",
    note = "`step` has none: a single layer with it learns by the perceptron rule, `Dense::perceptron_step`; layers and activations of your own need `Differentiable` and `ElementwiseGradient`"
)]
pub trait Differentiable: Layer {
    /// Whether the samples of a batch depend on each other, so that a batch cannot be taken in pieces.
    const WHOLE_BATCH: bool = false;

    /// Whether a training pass draws random numbers ([`Context::random`]). Where it does, [`Network::gradient`](crate::Network::gradient) makes a seed for it.
    const IS_RANDOM: bool = false;

    /// Whether all that a training pass does is in functions which find the instruction set themselves. A network of such layers is compiled once,
    /// and not for each instruction set: `simd` is not that of the machine then.
    #[doc(hidden)]
    const DISPATCHES: bool = false;

    /// How many scalars a batch of so many samples keeps between the forward and the backward pass, besides inputs and outputs.
    fn trace_len(samples: usize) -> usize;

    /// The forward pass of training up to, and without, [`Layer::Activation`]. A backward pass may follow in either mode of the `context`.
    fn scores<S: Simd>(
        &self,
        simd: S,
        context: Context,
        inputs: &[Self::Input],
        scores: &mut [Self::Output],
        trace: &mut [Self::Scalar],
    );

    /// The forward pass of training.
    fn activations<S: Simd>(
        &self,
        simd: S,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        trace: &mut [Self::Scalar],
    );

    /// From the gradient of the scores to that of the parameters, and to that of the inputs where there is someone to use it.
    fn backward_scores<S: Simd>(
        simd: S,
        batch: Batch<'_, Self>,
        score_gradient: &[Self::Output],
        sink: GradientSink<'_, Self::Scalar>,
    );

    /// As [`backward_scores`](Self::backward_scores), from the gradient of the outputs, which is overwritten with that of the scores.
    fn backward<S: Simd>(
        simd: S,
        batch: Batch<'_, Self>,
        outputs: &[Self::Output],
        output_gradient: &mut [Self::Output],
        sink: GradientSink<'_, Self::Scalar>,
    );
}

/// What a backward pass is given of the forward pass before it, and where the gradient of the inputs goes.
#[expect(missing_debug_implementations, reason = "it lives for one call")]
pub struct Batch<'a, L: Layer> {
    /// The inputs of the forward pass.
    pub inputs: &'a [L::Input],
    /// What the forward pass kept.
    pub trace: &'a mut [L::Scalar],
    /// Where the gradient of the inputs is written, if somebody needs it.
    pub input_gradient: Option<&'a mut [L::Input]>,
}
