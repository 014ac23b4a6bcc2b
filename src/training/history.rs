//! What a training run did, epoch by epoch.

pub(super) mod csv;
mod figure;
#[cfg(feature = "serde")]
mod json;
mod sparkline;

use core::fmt;
use core::time::Duration;

use crate::messages::Measured;
#[cfg(doc)]
use crate::metrics::Metric;
use crate::metrics::{Name, Score};
pub(super) use sparkline::sparkline;

/// What [`Trainer::fit`](super::Trainer::fit) did, epoch by epoch; displays as a table, with a last line that says why it ended and which weights the network has.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct History {
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
    /// Why training ended.
    pub stop: Stop,
    /// The weights that the network was left with, if they are those of the best epoch. Otherwise they are the last ones.
    pub kept: Option<Kept>,
}

/// Why training ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Stop {
    /// All epochs are done.
    #[default]
    Epochs,
    /// The score did not improve any more: [`early_stopping`](super::Trainer::early_stopping).
    EarlyStopping,
    /// The score is good enough: [`stop_at`](super::Trainer::stop_at).
    Target,
    /// The time is over: [`max_duration`](super::Trainer::max_duration).
    Time,
    /// Ctrl-C was pressed: `stop_on_ctrl_c`.
    Interrupt,
    /// A callback asked for it, and said why: [`Status::stop`](super::Status::stop).
    Callback(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Epochs => "all epochs done",
            Self::EarlyStopping => "stopped early: no improvement",
            Self::Target => "stopped: the target is reached",
            Self::Time => "stopped: the time is over",
            Self::Interrupt => "stopped by Ctrl-C",
            Self::Callback(reason) => return write!(formatter, "stopped: {reason}"),
        })
    }
}

/// The best epoch, whose weights were kept.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Kept {
    /// Its number.
    pub epoch: usize,
    /// The score by which it is the best.
    pub score: Score,
}

impl Kept {
    pub(super) fn new(epoch: usize, score: Score) -> Self {
        Self { epoch, score }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, score } = self;
        write!(formatter, "best weights: epoch {epoch}, {} {:.4}", score.metric, score.value)
    }
}

/// One pass over the training data.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 1 on.
    pub number: usize,
    /// The mean loss over the training data, each batch before the step along its gradient.
    #[cfg_attr(feature = "serde", serde(with = "crate::core::serialized::number"))]
    pub loss: f64,
    /// The learning rate.
    #[cfg_attr(feature = "serde", serde(with = "crate::core::serialized::number"))]
    pub learning_rate: f64,
    /// How long it took, validation included.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "seconds", with = "crate::core::serialized::seconds")
    )]
    pub duration: Duration,
    /// How well it does on other data, if there are any.
    pub validation: Option<Validation>,
    /// What [callbacks](super::Callback) measured beside that.
    #[cfg_attr(feature = "serde", serde(default))]
    pub scores: Vec<Score>,
}

/// How well a network does on data that it is not trained on.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Validation {
    /// The mean loss.
    #[cfg_attr(feature = "serde", serde(with = "crate::core::serialized::number"))]
    pub loss: f64,
    /// The name of the score that goes with the loss: `accuracy` for classes and labels, `R²` for numbers. See [`Metric`] for which is whose.
    ///
    /// It is `loss` where the loss has no metric, or where that is not defined, as R² of one sample, or of targets that are all equal.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::core::serialized::name"))]
    pub metric: Name,
    /// The score.
    #[cfg_attr(feature = "serde", serde(with = "crate::core::serialized::number"))]
    pub score: f64,
    /// Whether a larger score is a better one: not of the loss itself.
    pub larger_is_better: bool,
    /// All scores that go with the loss, the one above among them.
    #[cfg_attr(feature = "serde", serde(default))]
    pub scores: Vec<Score>,
}

impl Validation {
    pub(super) fn new(measured: Measured) -> Self {
        let Measured { loss, score, scores } = measured;
        let Score { metric, value, larger_is_better } = score;
        Self { loss, metric, score: value, larger_is_better, scores }
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

    /// The score, with its name and direction.
    pub(super) fn of_score(&self) -> Score {
        let new = if self.larger_is_better { Score::larger } else { Score::smaller };
        new(self.metric, self.score)
    }
}

impl History {
    /// The last epoch, if there was one.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The epoch whose weights were [kept](Self::kept), or else the one with the best validation score, the first of those if there are several; none if no
    /// epoch has a score that is a number.
    pub fn best(&self) -> Option<&Epoch> {
        if let Some(kept) = self.kept {
            return self.epochs.iter().find(|epoch| epoch.number == kept.epoch);
        }
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

impl Epoch {
    /// What it is measured by beside the losses: the scores of validation, then those of callbacks.
    pub fn scores(&self) -> impl Iterator<Item = &Score> {
        self.validation.iter().flat_map(|validation| &validation.scores).chain(&self.scores)
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
        for Score { metric, value, .. } in &self.scores {
            write!(formatter, "  {metric} {value:.4}")?;
        }
        write!(formatter, "  {:.2} s", self.duration.as_secs_f64())
    }
}

impl fmt::Display for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for epoch in &self.epochs {
            writeln!(formatter, "{epoch}")?;
        }
        write!(formatter, "{}", Ending(&self.stop, self.kept))
    }
}

/// The last line of a history.
pub(super) struct Ending<'a>(pub(super) &'a Stop, pub(super) Option<Kept>);

impl fmt::Display for Ending<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(stop, kept) = self;
        match kept {
            Some(kept) => write!(formatter, "{stop}; {kept}"),
            None => write!(formatter, "{stop}; last weights"),
        }
    }
}
