//! Losses: definitions and reductions (the mean) are PyTorch's.

mod classification;
mod pointwise;

use pulp::Simd;

pub use classification::{BinaryCrossEntropy, BinaryScores, BinaryTarget, CrossEntropy};
pub use pointwise::{Hinge, Huber, MeanAbsoluteError, MeanSquaredError};

use crate::activations::ActivationGradient;
use crate::kernels::Scalar;
use crate::kernels::activate;
use crate::sample::{Sample, flat_mut};

/// A loss: how far outputs `O` are from targets `Y`, for a network whose last activation is `A`.
///
/// A loss is given the scores that go into the last activation, not the outputs that come out of it:
/// so the cross-entropies can take softmax and logarithm in one stable step.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output `{O}` with a target `{Y}`",
    label = "this loss, for a network that ends in `{A}`, does not take these targets"
)]
pub trait Loss<O: Sample, Y, A> {
    /// The sum of the losses of a batch. On return, `scores` holds the gradient of that sum, times `scale`.
    ///
    /// Both slices have one length. The mean over a batch is the sum with a scale of 1 / its length, over its length.
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64;
}

/// Runs a loss that knows outputs on the scores before them: through the activation, the loss, and back through the activation.
///
/// `of_sample` gives the loss of one output, and leaves its gradient in its place.
#[inline(always)]
fn through_activation<O: Sample, Y, A: ActivationGradient, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    of_sample: impl Fn(&mut [O::Scalar], &Y) -> f64,
) -> f64 {
    let mut sum = 0.0;
    for (sample, target) in scores.iter_mut().zip(targets) {
        let mut before = O::zeroed();
        if A::NEEDS_SCORES {
            before = *sample;
        }
        activate::<A, _, _>(simd, flat_mut(core::slice::from_mut(sample)));
        A::sample(simd, sample.as_mut_slice());
        let outputs = *sample;
        let gradient = sample.as_mut_slice();
        sum += of_sample(gradient, target);
        let before = if A::NEEDS_SCORES { before.as_slice() } else { &[] };
        A::backward(simd, before, outputs.as_slice(), gradient);
    }
    sum
}

/// The reciprocal of a count.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "a count of outputs")]
fn one_over(count: usize) -> f64 {
    1.0 / count as f64
}

/// The loss of one sample in f64, from an iterator of the losses of its numbers.
#[inline(always)]
fn total<T: Scalar>(losses: impl Iterator<Item = T>) -> f64 {
    losses.map(Scalar::as_f64).sum()
}
