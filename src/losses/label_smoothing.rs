//! Cross-entropies whose targets are a little less certain than they say.

use core::slice;

use nalgebra::SVector;

use super::{BinaryCrossEntropy, CrossEntropy, Loss};
use crate::activations::LastActivation;
use crate::core::{Class, Image, Sample, Scalar, split_samples};
use crate::memory::Heap;
use crate::metrics::Meter;

/// A cross-entropy with label smoothing: each target gives a share ε of its probability to all classes alike.
///
/// `CrossEntropy.label_smoothing(0.1)` and `BinaryCrossEntropy.label_smoothing(0.1)` make one, with the outputs and targets of the loss itself:
///
/// * [`CrossEntropy`](CrossEntropy): the targets (1 − ε) t + ε / N for N classes, where t is 1 for the class of a target, or the probability that a
///   soft target says. PyTorch's `CrossEntropyLoss(label_smoothing=ε)`.
/// * [`BinaryCrossEntropy`](BinaryCrossEntropy): the targets (1 − ε) t + ε / 2. Keras's `BinaryCrossentropy(label_smoothing=ε)`.
///
/// What validation measures is that of the loss itself; the loss of validation is smoothed too.
///
/// Source: C. Szegedy et al., [Rethinking the Inception architecture for computer vision](https://arxiv.org/abs/1512.00567) (2015).
///
/// ```
/// use axonal::prelude::*;
///
/// let scores = [SVector::from([2.0_f64, 0.0, 0.0, 0.0])];
/// let smoothed = CrossEntropy.label_smoothing(0.1).value(&scores, &[Class::<4>::new(0)?]);
/// let soft = CrossEntropy.value(&scores, &[SVector::from([0.925, 0.025, 0.025, 0.025])]);
/// assert!((smoothed - soft).abs() < 1e-12);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothed<L> {
    loss: L,
    smoothing: f64,
}

impl<L> Smoothed<L> {
    #[track_caller]
    const fn new(loss: L, smoothing: f64) -> Self {
        assert!(
            smoothing >= 0.0 && smoothing <= 1.0,
            "label smoothing is the share of a target that all classes get alike, from 0 to 1"
        );
        Self { loss, smoothing }
    }

    /// The loss without smoothing.
    pub(super) const fn loss(&self) -> &L {
        &self.loss
    }
}

/// A target as probabilities, in the shape of the outputs.
trait Probable<O> {
    fn write(&self, probabilities: &mut O);
}

/// Probabilities, as they stand. Where there are not as many as outputs, the compiler says so of the loss.
macro_rules! numbers {
    ($([$($sizes:ident),+] $output:ty, $target:ty);+) => {$(
        impl<T: Scalar, $(const $sizes: usize),+> Probable<$output> for $target {
            #[inline(always)]
            fn write(&self, probabilities: &mut $output) {
                for (to, from) in probabilities.as_mut_slice().iter_mut().zip(self.as_slice()) {
                    *to = *from;
                }
            }
        }
    )+};
}

numbers!([N, M] SVector<T, N>, SVector<T, M>; [C, H, W, D, I, X] Image<C, H, W, T>, Image<D, I, X, T>);

/// Answers: 1 for yes, 0 for no.
macro_rules! answers {
    ($($answer:ty, $is_yes:expr;)+) => {$(
        impl<T: Scalar> Probable<SVector<T, 1>> for $answer {
            #[inline(always)]
            fn write(&self, probabilities: &mut SVector<T, 1>) {
                write_answers(slice::from_ref(self), probabilities.as_mut_slice(), $is_yes);
            }
        }

        impl<T: Scalar, const H: usize, const W: usize> Probable<Image<1, H, W, T>> for [[$answer; W]; H] {
            #[inline(always)]
            fn write(&self, probabilities: &mut Image<1, H, W, T>) {
                write_answers(self.as_flattened(), probabilities.as_mut_slice(), $is_yes);
            }
        }
    )+};
}

answers! {
    bool, |answer| *answer;
    Class<2>, |answer| answer.index() == 1;
}

#[inline(always)]
fn write_answers<T: Scalar, Y>(answers: &[Y], numbers: &mut [T], is_yes: impl Fn(&Y) -> bool) {
    for (number, answer) in numbers.iter_mut().zip(answers) {
        *number = if is_yes(answer) { T::one() } else { T::zero() };
    }
}

impl<T: Scalar, const N: usize> Probable<SVector<T, N>> for Class<N> {
    #[inline(always)]
    fn write(&self, probabilities: &mut SVector<T, N>) {
        probabilities.fill(T::zero());
        probabilities[self.index()] = T::one();
    }
}

impl<T: Scalar, const C: usize, const H: usize, const W: usize> Probable<Image<C, H, W, T>>
    for [[Class<C>; W]; H]
{
    #[inline(always)]
    fn write(&self, probabilities: &mut Image<C, H, W, T>) {
        let probabilities = probabilities.as_mut_slice();
        probabilities.fill(T::zero());
        for (pixel, class) in self.as_flattened().iter().enumerate() {
            probabilities[class.index() * H * W + pixel] = T::one();
        }
    }
}

/// The loss of each sample with its smoothed target, which is written into memory of the thread.
macro_rules! smoothed {
    ($($loss:ident, $classes:expr;)+) => {$(
        impl $loss {
            /// The loss with smoothed targets: each gives a share ε of its probability to all classes alike. See [`Smoothed`].
            ///
            /// # Panics
            ///
            /// If it is not from 0 to 1.
            #[must_use]
            #[track_caller]
            pub const fn label_smoothing(self, smoothing: f64) -> Smoothed<Self> {
                Smoothed::new(self, smoothing)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<O, Y, A> Loss<O, Y, A> for Smoothed<$loss>
        where
            O: Sample,
            Y: Probable<O>,
            A: LastActivation,
            $loss: Loss<O, Y, A> + Loss<O, O, A>,
        {
            type Size = <$loss as Loss<O, Y, A>>::Size;
            const PER_SAMPLE: bool = true;

            #[inline(always)]
            fn evaluate(
                &self,
                scores: &mut [O],
                targets: &[Y],
                scale: O::Scalar,
            ) -> f64 {
                let keep = O::Scalar::of(1.0 - self.smoothing);
                let alike = O::Scalar::of(self.smoothing * super::one_over($classes));
                let mut heap = Heap::default();
                let (soft, _) = split_samples::<O>(heap.take(O::LEN), 1);
                let mut sum = 0.0;
                for (score, target) in scores.chunks_exact_mut(1).zip(targets) {
                    target.write(&mut soft[0]);
                    for t in soft[0].as_mut_slice() {
                        *t = keep * *t + alike;
                    }
                    sum += Loss::<O, O, A>::evaluate(&self.loss, score, soft, scale);
                }
                sum
            }

            fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
                Loss::<O, Y, A>::meter(&self.loss)
            }

            fn class_of(&self, target: &Y) -> Option<(usize, usize)> {
                Loss::<O, Y, A>::class_of(&self.loss, target)
            }
        }
    )+};
}

smoothed! {
    CrossEntropy, O::LEN / O::PIXELS;
    BinaryCrossEntropy, 2;
}
