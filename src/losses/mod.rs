//! Losses: definitions and reductions (the mean) are PyTorch's.
//!
//! | for | losses |
//! |---|---|
//! | numbers | [`MeanSquaredError`], [`MeanAbsoluteError`], [`Huber`](struct@Huber), [`LogCosh`], [`Quantile`], [`CosineSimilarity`] |
//! | numbers and how sure they are; counts | [`GaussianNll`](struct@GaussianNll), [`PoissonNll`](struct@PoissonNll) |
//! | yes or no, labels | [`BinaryCrossEntropy`], [`Focal`](struct@Focal), [`Hinge`] |
//! | one class among N, distributions | [`CrossEntropy`], [`Focal`](struct@Focal), [`KullbackLeibler`], [`Hinge`] |
//! | embeddings of a batch | [`Triplet`], [`Contrastive`] |
//! | made of other losses | [`Smoothed`], [`Scaled`], [`Sum`], [`Weighted`] |
//! | of outputs that are there | [`value`], [`gradient`](gradient()) |
//!
//! The page [losses](crate::guide::losses) has their formulas, and losses of one's own.

/// A loss of single samples, for some kinds of outputs and targets. In an expression for the sum of the losses, `A` is the last activation.
macro_rules! per_sample {
    (
        $loss:ty, |$this:ident, $simd:ident, $scores:ident, $targets:ident, $scale:ident|
        $([$($generics:tt)*] $output:ty, $target:ty, of $size:ty => $evaluate:expr, meter $meter:expr
            $(, class |$of:ident| $class:expr)?;)+
    ) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Scalar, A: LastActivation, $($generics)*> Loss<$output, $target, A> for $loss {
            type Size = $size;
            const PER_SAMPLE: bool = true;

            #[inline(always)]
            fn evaluate(
                &self,
                $scores: &mut [$output],
                $targets: &[$target],
                $scale: T,
            ) -> f64 {
                $crate::simd::vectorized! {
                    #[inline(always)]
                    fn pass[T: Scalar, A: LastActivation, $($generics)*](
                        $simd,
                        _activation: ::core::marker::PhantomData<A>,
                        $this: &$loss,
                        $scores: &mut [$output],
                        $targets: &[$target],
                        $scale: T,
                    ) -> f64 {
                        _ = $this;
                        $evaluate
                    }
                }
                pass(::core::marker::PhantomData::<A>, self, $scores, $targets, $scale)
            }

            fn meter(&self) -> Option<Box<dyn Meter<$output, $target>>> {
                let $this = self;
                _ = $this;
                $meter
            }

            $(
                fn class_of(&self, $of: &$target) -> Option<(usize, usize)> {
                    Some($class)
                }
            )?
        }
    )+};
}

mod alone;
mod binary_cross_entropy;
mod by_class;
mod combined;
mod cosine;
mod cross_entropy;
mod embeddings;
mod focal;
mod gaussian;
#[doc(hidden)]
pub mod heads;
mod hinge;
mod kullback_leibler;
mod label_smoothing;
mod log_cosh;
mod metrics;
mod pointwise;
mod poisson;
mod probabilities;
mod quantile;
#[cfg(test)]
mod tests;
mod weighted;

use core::marker::PhantomData;

use num_traits::Zero;
use pulp::Simd;

pub(crate) use alone::{check_count, of_outputs_behind};
// These and `Together` are hidden from readers alone: of what is hidden from the compiler, its messages would say the whole path.
use alone::methods;
#[cfg_attr(doc, doc(hidden))]
pub use alone::{LossOfOutputs, SizeOfOutputs};
pub use alone::{OutputLoss, gradient, value};
pub use binary_cross_entropy::BinaryCrossEntropy;
pub(crate) use by_class::ByClass;
#[cfg_attr(doc, doc(hidden))]
pub use combined::Together;
pub use combined::{Scaled, Sum};
pub use cosine::CosineSimilarity;
pub use cross_entropy::CrossEntropy;
pub use embeddings::{Contrastive, Triplet};
pub use focal::Focal;
pub use gaussian::GaussianNll;
pub use hinge::Hinge;
pub use kullback_leibler::KullbackLeibler;
pub use label_smoothing::Smoothed;
pub use log_cosh::LogCosh;
pub use pointwise::{Huber, MeanAbsoluteError, MeanSquaredError, Pointwise};
pub use poisson::PoissonNll;
pub use quantile::Quantile;
pub use weighted::Weighted;

use crate::activations::{LastActivation, apply_on};
use crate::core::{Sample, flat, split_samples};
use crate::layers::{activate_all, activate_batch, derivative, derivative_batch};
use crate::memory::Heap;
use crate::metrics::Meter;
use crate::simd::vectorized;

