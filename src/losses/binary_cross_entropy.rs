//! The cross-entropy of yes-or-no questions.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;

use super::probabilities::{divisor, logarithm, of_answers, sum_of};
use super::{Loss, OfSample, one_over};
use crate::activations::LastActivation;
use crate::core::shapes::{answers, image, vector};
use crate::core::{Class, Image, Sample, Scalar};
use crate::metrics::{Meter, meter};
use crate::simd::{Vector, vectorized};

/// The cross-entropy of N yes-or-no questions: −t ln σ(z) − (1 − t) ln(1 − σ(z)), the mean over all numbers of all outputs.
/// PyTorch's `BCEWithLogitsLoss`.
///
/// It takes scores z ("logits"). A network that ends in `sigmoid` gives the same value and gradient: the sigmoid is not taken twice,
/// but once, together with the logarithm, in the stable form max(z, 0) − z t + ln(1 + exp(−|z|)).
/// The same holds where a layer passes on the numbers of `sigmoid` unchanged (`sigmoid => flatten`).
///
/// Of other probabilities it takes the logarithms as they stand, −100 at least, as PyTorch's `BCELoss`: of those of `sigmoid` that other
/// layers have mixed (`sigmoid => maxpool 2x2`), and of an activation whose [decision boundary](crate::activations::Activation::THRESHOLD) is
/// 1/2, `hard_sigmoid` or one of your own. After any other activation its outputs are the scores; behind `softmax` it does not compile.
///
/// # Shapes
///
/// | outputs | targets |
/// |---|---|
/// | vectors of N | a vector of N numbers from 0 to 1; where N is 1, also a [`Class<2>`](Class) or a `bool` |
/// | [`Image<C, H, W>`](crate::Image) | an image of numbers from 0 to 1; where C is 1, also a mask, `[[bool; W]; H]` or `[[Class<2>; W]; H]` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

/// The answers to yes-or-no questions.
pub(super) trait BinaryTarget<T> {
    /// The targets of outputs, from 0 to 1, from number `first` on: as many as there is room for. They may be in the room, or elsewhere.
    fn answers<'a>(&'a self, first: usize, room: &'a mut [T]) -> &'a [T];
}

/// Answers that are numbers.
macro_rules! numbers {
    ($([$($sizes:ident),+] $numbers:ty),+) => {$(
        impl<T: Scalar, $(const $sizes: usize),+> BinaryTarget<T> for $numbers {
            #[inline(always)]
            fn answers<'a>(&'a self, first: usize, room: &'a mut [T]) -> &'a [T] {
                &self.as_slice()[first..first + room.len()]
            }
        }
    )+};
}

numbers!([N] SVector<T, N>, [C, H, W] Image<C, H, W, T>);

