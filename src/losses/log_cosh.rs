//! A smooth absolute error.

use pulp::Simd;

use super::Pointwise;
use crate::core::Scalar;
use crate::simd::Vector;

/// The mean of ln cosh(y − t), over all numbers of all outputs: near the target half the squared error, far from it the absolute one less ln 2, and smooth
/// in between. Keras's `LogCosh`.
///
/// Written |d| + ln(1 + exp(−2 |d|)) − ln 2, which does not overflow. Targets have the shape of the outputs.
///
/// ```
/// use axonal::prelude::*;
///
/// let loss = LogCosh.value(&[SVector::from([1.0])], &[SVector::from([3.0])]);
/// assert!((loss - 2.0_f64.cosh().ln()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCosh;

impl Pointwise for LogCosh {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let difference = output - target;
        let size = difference.abs();
        let softplus = (size.constant(-2.0) * size).exp().ln_1p();
        (size + softplus - size.constant(core::f64::consts::LN_2), difference.tanh())
    }
}
