//! Where the gradient of parameters goes.

use core::ops::Range;

use crate::core::{Parameters, Scalar};
use crate::kernels::MatrixMut;

/// Where a backward pass leaves the gradient of a layer's parameters: in a gradient, or straight in a step of an optimizer.
///
/// A gradient that is used once need not be stored: a layer computes it block by block, and each block moves its parameters
/// while both are in the cache. So a layer must not look at its parameters after it has handed over their gradient: the gradient of the inputs comes first.
///
/// Numbers that a layer keeps while it is trained, as the running statistics of `batchnorm` ([`Kind::Statistic`](super::Kind::Statistic)), are handed over
/// in the same way: their "gradient" is what a step is to subtract from them.
///
/// ```text
/// sink.layer::<Self>()                the layer, as it was in the forward pass
/// let mut block = sink.block(range)   room for the gradient of some of its parameters, counted flat, in memory order
/// block.sums()                        that room, to add to
/// block.finish()                      that gradient is complete
/// ```
#[expect(missing_debug_implementations, reason = "it lives for one call")]
pub struct GradientSink<'a, T> {
    gradient: &'a mut [T],
    target: Target<'a, T>,
}

enum Target<'a, T> {
    Gradient {
        parameters: &'a [T],
        accumulate: bool,
    },
    Step(Step<'a, T>),
    /// Nobody asked for it.
    Nowhere {
        parameters: &'a [T],
    },
}

/// A step of an optimizer, as a backward pass sees it: the same for all optimizers, so that a layer's backward pass is compiled once.
pub(crate) trait Descent<T>: Sync {
    /// Moves parameters, of one tensor or more, along their gradient times the one factor 1; or those of one tensor along the outer product of a gradient and
    /// some factors: the gradient of a matrix for one sample, which is never stored.
    fn follow(&self, parameters: Trained<'_, T>, gradient: &[T], factors: &[T]);

    /// Whether all parameters in this range of the network stay as they are.
    fn are_frozen(&self, parameters: Range<usize>) -> bool;
}

/// Parameters that a step moves, one behind the other, with what the optimizer keeps for each.
pub(crate) struct Trained<'a, T> {
    /// The place of the first one in the network.
    pub(crate) at: usize,
    pub(crate) parameters: &'a mut [T],
    /// One row a parameter, one column a moment of the optimizer.
    pub(crate) moments: MatrixMut<'a, T>,
}

impl<T> Trained<'_, T> {
    #[inline(always)]
    fn split_at(self, count: usize) -> (Self, Self) {
        let Self { at, parameters, moments } = self;
        let (parameters, other_parameters) = parameters.split_at_mut(count);
        let (moments, other_moments) = moments.split_rows(count);
        (
            Self { at, parameters, moments },
            Self { at: at + count, parameters: other_parameters, moments: other_moments },
        )
    }

    /// Some of them, counted from the first one on.
    #[inline(always)]
    pub(crate) fn range(&mut self, range: Range<usize>) -> Trained<'_, T> {
        Trained {
            at: self.at + range.start,
            parameters: &mut self.parameters[range.clone()],
            moments: self.moments.rows_between(range),
        }
    }
}

/// A step over some parameters.
pub(crate) struct Step<'a, T> {
    pub(crate) trained: Trained<'a, T>,
    pub(crate) descent: &'a dyn Descent<T>,
    /// The place of the first parameter in the network that is not frozen.
    pub(crate) learns_from: usize,
}

impl<T> Step<'_, T> {
    /// The step of the first `count` parameters, and that of the others.
    #[inline(always)]
    pub(crate) fn split_at(self, count: usize) -> (Self, Self) {
        let (trained, others) = self.trained.split_at(count);
        (Self { trained, ..self }, Self { trained: others, ..self })
    }

    #[inline(always)]
    fn range(&self) -> Range<usize> {
        self.trained.at..self.trained.at + self.trained.parameters.len()
    }
}

impl<'a, T: Scalar> GradientSink<'a, T> {
    /// A sink that writes into `gradient`, or, to `accumulate`, adds to it.
    pub fn gradient(parameters: &'a [T], gradient: &'a mut [T], accumulate: bool) -> Self {
        assert_eq!(parameters.len(), gradient.len(), "a gradient of another network");
        Self { gradient, target: Target::Gradient { parameters, accumulate } }
    }

    /// Into a step of an optimizer, with as much memory as a gradient needs.
    pub(crate) fn step(step: Step<'a, T>, gradient: &'a mut [T]) -> Self {
        assert_eq!(step.trained.parameters.len(), gradient.len(), "a gradient of another network");
        Self { gradient, target: Target::Step(step) }
    }

    /// Nowhere: a pass for the gradient of the inputs alone. A layer that does not ask [`is_frozen`](Self::is_frozen) has as much room as a gradient needs.
    pub(crate) fn nowhere(parameters: &'a [T], room: &'a mut [T]) -> Self {
        assert_eq!(parameters.len(), room.len(), "a gradient of another network");
        Self { gradient: room, target: Target::Nowhere { parameters } }
    }

    /// The parameters that the gradient is of.
    #[inline(always)]
    pub fn parameters(&self) -> &[T] {
        match &self.target {
            Target::Gradient { parameters, .. } | Target::Nowhere { parameters } => parameters,
            Target::Step(step) => step.trained.parameters,
        }
    }

    /// The layer whose parameters these are.
    ///
    /// # Panics
    ///
    /// If the layer has another number of parameters.
    #[inline(always)]
    pub fn layer<L: Parameters<Scalar = T>>(&self) -> &L {
        L::from_slice(self.parameters())
    }

