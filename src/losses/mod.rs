//! Losses: definitions and reductions (the mean) are PyTorch's.

mod classification;
mod pointwise;

use pulp::Simd;

pub use classification::{BinaryCrossEntropy, BinaryScores, BinaryTarget, CrossEntropy};
pub use pointwise::{Hinge, Huber, MeanAbsoluteError, MeanSquaredError};

use crate::activations::{LastActivation, apply_on};
use crate::evaluation::Meter;
use crate::sample::Sample;

/// A loss: how far outputs `O` are from targets `Y`, for a network whose last activation is `A`.
///
/// A loss is given the scores that go into the last activation, not the outputs that come out of it:
/// so the cross-entropies can take softmax and logarithm in one stable step.
///
/// A function that takes any loss asks for a [`TrainingLoss`](crate::training::TrainingLoss).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output `{O}` with a target `{Y}`"
)]
pub trait Loss<O: Sample, Y, A>: Sync {
    /// The [size](Sample::Size) of the outputs that such targets go with. Where it is not that of `O`, the compiler says both;
    /// `O::Size` for targets that go with every output.
    type Size;

    /// The sum of the losses of a batch. On return, `scores` holds the gradient of that sum, times `scale`.
    ///
    /// Both slices have one length. The mean over a batch is the sum with a scale of 1 / its length, over its length.
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64;

    /// What validation measures beside the loss, of the network's outputs; without it, the loss alone, and the best epoch is that of the smallest.
    ///
    /// The losses of this crate give their [`Metric`](crate::evaluation::Metric). One of your own that is made for the same targets gives theirs:
    /// `Loss::<_, _, A>::meter(&CrossEntropy)`, say, with its own `A`.
    fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
        None
    }
}

/// The loss of one sample.
///
/// A trait, not a closure: a closure would not be compiled for the instruction set of the pass.
trait OfSample<T, Y> {
    /// The loss of one output, which gives place to its gradient.
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [T], target: &Y) -> f64;
}

/// The losses of a batch of outputs, or of the scores of an activation that the loss takes into account itself.
#[inline(always)]
fn of_outputs<O: Sample, Y, S: Simd>(
    simd: S,
    outputs: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    let mut sum = 0.0;
    for (output, target) in outputs.iter_mut().zip(targets) {
        sum += loss.of_sample(simd, output.as_mut_slice(), target);
    }
    sum
}

/// The losses of the outputs that a batch of scores gives: through the activation, the loss, and back through the activation.
#[inline(always)]
fn of_scores<O: Sample, Y, A: LastActivation, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    let mut sum = 0.0;
    for (sample, target) in scores.iter_mut().zip(targets) {
        let mut before = O::zeroed();
        if A::SCORES {
            before = *sample;
        }
        apply_on::<A, _, S>(simd, sample.as_mut_slice());
        let outputs = *sample;
        let gradient = sample.as_mut_slice();
        sum += loss.of_sample(simd, gradient, target);
        let before = if A::SCORES { before.as_slice() } else { &[] };
        A::through(simd, before, outputs.as_slice(), gradient);
    }
    sum
}

/// The reciprocal of a count.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "a count of outputs")]
fn one_over(count: usize) -> f64 {
    1.0 / count as f64
}
