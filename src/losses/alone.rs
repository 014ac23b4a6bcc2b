//! A loss of outputs that are there, without a network.

use num_traits::Zero;

use super::{Loss, one_over};
use crate::activations::Identity;
use crate::core::shapes::Equals;
use crate::core::{Sample, Scalar, split_samples};
use crate::memory::Heap;

/// A [`Loss`] that compares outputs of a network that ends without an activation with targets `Y`; whether the sizes are the same, too, [`SizeOfOutputs`]
/// says.
// As `LossOf` in `messages`, for its sentence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare outputs of size `{S}` with targets `{Y}`",
    note = "every loss of the library takes N numbers for N outputs, some a class or an answer; one of your own takes what its `impl Loss<Output, Target, Identity>` says"
)]
pub trait LossOfOutputs<O: Sample, Y, S = <O as Sample>::Size>: Loss<O, Y, Identity> {
    /// The size of the outputs that such targets go with.
    type Size;
}

#[diagnostic::do_not_recommend]
impl<O: Sample, Y, L: Loss<O, Y, Identity>> LossOfOutputs<O, Y, O::Size> for L {
    type Size = <L as Loss<O, Y, Identity>>::Size;
}

/// The size of outputs.
#[diagnostic::on_unimplemented(
    message = "the targets are of size `{Self}`, but the outputs are of size `{S}`"
)]
pub trait SizeOfOutputs<S> {
    #[doc(hidden)]
    type Is: Copy;
}

#[diagnostic::do_not_recommend]
impl<Y, S: Equals<Y>> SizeOfOutputs<S> for Y {
    type Is = ();
}

/// A loss that compares outputs `O` that are there with targets `Y`: the one bound of a function for any such loss.
///
/// It is implemented for all of them. In such a function, [`value`] and [`gradient`] work as they do with a loss that is known.
///
/// ```
/// use axonal::losses::{self, OutputLoss};
/// use axonal::prelude::*;
///
/// fn norm<L: OutputLoss<SVector<f32, 2>, Class<2>>>(loss: &L, scores: &[SVector<f32, 2>], labels: &[Class<2>]) -> f32 {
///     let mut gradients = vec![SVector::zeros(); scores.len()];
///     losses::gradient(loss, scores, labels, &mut gradients);
///     gradients.iter().map(|gradient| gradient.norm()).sum()
/// }
///
/// assert_eq!(norm(&CrossEntropy, &[SVector::from([1.0, 1.0])], &[Class::new(0)?]), 0.5_f32.sqrt());
/// # Ok::<(), axonal::Error>(())
/// ```
pub trait OutputLoss<O: Sample, Y>:
    LossOfOutputs<O, Y, <O as Sample>::Size, Size = <Self as OutputLoss<O, Y>>::Fits>
{
    #[doc(hidden)]
    type Fits: SizeOfOutputs<O::Size, Is: Copy>;
}

#[diagnostic::do_not_recommend]
impl<O, Y, L> OutputLoss<O, Y> for L
where
    O: Sample,
    L: LossOfOutputs<O, Y, Size: SizeOfOutputs<O::Size, Is: Copy>>,
{
    type Fits = <L as LossOfOutputs<O, Y>>::Size;
}

/// The mean loss of a batch of outputs: what [`Network::loss`](crate::Network::loss) gives for a network with these outputs that ends without an activation.
///
/// So the cross-entropies take outputs for scores. Of no samples it is 0. The losses of this library have it as a method,
/// `MeanSquaredError.value(&outputs, &targets)`; the function is for those of your own.
///
/// ```
/// use axonal::losses;
/// use axonal::prelude::*;
///
/// let (outputs, targets) = ([SVector::from([1.0, 2.0]), SVector::from([3.0, 4.0])], [SVector::from([1.0, 0.0]); 2]);
/// assert_eq!(losses::value(&MeanSquaredError, &outputs, &targets), 6.0);
/// assert_eq!(MeanSquaredError.value(&outputs, &targets), 6.0);
/// ```
///
/// # Panics
///
/// If there are not as many targets as outputs.
#[track_caller]
pub fn value<O, Y, L>(loss: &L, outputs: &[O], targets: &[Y]) -> O::Scalar
where
    O: Sample,
    L: LossOfOutputs<O, Y, Size: SizeOfOutputs<O::Size, Is: Copy>>,
{
    check_count(outputs.len(), targets.len(), "targets");
    let mut heap = Heap::default();
    let (copy, _) = split_samples::<O>(heap.take(outputs.len() * O::LEN), outputs.len());
    copy.copy_from_slice(outputs);
    of_outputs_behind::<Identity, _, _, _>(loss, copy, targets)
}

