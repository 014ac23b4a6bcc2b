//! Losses of the distances between the samples of one batch: near where the label is the same, far where it is another one.

use nalgebra::SVector;
use pulp::{Simd, WithSimd};

use super::{Loss, behind_activation};
use crate::activations::LastActivation;
use crate::core::shapes::vector;
use crate::core::{Class, Scalar};
use crate::memory::Heap;
use crate::simd::{Vector, dispatch};

/// The triplet loss of the embeddings of a batch: max(0, ‖a − p‖ − ‖a − n‖ + margin), the mean over all triplets of an anchor a, another sample p of its class,
/// and a sample n of another class. PyTorch's `TripletMarginLoss`, without its `eps`, of all valid triplets of the batch ("batch all").
///
/// Targets are labels, [`Class<N>`](Class), of any number of classes; outputs are vectors of any length. A batch without a triplet (all samples of one class, or each
/// of another) has the loss 0 and no gradient; the gradient of a distance 0 is 0. The loss looks across the batch: a step takes it as a whole.
/// Its time grows with the square of the batch, B² (M + ln B) for outputs of M numbers, not with its cube: of each anchor the distances are sorted.
///
/// Source: F. Schroff, D. Kalenichenko, J. Philbin, [FaceNet](https://arxiv.org/abs/1503.03832) (2015), with distances in the place of their squares.
///
/// ```
/// use axonal::prelude::*;
///
/// let embeddings = [0.0, 1.0, 1.5].map(|x| SVector::<f64, 1>::from([x]));
/// let labels = [0, 0, 1].map(Class::<2>::new).into_iter().collect::<Result<Vec<_>, _>>()?;
/// // The triplets 0, 1, 2 and 1, 0, 2.
/// let loss = Triplet::new(1.0).value(&embeddings, &labels);
/// assert_eq!(loss, ((1.0 - 1.5 + 1.0) + (1.0 - 0.5 + 1.0)) / 2.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    margin: f64,
}

/// The contrastive loss of the embeddings of a batch: for a pair at a distance d, ½ d² if both are of one class, ½ max(0, margin − d)² if they are not; the mean
/// over all pairs of the batch.
///
/// Targets are labels, [`Class<N>`](Class), of any number of classes; outputs are vectors of any length. A batch of one sample has the loss 0; the gradient of
/// a distance 0 is 0. The loss looks across the batch: a step takes it as a whole. Its time grows with the square of the batch.
///
/// Source: R. Hadsell, S. Chopra, Y. LeCun, [Dimensionality reduction by learning an invariant mapping](https://doi.org/10.1109/CVPR.2006.100) (2006).
///
/// ```
/// use axonal::prelude::*;
///
/// let embeddings = [0.0, 1.0, 1.5].map(|x| SVector::<f64, 1>::from([x]));
/// let labels = [0, 0, 1].map(Class::<2>::new).into_iter().collect::<Result<Vec<_>, _>>()?;
/// let loss = Contrastive::new(1.0).value(&embeddings, &labels);
/// assert!((loss - (0.5 * 1.0 + 0.0 + 0.5 * 0.25) / 3.0).abs() < 1e-15);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrastive {
    margin: f64,
}

