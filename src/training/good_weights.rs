//! The last weights that are known to be good.

use crate::core::Scalar;

/// The last weights that are known to give a finite loss, for the case that a step spoils them.
///
/// A step costs a few passes over the weights; to keep a copy of each state would add another. So one is kept every few steps:
/// nothing is known of weights until the next loss.
#[derive(Debug)]
pub(super) struct GoodWeights<T> {
    weights: Vec<T>,
    /// Weights whose loss is not known yet.
    proposed: Vec<T>,
    is_proposed: bool,
}

impl<T> Default for GoodWeights<T> {
    fn default() -> Self {
        Self { weights: Vec::new(), proposed: Vec::new(), is_proposed: false }
    }
}

impl<T: Scalar> GoodWeights<T> {
    const EVERY: usize = 64;

    pub(super) fn begin(&mut self, weights: &[T]) {
        self.weights = weights.to_vec();
        self.proposed = weights.to_vec();
        self.is_proposed = false;
    }

    /// The last good ones.
    pub(super) fn weights(&self) -> &[T] {
        &self.weights
    }

    /// Called before a step, which gives the loss of the weights before it.
    pub(super) fn propose(&mut self, weights: &[T], step: usize) {
        self.is_proposed = step.is_multiple_of(Self::EVERY) && T::are_finite(weights);
        if self.is_proposed {
            self.proposed.copy_from_slice(weights);
        }
    }

    /// The loss was finite.
    pub(super) fn accept(&mut self) {
        if self.is_proposed {
            core::mem::swap(&mut self.weights, &mut self.proposed);
        }
    }
}
