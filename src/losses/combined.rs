//! Losses of losses: a multiple, and a sum.

use super::Loss;
use crate::core::shapes::{answers, classes, image, vector};
use crate::core::{Sample, Scalar, flat, flat_mut, split_samples};
use crate::kernels::add;
use crate::memory::Heap;
use crate::metrics::Meter;

/// A multiple of a loss: `MeanSquaredError.scaled(0.5)`.
///
/// It takes what the loss takes, and validation measures what that measures.
///
/// ```
/// use axonal::prelude::*;
///
/// let (outputs, targets) = ([SVector::from([3.0])], [SVector::from([1.0])]);
/// assert_eq!(MeanSquaredError.scaled(0.5).value(&outputs, &targets), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled<L> {
    loss: L,
    factor: f64,
}

impl<L> Scaled<L> {
    /// A multiple of any loss, also one of your own. Those of the library have it as a method, `scaled`.
    ///
    /// # Panics
    ///
    /// If the factor is not finite.
    #[must_use]
    #[track_caller]
    pub const fn new(loss: L, factor: f64) -> Self {
        assert!(factor.is_finite(), "a loss is scaled by a finite number");
        Self { loss, factor }
    }

    /// The loss itself.
    pub(super) const fn loss(&self) -> &L {
        &self.loss
    }
}

#[diagnostic::do_not_recommend]
impl<O: Sample, Y, A, L: Loss<O, Y, A>> Loss<O, Y, A> for Scaled<L> {
    type Size = L::Size;
    const PER_SAMPLE: bool = L::PER_SAMPLE;

    #[inline(always)]
    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        let scale = scale * O::Scalar::of(self.factor);
        self.factor * self.loss.evaluate(scores, targets, scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
        self.loss.meter()
    }

    fn class_of(&self, target: &Y) -> Option<(usize, usize)> {
        self.loss.class_of(target)
    }
}

/// The sum of two losses of one output and one target: `MeanSquaredError.plus(CosineSimilarity.scaled(0.1))`.
///
/// Both are given the same scores. Validation measures what the first one measures, or the second where the first measures nothing. Where one of them looks
/// across a batch, so does the sum.
///
/// ```
/// use axonal::prelude::*;
///
/// let (outputs, targets) = ([SVector::from([3.0])], [SVector::from([1.0])]);
/// let elastic = MeanSquaredError.plus(MeanAbsoluteError.scaled(0.5));
/// assert_eq!(elastic.value(&outputs, &targets), 5.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum<A, B> {
    first: A,
    second: B,
}

impl<A, B> Sum<A, B> {
    /// The sum of any two losses, also of your own. Those of the library have it as a method, `plus`.
    #[must_use]
    pub const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// The first of the two.
    pub(super) const fn first(&self) -> &A {
        &self.first
    }
}

/// The size that outputs have which go with both of two losses, and what else both ask of them.
pub trait Together<S> {
    /// The size, with [`answers`] or [`classes`] around it if one of them has it.
    type Size;
}

impl<const N: usize> Together<Self> for vector<N> {
    type Size = Self;
}

impl<const C: usize, const H: usize, const W: usize> Together<Self> for image<C, H, W> {
    type Size = Self;
}

/// What asks for more decides.
macro_rules! decides {
    ($($asks:ident),+) => {$(
        impl<S> Together<Self> for $asks<S> {
            type Size = Self;
        }

        impl<const N: usize> Together<vector<N>> for $asks<vector<N>> {
            type Size = Self;
        }

        impl<const N: usize> Together<$asks<Self>> for vector<N> {
            type Size = $asks<Self>;
        }

        impl<const C: usize, const H: usize, const W: usize> Together<image<C, H, W>> for $asks<image<C, H, W>> {
            type Size = Self;
        }

        impl<const C: usize, const H: usize, const W: usize> Together<$asks<Self>> for image<C, H, W> {
            type Size = $asks<Self>;
        }
    )+};
}

decides!(answers, classes);

#[diagnostic::do_not_recommend]
impl<O, Y, A, First, Second> Loss<O, Y, A> for Sum<First, Second>
where
    O: Sample,
    First: Loss<O, Y, A, Size: Together<Second::Size>>,
    Second: Loss<O, Y, A>,
{
    type Size = <First::Size as Together<Second::Size>>::Size;
    const PER_SAMPLE: bool = First::PER_SAMPLE && Second::PER_SAMPLE;

    #[inline(always)]
    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        let mut heap = Heap::default();
        let (copy, _) = split_samples::<O>(heap.take(scores.len() * O::LEN), scores.len());
        copy.copy_from_slice(scores);
        let first = self.first.evaluate(scores, targets, scale);
        let second = self.second.evaluate(copy, targets, scale);
        add(flat_mut(scores), flat(copy));
        first + second
    }

    fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
        self.first.meter().or_else(|| self.second.meter())
    }

    fn class_of(&self, target: &Y) -> Option<(usize, usize)> {
        self.first.class_of(target).or_else(|| self.second.class_of(target))
    }
}
