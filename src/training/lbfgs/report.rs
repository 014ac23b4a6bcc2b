//! What L-BFGS did.

use core::fmt;

#[cfg(doc)]
use super::Lbfgs;

/// An iteration of [`Lbfgs`] that was made.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LbfgsIteration {
    /// Its number, from 1 on.
    pub number: usize,
    /// The loss after it.
    pub loss: f64,
    /// The largest magnitude in the gradient there.
    pub gradient: f64,
    /// The step, as a factor of the direction: 1 near a minimum.
    pub step: f64,
    /// How often the loss was computed, from the beginning on.
    pub evaluations: usize,
}

/// What [`Lbfgs::minimize`] did; displays as one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LbfgsReport {
    /// The loss before the first iteration, and after each.
    pub losses: Vec<f64>,
    /// How often the loss and its gradient were computed.
    pub evaluations: usize,
    /// The largest magnitude in the gradient at the end.
    pub gradient: f64,
    /// Why it ended.
    pub stop: LbfgsStop,
}

/// Why [`Lbfgs`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LbfgsStop {
    /// The gradient is as small as was asked for: a minimum, or another flat place.
    Gradient,
    /// A step changed the loss or the parameters less than was asked for, or would have.
    Change,
    /// All iterations were made.
    Iterations,
    /// The loss was computed as often as was allowed.
    Evaluations,
    /// No point along the gradient was better. Mostly the loss is as exact as its numbers are; or the gradient is not that of the loss.
    LineSearch,
    /// The function of [`on_iteration`](Lbfgs::on_iteration) said so.
    Callback,
}

impl LbfgsReport {
    /// The loss at the end.
    pub fn loss(&self) -> f64 {
        self.losses[self.losses.len() - 1]
    }

    /// How many steps were made.
    pub fn iterations(&self) -> usize {
        self.losses.len() - 1
    }

    /// Whether the gradient or the change is as small as was asked for.
    pub fn converged(&self) -> bool {
        matches!(self.stop, LbfgsStop::Gradient | LbfgsStop::Change)
    }
}

impl fmt::Display for LbfgsReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { losses, evaluations, gradient, stop } = self;
        let (iterations, first, last) = (self.iterations(), losses[0], self.loss());
        write!(
            formatter,
            "{iterations} iterations, {evaluations} evaluations: loss {first:.4e} to {last:.4e}, largest gradient {gradient:.1e}; {stop}"
        )
    }
}

impl fmt::Display for LbfgsStop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gradient => "converged: the gradient is small",
            Self::Change => "converged: steps change nothing",
            Self::Iterations => "not converged: all iterations were made, raise `max_iterations`",
            Self::Evaluations => "not converged: raise `max_evaluations`",
            Self::LineSearch => "ended: no better point was found along the gradient",
            Self::Callback => "stopped",
        })
    }
}