/// The mean loss of a batch of outputs, and its gradient: for each output, the derivative of the mean with respect to it.
///
/// The outputs are those of a network that ends without an activation, as in [`value`]. The losses of this library have it as a method,
/// `CrossEntropy.gradient(&scores, &targets, &mut score_gradients)`; the function is for those of your own.
///
/// ```
/// use axonal::losses;
/// use axonal::prelude::*;
///
/// let (outputs, targets) = ([SVector::from([1.0]), SVector::from([3.0])], [SVector::from([0.0]); 2]);
/// let mut gradients = [SVector::zeros(); 2];
/// assert_eq!(losses::gradient(&MeanSquaredError, &outputs, &targets, &mut gradients), 5.0);
/// assert_eq!(gradients, [SVector::from([1.0]), SVector::from([3.0])]);
/// ```
///
/// # Panics
///
/// If there are not as many targets, and places for gradients, as outputs.
#[track_caller]
pub fn gradient<O, Y, L>(
    loss: &L,
    outputs: &[O],
    targets: &[Y],
    output_gradients: &mut [O],
) -> O::Scalar
where
    O: Sample,
    L: LossOfOutputs<O, Y, Size: SizeOfOutputs<O::Size, Is: Copy>>,
{
    check_count(outputs.len(), targets.len(), "targets");
    check_count(outputs.len(), output_gradients.len(), "gradients");
    output_gradients.copy_from_slice(outputs);
    of_outputs_behind::<Identity, _, _, _>(loss, output_gradients, targets)
}

/// The mean loss of a batch of outputs, which give place to its gradient with respect to them.
///
/// `B` says what the outputs are: behind an activation `A` it is [`Probabilities<A>`](crate::activations::Probabilities), which does nothing to numbers
/// and says of them what `A` says. So a cross-entropy takes logarithms of probabilities, where a network that ends in `softmax` or `sigmoid` takes both
/// in one step.
pub(crate) fn of_outputs_behind<B, O, Y, L>(loss: &L, outputs: &mut [O], targets: &[Y]) -> O::Scalar
where
    O: Sample,
    L: Loss<O, Y, B>,
{
    if outputs.is_empty() {
        return O::Scalar::zero();
    }
    let share = one_over(outputs.len());
    O::Scalar::of(share * loss.evaluate(outputs, targets, O::Scalar::of(share)))
}

#[track_caller]
pub(crate) fn check_count(outputs: usize, found: usize, what: &str) {
    assert!(
        outputs == found,
        "a loss takes as many {what} as outputs: there are {outputs} outputs and {found} {what}"
    );
}

/// What the losses of this library have as methods, which are functions for losses of one's own.
macro_rules! methods {
    ($([$($generic:ident),*] $loss:ty;)+) => {$(
        impl<$($generic),*> $loss {
            /// The mean loss of a batch of outputs: see [`losses::value`](crate::losses::value).
            ///
            /// # Panics
            ///
            /// If there are not as many targets as outputs.
            #[track_caller]
            pub fn value<O, Y>(&self, outputs: &[O], targets: &[Y]) -> O::Scalar
            where
                O: Sample,
                Self: LossOfOutputs<O, Y, Size: SizeOfOutputs<O::Size, Is: Copy>>,
            {
                $crate::losses::value(self, outputs, targets)
            }

            /// The mean loss of a batch of outputs, and its gradient with respect to them: see [`losses::gradient`](crate::losses::gradient).
            ///
            /// # Panics
            ///
            /// If there are not as many targets, and places for gradients, as outputs.
            #[track_caller]
            pub fn gradient<O, Y>(
                &self,
                outputs: &[O],
                targets: &[Y],
                output_gradients: &mut [O],
            ) -> O::Scalar
            where
                O: Sample,
                Self: LossOfOutputs<O, Y, Size: SizeOfOutputs<O::Size, Is: Copy>>,
            {
                $crate::losses::gradient(self, outputs, targets, output_gradients)
            }

            /// A multiple of the loss: see [`losses::Scaled`](crate::losses::Scaled).
            ///
            /// # Panics
            ///
            /// If the factor is not finite.
            #[must_use]
            #[track_caller]
            pub const fn scaled(self, factor: f64) -> Scaled<Self> {
                Scaled::new(self, factor)
            }

            /// The sum of the loss and another one of the same outputs and targets: see [`losses::Sum`](crate::losses::Sum).
            #[must_use]
            pub fn plus<B>(self, other: B) -> Sum<Self, B> {
                Sum::new(self, other)
            }

            /// The loss with a weight for each sample, which its target comes with: see [`losses::Weighted`](crate::losses::Weighted).
            #[must_use]
            pub const fn weighted(self) -> Weighted<Self> {
                Weighted::new(self)
            }
        }
    )+};
}

pub(super) use methods;
