//! Softmax, and the logarithm of its denominator.

use core::fmt::Display;

use pulp::Simd;

use super::{Activation, ActivationGradient};
use crate::core::Scalar;
use crate::kernels::VECTORS_PER_BLOCK;
use crate::simd::{Vector, lanes_between};

/// From scores to the probabilities of classes.
///
/// - Formula: `y_i = exp(x_i) / Σ_j exp(x_j)`; the largest score is subtracted first, which changes nothing but the overflow
/// - Range: `0 ..= 1`, with the sum 1
/// - Derivative: from the gradient `g` of the outputs, `y_i (g_i - Σ_j g_j y_j)`
/// - Source: Bridle, *Probabilistic interpretation of feedforward classification network outputs*, 1990
/// - PyTorch: `torch.nn.Softmax`, over the features of a sample or the channels of a pixel
///
/// ```
/// use axonal::activations::{self, Softmax};
///
/// let mut scores = [1000.0_f64, 1000.0 + 3.0_f64.ln()];
/// activations::apply::<Softmax>(&mut scores);
/// assert!((scores[1] - 0.75).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softmax;

#[diagnostic::do_not_recommend]
impl Activation for Softmax {
    const THRESHOLD: f64 = 0.5;
    const DISTRIBUTION: bool = true;

    fn name() -> impl Display {
        "softmax"
    }

    #[inline(always)]
    fn sample<T: Scalar, S: Simd>(simd: S, sample: &mut [T]) {
        let _ = softmax_and_logarithm(simd, sample);
    }
}

#[diagnostic::do_not_recommend]
impl ActivationGradient for Softmax {
    #[inline(always)]
    fn backward<T: Scalar, S: Simd>(simd: S, _: &[T], outputs: &[T], gradient: &mut [T]) {
        let outputs = &outputs[..gradient.len()];
        let lanes = Vector::<T, S>::LANES;
        let (outputs, last_outputs) = outputs.split_at(outputs.len() - outputs.len() % lanes);
        let (gradient, last_gradient) = gradient.split_at_mut(outputs.len());

        // The lanes beyond the end are zero, and add nothing to the sum.
        let last_y = Vector::load_partial(simd, last_outputs);
        let last_g = Vector::load_partial(simd, last_gradient);
        let mut sums = last_y * last_g;
        for (y, g) in outputs.chunks_exact(lanes).zip(gradient.chunks_exact(lanes)) {
            sums = Vector::load(simd, y).mul_add(Vector::load(simd, g), sums);
        }
        let sum = Vector::splat(simd, sums.sum());

        for (y, g) in outputs.chunks_exact(lanes).zip(gradient.chunks_exact_mut(lanes)) {
            (Vector::load(simd, y) * (Vector::load(simd, g) - sum)).store(g);
        }
        (last_y * (last_g - sum)).store_partial(last_gradient);
    }
}

/// Turns scores into probabilities; gives back the largest score `m`, and `ln Σ exp(x_i - m)`.
///
/// Their sum is [`log_sum_exp`]. Apart, both are exact where the sum would round the logarithm away.
#[inline(always)]
pub(crate) fn softmax_and_logarithm<T: Scalar, S: Simd>(simd: S, scores: &mut [T]) -> (T, T) {
    let shift = largest(simd, scores);
    let largest = Vector::splat(simd, shift);
    let lanes = Vector::<T, S>::LANES;
    let (scores, last) = scores.split_at_mut(scores.len() - scores.len() % lanes);

    let last_exp = exp_of_last(simd, last, shift);
    let (mut sum, mut sums) = (0.0, last_exp);
    for (index, scores) in scores.chunks_exact_mut(lanes).enumerate() {
        if index % VECTORS_PER_BLOCK == VECTORS_PER_BLOCK - 1 {
            sum += sums.sum().as_f64();
            sums = Vector::splat(simd, T::zero());
        }
        let exp = (Vector::load(simd, scores) - largest).exp();
        exp.store(scores);
        sums = sums + exp;
    }
    let sum = T::of(sum + sums.sum().as_f64());
    let factor = Vector::splat(simd, T::one() / sum);

    for exp in scores.chunks_exact_mut(lanes) {
        (Vector::load(simd, exp) * factor).store(exp);
    }
    (last_exp * factor).store_partial(last);
    (shift, Vector::splat(simd, sum).ln().largest())
}

/// `ln Σ exp(x_i)` without overflow: the largest score is subtracted first.
///
/// The cross-entropy of scores is this minus the target's score. As PyTorch's `logsumexp`: an infinite score gives infinity,
/// NaN gives NaN; no scores at all give minus infinity.
#[inline(always)]
pub fn log_sum_exp<T: Scalar, S: Simd>(simd: S, scores: &[T]) -> T {
    let largest = largest(simd, scores);
    let largest = if largest.is_finite() { largest } else { T::zero() };
    let shift = Vector::splat(simd, largest);

    let vectors = scores.chunks_exact(Vector::<T, S>::LANES);
    let (mut sum, mut sums) = (0.0, exp_of_last(simd, vectors.remainder(), largest));
    for (index, scores) in vectors.enumerate() {
        if index % VECTORS_PER_BLOCK == VECTORS_PER_BLOCK - 1 {
            sum += sums.sum().as_f64();
            sums = Vector::splat(simd, T::zero());
        }
        sums = sums + (Vector::load(simd, scores) - shift).exp();
    }
    let sum = T::of(sum + sums.sum().as_f64());
    largest + Vector::splat(simd, sum).ln().largest()
}

/// The largest score; where one is NaN, any.
#[inline(always)]
pub(crate) fn largest<T: Scalar, S: Simd>(simd: S, scores: &[T]) -> T {
    let vectors = scores.chunks_exact(Vector::<T, S>::LANES);
    let mut largest = load_last(simd, vectors.remainder());
    for scores in vectors {
        largest = largest.max(Vector::load(simd, scores));
    }
    largest.largest()
}

/// `exp(x_i - shift)` of the last scores, fewer than a vector has lanes; zero in the other lanes.
///
/// Not as the exponential of minus infinity: its last product underflows, for which the processor takes about 100 cycles (Zen 4): a third
/// of a train step of a network with two outputs.
#[inline(always)]
fn exp_of_last<T: Scalar, S: Simd>(simd: S, scores: &[T], shift: T) -> Vector<T, S> {
    let (lanes, shift) = (lanes_between(simd, 0, scores.len()), Vector::splat(simd, shift));
    let exp = (lanes.select(Vector::load_partial(simd, scores), shift) - shift).exp();
    lanes.select(exp, Vector::splat(simd, T::zero()))
}

/// The last scores, fewer than a vector has lanes; minus infinity in the other lanes.
#[inline(always)]
fn load_last<T: Scalar, S: Simd>(simd: S, scores: &[T]) -> Vector<T, S> {
    let mut vector = Vector::splat(simd, T::neg_infinity());
    vector.as_mut_slice()[..scores.len()].copy_from_slice(scores);
    vector
}
