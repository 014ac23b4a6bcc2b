//! Which epoch is the best, and when there is nothing more to hope for.

use super::settings::Settings;
use super::{EarlyStopping, Epoch, Kept, PlateauState, Stop};
use crate::core::Error;
use crate::metrics::Score;

/// What is known of the epochs so far. All of it stands in a checkpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// The best epoch.
    pub(super) best: Option<Kept>,
    /// The score that early stopping waits to be beaten.
    pub(super) to_beat: Option<f64>,
    /// For how many epochs it waits.
    pub(super) waited: usize,
    pub(super) plateau: PlateauState,
    /// Whether the last epoch was good enough.
    pub(super) is_reached: bool,
}

impl Watch {
    /// Takes note of an epoch, and says whether it is the best so far.
    ///
    /// Scores of two metrics are not compared. An epoch that was not validated, between others that were, is passed over; another metric, after a checkpoint, begins anew.
    pub(super) fn observe(&mut self, settings: &Settings, epoch: &Epoch) -> Result<bool, Error> {
        let score = monitored(settings.monitor.as_deref(), epoch)?;
        if self.best.is_some_and(|best| best.score.metric != score.metric) {
            let is_asked_for = settings.monitor.as_deref() == Some(TRAINING_LOSS);
            if score.metric == TRAINING_LOSS && !is_asked_for {
                return Ok(false);
            }
            self.begin_anew();
        }
        let is_best =
            !score.value.is_nan() && self.best.is_none_or(|best| score.is_better_than(&best.score));
        if is_best {
            self.best = Some(Kept::new(epoch.number, score));
        }
        if let Some(EarlyStopping { min_delta, from_epoch, .. }) = settings.early_stopping
            && epoch.number >= from_epoch
        {
            let sign = if score.larger_is_better { 1.0 } else { -1.0 };
            let improves = self.to_beat.is_none_or(|best| sign * (score.value - best) > min_delta);
            if improves && !score.value.is_nan() {
                (self.to_beat, self.waited) = (Some(score.value), 0);
            } else {
                self.waited += 1;
            }
        }
        if let Some(plateau) = &settings.plateau {
            self.plateau.observe(plateau, score.value, score.larger_is_better);
        }
        self.is_reached = settings.target.is_some_and(|target| {
            if score.larger_is_better { score.value >= target } else { score.value <= target }
        });
        Ok(is_best)
    }

    /// Forgets all scores. The learning rate stays as small as it has become.
    pub(super) fn begin_anew(&mut self) {
        let plateau = PlateauState { factor: self.plateau.factor, ..PlateauState::default() };
        *self = Self { plateau, ..Self::default() };
    }

    /// Whether the best epoch is known by more than its training loss, for which weights are not kept.
    pub(super) fn is_by_measurement(&self) -> bool {
        self.best.is_some_and(|best| best.score.metric != TRAINING_LOSS)
    }

    /// Why training ends here, if it does.
    pub(super) fn verdict(&self, settings: &Settings) -> Option<Stop> {
        if self.is_reached {
            return Some(Stop::Target);
        }
        let stopping = settings.early_stopping?;
        (self.waited >= stopping.patience).then_some(Stop::EarlyStopping)
    }
}

/// The name of the score that is always there.
const TRAINING_LOSS: &str = "training loss";

/// The score that epochs are compared by.
fn monitored(name: Option<&str>, epoch: &Epoch) -> Result<Score, Error> {
    let training = Score::smaller(TRAINING_LOSS, epoch.loss);
    let loss = epoch.validation.as_ref().map_or(training, |of| Score::smaller("loss", of.loss));
    let found = match name {
        None => Some(epoch.validation.as_ref().map_or(training, super::Validation::of_score)),
        Some("loss") => Some(loss),
        Some(TRAINING_LOSS) => Some(training),
        Some(name) => epoch.scores().find(|score| score.metric == name).copied(),
    };
    found.ok_or_else(|| unknown(name.unwrap_or_default(), epoch.scores().map(|score| score.metric)))
}

/// The error for a metric that nobody measures.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = ["loss", TRAINING_LOSS].into_iter().chain(known).map(str::to_owned).collect();
    Error::UnknownMetric { metric: name.to_owned(), known }
}
