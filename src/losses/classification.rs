//! The cross-entropies.

use nalgebra::SVector;
use pulp::Simd;

use super::{Loss, OfSample, of_outputs, of_scores, one_over};
use crate::activations::{
    ElementwiseGradient, LastActivation, Sigmoid, Softmax, Step, largest, softmax_and_logarithm,
};
use crate::data::Class;
use crate::evaluation::{Meter, meter};
use crate::kernels::{Scalar, Vector};
use crate::sample::Sample;
use crate::shapes::{answers, vector};

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

/// The losses of scores: those before the activation `F`, which the loss takes into account itself, or the outputs of any other.
#[inline(always)]
fn evaluate<O: Sample, Y, A: LastActivation, F: 'static, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    if is::<A, F>() {
        of_outputs(simd, scores, targets, loss)
    } else {
        of_scores::<O, Y, A, S>(simd, scores, targets, loss)
    }
}

/// A cross-entropy, and what its gradient is multiplied by.
struct Scaled<T>(T);

impl<T: Scalar, const N: usize> OfSample<T, Class<N>> for Scaled<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Class<N>) -> f64 {
        let class = target.index();
        let score = scores[class];
        let (largest, log_sum) = softmax_and_logarithm(simd, scores);
        for score in scores.iter_mut() {
            *score *= self.0;
        }
        scores[class] -= self.0;
        (log_sum - (score - largest)).as_f64()
    }
}

impl<T: Scalar, const N: usize> OfSample<T, SVector<T, N>> for Scaled<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &SVector<T, N>) -> f64 {
        let largest = largest(simd, scores);
        let (mut expected, mut weight) = (T::zero(), T::zero());
        for (score, target) in scores.iter().zip(target) {
            expected += (*score - largest) * *target;
            weight += *target;
        }
        let (_, log_sum) = softmax_and_logarithm(simd, scores);
        for (score, target) in scores.iter_mut().zip(target) {
            *score = self.0 * (weight * *score - *target);
        }
        (log_sum * weight - expected).as_f64()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize> Loss<SVector<T, N>, Class<N>, A>
    for CrossEntropy
{
    type Size = vector<N>;

    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[Class<N>],
        scale: T,
    ) -> f64 {
        evaluate::<_, _, A, Softmax, S>(simd, scores, targets, &Scaled(scale))
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, Class<N>>>> {
        meter(*self, A::THRESHOLD)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize, const M: usize>
    Loss<SVector<T, N>, SVector<T, M>, A> for CrossEntropy
{
    type Size = vector<M>;

    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[SVector<T, M>],
        scale: T,
    ) -> f64 {
        evaluate::<_, _, A, Softmax, S>(simd, scores, targets, &Scaled(scale))
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, SVector<T, M>>>> {
        meter(*self, A::THRESHOLD)
    }
}

/// An activation whose outputs are scores of yes-or-no questions, or their sigmoid: every one but `softmax`.
pub trait BinaryScores: LastActivation {}

// The bound below is how it is known that an activation is not `softmax`.
#[diagnostic::do_not_recommend]
impl<A: ElementwiseGradient> BinaryScores for A {}

// A network that ends in it cannot be trained, which is said of the network.
#[diagnostic::do_not_recommend]
impl BinaryScores for Step {}

/// The answer to N yes-or-no questions.
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

/// Yes-or-no questions, and what the gradient of their cross-entropy is multiplied by.
struct ScaledBinary<T, const N: usize>(T);

impl<T: Scalar, Y: BinaryTarget<T, N>, const N: usize> OfSample<T, Y> for ScaledBinary<T, N> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Y) -> f64 {
        let target = target.probabilities();
        let lanes = Vector::<T, S>::LANES;
        let mut sum = 0.0;
        for (scores, target) in scores.chunks_mut(lanes).zip(target.as_slice().chunks(lanes)) {
            let (z, t) = (Vector::load_partial(simd, scores), Vector::load_partial(simd, target));
            let zero = z.constant(0.0);
            // Written so that a NaN is passed on.
            let positive = z.less_than(zero).select(zero, z);
            let loss = positive - z * t + (-z.abs()).exp().ln_1p();
            ((z.sigmoid() - t) * Vector::splat(simd, self.0)).store_partial(scores);
            for loss in &loss.as_slice()[..scores.len()] {
                sum += loss.as_f64();
            }
        }
        sum
    }
}

#[inline(always)]
fn evaluate_binary<T, Y, A, S, const N: usize, const M: usize>(
    simd: S,
    scores: &mut [SVector<T, N>],
    targets: &[Y],
    scale: T,
) -> f64
where
    T: Scalar,
    Y: BinaryTarget<T, M>,
    A: LastActivation,
    S: Simd,
{
    let share = one_over(N);
    let loss = ScaledBinary::<T, M>(scale * T::of(share));
    evaluate::<_, _, A, Sigmoid, S>(simd, scores, targets, &loss) * share
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize, const M: usize>
    Loss<SVector<T, N>, SVector<T, M>, A> for BinaryCrossEntropy
{
    type Size = answers<M>;

    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[SVector<T, M>],
        scale: T,
    ) -> f64 {
        evaluate_binary::<T, _, A, S, N, M>(simd, scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, SVector<T, M>>>> {
        meter(*self, A::THRESHOLD)
    }
}

/// A single question, whose answer is a type of its own.
macro_rules! single_answer {
    ($($answer:ty),*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<T: Scalar, A: LastActivation> Loss<SVector<T, 1>, $answer, A> for BinaryCrossEntropy {
                type Size = answers<1>;

                #[inline(always)]
                fn evaluate<S: Simd>(
                    &self,
                    simd: S,
                    scores: &mut [SVector<T, 1>],
                    targets: &[$answer],
                    scale: T,
                ) -> f64 {
                    evaluate_binary::<T, _, A, S, 1, 1>(simd, scores, targets, scale)
                }

                fn meter(&self) -> Option<Box<dyn Meter<SVector<T, 1>, $answer>>> {
                    meter(*self, A::THRESHOLD)
                }
            }
        )*
    };
}

single_answer!(Class<2>, bool);
