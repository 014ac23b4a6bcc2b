//! What measurements add up to.

use core::fmt;

use super::{Confusion, MultiLabel, RegressionMetrics, Score};

/// What measurements add up to.
pub trait Report: fmt::Display {
    /// Nothing measured yet.
    fn new() -> Self;

    /// The one number that says how good it is.
    fn score(&self) -> Score;
}

impl<const C: usize> Report for Confusion<C> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }
}

impl<const N: usize> Report for MultiLabel<N> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        Score::larger("accuracy", self.accuracy())
    }
}

impl<S> Report for RegressionMetrics<S> {
    fn new() -> Self {
        Self::new()
    }

    fn score(&self) -> Score {
        // Of equal targets it is 0 for all that is not perfect: it does not say which epoch is better.
        let r2 = if self.is_constant() { f64::NAN } else { self.r2() };
        Score::larger("R²", r2)
    }
}
