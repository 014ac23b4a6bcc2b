//! The loss whose smallest value is at a quantile.

use pulp::Simd;

use super::Pointwise;
use crate::core::Scalar;
use crate::simd::Vector;

/// The quantile loss, also called pinball loss: the mean of max(q (t − y), (q − 1) (t − y)), over all numbers of all outputs. It is smallest where a share
/// q of the targets is below the output.
///
/// The gradient at y = t is 0, as that of `MeanAbsoluteError`, half of which this loss is with q = 1/2. Targets have the shape of the outputs.
/// Validation goes by the loss alone. For several quantiles of one target, the page [losses](crate::guide::losses) writes a loss.
///
/// Source: R. Koenker, G. Bassett, [Regression quantiles](https://doi.org/10.2307/1913643) (1978).
///
/// ```
/// use axonal::prelude::*;
///
/// // A delivery that comes later than said is worse than one that comes early.
/// let late = Quantile::new(0.9).value(&[SVector::from([10.0])], &[SVector::from([14.0])]);
/// let early = Quantile::new(0.9).value(&[SVector::from([14.0])], &[SVector::from([10.0])]);
/// assert!((late - 3.6_f64).abs() < 1e-12 && (early - 0.4_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    share: f64,
}

impl Quantile {
    /// The loss of the quantile q: the share of the targets that is to be below the outputs.
    ///
    /// # Panics
    ///
    /// If it is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub const fn new(share: f64) -> Self {
        assert!(share > 0.0 && share < 1.0, "a quantile is a share between 0 and 1: 0.9, say");
        Self { share }
    }

    /// The share of the targets that is to be below the outputs.
    #[must_use]
    pub const fn share(self) -> f64 {
        self.share
    }
}

impl Pointwise for Quantile {
    const APPROXIMATES: bool = false;

    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let difference = output - target;
        let zero = output.constant(0.0);
        let (above, below) = (output.constant(1.0 - self.share), output.constant(-self.share));
        // Of NaN, and of 0, the slope is NaN, and 0.
        let slope = difference.less_than(zero).select(below, difference);
        let slope = zero.less_than(difference).select(above, slope);
        (slope * difference, slope)
    }
}