/// `new`, `margin` and [`Loss`] of both losses.
macro_rules! margin {
    ($($loss:ident),+) => {$(
        impl $loss {
            /// The distance up to which samples of different classes are pushed away from each other.
            ///
            /// # Panics
            ///
            /// If it is not a finite number above 0: without a margin, all samples in one place are a minimum.
            #[must_use]
            #[track_caller]
            pub const fn new(margin: f64) -> Self {
                assert!(margin > 0.0 && margin.is_finite(), "a margin is finite and above 0");
                Self { margin }
            }

            /// The margin.
            #[must_use]
            pub const fn margin(self) -> f64 {
                self.margin
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Scalar, A: LastActivation, const M: usize, const N: usize>
            Loss<SVector<T, M>, Class<N>, A> for $loss
        {
            type Size = vector<M>;

            fn evaluate(
                &self,
                scores: &mut [SVector<T, M>],
                targets: &[Class<N>],
                scale: T,
            ) -> f64 {
                behind_activation::<A, _>(scores, |embeddings| {
                    dispatch(Batch { embeddings, labels: targets, scale, loss: *self })
                })
            }
        }
    )+};
}

margin!(Triplet, Contrastive);

/// A loss of the distances from one sample to all others.
trait OfDistances {
    /// The sum of the losses of an anchor's pairs or triplets, and their number. Each distance is replaced by the derivative with respect to it.
    ///
    /// `room` has as many numbers as `distances`; they may be anything.
    fn of_anchor<const N: usize>(
        &self,
        anchor: usize,
        distances: &mut [f64],
        labels: &[Class<N>],
        room: &mut [f64],
    ) -> (f64, usize);
}

impl OfDistances for Contrastive {
    #[inline(always)]
    fn of_anchor<const N: usize>(
        &self,
        anchor: usize,
        distances: &mut [f64],
        labels: &[Class<N>],
        _room: &mut [f64],
    ) -> (f64, usize) {
        // Each pair once.
        let (before, after) = distances.split_at_mut(anchor + 1);
        before.fill(0.0);
        let mut sum = 0.0;
        for (distance, label) in after.iter_mut().zip(&labels[anchor + 1..]) {
            let off = if *label == labels[anchor] {
                *distance
            } else {
                (*distance - self.margin).min(0.0)
            };
            sum += 0.5 * off * off;
            *distance = off;
        }
        (sum, after.len())
    }
}

impl OfDistances for Triplet {
    #[inline(always)]
    fn of_anchor<const N: usize>(
        &self,
        anchor: usize,
        distances: &mut [f64],
        labels: &[Class<N>],
        room: &mut [f64],
    ) -> (f64, usize) {
        // The distances of others of the class, each with the margin, from the front of the room; those of other classes from its back.
        let (mut same, mut other) = (0, room.len());
        for (index, (distance, label)) in distances.iter().zip(labels).enumerate() {
            if *label != labels[anchor] {
                other -= 1;
                room[other] = *distance;
            } else if index != anchor {
                room[same] = *distance + self.margin;
                same += 1;
            }
        }
        let (reach, others) = room.split_at_mut(other);
        let reach = &mut reach[..same];
        let triplets = reach.len() * others.len();
        if triplets == 0 {
            distances.fill(0.0);
            return (0.0, 0);
        }
        reach.sort_unstable_by(f64::total_cmp);
        others.sort_unstable_by(f64::total_cmp);
        // A distance takes part in as many terms above 0 as there are others that are too near to it.
        let mut sum = 0.0;
        for (index, (distance, label)) in distances.iter_mut().zip(labels).enumerate() {
            let at = *distance;
            if *label != labels[anchor] {
                let terms = reach.len() - reach.partition_point(|reach| *reach <= at);
                *distance = -count(terms);
                sum -= count(terms) * at;
            } else if index == anchor {
                *distance = 0.0;
            } else {
                let at = at + self.margin;
                *distance = count(others.partition_point(|other| *other < at));
                sum += *distance * at;
            }
        }
        (sum, triplets)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn count(samples: usize) -> f64 {
    samples as f64
}

/// A batch of embeddings, which give place to the gradient of their loss.
struct Batch<'a, T, L, const M: usize, const N: usize> {
    embeddings: &'a mut [SVector<T, M>],
    labels: &'a [Class<N>],
    scale: T,
    loss: L,
}

impl<T: Scalar, L: OfDistances, const M: usize, const N: usize> WithSimd for Batch<'_, T, L, M, N> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Self { embeddings, labels, scale, loss } = self;
        let samples = embeddings.len();
        let mut heap = Heap::default();
        // In f64: a sample takes part in thousands of terms.
        let memory = heap.take::<f64>(2 * samples * M + 3 * samples + M);
        let (all, memory) = memory.split_at_mut(samples * M);
        let (gradients, memory) = memory.split_at_mut(samples * M);
        let (own, memory) = memory.split_at_mut(M);
        let (distances, memory) = memory.split_at_mut(samples);
        let (slopes, room) = memory.split_at_mut(samples);
        for (to, from) in all.iter_mut().zip(embeddings.iter().flatten()) {
            *to = from.as_f64();
        }
        gradients.fill(0.0);
        let (mut sum, mut terms) = (0.0, 0);
        for anchor in 0..samples {
            let from = &all[anchor * M..][..M];
            for (distance, to) in distances.iter_mut().zip(all.chunks_exact(M)) {
                *distance = distance_between(simd, from, to);
            }
            if distances.iter().any(|distance| distance.is_nan()) {
                // A comparison would lose the NaN, and so would a batch without a triplet.
                sum = f64::NAN;
                break;
            }
            slopes.copy_from_slice(distances);
            let (of_anchor, more) = loss.of_anchor(anchor, slopes, labels, room);
            sum += of_anchor;
            terms += more;
            own.fill(0.0);
            for (other, (slope, distance)) in slopes.iter().zip(&*distances).enumerate() {
                // In one place there is no direction to go.
                if *slope != 0.0 && *distance > 0.0 {
                    let (factor, at) = (slope / distance, other * M..(other + 1) * M);
                    let pairs = from.iter().zip(&all[at.clone()]);
                    let gradients = own.iter_mut().zip(&mut gradients[at]);
                    for ((from, to), (own, other)) in pairs.zip(gradients) {
                        let pull = factor * (from - to);
                        *own += pull;
                        *other -= pull;
                    }
                }
            }
            for (gradient, own) in gradients[anchor * M..].iter_mut().zip(&*own) {
                *gradient += own;
            }
        }
        // What belongs to the batch, times the number of samples.
        let per_term = count(samples) / count(terms.max(1));
        let scale = if sum.is_nan() { sum } else { scale.as_f64() * per_term };
        for (to, from) in embeddings.iter_mut().flatten().zip(gradients) {
            *to = T::of(scale * *from);
        }
        sum * per_term
    }
}

/// ‖a − b‖
#[inline(always)]
fn distance_between<S: Simd>(simd: S, a: &[f64], b: &[f64]) -> f64 {
    let lanes = Vector::<f64, S>::LANES;
    let (a, b) = (a.chunks_exact(lanes), b.chunks_exact(lanes));
    let last =
        Vector::load_partial(simd, a.remainder()) - Vector::load_partial(simd, b.remainder());
    let mut sums = last * last;
    for (a, b) in a.zip(b) {
        let difference = Vector::load(simd, a) - Vector::load(simd, b);
        sums = difference.mul_add(difference, sums);
    }
    sums.sum().sqrt()
}
