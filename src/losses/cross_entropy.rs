//! The cross-entropy of one class among several.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;

use super::probabilities::{divisor, logarithm, of_classes, sum_of};
use super::{Loss, OfSample, one_over};
use crate::activations::{LastActivation, largest, softmax_and_logarithm};
use crate::core::shapes::{classes, image, vector};
use crate::core::{Class, Image, Sample, Scalar};
use crate::metrics::{Meter, meter};
use crate::simd::{Vector, vectorized};

/// The cross-entropy of one class among N: −ln softmax(z)_target, the mean over the batch. PyTorch's `CrossEntropyLoss`.
///
/// It takes scores z ("logits"). A network that ends in `softmax` gives the same value and gradient: the softmax is not taken twice,
/// but once, together with the logarithm, in the stable form ln Σ exp(z − max z) − (z_target − max z).
/// The same holds where a layer passes on the numbers of `softmax` unchanged (`softmax => flatten` of a single pixel). Of probabilities that other
/// layers have mixed (`softmax => global avgpool`) it takes the logarithm, −100 at least.
/// After any other activation, its outputs are the scores.
///
/// # Shapes
///
/// | outputs | targets |
/// |---|---|
/// | vectors of N | a [`Class<N>`](Class); or a vector of N probabilities p ("soft targets"), for which the loss is −Σ p ln softmax(z) |
/// | [`Image<N, H, W>`](crate::Image) | a class a pixel, `[[Class<N>; W]; H]`; or an image of N probabilities a pixel. The mean is over the pixels too, as PyTorch's on `[N, C, H, W]` |
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

/// The cross-entropy of the scores of a class among several, and what its gradient is multiplied by.
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
        let (mut expected, mut weight) = (0.0, 0.0);
        for (score, target) in scores.iter().zip(target) {
            expected += ((*score - largest) * *target).as_f64();
            weight += target.as_f64();
        }
        let (_, log_sum) = softmax_and_logarithm(simd, scores);
        for (score, target) in scores.iter_mut().zip(target) {
            *score = self.0 * (T::of(weight) * *score - *target);
        }
        log_sum.as_f64() * weight - expected
    }
}

/// The classes of the pixels of an image.
pub(super) trait PixelTarget<T, const C: usize> {
    /// The probabilities of a channel, those of the pixels from `first` on: as many as there is room for.
    fn channel(&self, channel: usize, first: usize, room: &mut [T]);
}

impl<T: Scalar, const C: usize, const H: usize, const W: usize> PixelTarget<T, C>
    for [[Class<C>; W]; H]
{
    #[inline(always)]
    fn channel(&self, channel: usize, first: usize, room: &mut [T]) {
        for (target, class) in room.iter_mut().zip(&self.as_flattened()[first..]) {
            *target = if class.index() == channel { T::one() } else { T::zero() };
        }
    }
}

impl<T: Scalar, const C: usize, const H: usize, const W: usize> PixelTarget<T, C>
    for Image<C, H, W, T>
{
    #[inline(always)]
    fn channel(&self, channel: usize, first: usize, room: &mut [T]) {
        let start = channel * Self::PIXELS + first;
        room.copy_from_slice(&self.as_slice()[start..start + room.len()]);
    }
}

/// The probabilities of a channel of some pixels; 0 in the lanes behind them. A function, because a closure would not be compiled for
/// the instruction set of the pass.
#[inline(always)]
pub(super) fn channel_of<T: Scalar, S: Simd, const C: usize>(
    simd: S,
    target: &impl PixelTarget<T, C>,
    channel: usize,
    first: usize,
    count: usize,
) -> Vector<T, S> {
    let mut room = Vector::splat(simd, T::zero());
    target.channel(channel, first, &mut room.as_mut_slice()[..count]);
    room
}

/// The cross-entropies of the pixels of an image of `C` channels.
struct Pixels<L, const C: usize>(L);

impl<T: Scalar, Y: PixelTarget<T, C>, const C: usize> OfSample<T, Y> for Pixels<Scaled<T>, C> {
    /// As many pixels at a time as a vector has lanes.
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Y) -> f64 {
        let pixels = scores.len() / C.max(1);
        let lanes = Vector::<T, S>::LANES;
        let scale = Vector::splat(simd, self.0.0);
        let zero = Vector::splat(simd, T::zero());
        let mut loss = 0.0;
        for first in (0..pixels).step_by(lanes) {
            let count = lanes.min(pixels - first);
            let place = |channel: usize| channel * pixels + first..channel * pixels + first + count;
            let mut largest = Vector::load_partial(simd, &scores[place(0)]);
            for channel in 1..C {
                largest = largest.max(Vector::load_partial(simd, &scores[place(channel)]));
            }
            let (mut sum, mut expected, mut weight) = (zero, zero, zero);
            for channel in 0..C {
                let score = Vector::load_partial(simd, &scores[place(channel)]) - largest;
                let t = channel_of(simd, target, channel, first, count);
                expected = expected + score * t;
                weight = weight + t;
                let exp = score.exp();
                sum = sum + exp;
                exp.store_partial(&mut scores[place(channel)]);
            }
            let factor = zero.constant(1.0) / sum;
            for channel in 0..C {
                let softmax = Vector::load_partial(simd, &scores[place(channel)]) * factor;
                let t = channel_of(simd, target, channel, first, count);
                let gradient = scale * (weight * softmax - t);
                gradient.store_partial(&mut scores[place(channel)]);
            }
            loss += sum_of(sum.ln() * weight - expected, count);
        }
        loss
    }
}

/// The cross-entropy of the probabilities of a class among several, and what its gradient is multiplied by: −Σ t ln p.
struct ScaledProbabilities<T>(T);

