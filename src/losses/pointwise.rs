//! Losses that compare outputs with targets number by number.

use core::marker::PhantomData;

use nalgebra::SVector;
use num_traits::Zero;
use pulp::Simd;

use super::{Loss, OfSample, of_scores, one_over};
use crate::activations::{LastActivation, apply_on};
use crate::core::Image;
use crate::core::Scalar;
use crate::core::shapes::{image, vector};
use crate::core::{Sample, flat, flat_mut};
use crate::metrics::{Labels, Meter, Numbers, meter};
use crate::simd::{Vector, vectorized};

/// The mean of (y − t)², over all numbers of all outputs. PyTorch's `MSELoss`.
///
/// # Shapes
///
/// Targets have the shape of the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeanSquaredError;

/// The mean of |y − t|, over all numbers of all outputs. PyTorch's `L1Loss`.
///
/// The gradient at y = t is 0. Targets have the shape of the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeanAbsoluteError;

/// Squared near the target, absolute further away: with d = y − t, the mean of d² / 2 where |d| ≤ δ, of δ (|d| − δ / 2) elsewhere.
/// PyTorch's `HuberLoss`, whose δ is 1 by default as here.
///
/// Targets have the shape of the outputs.
///
/// Source: P. Huber, [Robust estimation of a location parameter](https://doi.org/10.1214/aoms/1177703732) (1964).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    delta: f64,
}

/// The loss with δ = 1, so that it is written as the other losses are: `&Huber`.
#[allow(non_upper_case_globals, reason = "stands where the unit structs of other losses stand")]
pub const Huber: Huber = Huber { delta: 1.0 };

impl Huber {
    /// With a δ of one's own choice: where the square ends.
    ///
    /// # Panics
    ///
    /// If it is not a finite number above 0.
    #[must_use]
    #[track_caller]
    pub const fn new(delta: f64) -> Self {
        // Below it, a loss that is 0 everywhere, or one without a lower end; above it, NaN.
        assert!(
            delta > 0.0 && delta.is_finite(),
            "the delta of a Huber loss is finite and above 0; without an end of the square it is `MeanSquaredError`"
        );
        Self { delta }
    }

    /// δ, where the square ends.
    #[must_use]
    pub const fn delta(self) -> f64 {
        self.delta
    }
}

impl Default for Huber {
    fn default() -> Self {
        Huber
    }
}

/// A loss that compares outputs with targets number by number: its value and its derivative, and nothing more.
///
/// What implements it is a [`Loss`] of vectors and images with targets of their shape, behind every last activation: the mean of ℓ(y, t) over all numbers y
/// of all outputs. The batch, its blocks, the sums, the way through the activation and back, and what validation measures are the library's.
///
/// ```
/// use axonal::losses::Pointwise;
/// use axonal::prelude::*;
/// use axonal::simd::Vector;
/// use axonal::{Scalar, Simd};
///
/// /// The squared error, and ten times as much where the output is below the target.
/// struct NotBelow;
///
/// impl Pointwise for NotBelow {
///     fn of_number<T: Scalar, S: Simd>(&self, y: Vector<T, S>, t: Vector<T, S>) -> (Vector<T, S>, Vector<T, S>) {
///         let weight = y.less_than(t).select(y.constant(10.0), y.constant(1.0));
///         let difference = weight * (y - t);
///         (difference * (y - t), difference + difference)
///     }
/// }
///
/// network! { struct Net<input 2 => dense 2>; }
///
/// let net = Net::zeros();
/// let (inputs, targets) = ([[0.5, -1.0].into()], [[1.0, -1.0].into()]);
/// assert_eq!(net.loss(&inputs, &targets, &NotBelow), 5.5);
/// assert_eq!(net.gradient(&inputs, &targets, &NotBelow).1.dense1.bias[0], -10.0);
/// ```
///
/// The page [losses](crate::guide::losses) has more, and losses of other kinds.
pub trait Pointwise: Sync {
    /// ℓ(y, t) of some numbers y of the outputs and their targets t, and dℓ/dy.
    ///
    /// Mark it `#[inline(always)]` for speed: it becomes part of a loop that is compiled for each instruction set, as no closure would be.
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>);

    /// Of targets that are labels, the number above which one is set: then validation measures a
    /// [`MultiLabel`](crate::evaluation::MultiLabel). Without one, targets are numbers, and it is
    /// [`RegressionMetrics`](crate::evaluation::RegressionMetrics).
    const LABELS_ABOVE: Option<f64> = None;

    /// Whether good outputs are near their targets. Where they are something else, a quantile or a logarithm, validation measures the loss alone.
    const APPROXIMATES: bool = true;
}

/// How many numbers are taken at a time where samples need not be kept apart.
const BLOCK: usize = 128;

