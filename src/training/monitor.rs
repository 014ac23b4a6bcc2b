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
    pub(super) fn observe(&mut self, settings: &Settings, epoch: &Epoch) -> Result<bool, Error> {
        let score = monitored(settings.monitor.as_deref(), epoch)?;
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

    /// Why training ends here, if it does.
    pub(super) fn verdict(&self, settings: &Settings) -> Option<Stop> {
        if self.is_reached {
            return Some(Stop::Target);
        }
        let stopping = settings.early_stopping?;
        (self.waited >= stopping.patience).then_some(Stop::EarlyStopping)
    }
}

/// The score that epochs are compared by.
fn monitored(name: Option<&str>, epoch: &Epoch) -> Result<Score, Error> {
    let training = Score::smaller("training loss", epoch.loss);
    let loss = epoch.validation.as_ref().map_or(training, |of| Score::smaller("loss", of.loss));
    let found = match name {
        None => Some(epoch.validation.as_ref().map_or(training, super::Validation::of_score)),
        Some("loss") => Some(loss),
        Some("training loss") => Some(training),
        Some(name) => epoch.scores().find(|score| score.metric == name).copied(),
    };
    found.ok_or_else(|| unknown(name.unwrap_or_default(), epoch.scores().map(|score| score.metric)))
}

/// The error for a metric that nobody measures.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = ["loss", "training loss"].into_iter().chain(known).map(str::to_owned).collect();
    Error::UnknownMetric { metric: name.to_owned(), known }
}