    /// The sink for the gradient of the first `count` parameters, and that for the others.
    #[inline(always)]
    #[must_use]
    pub fn split_at(self, count: usize) -> (Self, Self) {
        let (gradient, rest) = self.gradient.split_at_mut(count);
        let (target, others) = match self.target {
            Target::Gradient { parameters, accumulate } => {
                let (parameters, rest) = parameters.split_at(count);
                (
                    Target::Gradient { parameters, accumulate },
                    Target::Gradient { parameters: rest, accumulate },
                )
            }
            Target::Step(step) => {
                let (step, rest) = step.split_at(count);
                (Target::Step(step), Target::Step(rest))
            }
            Target::Nowhere { parameters } => {
                let (parameters, rest) = parameters.split_at(count);
                (Target::Nowhere { parameters }, Target::Nowhere { parameters: rest })
            }
        };
        (Self { gradient, target }, Self { gradient: rest, target: others })
    }

    /// For all parameters but those of the last layer, and for these: a backward pass goes through layers from the last to the first.
    #[inline(always)]
    #[must_use]
    pub fn split_last<L: Parameters<Scalar = T>>(self) -> (Self, Self) {
        let first = self.gradient.len() - L::PARAMETERS;
        self.split_at(first)
    }

    /// Whether it pays to hand over a gradient block by block: its parameters are moved at once.
    #[inline(always)]
    pub fn is_step(&self) -> bool {
        matches!(self.target, Target::Step(_))
    }

    /// Whether nobody looks at the gradient of these parameters, which need not be computed then: all are
    /// [frozen](crate::optimizers::Optimizer::freeze), or the pass is for the gradient of the inputs alone.
    #[inline(always)]
    pub fn is_frozen(&self) -> bool {
        match &self.target {
            Target::Gradient { .. } => false,
            Target::Step(step) => step.descent.are_frozen(step.range()),
            Target::Nowhere { .. } => true,
        }
    }

    /// Whether a backward pass through a network ends behind the layers whose parameters these are: nobody looks at their gradient, nor at that of the
    /// network's inputs.
    #[doc(hidden)]
    #[inline(always)]
    pub fn is_end<X: ?Sized>(&self, input_gradient: &Option<&mut X>) -> bool {
        input_gradient.is_none()
            && match &self.target {
                Target::Gradient { parameters, .. } => parameters.is_empty(),
                Target::Step(step) => step.range().end <= step.learns_from,
                Target::Nowhere { .. } => true,
            }
    }

    /// Room for the gradient of some parameters, counted from the first of these.
    ///
    /// # Panics
    ///
    /// If there are fewer parameters.
    #[inline(always)]
    pub fn block(&mut self, range: Range<usize>) -> GradientBlock<'_, 'a, T> {
        if range.start > range.end || range.end > self.gradient.len() {
            no_such_block(&range, self.gradient.len());
        }
        GradientBlock { sink: self, range, begun: false }
    }

    /// All parameters are those of one matrix, whose gradient is a column times a row: a step along it, where this sink is one.
    #[inline]
    pub(crate) fn outer_product(&mut self, column: &[T], row: &[T]) {
        if let Target::Step(Step { trained, descent, .. }) = &mut self.target {
            let count = trained.parameters.len();
            descent.follow(trained.range(0..count), column, row);
        }
    }
}

#[cold]
#[inline(never)]
fn no_such_block(range: &Range<usize>, parameters: usize) -> ! {
    panic!("a block is some of the parameters 0..{parameters} of a layer, found `block({range:?})`")
}

/// Room for the gradient of some parameters of a [`GradientSink`].
#[expect(missing_debug_implementations, reason = "it lives for one call")]
#[must_use = "a gradient is handed over by `finish`"]
pub struct GradientBlock<'b, 'a, T> {
    sink: &'b mut GradientSink<'a, T>,
    range: Range<usize>,
    /// Whether there are sums in the room.
    begun: bool,
}

impl<T: Scalar> GradientBlock<'_, '_, T> {
    /// Room for the block's gradient, and whether to add to the numbers in it. If not, they are to be overwritten: they may be anything.
    #[inline(always)]
    pub fn room(&mut self) -> (&mut [T], bool) {
        let (_, room, accumulate) = self.room_beside_parameters();
        (room, accumulate)
    }

    /// The parameters of the whole sink, and [`room`](Self::room) for the gradient of the block's.
    #[inline(always)]
    pub(crate) fn room_beside_parameters(&mut self) -> (&[T], &mut [T], bool) {
        let GradientSink { gradient, target } = &mut *self.sink;
        match target {
            Target::Gradient { parameters, accumulate } => {
                (parameters, &mut gradient[self.range.clone()], *accumulate || self.begun)
            }
            // The same memory for each block, so that it stays in the cache.
            Target::Step(step) => {
                (step.trained.parameters, &mut gradient[..self.range.len()], self.begun)
            }
            Target::Nowhere { parameters } => {
                (parameters, &mut gradient[..self.range.len()], self.begun)
            }
        }
    }

    /// Room for the block's gradient, to add to the numbers in it: zeros, another gradient, or an earlier part of this block's.
    #[inline(always)]
    pub fn sums(&mut self) -> &mut [T] {
        let (gradient, accumulate) = self.room();
        if !accumulate {
            gradient.fill(T::zero());
        }
        self.begun = true;
        self.room().0
    }

    /// The gradient of these parameters is complete, and may move them.
    #[inline]
    pub fn finish(self) {
        let GradientSink { gradient, target } = self.sink;
        if let Target::Step(Step { trained, descent, .. }) = target {
            let gradient = &gradient[..self.range.len()];
            descent.follow(trained.range(self.range), gradient, &[T::one()]);
        }
    }
}