/// A loss: how far outputs `O` are from targets `Y`, for a network whose last activation is `A`.
///
/// A function that takes any loss asks for a network that is [`Trainable`](crate::Trainable) with it.
///
/// # A loss of one's own
///
/// One that compares outputs with targets number by number is a [`Pointwise`]: its value and its derivative. Any other implements this trait.
///
/// It is given **scores**: the numbers that go into the last activation, not the outputs that come out of it, so that it can take both in
/// one stable step, as the cross-entropies do. Of a network that ends without an activation, scores and outputs are the same: a loss for
/// `A` = [`Identity`](crate::activations::Identity) is that of plain outputs, and does not compile behind another activation. A loss for
/// every `A` calls [`behind_activation`], which takes scores through the activation and the gradient back.
///
/// It gives back the **sum** of the losses of the samples, and writes the gradient of that sum, times `scale`, in the place of the scores.
/// The page [losses](crate::guide::losses) has an example of each.
///
/// # Across the samples of a batch
///
/// Unless [`PER_SAMPLE`](Self::PER_SAMPLE) says that each sample has a loss of its own, a loss sees the whole batch at once: a contrastive
/// loss, the correlation of outputs and targets, the likelihood of an order. What belongs to the batch it gives back times the number of
/// samples, because the mean is taken of what it gives.
///
/// ```
/// use axonal::activations::Identity;
/// use axonal::losses::Loss;
/// use axonal::prelude::*;
/// use axonal::shapes::vector;
///
/// /// The variance of the outputs over the batch.
/// struct Spread;
///
/// impl Loss<SVector<f64, 1>, (), Identity> for Spread {
///     type Size = vector<1>;
///
///     fn evaluate(&self, outputs: &mut [SVector<f64, 1>], _: &[()], scale: f64) -> f64 {
///         let count = outputs.len() as f64;
///         let mean = outputs.iter().map(|y| y[0]).sum::<f64>() / count;
///         // The variance, times the number of samples.
///         let sum = outputs.iter().map(|y| (y[0] - mean).powi(2)).sum();
///         for y in outputs {
///             y[0] = scale * 2.0 * (y[0] - mean);
///         }
///         sum
///     }
/// }
///
/// network! { struct Net<input 1 => dense 1>; }
///
/// let mut net = Net::<f64>::zeros();
/// net.dense1.weight[0] = 1.0;
/// let inputs: Vec<SVector<f64, 1>> = (0..1000).map(|i| [f64::from(i % 2)].into()).collect();
/// assert_eq!(net.loss(&inputs, &[(); 1000], &Spread), 0.25);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output `{O}` behind `{A}` with a target `{Y}`",
    note = "where the network or the loss is a type parameter, ask for `N: axonal::Trainable<Loss, Target>`"
)]
pub trait Loss<O: Sample, Y, A>: Sync {
    /// The [size](Sample::Size) of the outputs that such targets go with. Where it is not that of `O`, the compiler says both;
    /// `O::Size` for targets that go with every output.
    ///
    /// [`answers`](crate::shapes::answers) and [`classes`](crate::shapes::classes) around it ask for a last activation that goes with them.
    type Size;

    /// Whether the loss is a sum over the samples of a batch, each of which is looked at alone: then a large batch may come in pieces,
    /// which stay in the cache and which threads share.
    ///
    /// Unless an implementation says so, [`evaluate`](Self::evaluate) is given the whole batch: that of a step, or all samples that
    /// `net.loss` or a validation is given, whose values in the network are then all kept in memory.
    const PER_SAMPLE: bool = false;

    /// The sum of the losses of a batch. On return, `scores` holds the gradient of that sum, times `scale`.
    ///
    /// Both slices have one length. The mean over a batch is the sum with a scale of 1 / its length, over its length.
    ///
    /// It is compiled as all code is, for the oldest processor of the target. A loop that is worth more stands in a function that is
    /// [`vectorized!`](crate::simd::vectorized).
    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64;

    /// The names of the heads whose losses it adds; none of a loss of one output.
    #[doc(hidden)]
    const HEADS: &'static [&'static str] = &[];

    /// [`evaluate`](Self::evaluate) of one of the [`HEADS`](Self::HEADS): nothing is written to the scores of the others.
    #[doc(hidden)]
    fn evaluate_head(&self, head: usize, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        _ = head;
        self.evaluate(scores, targets, scale)
    }

    /// What validation measures beside the loss, of the network's outputs; without it, the loss alone, and the best epoch is that of the smallest.
    ///
    /// The losses of this crate give their [`Metric`](crate::evaluation::Metric). One of your own that is made for the same targets gives theirs:
    /// `Loss::<_, _, A>::meter(&CrossEntropy)`, say, with its own `A`.
    fn meter(&self) -> Option<Box<dyn Meter<O, Y>>> {
        None
    }

    /// Which class a target is of, and of how many: for [weights of classes](crate::training::Trainer::class_weights), and for a validation part that has its share of
    /// [each](crate::training::Trainer::validation_fraction). None where targets are no classes.
    fn class_of(&self, target: &Y) -> Option<(usize, usize)> {
        _ = target;
        None
    }
}

methods! {
    [] MeanSquaredError;
    [] MeanAbsoluteError;
    [] Huber;
    [] LogCosh;
    [] Quantile;
    [] PoissonNll;
    [] GaussianNll;
    [] CosineSimilarity;
    [] Hinge;
    [] BinaryCrossEntropy;
    [] CrossEntropy;
    [] KullbackLeibler;
    [] Focal;
    [] Triplet;
    [] Contrastive;
    [L] Smoothed<L>;
    [L] Scaled<L>;
    [First, Second] Sum<First, Second>;
    [L] Weighted<L>;
}

