//! Samples that count more, or less, than others.

use core::slice;

use super::Loss;
use crate::core::{Sample, Scalar};
use crate::metrics::{Meter, Score};

/// A loss whose targets come with the weights of their samples: `CrossEntropy.weighted()`, for targets `(Class<10>, f32)`.
///
/// A target is a pair of the target that the loss takes and a weight w of the network's own numbers. The loss of a batch is the mean of w ℓ over its samples:
/// Σ w ℓ / n, not divided by the sum of the weights; PyTorch's `(w * loss).mean()` with `reduction="none"`. It is there in `net.loss`, `net.gradient`,
/// `net.train_step`, `Trainer::fit` and `validate_on`. Metrics do not look at weights, neither in validation nor in
/// [`Evaluation::of`](crate::evaluation::Evaluation::of), as Keras's.
///
/// Weights may be 0, and below 0, where a step then goes away from the target; NaN gives NaN. With weights of 1, gradients have the bits of the loss without
/// weights.
///
/// Of a loss that looks across the batch there are no losses of single samples: that is an error when the program is built.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Net<input 1 => dense 1>; }
///
/// let mut net = Net::zeros();
/// let inputs = [SVector::from([1.0]), SVector::from([2.0])];
/// // A sample that was drawn twice as often as the others counts half.
/// let targets = [(SVector::from([2.0]), 1.0), (SVector::from([4.0]), 0.5)];
/// assert_eq!(net.loss(&inputs, &targets, &MeanSquaredError.weighted()), (4.0 + 0.5 * 16.0) / 2.0);
/// net.train_step(&inputs, &targets, &MeanSquaredError.weighted(), &mut Sgd::new(0.1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighted<L> {
    loss: L,
}

impl<L> Weighted<L> {
    /// Any loss of single samples with weights, also one of your own. Those of the library have it as a method, `weighted`.
    #[must_use]
    pub const fn new(loss: L) -> Self {
        Self { loss }
    }

    /// The loss itself.
    pub(super) const fn loss(&self) -> &L {
        &self.loss
    }
}

#[diagnostic::do_not_recommend]
impl<O, Y, A, L> Loss<O, (Y, O::Scalar), A> for Weighted<L>
where
    O: Sample,
    Y: 'static,
    L: Loss<O, Y, A>,
{
    type Size = L::Size;
    const PER_SAMPLE: bool = true;

    #[inline(always)]
    fn evaluate(&self, scores: &mut [O], targets: &[(Y, O::Scalar)], scale: O::Scalar) -> f64 {
        const {
            assert!(
                L::PER_SAMPLE,
                "weights are those of samples: a loss that looks across the batch has no losses of single samples to be weighted"
            );
        }
        let mut sum = 0.0;
        for (score, (target, weight)) in scores.chunks_exact_mut(1).zip(targets) {
            let target = slice::from_ref(target);
            sum += weight.as_f64() * self.loss.evaluate(score, target, scale * *weight);
        }
        sum
    }

    fn meter(&self) -> Option<Box<dyn Meter<O, (Y, O::Scalar)>>> {
        let meter = self.loss.meter()?;
        Some(Box::new(Unweighted { meter }))
    }

    fn class_of(&self, (target, _): &(Y, O::Scalar)) -> Option<(usize, usize)> {
        self.loss.class_of(target)
    }
}

/// Measures outputs against their targets, whatever these weigh.
struct Unweighted<O, Y> {
    meter: Box<dyn Meter<O, Y>>,
}

impl<O: Sample, Y> Meter<O, (Y, O::Scalar)> for Unweighted<O, Y> {
    fn record(&mut self, outputs: &[O], targets: &[(Y, O::Scalar)]) {
        for (output, (target, _)) in outputs.iter().zip(targets) {
            self.meter.record(slice::from_ref(output), slice::from_ref(target));
        }
    }

    fn score(&self) -> Score {
        self.meter.score()
    }

    fn scores(&self) -> Vec<Score> {
        self.meter.scores()
    }
}