vectorized! {
    /// The losses of a batch, number by number.
    #[inline(always)]
    fn pointwise[O: Sample, Y: Sample<Scalar = O::Scalar>, A: LastActivation, L: Pointwise](
        simd,
        _activation: PhantomData<A>,
        scores: &mut [O],
        targets: &[Y],
        scale: O::Scalar,
        loss: &L,
    ) -> f64 {
        let share = one_over(O::LEN);
        let scale = scale * O::Scalar::of(share);
        if !A::ELEMENTWISE {
            return share * of_scores::<_, _, A, _>(simd, scores, targets, &OfNumbers { loss, scale });
        }
        // The numbers of all samples in one row: small outputs fill the vectors too.
        let (mut sum, mut before, mut outputs) =
            (0.0, [O::Scalar::zero(); BLOCK], [O::Scalar::zero(); BLOCK]);
        for (numbers, targets) in flat_mut(scores).chunks_mut(BLOCK).zip(flat(targets).chunks(BLOCK)) {
            let count = numbers.len();
            if A::SCORES {
                before[..count].copy_from_slice(numbers);
            }
            apply_on::<A, _, _>(simd, numbers);
            outputs[..count].copy_from_slice(numbers);
            sum += of_numbers(simd, numbers, targets, scale, loss);
            let before = if A::SCORES { &before[..count] } else { &[] };
            A::through(simd, before, &outputs[..count], numbers);
        }
        share * sum
    }
}

/// The losses of some outputs, which give place to their scaled derivatives.
#[inline(always)]
pub(super) fn of_numbers<T: Scalar, S: Simd>(
    simd: S,
    outputs: &mut [T],
    targets: &[T],
    scale: T,
    loss: &impl Pointwise,
) -> f64 {
    let scale = Vector::splat(simd, scale);
    let lanes = Vector::<T, S>::LANES;
    let mut sums = Vector::splat(simd, T::zero());
    let (mut outputs, targets) = (outputs.chunks_exact_mut(lanes), targets.chunks_exact(lanes));
    let last_targets = targets.remainder();
    for (output, target) in outputs.by_ref().zip(targets) {
        let (losses, derivative) =
            loss.of_number(Vector::load(simd, output), Vector::load(simd, target));
        (derivative * scale).store(output);
        sums = sums + losses;
    }
    let mut sum = sums.sum().as_f64();
    let last = outputs.into_remainder();
    if !last.is_empty() {
        let (output, target) =
            (Vector::load_partial(simd, last), Vector::load_partial(simd, last_targets));
        let (losses, derivative) = loss.of_number(output, target);
        (derivative * scale).store_partial(last);
        for loss in &losses.as_slice()[..last.len()] {
            sum += loss.as_f64();
        }
    }
    sum
}

/// A pointwise loss, for one sample.
struct OfNumbers<'a, L, T> {
    loss: &'a L,
    scale: T,
}

impl<Y: Sample, L: Pointwise> OfSample<Y::Scalar, Y> for OfNumbers<'_, L, Y::Scalar> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [Y::Scalar], target: &Y) -> f64 {
        let mut sum = 0.0;
        for (output, target) in output.chunks_mut(BLOCK).zip(target.as_slice().chunks(BLOCK)) {
            sum += of_numbers(simd, output, target, self.scale, self.loss);
        }
        sum
    }
}

impl Pointwise for MeanSquaredError {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let difference = output - target;
        (difference * difference, difference + difference)
    }
}

impl Pointwise for MeanAbsoluteError {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let difference = output - target;
        (difference.abs(), sign(difference))
    }
}

impl Pointwise for Huber {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let difference = output - target;
        let size = difference.abs();
        let (delta, half) = (size.constant(self.delta), size.constant(0.5));
        let far = delta.less_than(size);
        let linear = delta * (size - half * delta);
        let loss = far.select(linear, half * difference * difference);
        (loss, far.select(delta * sign(difference), difference))
    }
}

// Vectors with vectors, images with images: of anything else the compiler says that it does not fit, where a bound would have it explain why.
#[diagnostic::do_not_recommend]
impl<L: Pointwise, T: Scalar, A: LastActivation, const N: usize, const M: usize>
    Loss<SVector<T, N>, SVector<T, M>, A> for L
{
    type Size = vector<M>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, N>], targets: &[SVector<T, M>], scale: T) -> f64 {
        pointwise(PhantomData::<A>, scores, targets, scale, self)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, SVector<T, M>>>> {
        match L::LABELS_ABOVE {
            Some(set) => meter(Labels { set }, A::THRESHOLDS),
            None if L::APPROXIMATES => meter(Numbers, A::THRESHOLDS),
            None => None,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<
    L: Pointwise,
    T: Scalar,
    A: LastActivation,
    const C: usize,
    const H: usize,
    const W: usize,
    const D: usize,
    const I: usize,
    const X: usize,
> Loss<Image<C, H, W, T>, Image<D, I, X, T>, A> for L
{
    type Size = image<D, I, X>;
    const PER_SAMPLE: bool = true;

    #[inline(always)]
    fn evaluate(
        &self,
        scores: &mut [Image<C, H, W, T>],
        targets: &[Image<D, I, X, T>],
        scale: T,
    ) -> f64 {
        pointwise(PhantomData::<A>, scores, targets, scale, self)
    }

    fn meter(&self) -> Option<Box<dyn Meter<Image<C, H, W, T>, Image<D, I, X, T>>>> {
        match L::LABELS_ABOVE {
            Some(set) => meter(Labels { set }, A::THRESHOLDS),
            None if L::APPROXIMATES => meter(Numbers, A::THRESHOLDS),
            None => None,
        }
    }
}

/// −1, 0 or 1, and NaN for NaN: what PyTorch's `sign` gives.
#[inline(always)]
fn sign<T: Scalar, S: Simd>(value: Vector<T, S>) -> Vector<T, S> {
    let (zero, one) = (value.constant(0.0), value.constant(1.0));
    let positive_or_zero = zero.less_than(value).select(one, value);
    value.less_than(zero).select(-one, positive_or_zero)
}