impl<T: Scalar> ScaledProbabilities<T> {
    /// Numbers and their targets, which become their gradient.
    #[inline(always)]
    fn of_numbers<S: Simd>(&self, simd: S, numbers: &mut [T], targets: &[T]) -> f64 {
        let (scale, lanes) = (Vector::splat(simd, self.0), Vector::<T, S>::LANES);
        let mut sum = 0.0;
        for (numbers, targets) in numbers.chunks_mut(lanes).zip(targets.chunks(lanes)) {
            let (p, t) = (Vector::load_partial(simd, numbers), Vector::load_partial(simd, targets));
            // Nothing times the logarithm of a NaN is a NaN, which is passed on.
            sum -= sum_of(t * logarithm(p), numbers.len());
            (-(scale * t) / divisor(p)).store_partial(numbers);
        }
        sum
    }
}

impl<T: Scalar, const N: usize> OfSample<T, Class<N>> for ScaledProbabilities<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Class<N>) -> f64 {
        let mut targets = [T::zero(); N];
        targets[target.index()] = T::one();
        self.of_numbers(simd, numbers, &targets)
    }
}

impl<T: Scalar, const N: usize> OfSample<T, SVector<T, N>> for ScaledProbabilities<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &SVector<T, N>) -> f64 {
        self.of_numbers(simd, numbers, target.as_slice())
    }
}

/// How many targets are written side by side.
const BLOCK: usize = 64;

impl<T: Scalar, Y: PixelTarget<T, C>, const C: usize> OfSample<T, Y>
    for Pixels<ScaledProbabilities<T>, C>
{
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Y) -> f64 {
        let pixels = numbers.len() / C.max(1);
        let mut sum = 0.0;
        for (channel, numbers) in numbers.chunks_mut(pixels.max(1)).enumerate() {
            for (index, numbers) in numbers.chunks_mut(BLOCK).enumerate() {
                let mut room = [T::zero(); BLOCK];
                let targets = &mut room[..numbers.len()];
                target.channel(channel, index * BLOCK, targets);
                sum += self.0.of_numbers(simd, numbers, targets);
            }
        }
        sum
    }
}

vectorized! {
    /// The losses of one class among several: of scores, of those before `softmax`, or of probabilities.
    #[inline(always)]
    fn evaluate_classes[
        O: Sample,
        Y,
        A: LastActivation,
        L: OfSample<O::Scalar, Y>,
        P: OfSample<O::Scalar, Y>
    ](
        simd,
        _activation: PhantomData<A>,
        scores: &mut [O],
        targets: &[Y],
        of_score: &L,
        of_probability: &P,
    ) -> f64 {
        of_classes::<O, Y, A, _>(simd, scores, targets, of_score, of_probability)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize> Loss<SVector<T, N>, Class<N>, A>
    for CrossEntropy
{
    type Size = classes<vector<N>>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, N>], targets: &[Class<N>], scale: T) -> f64 {
        let losses = (Scaled(scale), ScaledProbabilities(scale));
        evaluate_classes(PhantomData::<A>, scores, targets, &losses.0, &losses.1)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, Class<N>>>> {
        meter(*self, A::THRESHOLDS)
    }

    fn class_of(&self, target: &Class<N>) -> Option<(usize, usize)> {
        Some((target.index(), N))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize, const M: usize>
    Loss<SVector<T, N>, SVector<T, M>, A> for CrossEntropy
{
    type Size = classes<vector<M>>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, N>], targets: &[SVector<T, M>], scale: T) -> f64 {
        let losses = (Scaled(scale), ScaledProbabilities(scale));
        evaluate_classes(PhantomData::<A>, scores, targets, &losses.0, &losses.1)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, SVector<T, M>>>> {
        meter(*self, A::THRESHOLDS)
    }
}

/// The mean over the pixels of images of `D` channels.
#[inline(always)]
fn evaluate_pixels<O, Y, A, const D: usize>(
    scores: &mut [O],
    targets: &[Y],
    scale: O::Scalar,
) -> f64
where
    O: Sample,
    Y: PixelTarget<O::Scalar, D>,
    A: LastActivation,
{
    let share = one_over(O::PIXELS);
    let scale = scale * O::Scalar::of(share);
    let losses = (Pixels::<_, D>(Scaled(scale)), Pixels::<_, D>(ScaledProbabilities(scale)));
    share * evaluate_classes(PhantomData::<A>, scores, targets, &losses.0, &losses.1)
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const C: usize, const H: usize, const W: usize>
    Loss<Image<C, H, W, T>, [[Class<C>; W]; H], A> for CrossEntropy
{
    type Size = classes<image<C, H, W>>;
    const PER_SAMPLE: bool = true;

    #[inline(always)]
    fn evaluate(
        &self,
        scores: &mut [Image<C, H, W, T>],
        targets: &[[[Class<C>; W]; H]],
        scale: T,
    ) -> f64 {
        evaluate_pixels::<_, _, A, C>(scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<Image<C, H, W, T>, [[Class<C>; W]; H]>>> {
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
> Loss<Image<C, H, W, T>, Image<D, I, X, T>, A> for CrossEntropy
{
    type Size = classes<image<D, I, X>>;
    const PER_SAMPLE: bool = true;

    #[inline(always)]
    fn evaluate(
        &self,
        scores: &mut [Image<C, H, W, T>],
        targets: &[Image<D, I, X, T>],
        scale: T,
    ) -> f64 {
        evaluate_pixels::<_, _, A, D>(scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<Image<C, H, W, T>, Image<D, I, X, T>>>> {
        meter(*self, A::THRESHOLDS)
    }
}
