//! The focal loss: a cross-entropy in which samples that the network is sure of count little.

use nalgebra::SVector;
use pulp::Simd;

use super::binary_cross_entropy::BinaryTarget;
use super::cross_entropy::{PixelTarget, channel_of};
use super::probabilities::{divisor, logarithm, of_answers, of_classes, sum_of};
use super::{Loss, OfSample, one_over};
use crate::activations::{LastActivation, softmax_and_logarithm};
use crate::core::shapes::{answers, classes, image, vector};
use crate::core::{Class, Image, Sample, Scalar};
use crate::metrics::{Meter, meter};
use crate::simd::Vector;

/// The focal loss: a cross-entropy times (1 − p)^γ, where p is the probability that the network gives to the right answer. Where it is sure, and
/// right, the loss counts little: so a few rare objects count beside many easy ones.
///
/// γ is 2, as in the paper, or what [`gamma`](Self::gamma) says; with 0 it is the cross-entropy. α is left out, or what [`alpha`](Self::alpha) says.
///
/// * Answers and labels: −(1 − p)^γ ln p with p = σ(z) for yes and 1 − σ(z) for no, times α for yes and 1 − α for no: the mean over all numbers.
///   torchvision's `sigmoid_focal_loss`, whose α is 0.25, with the same meaning of targets between 0 and 1.
/// * One class among N: −(1 − p)^γ ln p with p = softmax(z)_target, times α: the mean over the batch. Keras's `CategoricalFocalCrossentropy`, whose α is 0.25.
///
/// It takes scores, or a network that ends in `sigmoid`, or in `softmax` for classes, and gives the same stable value for both. Other probabilities are taken as
/// they stand, as by [`BinaryCrossEntropy`](crate::losses::BinaryCrossEntropy) and [`CrossEntropy`](crate::losses::CrossEntropy).
///
/// # Shapes
///
/// | outputs | targets |
/// |---|---|
/// | vectors of N | a [`Class<N>`](Class); or labels, a vector of N numbers from 0 to 1; where N is 1, also a `Class<2>` or a `bool` |
/// | [`Image<C, H, W>`](crate::Image) | a class a pixel, `[[Class<C>; W]; H]`; or an image of labels; where C is 1, also a mask, `[[bool; W]; H]` or `[[Class<2>; W]; H]` |
///
/// Source: T.-Y. Lin et al., [Focal loss for dense object detection](https://arxiv.org/abs/1708.02002) (2017).
///
/// ```
/// use axonal::prelude::*;
///
/// let scores = [SVector::from([3.0_f64.ln()])];
/// let loss = Focal.value(&scores, &[true]);
/// assert!((loss + 0.25_f64.powi(2) * 0.75_f64.ln()).abs() < 1e-12);
/// let loss = Focal.gamma(0.0).alpha(0.25).value(&scores, &[true]);
/// assert!((loss - 0.25 * BinaryCrossEntropy.value(&scores, &[true])).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    gamma: f64,
    alpha: Option<f64>,
}

/// The loss with γ = 2 and without α, written as the other losses are: `&Focal`.
#[allow(non_upper_case_globals, reason = "stands where the unit structs of other losses stand")]
pub const Focal: Focal = Focal { gamma: 2.0, alpha: None };

impl Default for Focal {
    fn default() -> Self {
        Focal
    }
}

impl Focal {
    /// With another γ: the larger, the less do samples count that the network is sure of.
    ///
    /// # Panics
    ///
    /// If it is below 0, or not finite.
    #[must_use]
    #[track_caller]
    pub const fn gamma(self, gamma: f64) -> Self {
        assert!(
            gamma >= 0.0 && gamma.is_finite(),
            "the gamma of a focal loss is finite, from 0 on"
        );
        Self { gamma, ..self }
    }

    /// With an α: what a yes counts, where a no counts 1 − α; of one class among N, what every sample counts.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub const fn alpha(self, alpha: f64) -> Self {
        assert!(alpha >= 0.0 && alpha <= 1.0, "the alpha of a focal loss is a share from 0 to 1");
        Self { alpha: Some(alpha), ..self }
    }

    /// −α (1 − p)^γ ln p where ln p is given, and its derivative with respect to that; `rest` is 1 − p.
    #[inline(always)]
    fn of_logarithm<T: Scalar, S: Simd>(
        self,
        ln: Vector<T, S>,
        rest: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let (zero, one) = (ln.constant(0.0), ln.constant(1.0));
        let p = one - rest;
        let (power, by_rest) = self.power(rest);
        // p ln p: 0 for p = 0, however the logarithm is.
        let entropy = p.equal(zero).select(zero, p * ln);
        let alpha = ln.constant(-self.alpha.unwrap_or(1.0));
        (alpha * power * ln, alpha * (power - by_rest * entropy))
    }

    /// q^γ, and γ q^(γ − 1), for q from 0 to 1.
    #[inline(always)]
    fn power<T: Scalar, S: Simd>(self, q: Vector<T, S>) -> (Vector<T, S>, Vector<T, S>) {
        // Of 0, whose logarithm and reciprocal are infinite, the smallest number takes the place. NaN stays NaN.
        let smallest = q.constant(SMALLEST);
        let q = q.less_than(smallest).select(smallest, q);
        let gamma = q.constant(self.gamma);
        let power = (gamma * q.ln()).exp();
        (power, gamma * power / q)
    }

    /// α t + (1 − α) (1 − t), the weight of a target t from 0 (no) to 1 (yes); 1 without α.
    #[inline(always)]
    fn weight<T: Scalar, S: Simd>(self, t: Vector<T, S>) -> Vector<T, S> {
        let one = t.constant(1.0);
        match self.alpha {
            Some(alpha) => t.constant(alpha) * t + t.constant(1.0 - alpha) * (one - t),
            None => one,
        }
    }
}