/// The loss of one sample.
///
/// A trait, not a closure: a closure would not be compiled for the instruction set of the pass.
trait OfSample<T, Y> {
    /// The loss of one output, which gives place to its gradient.
    fn of_sample<S: Simd>(&self, simd: S, output: &mut [T], target: &Y) -> f64;
}

/// The losses of a batch of outputs, or of the scores of an activation that the loss takes into account itself.
#[inline(always)]
fn of_outputs<O: Sample, Y, S: Simd>(
    simd: S,
    outputs: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    let mut sum = 0.0;
    for (output, target) in outputs.iter_mut().zip(targets) {
        sum += loss.of_sample(simd, output.as_mut_slice(), target);
    }
    sum
}

/// The losses of the outputs that a batch of scores gives: through the activation, the loss, and back through the activation.
#[inline(always)]
fn of_scores<O: Sample, Y, A: LastActivation, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    // A constant, so that the way that is not taken is not compiled.
    if const { O::PIXELS > 1 || O::LEN > SMALL } {
        return of_large_scores::<O, Y, A, S>(simd, scores, targets, loss);
    }
    // Not two samples by value: large ones would take room on the stack even where the heap is used.
    let mut few = [O::Scalar::zero(); 2 * FEW];
    let mut heap = Heap::default();
    let (before, outputs) = heap.or(&mut few, 2 * O::LEN).split_at_mut(O::LEN);
    let mut sum = 0.0;
    for (sample, target) in scores.iter_mut().zip(targets) {
        let numbers = sample.as_mut_slice();
        if A::SCORES {
            before.copy_from_slice(numbers);
        }
        apply_on::<A, _, S>(simd, numbers);
        outputs.copy_from_slice(numbers);
        sum += loss.of_sample(simd, numbers, target);
        A::through(simd, if A::SCORES { before } else { &[] }, outputs, numbers);
    }
    sum
}

vectorized! {
    /// [`of_scores`], on the instruction set of the machine.
    #[inline(always)]
    fn behind[O: Sample, Y, A: LastActivation, L: OfSample<O::Scalar, Y>](
        simd,
        _activation: PhantomData<A>,
        scores: &mut [O],
        targets: &[Y],
        loss: &L,
    ) -> f64 {
        of_scores::<O, Y, A, _>(simd, scores, targets, loss)
    }
}

/// The most numbers of a vector that [`of_scores`] takes in line.
const SMALL: usize = 4 * 1024;

/// The most that it copies to the stack.
const FEW: usize = 128;

/// [`of_scores`] for images, whose activation may be over the channels of each pixel, and for long vectors: by the functions that layers
/// call, so that the loss is that of what `forward` gives. Images have no room on the stack.
#[inline(always)]
fn of_large_scores<O: Sample, Y, A: LastActivation, S: Simd>(
    simd: S,
    scores: &mut [O],
    targets: &[Y],
    loss: &impl OfSample<O::Scalar, Y>,
) -> f64 {
    let mut heap = Heap::default();
    let (before, rest) = split_samples::<O>(heap.take(2 * O::LEN), 1);
    let (outputs, _) = split_samples::<O>(rest, 1);
    let mut sum = 0.0;
    for (sample, target) in scores.chunks_exact_mut(1).zip(targets) {
        if A::SCORES {
            before.copy_from_slice(sample);
        }
        activate_all::<A, O, S>(simd, sample);
        outputs.copy_from_slice(sample);
        sum += loss.of_sample(simd, sample[0].as_mut_slice(), target);
        let before = if A::SCORES { flat(before) } else { &[] };
        derivative::<A, O, S>(simd, before, outputs, sample);
    }
    sum
}

/// The loss of the outputs that a batch of scores gives: for a [`Loss`] of one's own that stands behind any activation.
///
/// `loss` is given the outputs, gives back their loss, and writes its gradient in their place; then `scores` holds the gradient of the
/// scores. On an image the activation is what it is in the network: `softmax` is over the channels of each pixel.
pub fn behind_activation<A: LastActivation, O: Sample>(
    scores: &mut [O],
    loss: impl FnOnce(&mut [O]) -> f64,
) -> f64 {
    let count = scores.len();
    let mut heap = Heap::default();
    let (outputs, rest) = split_samples::<O>(heap.take(2 * count * O::LEN), count);
    let (before, _) = split_samples::<O>(rest, count);
    before.copy_from_slice(scores);
    activate_batch(PhantomData::<A>, scores);
    outputs.copy_from_slice(scores);
    let sum = loss(scores);
    let before = if A::SCORES { flat(before) } else { &[] };
    derivative_batch(PhantomData::<A>, before, outputs, scores);
    sum
}

/// The reciprocal of a count.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "a count of outputs")]
fn one_over(count: usize) -> f64 {
    1.0 / count as f64
}
