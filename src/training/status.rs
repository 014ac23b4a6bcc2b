//! Where a training is.

use std::time::Duration;

use super::clock::Clock;
use super::{History, Stop};
use crate::metrics::Score;

/// Where a training is: what [callbacks](super::Callback) see, and how they ask for its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The number of the epoch, from 1 on.
    pub epoch: usize,
    /// The last epoch's number, if no other reason ends the training before; `usize::MAX` if only another reason does.
    pub epochs: usize,
    /// How many steps of this epoch are done.
    pub step: usize,
    /// How many steps an epoch has, if that is known.
    pub steps: Option<usize>,
    /// How many samples of this epoch were trained on.
    pub samples: usize,
    /// The loss of the last step; NaN before the first.
    pub loss: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// The epochs that are done. At the end of an epoch, it is the last one here.
    pub history: History,
    /// Σ loss × samples over the steps of this epoch.
    pub(super) sum: f64,
    /// Of the epoch that has not ended yet.
    pub(super) scores: Vec<Score>,
    pub(super) stop: Option<Stop>,
    pub(super) run: Clock,
    pub(super) this_epoch: Clock,
}

/// More epochs than there will be.
pub(super) const UNLIMITED: usize = usize::MAX;

impl Status {
    pub(super) fn new(epochs: usize) -> Self {
        Self {
            epoch: 0,
            epochs,
            step: 0,
            steps: None,
            samples: 0,
            loss: f64::NAN,
            learning_rate: f64::NAN,
            history: History::default(),
            sum: 0.0,
            scores: Vec::new(),
            stop: None,
            run: Clock::start(Duration::ZERO),
            this_epoch: Clock::start(Duration::ZERO),
        }
    }

    /// Ends the training after this step, with a reason that the history will show: "the battery is low".
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.stop.get_or_insert(Stop::Callback(reason.into()));
    }

    /// Whether the training ends after this step or epoch.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Adds a score of the epoch that has just ended: [`Callback::on_epoch_end`](super::Callback::on_epoch_end) may measure what it likes. It stands in the history,
    /// and [`monitor`](super::Trainer::monitor) can name it.
    pub fn add_score(&mut self, score: Score) {
        match self.history.epochs.last_mut() {
            Some(epoch) if epoch.number == self.epoch => epoch.scores.push(score),
            _ => self.scores.push(score),
        }
    }

    /// The mean loss over the samples of this epoch so far, each before the step along its gradient; NaN before the first.
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    pub fn mean_loss(&self) -> f64 {
        self.sum / self.samples as f64
    }

    /// How long the training takes so far; of one that was [resumed](super::Trainer::resume), with what it took before.
    pub fn elapsed(&self) -> Duration {
        self.run.elapsed()
    }

    /// How long this epoch takes so far.
    pub fn epoch_elapsed(&self) -> Duration {
        self.this_epoch.elapsed()
    }

    /// The epoch that has just ended, or the last one before this; none in the first.
    pub fn last(&self) -> Option<&super::Epoch> {
        self.history.last()
    }

    /// Begins an epoch.
    pub(super) fn begin(&mut self, epoch: usize) {
        self.epoch = epoch;
        (self.step, self.samples, self.sum, self.loss) = (0, 0, 0.0, f64::NAN);
        self.this_epoch = Clock::start(Duration::ZERO);
    }
}
