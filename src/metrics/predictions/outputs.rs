//! What the numbers of a network's outputs mean.

use crate::activations::Activation;

/// What a network's outputs are: scores or probabilities. Its last activation says it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputKind {
    /// [`Activation::THRESHOLD`].
    pub(super) threshold: f64,
    /// [`Activation::DISTRIBUTION`].
    pub(super) distribution: bool,
}

impl OutputKind {
    /// What the outputs are of a network that ends in this activation.
    pub(crate) const fn of<A: Activation>() -> Self {
        Self { threshold: A::THRESHOLD, distribution: A::DISTRIBUTION }
    }

    pub(super) const SCORES: Self = Self { threshold: 0.0, distribution: false };
    pub(super) const PROBABILITIES: Self = Self { threshold: 0.5, distribution: true };

    /// Whether a single output is the probability of yes, as the cross-entropies take it.
    pub(super) fn is_probability(self) -> bool {
        (self.threshold - 0.5).abs() < f64::EPSILON
    }
}

/// The smallest probability whose logarithm is taken; 1 minus it is the largest. scikit-learn's, for `f64`.
pub(super) const SMALLEST: f64 = f64::EPSILON;

/// −ln p, of a probability that is at least [`SMALLEST`]; NaN for NaN.
pub(super) fn surprise(probability: f64) -> f64 {
    -probability.clamp(SMALLEST, 1.0 - SMALLEST).ln()
}

/// Whether a number is no probability; NaN is counted where it is met.
pub(super) fn is_outside(number: f64) -> bool {
    !number.is_nan() && !(0.0..=1.0).contains(&number)
}
