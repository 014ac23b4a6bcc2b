//! The cross-entropies.

use nalgebra::SVector;
use pulp::Simd;

use super::{Loss, one_over, through_activation, total};
use crate::activations::{
    ActivationGradient, Elu, Gelu, HardSigmoid, Identity, LeakyRelu, Relu, Selu, Sigmoid, Silu,
    Softmax, Softplus, Softsign, Tanh, largest, softmax_and_logarithm,
};
use crate::data::Class;
use crate::kernels::Scalar;
use crate::sample::Sample;

/// The cross-entropy of one class among N: −ln softmax(z)_target, the mean over the batch. PyTorch's `CrossEntropyLoss`.
///
/// It takes scores z ("logits"). A network that ends in `softmax` gives the same value and gradient: the softmax is not taken twice,
/// but once, together with the logarithm, in the stable form ln Σ exp(z − max z) − (z_target − max z).
/// After any other activation, its outputs are the scores.
///
/// # Shapes
///
/// Outputs are vectors of N; targets are a [`Class<N>`](Class), or a vector of N probabilities p ("soft targets"),
/// for which the loss is −Σ p ln softmax(z).
///
/// ```
/// use axonal::prelude::*;
///
/// network! { pub struct Scores<input 3 => dense 4>; }
/// network! { pub struct Probabilities<input 3 => dense 4 softmax>; }
///
/// let mut scores = Scores::random(&mut StdRng::seed_from_u64(1));
/// let mut probabilities = Probabilities::zeros();
/// probabilities.dense1.weight = scores.dense1.weight;
/// let (inputs, targets) = ([SVector::from([1.0, 2.0, 3.0])], [Class::new(2)?]);
/// assert_eq!(
///     scores.loss(&inputs, &targets, &CrossEntropy),
///     probabilities.loss(&inputs, &targets, &CrossEntropy),
/// );
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossEntropy;

/// The cross-entropy of N yes-or-no questions: −t ln σ(z) − (1 − t) ln(1 − σ(z)), the mean over all numbers of all outputs.
/// PyTorch's `BCEWithLogitsLoss`.
///
/// It takes scores z ("logits"). A network that ends in `sigmoid` gives the same value and gradient: the sigmoid is not taken twice,
/// but once, together with the logarithm, in the stable form max(z, 0) − z t + ln(1 + exp(−|z|)).
/// After any other activation but `softmax`, its outputs are the scores.
///
/// # Shapes
///
/// Outputs are vectors of N; targets are a vector of N numbers from 0 to 1, or, where N is 1, a [`Class<2>`](Class) or a `bool`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

/// Whether an activation is `A`: both types are known to the compiler, which decides it.
fn is<A: 'static, B: 'static>() -> bool {
    core::any::TypeId::of::<A>() == core::any::TypeId::of::<B>()
}

impl<T: Scalar, A: ActivationGradient, const N: usize> Loss<SVector<T, N>, Class<N>, A>
    for CrossEntropy
{
    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[Class<N>],
        scale: T,
    ) -> f64 {
        let of_sample = |scores: &mut [T], target: &Class<N>| {
            let class = target.index();
            let score = scores[class];
            let (largest, log_sum) = softmax_and_logarithm(simd, scores);
            for score in scores.iter_mut() {
                *score *= scale;
            }
            scores[class] -= scale;
            (log_sum - (score - largest)).as_f64()
        };
        sum::<_, _, A, Softmax, S>(simd, scores, targets, of_sample)
    }
}

impl<T: Scalar, A: ActivationGradient, const N: usize> Loss<SVector<T, N>, SVector<T, N>, A>
    for CrossEntropy
{
    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[SVector<T, N>],
        scale: T,
    ) -> f64 {
        let of_sample = |scores: &mut [T], target: &SVector<T, N>| {
            let largest = largest(simd, scores);
            let weighted = |(score, target): (&T, &T)| (*score - largest) * *target;
            let expected: T = scores.iter().zip(target).map(weighted).sum();
            let (_, log_sum) = softmax_and_logarithm(simd, scores);
            let weight: T = target.iter().copied().sum();
            for (score, target) in scores.iter_mut().zip(target) {
                *score = scale * (weight * *score - *target);
            }
            (log_sum * weight - expected).as_f64()
        };
        sum::<_, _, A, Softmax, S>(simd, scores, targets, of_sample)
    }
}

