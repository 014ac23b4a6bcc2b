//! The negative log-likelihood of numbers whose spread the network gives too.

use nalgebra::SVector;
use pulp::Simd;

use super::probabilities::sum_of;
use super::{Loss, OfSample, of_scores, one_over};
use crate::activations::LastActivation;
use crate::core::shapes::{image, vector};
use crate::core::{Image, Sample, Scalar};
use crate::metrics::Meter;
use crate::simd::Vector;

/// The negative log-likelihood of numbers t under normal distributions of which the network gives the mean μ and the logarithm of the variance, s = ln σ²:
/// ½ (s + (t − μ)² exp(−s)), the mean over all numbers of all targets. PyTorch's `GaussianNLLLoss` with var = exp(s), and without a smallest variance.
///
/// `GaussianNll.full()` adds the constant ½ ln 2π, as PyTorch's `full=True`: then the loss is the likelihood itself.
///
/// So the network says of each input how sure its estimate is. Validation goes by the loss;
/// [`Evaluation::by`](crate::evaluation::Evaluation::by) measures the means.
///
/// # Shapes
///
/// | outputs | targets |
/// |---|---|
/// | vectors of 2N: N means, then the logarithms of N variances | a vector of N |
/// | [`Image<2C, H, W>`](crate::Image): C channels of means, then C of logarithms of variances | [`Image<C, H, W>`](crate::Image) |
///
/// That there are twice as many outputs as targets is checked when the program is built.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Forecast<input 3 => dense 16 tanh => dense 2>; }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let mut net = Forecast::random(&mut rng);
/// let (inputs, targets) = ([SVector::from([0.1, 0.2, 0.3])], [SVector::from([0.5])]);
/// let loss = net.loss(&inputs, &targets, &GaussianNll);
/// let output = net.forward(&inputs[0]);
/// let (mean, spread) = (output[0], (0.5 * output[1]).exp());
/// assert!((loss - (spread.ln() + 0.5 * ((0.5 - mean) / spread).powi(2))).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GaussianNll {
    is_full: bool,
}

/// The loss without its constant, written as the other losses are: `&GaussianNll`.
#[allow(non_upper_case_globals, reason = "stands where the unit structs of other losses stand")]
pub const GaussianNll: GaussianNll = GaussianNll { is_full: false };

impl GaussianNll {
    /// With the constant ½ ln 2π a number.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { is_full: true }
    }

    /// ½ ln 2π, if it is asked for.
    #[inline(always)]
    fn constant(self) -> f64 {
        if self.is_full { 0.5 * core::f64::consts::TAU.ln() } else { 0.0 }
    }
}

/// Whether there is a mean and a variance for each target.
pub(super) const fn check(outputs: usize, targets: usize) {
    assert!(
        outputs == 2 * targets,
        "`GaussianNll` takes 2 N outputs for N targets: N means, then the logarithms of N variances"
    );
}

/// The losses of a sample's numbers, and what their gradient is multiplied by.
struct Scaled<T>(T);

impl<Y: Sample> OfSample<Y::Scalar, Y> for Scaled<Y::Scalar> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [Y::Scalar], target: &Y) -> f64 {
        let (lanes, scale) = (Vector::<Y::Scalar, S>::LANES, Vector::splat(simd, self.0));
        let (means, logarithms) = output.split_at_mut(Y::LEN);
        let numbers = means.chunks_mut(lanes).zip(logarithms.chunks_mut(lanes));
        let mut sum = 0.0;
        for ((means, logarithms), targets) in numbers.zip(target.as_slice().chunks(lanes)) {
            let difference =
                Vector::load_partial(simd, means) - Vector::load_partial(simd, targets);
            let s = Vector::load_partial(simd, logarithms);
            let (zero, half) = (s.constant(0.0), s.constant(0.5));
            // Nothing is nothing in units of the smallest σ too, whose reciprocal is infinite.
            let is_exact = difference.equal(zero);
            let slope = is_exact.select(zero, difference * (-s).exp());
            let square = is_exact.select(zero, difference * slope);
            sum += sum_of(half * (s + square), means.len());
            (scale * slope).store_partial(means);
            (scale * half * (s.constant(1.0) - square)).store_partial(logarithms);
        }
        sum
    }
}

/// The mean over the numbers of each target.
#[inline(always)]
fn evaluate<O, Y, A, S>(
    loss: GaussianNll,
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    scale: O::Scalar,
) -> f64
where
    O: Sample,
    Y: Sample<Scalar = O::Scalar>,
    A: LastActivation,
    S: Simd,
{
    let share = one_over(Y::LEN);
    let of_sample = Scaled(scale * O::Scalar::of(share));
    let sum = of_scores::<_, _, A, S>(simd, scores, targets, &of_sample);
    share * sum + loss.constant() / one_over(targets.len())
}

per_sample! {
    GaussianNll, |loss, simd, scores, targets, scale|

    [const M: usize, const N: usize] SVector<T, M>, SVector<T, N>, of vector<M> => {
        const { check(M, N) };
        evaluate::<_, _, A, _>(*loss, simd, scores, targets, scale)
    }, meter None;

    [const C: usize, const D: usize, const H: usize, const W: usize]
    Image<C, H, W, T>, Image<D, H, W, T>, of image<C, H, W> => {
        const { check(C, D) };
        evaluate::<_, _, A, _>(*loss, simd, scores, targets, scale)
    }, meter None;
}
