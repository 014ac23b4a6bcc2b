//! The loss of margins.

use core::marker::PhantomData;

use nalgebra::SVector;
use pulp::Simd;

use super::pointwise::of_numbers;
use super::{Loss, OfSample, Pointwise, behind, one_over};
use crate::activations::LastActivation;
use crate::core::shapes::vector;
use crate::core::{Class, Scalar};
use crate::metrics::{Meter, meter};
use crate::simd::Vector;

/// The hinge loss of support vector machines, for outputs that are scores.
///
/// * Targets of the outputs' shape, each number −1 or 1: the mean of max(0, 1 − t y), as Keras's `Hinge`.
/// * A [`Class<2>`](Class) for a single output: the same, with t = −1 for class 0 and t = 1 for class 1.
/// * A [`Class<N>`](Class) for N outputs: Σ over the wrong classes j of max(0, 1 − y_target + y_j) / N, as PyTorch's `MultiMarginLoss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hinge;

impl Pointwise for Hinge {
    const LABELS_ABOVE: Option<f64> = Some(0.0);

    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        output: Vector<T, S>,
        target: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let zero = output.constant(0.0);
        let margin = output.constant(1.0) - target * output;
        // `zero < margin` would take a NaN for a margin that is met.
        let inside = margin.less_than(zero);
        let at_edge = margin.equal(zero);
        let loss = inside.select(zero, margin);
        (loss, inside.select(zero, at_edge.select(zero, -target)))
    }
}

/// Classes as a hinge loss sees them, and what its gradient is multiplied by.
struct Margins<T>(T);

impl<T: Scalar> OfSample<T, Class<2>> for Margins<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [T], target: &Class<2>) -> f64 {
        let target = if target.index() == 1 { T::one() } else { -T::one() };
        of_numbers(simd, output, &[target], self.0, &Hinge)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation> Loss<SVector<T, 1>, Class<2>, A> for Hinge {
    type Size = vector<1>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, 1>], targets: &[Class<2>], scale: T) -> f64 {
        behind(PhantomData::<A>, scores, targets, &Margins(scale))
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, 1>, Class<2>>>> {
        meter(*self, A::THRESHOLDS)
    }

    fn class_of(&self, target: &Class<2>) -> Option<(usize, usize)> {
        Some((target.index(), 2))
    }
}

/// One class among N as a hinge loss sees it, and what its gradient is multiplied by.
struct MultiMargins<T>(T);

impl<T: Scalar, const N: usize> OfSample<T, Class<N>> for MultiMargins<T> {
    #[inline(always)]
    fn of_sample<S: Simd>(&self, _simd: S, outputs: &mut [T], target: &Class<N>) -> f64 {
        let right = outputs[target.index()];
        let (mut loss, mut wrong) = (0.0, T::zero());
        for (class, output) in outputs.iter_mut().enumerate() {
            let margin = T::one() - right + *output;
            // Asked this way round, a NaN is passed on.
            *output = if class == target.index() || margin <= T::zero() {
                T::zero()
            } else {
                loss += margin.as_f64();
                wrong += T::one();
                self.0
            };
        }
        outputs[target.index()] = -wrong * self.0;
        loss
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: LastActivation, const N: usize> Loss<SVector<T, N>, Class<N>, A> for Hinge {
    type Size = vector<N>;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [SVector<T, N>], targets: &[Class<N>], scale: T) -> f64 {
        let share = one_over(N);
        let loss = MultiMargins(scale * T::of(share));
        share * behind(PhantomData::<A>, scores, targets, &loss)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<T, N>, Class<N>>>> {
        meter(*self, A::THRESHOLDS)
    }

    fn class_of(&self, target: &Class<N>) -> Option<(usize, usize)> {
        Some((target.index(), N))
    }
}
