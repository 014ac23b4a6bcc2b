//! The progress bar.

use std::fmt;
use std::time::Duration;

use indicatif::{ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};

use super::history::Ending;
use super::status::UNLIMITED;
use super::{Callback, Training};
use crate::core::{Error, Parameters};

/// A bar for the steps of an epoch, with loss, samples a second and the time left of the epoch; above it a line for each epoch that is done; at the end a line that says why training
/// ended, and which weights the network has. On the standard error stream; where that is no terminal, the lines alone.
#[derive(Default)]
pub struct ProgressBar {
    bar: Option<Bar>,
    /// When the bar was drawn last, from the beginning of the epoch.
    shown: Duration,
    samples_before: usize,
}

impl ProgressBar {
    /// A bar that is shown as soon as training begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait between two drawings: a bar costs more than a small step.
    const INTERVAL: Duration = Duration::from_millis(100);

    fn line(&self, line: &dyn fmt::Display) {
        match &self.bar {
            Some(bar) if !bar.is_hidden() => bar.println(line.to_string()),
            _ => eprintln!("{line}"),
        }
    }
}

/// A bar of its own: two that draw at once would be in each other's way.
impl Clone for ProgressBar {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl fmt::Debug for ProgressBar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ProgressBar").finish_non_exhaustive()
    }
}

impl<N: Parameters> Callback<N> for ProgressBar {
    fn on_epoch_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        let status = &training.status;
        let steps = status.steps.map(|steps| u64::try_from(steps).unwrap_or(u64::MAX));
        let bar = Bar::with_draw_target(steps, ProgressDrawTarget::stderr());
        let template = if steps.is_some() {
            "{prefix} {wide_bar} {pos}/{len}  {msg}  {eta} left"
        } else {
            "{prefix} {spinner} {pos}  {msg}"
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(match status.epochs {
            UNLIMITED => format!("epoch {}", status.epoch),
            epochs => format!("epoch {}/{epochs}", status.epoch),
        });
        if let Some(last) = self.bar.replace(bar) {
            last.finish_and_clear();
        }
        (self.shown, self.samples_before) = (status.epoch_elapsed(), status.samples);
        Ok(())
    }

    fn on_batch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        let status = &training.status;
        let now = status.epoch_elapsed();
        if let Some(bar) = &self.bar
            && now >= self.shown + Self::INTERVAL
            && !bar.is_hidden()
        {
            #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
            let rate =
                (status.samples - self.samples_before) as f64 / (now - self.shown).as_secs_f64();
            (self.shown, self.samples_before) = (now, status.samples);
            bar.set_position(u64::try_from(status.step).unwrap_or(u64::MAX));
            bar.set_message(format!("loss {:.4}  {rate:.0} samples/s", status.mean_loss()));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        if let Some(epoch) = training.status.history.last() {
            self.line(epoch);
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let history = &training.status.history;
        self.line(&Ending(&history.stop, history.kept));
        Ok(())
    }
}
