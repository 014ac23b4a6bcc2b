//! Probabilities in a loss: which activation gives them, and their logarithms.

use pulp::Simd;

use crate::core::Scalar;
use crate::simd::Vector;

/// Whether an activation is `A`: both types are known to the compiler, which decides it.
pub(super) fn is<A: 'static, B: 'static>() -> bool {
    core::any::TypeId::of::<A>() == core::any::TypeId::of::<B>()
}

/// The smallest logarithm of a probability: PyTorch's `BCELoss` has it too. Where a network is certain and wrong, the loss is finite.
const SMALLEST_LOGARITHM: f64 = -100.0;

/// What a gradient is divided by at least, as in PyTorch's `BCELoss`.
const SMALLEST_DIVISOR: f64 = 1e-12;

/// ln p, at least [`SMALLEST_LOGARITHM`]; NaN for NaN.
#[inline(always)]
pub(super) fn logarithm<T: Scalar, S: Simd>(p: Vector<T, S>) -> Vector<T, S> {
    let (ln, smallest) = (p.ln(), p.constant(SMALLEST_LOGARITHM));
    ln.less_than(smallest).select(smallest, ln)
}

/// x, at least [`SMALLEST_DIVISOR`]; NaN for NaN.
#[inline(always)]
pub(super) fn divisor<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
    let smallest = x.constant(SMALLEST_DIVISOR);
    x.less_than(smallest).select(smallest, x)
}

/// The sum of the first numbers of a vector.
#[inline(always)]
pub(super) fn sum_of<T: Scalar, S: Simd>(vector: Vector<T, S>, count: usize) -> f64 {
    vector.as_slice()[..count].iter().map(|number| number.as_f64()).sum()
}
