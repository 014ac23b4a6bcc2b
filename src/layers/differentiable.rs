//! What training asks of a layer.

use super::{Context, GradientSink, Layer, outlined::Outlined};
use crate::activations::Activation;

/// A layer that backpropagation goes through.
///
/// A training pass is: [`forward_pass`](Self::forward_pass) through all layers, the last one up to its scores ([`End::Scores`]); the loss, which turns
/// scores into their gradient; then [`backward_pass`](Self::backward_pass) from the last layer to the first.
///
/// A layer finds the instruction set itself: kernels do, and loops of its own stand in functions that are
/// [`vectorized!`](crate::simd::vectorized).
///
/// `backward_pass` has no `self`: the layer is in the [`GradientSink`], which may change its parameters as soon as it has their gradient.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be trained by backpropagation: a layer or an activation in it has no gradient",
    note = "`step` has none: a single layer with it learns by the perceptron rule, `Dense::perceptron_step`; layers and activations of your own need `Differentiable` and `ElementwiseGradient`"
)]
pub trait Differentiable: Layer {
    /// Whether the samples of a batch depend on each other, so that a batch cannot be taken in pieces. In a network with such a layer, the others take large
    /// batches in parts, which threads share: each part is a pass of its own, as a piece of a batch is elsewhere.
    const WHOLE_BATCH: bool = false;

    /// Whether a training pass draws random numbers ([`Context::random`]). Where it does, [`Network::gradient`](crate::Network::gradient) makes a seed for it.
    const IS_RANDOM: bool = false;

    /// Whether [`forward_pass`](Self::forward_pass) knows [tangents](Context::is_tangents), so that a Jacobian can be computed forward, column by column.
    /// A linear layer needs no code for it: its pass over tangents is its pass over inputs. Where one layer has none, the network's Jacobian is computed
    /// backward, row by row.
    const TANGENTS: bool = false;

    /// How many scalars a batch of `samples` samples keeps between the forward and the backward pass, besides inputs and outputs: none by default.
    fn trace_len(samples: usize) -> usize {
        let _ = samples;
        0
    }

    /// The forward pass of training. A backward pass may follow in either mode of the `context`.
    ///
    /// By default, the pass of inference. A layer with a [`Layer::Activation`] writes one of its own: at [`End::Scores`] the pass stops before the activation.
    fn forward_pass(
        &self,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        trace: &mut [Self::Scalar],
        end: End,
    ) {
        const {
            assert!(
                <Self::Activation as Activation>::IDENTITY,
                "a layer with an activation has a `forward_pass` of its own"
            );
        }
        let _ = (context, trace, end);
        Outlined::infer(self, inputs, outputs);
    }

    /// From the gradient of the outputs, or of the scores if the pass ended there, to that of the parameters, and to that of the inputs where there is
    /// someone to use it. `gradient` may be overwritten, with that of the scores.
    fn backward_pass(
        batch: Batch<'_, Self>,
        gradient: &mut [Self::Output],
        end: End,
        sink: GradientSink<'_, Self::Scalar>,
    );
}

/// Where a training pass through a layer or network ends, and begins backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Before its [`Layer::Activation`]: a loss takes the scores, and its gradient is that of the scores.
    Scores,
    /// Behind it: the outputs, as the next layer takes them. For a layer without an activation there is no difference.
    Outputs,
}

/// What a backward pass is given of the forward pass before it, and where the gradient of the inputs goes.
#[expect(missing_debug_implementations, reason = "it lives for one call")]
pub struct Batch<'a, L: Layer> {
    /// The inputs of the forward pass.
    pub inputs: &'a [L::Input],
    /// What came out of it. Of a pass that ended at the scores there may be none: their gradient has their place.
    pub outputs: &'a [L::Output],
    /// What the forward pass kept.
    pub trace: &'a mut [L::Scalar],
    /// Where the gradient of the inputs is written, if somebody needs it.
    pub input_gradient: Option<&'a mut [L::Input]>,
}
