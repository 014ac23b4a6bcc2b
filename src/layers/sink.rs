//! Where the gradient of parameters goes.

use core::ops::Range;

use pulp::Simd;

use crate::core::{Parameters, Scalar};
use crate::optimizers::{Optimizer, Step};

/// Where a backward pass leaves the gradient of a layer's parameters: in a gradient, or straight in a step of an optimizer.
///
/// A gradient that is used once need not be stored: a layer computes it block by block, and each block moves its parameters
/// while both are in the cache. So a layer must not look at its parameters after it has handed over their gradient: the gradient of the inputs comes first.
///
/// Numbers that a layer keeps while it is trained, as the running statistics of `batchnorm` ([`Kind::Statistic`](super::Kind::Statistic)), are handed over
/// in the same way: their "gradient" is what a step is to subtract from them.
///
/// ```text
/// sink.layer::<Self>()          the layer, as it was in the forward pass
/// sink.block(range)             room for the gradient of some of its parameters, counted flat, in memory order
/// sink.finish(simd, range)      that gradient is complete
/// ```
#[expect(missing_debug_implementations, reason = "it lives for one call")]
pub struct GradientSink<'a, T, O> {
    gradient: &'a mut [T],
    target: Target<'a, T, O>,
}

enum Target<'a, T, O> {
    Gradient { parameters: &'a [T], accumulate: bool },
    Step(Step<'a, T, O>),
}

impl<'a, T: Scalar, O: Optimizer<T>> GradientSink<'a, T, O> {
    /// Into a gradient: in the place of what is there, or, to `accumulate`, added to it.
    pub fn gradient(parameters: &'a [T], gradient: &'a mut [T], accumulate: bool) -> Self {
        assert_eq!(parameters.len(), gradient.len(), "a gradient of another network");
        Self { gradient, target: Target::Gradient { parameters, accumulate } }
    }

    /// Into a step of an optimizer, with as much memory as a gradient needs.
    pub(crate) fn step(step: Step<'a, T, O>, gradient: &'a mut [T]) -> Self {
        assert_eq!(step.parameters().len(), gradient.len(), "a gradient of another network");
        Self { gradient, target: Target::Step(step) }
    }

    /// The parameters that the gradient is of.
    #[inline(always)]
    pub fn parameters(&self) -> &[T] {
        match &self.target {
            Target::Gradient { parameters, .. } => parameters,
            Target::Step(step) => step.parameters(),
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

    /// For so many parameters from the first on, and for the others.
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
        };
        (Self { gradient, target }, Self { gradient: rest, target: others })
    }

    /// For all parameters but the last, and for so many of these: a backward pass goes through layers from the last to the first.
    #[inline(always)]
    #[must_use]
    pub fn split_last(self, count: usize) -> (Self, Self) {
        let first = self.gradient.len() - count;
        self.split_at(first)
    }

    /// Whether it pays to hand over a gradient block by block: its parameters are moved at once.
    #[inline(always)]
    pub fn is_step(&self) -> bool {
        matches!(self.target, Target::Step(_))
    }

    /// Whether all these parameters are [frozen](Optimizer::freeze): their gradient is not looked at, and need not be computed.
    #[inline(always)]
    pub fn is_frozen(&self) -> bool {
        match &self.target {
            Target::Gradient { .. } => false,
            Target::Step(step) => step.is_frozen(0..step.parameters().len()),
        }
    }

    /// Room for the gradient of some parameters, and whether it is to be added to what is there. To be [finished](Self::finish)
    /// before the room for another block is asked for.
    #[inline(always)]
    pub fn block(&mut self, range: Range<usize>) -> (&mut [T], bool) {
        match &self.target {
            Target::Gradient { accumulate, .. } => (&mut self.gradient[range], *accumulate),
            // The same memory for each block, so that it stays in the cache.
            Target::Step(_) => (&mut self.gradient[..range.len()], false),
        }
    }

    /// The gradient of these parameters is complete.
    #[inline(always)]
    pub fn finish<S: Simd>(&mut self, _simd: S, range: Range<usize>) {
        self.complete(range);
    }

    /// [`finish`](Self::finish), which needs no instruction set: an optimizer finds it itself.
    #[inline]
    pub(crate) fn complete(&mut self, range: Range<usize>) {
        if let Target::Step(step) = &mut self.target {
            step.follow(&self.gradient[..range.len()], range);
        }
    }

    /// All parameters are those of one matrix, whose gradient is a column times a row: a step along it, where this sink is one.
    #[inline]
    pub(crate) fn outer_product(&mut self, column: &[T], row: &[T]) {
        if let Target::Step(step) = &mut self.target {
            let count = step.parameters().len();
            step.update(0..count, column, row);
        }
    }
}
