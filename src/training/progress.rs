//! The progress bar.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Epoch;

/// A bar for the steps of an epoch, above it a line for each epoch that is done. Without a terminal, only the lines.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    epochs: usize,
}

impl Progress {
    pub(super) fn new(shown: bool, epochs: usize, steps: usize) -> Self {
        let bar = shown.then(|| {
            let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
            let template = "{prefix} {wide_bar} {pos}/{len}  loss {msg}  {eta} left";
            bar.set_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self { bar, epochs }
    }

    pub(super) fn start(&self, epoch: usize) {
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
        }
    }

    /// Called after some steps, not after each: a bar costs more than a small step.
    pub(super) fn update(&self, steps: usize, loss: f64) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(steps).unwrap_or(u64::MAX));
            bar.set_message(format!("{loss:.4}"));
        }
    }

    /// How long to wait between updates.
    pub(super) const INTERVAL: Duration = Duration::from_millis(100);

    pub(super) fn epoch(&self, epoch: &Epoch) {
        if let Some(bar) = &self.bar {
            if bar.is_hidden() {
                eprintln!("{epoch}");
            } else {
                bar.println(epoch.to_string());
            }
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
