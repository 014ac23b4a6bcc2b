//! What a training run did, epoch by epoch.

use core::fmt;
use core::time::Duration;

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
    /// The name of the score: `accuracy` for classes, `R²` for numbers.
    pub metric: &'static str,
    /// The score: the larger, the better.
    pub score: f64,
}

impl History {
    /// The last epoch, if there was one.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The epoch with the best validation score, the first of those if there are several.
    pub fn best(&self) -> Option<&Epoch> {
        let score = |epoch: &Epoch| epoch.validation.as_ref().map(|validation| validation.score);
        self.epochs
            .iter()
            .filter(|epoch| score(epoch).is_some())
            .reduce(|best, epoch| if score(epoch) > score(best) { epoch } else { best })
    }

    /// How long all epochs took.
    pub fn duration(&self) -> Duration {
        self.epochs.iter().map(|epoch| epoch.duration).sum()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "epoch {:>3}  loss {:.4}", self.number, self.loss)?;
        if let Some(Validation { loss, metric, score }) = &self.validation {
            write!(formatter, "  validation loss {loss:.4}  {metric} {score:.4}")?;
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
