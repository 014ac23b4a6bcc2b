//! Samples that count as their classes do.

use super::Loss;
use crate::core::{Sample, Scalar};
use crate::metrics::Meter;

/// A loss in which each sample counts as much as its class weighs, or as without weights where there are none.
///
/// The loss of a batch is Σ w ℓ / n, as that of [`Weighted`](super::Weighted).
pub(crate) struct ByClass<'a, L> {
    pub(crate) loss: &'a L,
    /// One a class, or none at all.
    pub(crate) weights: &'a [f64],
}

impl<O: Sample, Y, A, L: Loss<O, Y, A>> Loss<O, Y, A> for ByClass<'_, L> {
    type Size = L::Size;
    const PER_SAMPLE: bool = L::PER_SAMPLE;

    #[inline(always)]
    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        if self.weights.is_empty() {
            return self.loss.evaluate(scores, targets, scale);
        }
        let mut sum = 0.0;
        for (score, target) in scores.chunks_exact_mut(1).zip(targets.chunks_exact(1)) {
            // Who sets weights has seen that each target is of a class.
            let class = self.loss.class_of(&target[0]).map_or(0, |(class, _)| class);
            let weight = self.weights[class];
            sum += weight * self.loss.evaluate(score, target, scale * O::Scalar::of(weight));
        }
        sum
    }

    fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
        self.loss.meter()
    }
}
