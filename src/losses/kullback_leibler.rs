//! The divergence of one distribution from another.

use nalgebra::SVector;
use pulp::Simd;

use super::probabilities::sum_of;
use super::{CrossEntropy, Loss, one_over};
use crate::activations::LastActivation;
use crate::core::shapes::{classes, image, vector};
use crate::core::{Image, Sample, Scalar, flat};
use crate::metrics::{Meter, meter};
use crate::simd::Vector;

/// The Kullback-Leibler divergence of the distribution that a network gives from that of the targets: Σ t (ln t − ln softmax(z)), the mean over the batch.
/// PyTorch's `KLDivLoss(reduction="batchmean")` of `log_softmax`.
///
/// It is the [`CrossEntropy`](CrossEntropy) with targets that are probabilities, less the entropy of these: it has the same gradient, and is 0 where the network gives its targets. Like
/// that it takes scores, or a network that ends in `softmax`, and gives the same stable value for both. A target of 0 adds nothing, 0 ln 0 = 0; one
/// below 0 gives NaN.
///
/// # Shapes
///
/// | outputs | targets |
/// |---|---|
/// | vectors of N | a vector of N probabilities |
/// | [`Image<N, H, W>`](crate::Image) | an image of N probabilities a pixel; the mean is over the pixels too |
///
/// ```
/// use axonal::prelude::*;
///
/// // What a student says, and what its teacher says: with temperatures, distillation.
/// let (student, teacher) = ([SVector::from([0.0, 0.0])], [SVector::from([0.75, 0.25])]);
/// let loss = KullbackLeibler.value(&student, &teacher);
/// assert!((loss - (0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln())).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KullbackLeibler;

/// Σ t ln t of a batch, the mean over pixels.
#[inline(always)]
fn negative_entropy<Y: Sample, S: Simd>(simd: S, targets: &[Y]) -> f64 {
    let mut sum = 0.0;
    for numbers in flat(targets).chunks(Vector::<Y::Scalar, S>::LANES) {
        let t = Vector::load_partial(simd, numbers);
        let zero = t.constant(0.0);
        sum += sum_of(t.equal(zero).select(zero, t * t.ln()), numbers.len());
    }
    one_over(Y::PIXELS) * sum
}

per_sample! {
    KullbackLeibler, |loss, simd, scores, targets, scale|

    [const N: usize, const M: usize] SVector<T, N>, SVector<T, M>, of classes<vector<M>> => {
        let cross_entropy = Loss::<_, _, A>::evaluate(&CrossEntropy, scores, targets, scale);
        cross_entropy + negative_entropy(simd, targets)
    }, meter meter(*loss, A::THRESHOLDS);

    [const C: usize, const H: usize, const W: usize, const D: usize, const I: usize, const X: usize]
    Image<C, H, W, T>, Image<D, I, X, T>, of classes<image<D, I, X>> => {
        let cross_entropy = Loss::<_, _, A>::evaluate(&CrossEntropy, scores, targets, scale);
        cross_entropy + negative_entropy(simd, targets)
    }, meter meter(*loss, A::THRESHOLDS);
}
