//! Losses that compare outputs with targets number by number.

use pulp::Simd;

use super::{Loss, one_over, through_activation, total};
use crate::activations::ActivationGradient;
use crate::data::Class;
use crate::kernels::Scalar;
use crate::sample::Sample;
use nalgebra::SVector;

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
    /// Where the square ends, above 0.
    pub delta: f64,
}

/// The loss with δ = 1, so that it is written as the other losses are: `&Huber`.
#[allow(non_upper_case_globals, reason = "stands where the unit structs of other losses stand")]
pub const Huber: Huber = Huber { delta: 1.0 };

impl Huber {
    /// With a δ of one's own choice.
    pub const fn new(delta: f64) -> Self {
        Self { delta }
    }
}

impl Default for Huber {
    fn default() -> Self {
        Huber
    }
}

/// The hinge loss of support vector machines, for outputs that are scores.
///
/// * Targets of the outputs' shape, each number −1 or 1: the mean of max(0, 1 − t y), as Keras's `Hinge`.
/// * A [`Class<2>`](Class) for a single output: the same, with t = −1 for class 0 and t = 1 for class 1.
/// * A [`Class<N>`](Class) for N outputs: Σ over the wrong classes j of max(0, 1 − y_target + y_j) / N, as PyTorch's `MultiMarginLoss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hinge;

/// Runs a pointwise loss: `of_number` gives loss and derivative of one output number.
#[inline(always)]
fn pointwise<O: Sample, A: ActivationGradient, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[O],
    scale: O::Scalar,
    of_number: impl Fn(O::Scalar, O::Scalar) -> (O::Scalar, O::Scalar),
) -> f64 {
    let share = one_over(O::LEN);
    let scale = scale * O::Scalar::of(share);
    let sum = through_activation::<O, O, A, S>(simd, scores, targets, |outputs, target| {
        total(outputs.iter_mut().zip(target.as_slice()).map(|(output, target)| {
            let (loss, derivative) = of_number(*output, *target);
            *output = derivative * scale;
            loss
        }))
    });
    sum * share
}

impl<O: Sample, A: ActivationGradient> Loss<O, O, A> for MeanSquaredError {
    #[inline(always)]
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[O], scale: O::Scalar) -> f64 {
        pointwise::<O, A, S>(simd, scores, targets, scale, |output, target| {
            let difference = output - target;
            (difference * difference, difference + difference)
        })
    }
}

impl<O: Sample, A: ActivationGradient> Loss<O, O, A> for MeanAbsoluteError {
    #[inline(always)]
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[O], scale: O::Scalar) -> f64 {
        pointwise::<O, A, S>(simd, scores, targets, scale, |output, target| {
            let difference = output - target;
            (num_traits::Float::abs(difference), sign(difference))
        })
    }
}

impl<O: Sample, A: ActivationGradient> Loss<O, O, A> for Huber {
    #[inline(always)]
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[O], scale: O::Scalar) -> f64 {
        let delta = O::Scalar::of(self.delta);
        let half = O::Scalar::of(0.5);
        pointwise::<O, A, S>(simd, scores, targets, scale, |output, target| {
            let difference = output - target;
            let size = num_traits::Float::abs(difference);
            if size <= delta {
                (half * difference * difference, difference)
            } else {
                (delta * (size - half * delta), delta * sign(difference))
            }
        })
    }
}

impl<O: Sample, A: ActivationGradient> Loss<O, O, A> for Hinge {
    #[inline(always)]
    fn evaluate<S: Simd>(&self, simd: S, scores: &mut [O], targets: &[O], scale: O::Scalar) -> f64 {
        pointwise::<O, A, S>(simd, scores, targets, scale, margin)
    }
}

impl<T: Scalar, A: ActivationGradient> Loss<SVector<T, 1>, Class<2>, A> for Hinge {
    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, 1>],
        targets: &[Class<2>],
        scale: T,
    ) -> f64 {
        through_activation::<_, _, A, S>(simd, scores, targets, |output, target| {
            let target = if target.index() == 1 { T::one() } else { -T::one() };
            let (loss, derivative) = margin(output[0], target);
            output[0] = derivative * scale;
            loss.as_f64()
        })
    }
}

impl<T: Scalar, A: ActivationGradient, const N: usize> Loss<SVector<T, N>, Class<N>, A> for Hinge {
    #[inline(always)]
    fn evaluate<S: Simd>(
        &self,
        simd: S,
        scores: &mut [SVector<T, N>],
        targets: &[Class<N>],
        scale: T,
    ) -> f64 {
        let share = one_over(N);
        let scale = scale * T::of(share);
        let sum = through_activation::<_, _, A, S>(simd, scores, targets, |outputs, target| {
            let right = outputs[target.index()];
            let (mut loss, mut wrong) = (T::zero(), T::zero());
            for (class, output) in outputs.iter_mut().enumerate() {
                let margin = T::one() - right + *output;
                // A NaN is passed on, so that training sees it.
                *output = if class == target.index() || margin <= T::zero() {
                    T::zero()
                } else {
                    loss += margin;
                    wrong += T::one();
                    scale
                };
            }
            outputs[target.index()] = -wrong * scale;
            loss.as_f64()
        });
        sum * share
    }
}

/// max(0, 1 − t y) and its derivative; NaN is passed on.
#[inline(always)]
fn margin<T: Scalar>(output: T, target: T) -> (T, T) {
    let margin = T::one() - target * output;
    if margin <= T::zero() { (T::zero(), T::zero()) } else { (margin, -target) }
}

/// −1, 0 or 1, and NaN for NaN: what PyTorch's `sign` gives.
#[inline(always)]
fn sign<T: Scalar>(value: T) -> T {
    if value == T::zero() { value } else { value.signum() }
}
