//! The negative log-likelihood of counts.

use pulp::Simd;

use super::Pointwise;
use crate::core::Scalar;
use crate::simd::Vector;

/// The negative log-likelihood of counts, of which the network gives the logarithms of the rates: the mean of exp(y) − t y, over all numbers of
/// all outputs. PyTorch's `PoissonNLLLoss`, without the term of t alone, as there.
///
/// `PoissonNll.rates()` takes outputs that are the rates themselves: y − t ln(y + 1e-8), for a network that ends in an activation without negative
/// outputs, such as `softplus`. Of a negative rate it is NaN.
///
/// Targets have the shape of the outputs: counts, or other numbers from 0 on. Validation goes by the loss alone.
///
/// ```
/// use axonal::prelude::*;
///
/// let (rates, counts) = ([SVector::from([2.0_f64, 0.5])], [SVector::from([3.0, 0.0])]);
/// let logarithms = rates.map(|rates| rates.map(f64::ln));
/// let loss = PoissonNll.value(&logarithms, &counts);
/// assert!((loss - (2.0 - 3.0 * 2.0_f64.ln() + 0.5) / 2.0).abs() < 1e-12);
/// assert!((loss - PoissonNll.rates().value(&rates, &counts)).abs() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoissonNll {
    is_of_rates: bool,
}

/// The loss of logarithms of rates, written as the other losses are: `&PoissonNll`.
#[allow(non_upper_case_globals, reason = "stands where the unit structs of other losses stand")]
pub const PoissonNll: PoissonNll = PoissonNll { is_of_rates: false };

/// What is added to a rate before its logarithm is taken, PyTorch's `eps`.
const LEAST_RATE: f64 = 1e-8;

impl PoissonNll {
    /// For outputs that are rates, not logarithms of rates.
    #[must_use]
    pub const fn rates(self) -> Self {
        Self { is_of_rates: true }
    }
}

impl Pointwise for PoissonNll {
    const APPROXIMATES: bool = false;

    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        if self.is_of_rates {
            let rate = output + output.constant(LEAST_RATE);
            (output - target * rate.ln(), output.constant(1.0) - target / rate)
        } else {
            let rate = output.exp();
            (rate - target * output, rate - target)
        }
    }
}