/// Answers that are yes or no: one, or one a pixel.
macro_rules! yes_or_no {
    ($($answer:ty, $is_yes:expr;)+) => {$(
        impl<T: Scalar> BinaryTarget<T> for $answer {
            #[inline(always)]
            fn answers<'a>(&'a self, first: usize, room: &'a mut [T]) -> &'a [T] {
                fill(&core::slice::from_ref(self)[first..], room, $is_yes)
            }
        }

        impl<T: Scalar, const H: usize, const W: usize> BinaryTarget<T> for [[$answer; W]; H] {
            #[inline(always)]
            fn answers<'a>(&'a self, first: usize, room: &'a mut [T]) -> &'a [T] {
                fill(&self.as_flattened()[first..], room, $is_yes)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Scalar, A: LastActivation> Loss<SVector<T, 1>, $answer, A> for BinaryCrossEntropy {
            type Size = answers<vector<1>>;
            const PER_SAMPLE: bool = true;

            #[inline(always)]
            fn evaluate(
                &self,
                scores: &mut [SVector<T, 1>],
                targets: &[$answer],
                scale: T,
            ) -> f64 {
                evaluate_binary(PhantomData::<A>, scores, targets, scale)
            }

            fn meter(&self) -> Option<Box<dyn Meter<SVector<T, 1>, $answer>>> {
                meter(*self, A::THRESHOLDS)
            }

            fn class_of(&self, answer: &$answer) -> Option<(usize, usize)> {
                Some((usize::from($is_yes(answer)), 2))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Scalar, A: LastActivation, const H: usize, const W: usize>
            Loss<Image<1, H, W, T>, [[$answer; W]; H], A> for BinaryCrossEntropy
        {
            type Size = answers<image<1, H, W>>;
            const PER_SAMPLE: bool = true;

            #[inline(always)]
            fn evaluate(
                &self,
                scores: &mut [Image<1, H, W, T>],
                targets: &[[[$answer; W]; H]],
                scale: T,
            ) -> f64 {
                evaluate_binary(PhantomData::<A>, scores, targets, scale)
            }

            fn meter(&self) -> Option<Box<dyn Meter<Image<1, H, W, T>, [[$answer; W]; H]>>> {
                meter(*self, A::THRESHOLDS)
            }
        }
    )+};
}

yes_or_no! {
    bool, |answer: &bool| *answer;
    Class<2>, |answer: &Class<2>| answer.index() == 1;
}

/// 1 for yes, 0 for no.
#[inline(always)]
fn fill<'a, T: Scalar, Y>(
    answers: &[Y],
    room: &'a mut [T],
    is_yes: impl Fn(&Y) -> bool,
) -> &'a [T] {
    for (number, answer) in room.iter_mut().zip(answers) {
        *number = if is_yes(answer) { T::one() } else { T::zero() };
    }
    room
}

/// The scores of yes-or-no questions, and what the gradient of their cross-entropy is multiplied by.
struct ScaledBinary<T>(T);

impl<T: Scalar, Y: BinaryTarget<T>> OfSample<T, Y> for ScaledBinary<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Y) -> f64 {
        let lanes = Vector::<T, S>::LANES;
        let mut room = Vector::splat(simd, T::zero());
        let mut sum = 0.0;
        for (index, scores) in scores.chunks_mut(lanes).enumerate() {
            let target = target.answers(index * lanes, &mut room.as_mut_slice()[..scores.len()]);
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

/// The probabilities of yes, and what the gradient of their cross-entropy is multiplied by. Formulas and limits are those of PyTorch's
/// `BCELoss`.
struct ScaledBinaryProbabilities<T>(T);

impl<T: Scalar, Y: BinaryTarget<T>> OfSample<T, Y> for ScaledBinaryProbabilities<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Y) -> f64 {
        let lanes = Vector::<T, S>::LANES;
        let mut room = Vector::splat(simd, T::zero());
        let mut sum = 0.0;
        for (index, numbers) in numbers.chunks_mut(lanes).enumerate() {
            let target = target.answers(index * lanes, &mut room.as_mut_slice()[..numbers.len()]);
            let (p, t) = (Vector::load_partial(simd, numbers), Vector::load_partial(simd, target));
            let one = p.constant(1.0);
            let no = one - p;
            sum -= sum_of(t * logarithm(p) + (one - t) * logarithm(no), numbers.len());
            (Vector::splat(simd, self.0) * (p - t) / divisor(p * no)).store_partial(numbers);
        }
        sum
    }
}

vectorized! {
    /// The mean over all numbers: of scores, of those before `sigmoid`, or of probabilities.
    #[inline(always)]
    fn evaluate_binary[O: Sample, Y: BinaryTarget<O::Scalar>, A: LastActivation](
        simd,
        _activation: PhantomData<A>,
        scores: &mut [O],
        targets: &[Y],
        scale: O::Scalar,
    ) -> f64 {
        let share = one_over(O::LEN);
        let scale = scale * O::Scalar::of(share);
        let losses = (ScaledBinary(scale), ScaledBinaryProbabilities(scale));
        share * of_answers::<_, _, A, _>(simd, scores, targets, &losses.0, &losses.1)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize, const M: usize>
    Loss<SVector<T, N>, SVector<T, M>, A> for BinaryCrossEntropy
{
    type Size = answers<vector<M>>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, N>], targets: &[SVector<T, M>], scale: T) -> f64 {
        evaluate_binary(PhantomData::<A>, scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, SVector<T, M>>>> {
        meter(*self, A::THRESHOLDS)
    }
}

#[diagnostic::do_not_recommend]
impl<
    T: Scalar,
    A: LastActivation,
    const C: usize,
    const H: usize,
    const W: usize,
    const D: usize,
    const I: usize,
    const X: usize,
> Loss<Image<C, H, W, T>, Image<D, I, X, T>, A> for BinaryCrossEntropy
{
    type Size = answers<image<D, I, X>>;
    const PER_SAMPLE: bool = true;

    #[inline(always)]
    fn evaluate(
        &self,
        scores: &mut [Image<C, H, W, T>],
        targets: &[Image<D, I, X, T>],
        scale: T,
    ) -> f64 {
        evaluate_binary(PhantomData::<A>, scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<Image<C, H, W, T>, Image<D, I, X, T>>>> {
        meter(*self, A::THRESHOLDS)
    }
}