/// About the smallest normal `f32`.
const SMALLEST: f64 = 1e-37;

/// The loss of scores, and what its gradient is multiplied by.
struct Scores<T>(Focal, T);

/// The loss of probabilities, and what its gradient is multiplied by.
struct Probabilities<T>(Focal, T);

/// Answers, each by itself.
struct Answers<L>(L);

impl<T: Scalar, Y: BinaryTarget<T>> OfSample<T, Y> for Answers<Scores<T>> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Y) -> f64 {
        let Scores(focal, scale) = self.0;
        let lanes = Vector::<T, S>::LANES;
        let mut room = Vector::splat(simd, T::zero());
        let mut sum = 0.0;
        for (index, scores) in scores.chunks_mut(lanes).enumerate() {
            let target = target.answers(index * lanes, &mut room.as_mut_slice()[..scores.len()]);
            let (z, t) = (Vector::load_partial(simd, scores), Vector::load_partial(simd, target));
            let (zero, one) = (z.constant(0.0), z.constant(1.0));
            let (yes, no) = (z.sigmoid(), (-z).sigmoid());
            // As `BinaryCrossEntropy`: max(z, 0) − z t + ln(1 + exp(−|z|)).
            let positive = z.less_than(zero).select(zero, z);
            let entropy = positive - z * t + (-z.abs()).exp().ln_1p();
            // What is wrong of it, and what that changes by.
            let wrong = yes * (one - t) + no * t;
            let slope = (one - t - t) * yes * no;
            let (power, by_wrong) = focal.power(wrong);
            let weight = focal.weight(t);
            sum += sum_of(weight * power * entropy, scores.len());
            let gradient = power * (yes - t) + entropy * by_wrong * slope;
            (Vector::splat(simd, scale) * weight * gradient).store_partial(scores);
        }
        sum
    }
}

impl<T: Scalar, Y: BinaryTarget<T>> OfSample<T, Y> for Answers<Probabilities<T>> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Y) -> f64 {
        let Probabilities(focal, scale) = self.0;
        let lanes = Vector::<T, S>::LANES;
        let mut room = Vector::splat(simd, T::zero());
        let mut sum = 0.0;
        for (index, numbers) in numbers.chunks_mut(lanes).enumerate() {
            let target = target.answers(index * lanes, &mut room.as_mut_slice()[..numbers.len()]);
            let (p, t) = (Vector::load_partial(simd, numbers), Vector::load_partial(simd, target));
            let one = p.constant(1.0);
            let no = one - p;
            let entropy = -(t * logarithm(p) + (one - t) * logarithm(no));
            let (power, by_wrong) = focal.power(p * (one - t) + no * t);
            let weight = focal.weight(t);
            sum += sum_of(weight * power * entropy, numbers.len());
            let gradient = power * (p - t) / divisor(p * no) + entropy * by_wrong * (one - t - t);
            (Vector::splat(simd, scale) * weight * gradient).store_partial(numbers);
        }
        sum
    }
}

impl<T: Scalar, const N: usize> OfSample<T, Class<N>> for Scores<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Class<N>) -> f64 {
        let class = target.index();
        let score = scores[class];
        let (largest, log_sum) = softmax_and_logarithm(simd, scores);
        let ln = Vector::splat(simd, score - largest - log_sum);
        let (loss, slope) = self.0.of_logarithm(ln, -ln.exp_m1());
        let slope = self.1 * slope.largest();
        for score in scores.iter_mut() {
            *score *= -slope;
        }
        scores[class] += slope;
        loss.largest().as_f64()
    }
}

impl<T: Scalar, const N: usize> OfSample<T, Class<N>> for Probabilities<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Class<N>) -> f64 {
        let p = Vector::splat(simd, numbers[target.index()]);
        let (loss, slope) = self.0.of_logarithm(logarithm(p), p.constant(1.0) - p);
        numbers.fill(T::zero());
        numbers[target.index()] = self.1 * (slope / divisor(p)).largest();
        loss.largest().as_f64()
    }
}

/// The classes of the pixels of an image of `C` channels.
struct Pixels<L, const C: usize>(L);

