//! What a training run did, epoch by epoch.

use core::fmt;
use core::time::Duration;

#[cfg(doc)]
use crate::metrics::Metric;
use crate::metrics::Score;

/// What [`Trainer::fit`](super::Trainer::fit) did, epoch by epoch; displays as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
}

/// One pass over the training data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 1 on.
    pub number: usize,
    /// The mean loss over the training data, each batch before the step along its gradient.
    pub loss: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// How long it took, validation included.
    pub duration: Duration,
    /// How well it does on other data, if there are any.
    pub validation: Option<Validation>,
}

/// How well a network does on data that it is not trained on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Validation {
    /// The mean loss.
    pub loss: f64,
    /// The name of the score that goes with the loss: `accuracy` for classes and labels, `R²` for numbers. See [`Metric`] for which is whose.
    ///
    /// It is `loss` where the loss has no metric, or where that is not defined, as R² of one sample, or of targets that are all equal.
    pub metric: &'static str,
    /// The score.
    pub score: f64,
    /// Whether a larger score is a better one: not of the loss itself.
    pub larger_is_better: bool,
}

impl Validation {
    pub(super) fn new(loss: f64, score: Score) -> Self {
        let Score { metric, value, larger_is_better } = score;
        Self { loss, metric, score: value, larger_is_better }
    }

    /// Whether its score is better than that of another epoch; NaN is never.
    ///
    /// Scores of two metrics cannot be compared; then it is whether the loss is smaller.
    pub fn is_better_than(&self, other: &Self) -> bool {
        if self.metric != other.metric {
            return self.loss < other.loss;
        }
        self.of_score().is_better_than(&other.of_score())
    }

    fn of_score(&self) -> Score {
        let new = if self.larger_is_better { Score::larger } else { Score::smaller };
        new(self.metric, self.score)
    }
}

impl History {
    /// The last epoch, if there was one.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The epoch with the best validation score, the first of those if there are several; none if no epoch has a score that is a number.
    pub fn best(&self) -> Option<&Epoch> {
        let measured =
            |epoch: &&Epoch| epoch.validation.as_ref().is_some_and(|of| !of.score.is_nan());
        let is_better = |epoch: &Epoch, best: &Epoch| {
            epoch
                .validation
                .as_ref()
                .zip(best.validation.as_ref())
                .is_some_and(|(a, b)| a.is_better_than(b))
        };
        self.epochs
            .iter()
            .filter(measured)
            .reduce(|best, epoch| if is_better(epoch, best) { epoch } else { best })
    }

    /// How long all epochs took.
    pub fn duration(&self) -> Duration {
        self.epochs.iter().map(|epoch| epoch.duration).sum()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "epoch {:>3}  loss {:.4}", self.number, self.loss)?;
        if let Some(Validation { loss, metric, score, .. }) = &self.validation {
            write!(formatter, "  validation loss {loss:.4}")?;
            if *metric != "loss" {
                write!(formatter, "  {metric} {score:.4}")?;
            }
        }
        write!(formatter, "  {:.2} s", self.duration.as_secs_f64())
    }
}

impl fmt::Display for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, epoch) in self.epochs.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{epoch}")?;
        }
        Ok(())
    }
}
