//! Probabilities in a loss: which activation gives them, and their logarithms.

use pulp::Simd;

use super::{OfSample, of_outputs, of_scores};
use crate::activations::{LastActivation, Sigmoid, Softmax};
use crate::core::{Sample, Scalar};
use crate::simd::Vector;

/// Whether an activation is `A`: both types are known to the compiler, which decides it.
fn is<A: 'static, B: 'static>() -> bool {
    core::any::TypeId::of::<A>() == core::any::TypeId::of::<B>()
}

/// The losses of answers: of scores, of those before `sigmoid`, or of the probabilities of yes, between which and no 1/2 decides.
#[inline(always)]
pub(super) fn of_answers<O: Sample, Y, A: LastActivation, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    of_score: &impl OfSample<O::Scalar, Y>,
    of_probability: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    if is::<A, Sigmoid>() {
        of_outputs(simd, scores, targets, of_score)
    } else if (A::THRESHOLD - 0.5).abs() < f64::EPSILON {
        of_scores::<O, Y, A, S>(simd, scores, targets, of_probability)
    } else {
        of_scores::<O, Y, A, S>(simd, scores, targets, of_score)
    }
}

/// The losses of one class among several: of scores, of those before `softmax`, or of probabilities.
#[inline(always)]
pub(super) fn of_classes<O: Sample, Y, A: LastActivation, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    of_score: &impl OfSample<O::Scalar, Y>,
    of_probability: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    if is::<A, Softmax>() {
        of_outputs(simd, scores, targets, of_score)
    } else if A::DISTRIBUTION {
        of_scores::<O, Y, A, S>(simd, scores, targets, of_probability)
    } else {
        of_scores::<O, Y, A, S>(simd, scores, targets, of_score)
    }
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