impl<T: Scalar, Y: PixelTarget<T, C>, const C: usize> OfSample<T, Y> for Pixels<Scores<T>, C> {
    /// As many pixels at a time as a vector has lanes.
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, scores: &mut [T], target: &Y) -> f64 {
        let Scores(focal, scale) = self.0;
        let (pixels, lanes) = (scores.len() / C.max(1), Vector::<T, S>::LANES);
        let zero = Vector::splat(simd, T::zero());
        let mut loss = 0.0;
        for first in (0..pixels).step_by(lanes) {
            let count = lanes.min(pixels - first);
            let place = |channel: usize| channel * pixels + first..channel * pixels + first + count;
            let mut largest = Vector::load_partial(simd, &scores[place(0)]);
            for channel in 1..C {
                largest = largest.max(Vector::load_partial(simd, &scores[place(channel)]));
            }
            let (mut sum, mut right) = (zero, zero);
            for channel in 0..C {
                let score = Vector::load_partial(simd, &scores[place(channel)]) - largest;
                let t = channel_of(simd, target, channel, first, count);
                right = t.equal(zero).select(right, score);
                let exp = score.exp();
                sum = sum + exp;
                exp.store_partial(&mut scores[place(channel)]);
            }
            let ln = right - sum.ln();
            let (losses, slope) = focal.of_logarithm(ln, -ln.exp_m1());
            let slope = Vector::splat(simd, scale) * slope;
            for channel in 0..C {
                let softmax = Vector::load_partial(simd, &scores[place(channel)]) / sum;
                let t = channel_of(simd, target, channel, first, count);
                (slope * (t - softmax)).store_partial(&mut scores[place(channel)]);
            }
            loss += sum_of(losses, count);
        }
        loss
    }
}

impl<T: Scalar, Y: PixelTarget<T, C>, const C: usize> OfSample<T, Y>
    for Pixels<Probabilities<T>, C>
{
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, numbers: &mut [T], target: &Y) -> f64 {
        let Probabilities(focal, scale) = self.0;
        let lanes = Vector::<T, S>::LANES;
        let pixels = numbers.len() / C.max(1);
        let mut sum = 0.0;
        for (channel, numbers) in numbers.chunks_mut(pixels.max(1)).enumerate() {
            for (index, numbers) in numbers.chunks_mut(lanes).enumerate() {
                let t = channel_of(simd, target, channel, index * lanes, numbers.len());
                let p = Vector::load_partial(simd, numbers);
                let (loss, slope) = focal.of_logarithm(logarithm(p), p.constant(1.0) - p);
                // Nothing times a NaN is a NaN, which is passed on.
                sum += sum_of(t * loss, numbers.len());
                (Vector::splat(simd, scale) * t * slope / divisor(p)).store_partial(numbers);
            }
        }
        sum
    }
}

/// The mean over all numbers.
#[inline(always)]
fn mean_of_answers<O, Y, A, S>(
    focal: Focal,
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    scale: O::Scalar,
) -> f64
where
    O: Sample,
    Y: BinaryTarget<O::Scalar>,
    A: LastActivation,
    S: Simd,
{
    let share = one_over(O::LEN);
    let scale = scale * O::Scalar::of(share);
    let losses = (Answers(Scores(focal, scale)), Answers(Probabilities(focal, scale)));
    share * of_answers::<_, _, A, S>(simd, scores, targets, &losses.0, &losses.1)
}

per_sample! {
    Focal, |focal, simd, scores, targets, scale|

    [const N: usize] SVector<T, N>, Class<N>, of classes<vector<N>> => {
        let losses = (Scores(*focal, scale), Probabilities(*focal, scale));
        of_classes::<_, _, A, _>(simd, scores, targets, &losses.0, &losses.1)
    }, meter meter(*focal, A::THRESHOLDS), class |class| (class.index(), N);

    [const C: usize, const H: usize, const W: usize] Image<C, H, W, T>, [[Class<C>; W]; H], of classes<image<C, H, W>> => {
        let share = one_over(H * W);
        let scale = scale * T::of(share);
        let losses = (Pixels::<_, C>(Scores(*focal, scale)), Pixels::<_, C>(Probabilities(*focal, scale)));
        share * of_classes::<_, _, A, _>(simd, scores, targets, &losses.0, &losses.1)
    }, meter meter(*focal, A::THRESHOLDS);

    [] SVector<T, 1>, bool, of answers<vector<1>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS),
        class |answer| (usize::from(*answer), 2);

    [] SVector<T, 1>, Class<2>, of answers<vector<1>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS),
        class |answer| (answer.index(), 2);

    [const H: usize, const W: usize] Image<1, H, W, T>, [[bool; W]; H], of answers<image<1, H, W>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS);

    [const H: usize, const W: usize] Image<1, H, W, T>, [[Class<2>; W]; H], of answers<image<1, H, W>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS);

    [const N: usize, const M: usize] SVector<T, N>, SVector<T, M>, of answers<vector<M>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS);

    [const C: usize, const H: usize, const W: usize, const D: usize, const I: usize, const X: usize]
    Image<C, H, W, T>, Image<D, I, X, T>, of answers<image<D, I, X>> =>
        mean_of_answers::<_, _, A, _>(*focal, simd, scores, targets, scale), meter meter(*focal, A::THRESHOLDS);
}