/// The losses of a batch, by a function of scores: those before the activation `F`, which the function takes into account itself,
/// or the outputs of any other.
#[inline(always)]
fn sum<O: Sample, Y, A: ActivationGradient, F: 'static, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    of_sample: impl Fn(&mut [O::Scalar], &Y) -> f64,
) -> f64 {
    if is::<A, F>() {
        let samples = scores.iter_mut().zip(targets);
        samples.map(|(sample, target)| of_sample(sample.as_mut_slice(), target)).sum()
    } else {
        through_activation::<O, Y, A, S>(simd, scores, targets, of_sample)
    }
}

/// An activation whose outputs are scores of yes-or-no questions, or their sigmoid: every one but `softmax`.
#[diagnostic::on_unimplemented(
    message = "`BinaryCrossEntropy` takes scores, or a network that ends in `sigmoid`, but this one ends in `{Self}`",
    note = "for one class among several, use `CrossEntropy`"
)]
pub trait BinaryScores: ActivationGradient {}

impl BinaryScores for Identity {}
impl BinaryScores for Sigmoid {}
impl BinaryScores for Tanh {}
impl BinaryScores for Relu {}
impl<const N: i64, const D: u64> BinaryScores for LeakyRelu<N, D> {}
impl<const N: i64, const D: u64> BinaryScores for Elu<N, D> {}
impl BinaryScores for Selu {}
impl BinaryScores for Gelu {}
impl BinaryScores for Silu {}
impl BinaryScores for Softplus {}
impl BinaryScores for Softsign {}
impl BinaryScores for HardSigmoid {}

/// The answer to N yes-or-no questions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no target for {N} yes-or-no outputs",
    note = "targets are vectors of as many numbers as the network has outputs; for a single output, also `Class<2>` and `bool`"
)]
pub trait BinaryTarget<T, const N: usize> {
    /// The target of each output, from 0 to 1.
    fn probabilities(&self) -> SVector<T, N>;
}

impl<T: Scalar, const N: usize> BinaryTarget<T, N> for SVector<T, N> {
    #[inline(always)]
    fn probabilities(&self) -> Self {
        *self
    }
}

impl<T: Scalar> BinaryTarget<T, 1> for Class<2> {
    #[inline(always)]
    fn probabilities(&self) -> SVector<T, 1> {
        (self.index() == 1).probabilities()
    }
}

impl<T: Scalar> BinaryTarget<T, 1> for bool {
    #[inline(always)]
    fn probabilities(&self) -> SVector<T, 1> {
        SVector::from([if *self { T::one() } else { T::zero() }])
    }
}

impl<T: Scalar, Y: BinaryTarget<T, N>, A: BinaryScores, const N: usize> Loss<SVector<T, N>, Y, A>
    for BinaryCrossEntropy
{
    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[Y],
        scale: T,
    ) -> f64 {
        let share = one_over(N);
        let scale = scale * T::of(share);
        let of_sample = |scores: &mut [T], target: &Y| {
            let target = target.probabilities();
            total(scores.iter_mut().zip(&target).map(|(score, target)| {
                let z = *score;
                // Of |z|, the exponential never overflows.
                let small = num_traits::Float::exp(-num_traits::Float::abs(z));
                let smaller = small / (T::one() + small);
                let sigmoid = if z < T::zero() { smaller } else { T::one() - smaller };
                *score = (sigmoid - *target) * scale;
                // Written so that a NaN is passed on.
                let positive = if z < T::zero() { T::zero() } else { z };
                positive - z * *target + num_traits::Float::ln_1p(small)
            }))
        };
        sum::<_, _, A, Sigmoid, S>(simd, scores, targets, of_sample) * share
    }
}
