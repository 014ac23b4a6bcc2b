//! The angle between outputs and targets.

use nalgebra::SVector;
use pulp::Simd;

use super::{Loss, OfSample, of_scores};
use crate::activations::LastActivation;
use crate::core::shapes::{image, vector};
use crate::core::{Image, Sample, Scalar};
use crate::metrics::Meter;
use crate::simd::Vector;

/// One less the cosine of the angle between an output and its target: 1 − y·t / (‖y‖ ‖t‖), from 0 for one direction to 2 for opposite ones; the mean over
/// the batch. PyTorch's `CosineEmbeddingLoss` for pairs that belong together. Keras's `CosineSimilarity` is this less 1, with the same gradient.
///
/// As in PyTorch, 1e-12 is added to ‖y‖² and to ‖t‖²: for an output of zeros the loss is 1. Validation goes by the loss alone.
///
/// Targets have the shape of the outputs; an image is the vector of all its numbers.
///
/// ```
/// use axonal::prelude::*;
///
/// let loss = CosineSimilarity.value(&[SVector::from([3.0, 0.0])], &[SVector::from([1.0, 1.0])]);
/// assert!((loss - (1.0 - 0.5_f64.sqrt())).abs() < 1e-11);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CosineSimilarity;

/// What is added to a squared norm.
const SMALLEST_SQUARE: f64 = 1e-12;

/// The loss of a sample, and what its gradient is multiplied by.
struct Scaled<T>(T);

impl<Y: Sample> OfSample<Y::Scalar, Y> for Scaled<Y::Scalar> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [Y::Scalar], target: &Y) -> f64 {
        let target = target.as_slice();
        let square = dot(simd, output, output) + SMALLEST_SQUARE;
        let norms = (square * (dot(simd, target, target) + SMALLEST_SQUARE)).sqrt();
        let cosine = dot(simd, output, target) / norms;
        // −d cosine / dy = y cosine / ‖y‖² − t / (‖y‖ ‖t‖)
        let scale = self.0.as_f64();
        let (along, away) = (Scalar::of(scale * cosine / square), Scalar::of(scale / norms));
        for (output, target) in output.iter_mut().zip(target) {
            *output = *output * along - *target * away;
        }
        1.0 - cosine
    }
}

/// Σ a b
#[inline(always)]
fn dot<T: Scalar, S: Simd>(simd: S, a: &[T], b: &[T]) -> f64 {
    let lanes = Vector::<T, S>::LANES;
    let (a, b) = (a.chunks_exact(lanes), b.chunks_exact(lanes));
    let last = Vector::load_partial(simd, a.remainder());
    let mut sums = last * Vector::load_partial(simd, b.remainder());
    for (a, b) in a.zip(b) {
        sums = Vector::load(simd, a).mul_add(Vector::load(simd, b), sums);
    }
    sums.sum().as_f64()
}

per_sample! {
    CosineSimilarity, |_loss, simd, scores, targets, scale|

    [const N: usize, const M: usize] SVector<T, N>, SVector<T, M>, of vector<M> =>
        of_scores::<_, _, A, _>(simd, scores, targets, &Scaled(scale)), meter None;

    [const C: usize, const H: usize, const W: usize, const D: usize, const I: usize, const X: usize]
    Image<C, H, W, T>, Image<D, I, X, T>, of image<D, I, X> =>
        of_scores::<_, _, A, _>(simd, scores, targets, &Scaled(scale)), meter None;
}
