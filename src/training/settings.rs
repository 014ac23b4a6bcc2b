//! The settings that a trainer and a loop of one's own have in common.

use std::time::Duration;

use super::status::UNLIMITED;
use super::{Callback, EarlyStopping, Plateau, ProgressBar, Schedule, Training};
use crate::core::{Error, Parameters};
#[cfg(feature = "files")]
use {super::Checkpoint, std::path::PathBuf};

/// What has nothing to do with the types of networks and losses.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) epochs: Option<usize>,
    pub(super) schedule: Schedule,
    pub(super) plateau: Option<Plateau>,
    pub(super) monitor: Option<String>,
    pub(super) keeps_last: bool,
    pub(super) early_stopping: Option<EarlyStopping>,
    pub(super) target: Option<f64>,
    pub(super) max_duration: Option<Duration>,
    pub(super) stops_on_interrupt: bool,
    /// What is kept of the averaged weights at each step.
    pub(super) average: Option<f64>,
    pub(super) clip_norm: Option<f64>,
    pub(super) clip_value: Option<f64>,
    pub(super) l1: f64,
    pub(super) l2: f64,
    pub(super) own: Own,
    #[cfg(feature = "files")]
    pub(super) checkpoint: Option<Checkpoint>,
    #[cfg(feature = "files")]
    pub(super) resume: Option<Resume>,
}

/// The callbacks of the library that are asked for by a method. They come behind the user's, whose scores they show.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    pub(super) progress: Option<ProgressBar>,
    #[cfg(feature = "files")]
    pub(super) csv: Option<super::CsvLog>,
    #[cfg(all(feature = "files", feature = "serde"))]
    pub(super) json: Option<super::JsonLog>,
}

macro_rules! calls {
    ($($method:ident),*) => {
        $(
            #[inline]
            fn $method(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
                if let Some(progress) = &mut self.progress {
                    progress.$method(training)?;
                }
                #[cfg(feature = "files")]
                if let Some(csv) = &mut self.csv {
                    csv.$method(training)?;
                }
                #[cfg(all(feature = "files", feature = "serde"))]
                if let Some(json) = &mut self.json {
                    json.$method(training)?;
                }
                Ok(())
            }
        )*
    };
}

impl<N: Parameters> Callback<N> for Own {
    calls!(
        on_train_begin,
        on_epoch_begin,
        on_batch_begin,
        on_batch_end,
        on_epoch_end,
        on_train_end
    );
}

/// The checkpoint to go on from.
#[cfg(feature = "files")]
#[derive(Clone, Debug)]
pub(super) struct Resume {
    pub(super) path: PathBuf,
    /// Whether training begins anew where there is none.
    pub(super) or_starts: bool,
}

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            epochs: None,
            schedule: Schedule::Constant,
            plateau: None,
            monitor: None,
            keeps_last: false,
            early_stopping: None,
            target: None,
            max_duration: None,
            stops_on_interrupt: false,
            average: None,
            clip_norm: None,
            clip_value: None,
            l1: 0.0,
            l2: 0.0,
            own: Own::default(),
            #[cfg(feature = "files")]
            checkpoint: None,
            #[cfg(feature = "files")]
            resume: None,
        }
    }

    /// How many epochs there are; [`UNLIMITED`], if something else ends the training.
    pub(super) fn most_epochs(&self) -> usize {
        let ends =
            self.early_stopping.is_some() || self.target.is_some() || self.max_duration.is_some();
        self.epochs.unwrap_or(if ends { UNLIMITED } else { 1 })
    }

    /// Whether a step needs the gradient as a whole.
    pub(super) fn take_gradient(&self) -> bool {
        self.clip_norm.is_some() || self.clip_value.is_some() || self.l1 > 0.0 || self.l2 > 0.0
    }
}

/// A setting that is a finite number from 0 on.
#[track_caller]
pub(super) fn from_zero(name: &str, value: f64) -> f64 {
    assert!(
        value >= 0.0 && value.is_finite(),
        "{name} is a finite number from 0 on, found {value}"
    );
    value
}

/// The methods that set them, for a type with a field `settings`.
macro_rules! setters {
    () => {
        /// Sets how many epochs the training has. One that is [resumed](Self::resume) has so many in all, those before the checkpoint counted.
        ///
        /// Without it there is one; or as many as it takes until [`early_stopping`](Self::early_stopping), [`stop_at`](Self::stop_at) or [`max_duration`](Self::max_duration) ends
        /// the training, if one of these is set.
        pub fn epochs(mut self, epochs: usize) -> Self {
            self.settings.epochs = Some(epochs);
            self
        }

        /// Sets how the learning rate changes from epoch to epoch, or from step to step.
        ///
        /// # Panics
        ///
        /// If a factor is negative, NaN or infinite, or a number of epochs 0.
        #[track_caller]
        pub fn schedule(mut self, schedule: Schedule) -> Self {
            schedule.check();
            self.settings.schedule = schedule;
            self
        }

        /// Makes the learning rate smaller when the [monitored](Self::monitor) score has not become better for a while. It is multiplied with the [schedule](Self::schedule)'s factor.
        pub fn reduce_on_plateau(mut self, plateau: Plateau) -> Self {
            self.settings.plateau = Some(plateau);
            self
        }

        /// Sets the score that epochs are compared by: for the best weights, [early stopping](Self::early_stopping), [`stop_at`](Self::stop_at) and
        /// [plateaus](Self::reduce_on_plateau). Each knows whether a larger one is better.
        ///
        /// `"loss"` is the validation loss (without validation, that of training), `"training loss"` that of training; any other is a score of the [metric](crate::evaluation::Metric) that goes with the loss, such as
        /// `"macro F1"` or `"MAE"`, or one that a [callback](super::Status::add_score) adds. By default it is that metric's first one (`"accuracy"` for classes, `"R²"` for
        /// numbers), and without validation the training loss.
        ///
        /// A name that nobody measures is [`Error::UnknownMetric`](crate::Error::UnknownMetric), with those that there are.
        pub fn monitor(mut self, metric: impl Into<String>) -> Self {
            self.settings.monitor = Some(metric.into());
            self
        }

        /// Leaves the network with the weights after the last step. By default it has those of the epoch with the best [monitored](Self::monitor) score, if that is not the training loss.
        pub fn keep_last_weights(mut self) -> Self {
            self.settings.keeps_last = true;
            self
        }

        /// Ends the training after so many epochs in a row without a better [monitored](Self::monitor) score: a number, or an [`EarlyStopping`](super::EarlyStopping).
        ///
        /// # Panics
        ///
        /// If the number is 0.
        #[track_caller]
        pub fn early_stopping(mut self, patience: impl Into<EarlyStopping>) -> Self {
            self.settings.early_stopping = Some(patience.into());
            self
        }

        /// Ends the training after an epoch whose [monitored](Self::monitor) score is as good as this, or better.
        ///
        /// # Panics
        ///
        /// If it is NaN.
        #[track_caller]
        pub fn stop_at(mut self, score: f64) -> Self {
            assert!(!score.is_nan(), "a target is a number, not NaN: no score is as good as that");
            self.settings.target = Some(score);
            self
        }

        /// Ends the training after the step in which this time is over, that of the run before a [checkpoint](Self::resume) counted.
        pub fn max_duration(mut self, duration: Duration) -> Self {
            self.settings.max_duration = Some(duration);
            self
        }

        /// Ends the training after the step in which Ctrl-C is pressed (SIGINT; on Unix SIGTERM and SIGHUP too); a second one kills the process, as does one while nothing trains.
        ///
        /// The handler is that of the whole process. Where the program has one of its own already, that one stays, and this has no effect.
        #[cfg(feature = "ctrlc")]
        pub fn stop_on_ctrl_c(mut self) -> Self {
            self.settings.stops_on_interrupt = true;
            self
        }

        /// Validates, keeps and leaves the network with averaged weights: after each step ā ← d ā + (1 − d) w, begun with the weights after the first step. Steps are taken with w.
        ///
        /// PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(decay)`, Keras's `use_ema`. Usual decays are 0.99 to 0.9999: it should look back over no more than an epoch or so.
        /// Running statistics are averaged too.
        ///
        /// # Panics
        ///
        /// If it is not from 0 to 1, without 1.
        #[track_caller]
        pub fn average_weights(mut self, decay: f64) -> Self {
            assert!(
                (0.0..1.0).contains(&decay),
                "a decay is from 0 to 1, without 1, found {decay}"
            );
            self.settings.average = Some(decay);
            self
        }

        /// Scales the gradient of each step down to this norm, if it is longer, as [`clip_norm`](crate::Network::clip_norm) does. Frozen parts have no part in it.
        ///
        /// # Panics
        ///
        /// If it is negative, NaN or infinite.
        #[track_caller]
        pub fn clip_norm(mut self, max: f64) -> Self {
            self.settings.clip_norm = Some(super::settings::from_zero("a norm to clip to", max));
            self
        }

        /// Limits each number of each step's gradient to −`max` … `max`, as [`clip_value`](crate::Network::clip_value) does.
        ///
        /// # Panics
        ///
        /// If it is negative, NaN or infinite.
        #[track_caller]
        pub fn clip_value(mut self, max: f64) -> Self {
            self.settings.clip_value = Some(super::settings::from_zero("a value to clip to", max));
            self
        }

        /// Adds `factor` Σ |w| over all weights to the loss whose gradient is followed: Keras's `regularizers.L1`. Biases are left alone; the losses that are shown are without it.
        ///
        /// # Panics
        ///
        /// If it is negative, NaN or infinite.
        #[track_caller]
        pub fn l1(mut self, factor: f64) -> Self {
            self.settings.l1 = super::settings::from_zero("a factor of L1", factor);
            self
        }

        /// Adds `factor` Σ w² over all weights to the loss whose gradient is followed: Keras's `regularizers.L2`. Biases are left alone; the losses that are shown are without it.
        ///
        /// The weight decay λ of an optimizer adds λ w to the gradient, this adds 2 `factor` w.
        ///
        /// # Panics
        ///
        /// If it is negative, NaN or infinite.
        #[track_caller]
        pub fn l2(mut self, factor: f64) -> Self {
            self.settings.l2 = super::settings::from_zero("a factor of L2", factor);
            self
        }

        /// Shows a progress bar, and a line for each epoch, on the standard error stream: [`ProgressBar`](super::ProgressBar).
        pub fn progress_bar(mut self) -> Self {
            self.settings.own.progress = Some(ProgressBar::new());
            self
        }

        /// Writes a CSV file with a line for each epoch, as soon as it has ended: [`CsvLog`](super::CsvLog).
        #[cfg(feature = "files")]
        pub fn csv_log(mut self, path: impl AsRef<std::path::Path>) -> Self {
            self.settings.own.csv = Some(super::CsvLog::new(path));
            self
        }

        /// Writes a file with a JSON object for each epoch, one a line, as soon as it has ended: [`JsonLog`](super::JsonLog).
        #[cfg(all(feature = "files", feature = "serde"))]
        pub fn json_log(mut self, path: impl AsRef<std::path::Path>) -> Self {
            self.settings.own.json = Some(super::JsonLog::new(path));
            self
        }

        /// Writes the whole state of the training to a file after each epoch: a path, or a [`Checkpoint`](super::Checkpoint) that says when, and how many are kept.
        #[cfg(feature = "files")]
        pub fn checkpoint(mut self, checkpoint: impl Into<super::Checkpoint>) -> Self {
            self.settings.checkpoint = Some(checkpoint.into());
            self
        }

        /// Goes on from a [checkpoint](Self::checkpoint): with its weights, moments, counters, order of samples, history. What the network and the optimizer had before is lost.
        ///
        /// With the same settings and data, training ends with the same bits as one that was never interrupted. Settings are those of this program: with more
        /// [`epochs`](Self::epochs) (which are the total), another patience or another learning rate it goes on with these.
        ///
        /// That the file is not there, is damaged, or belongs to another network or optimizer is an error, and the network stays as it is. So is another number of samples, where
        /// it would not do: in the middle of an epoch, and where a [part is held out](super::Trainer::validation_fraction), some of which would have been trained on. The samples themselves
        /// are not compared.
        ///
        /// The file is read once: a trainer whose `fit` is called again goes on from where the last call ended.
        ///
        /// Where it goes on with another [monitored](Self::monitor) score, or without validation, the best epoch is looked for anew.
        #[cfg(feature = "files")]
        pub fn resume(mut self, path: impl AsRef<std::path::Path>) -> Self {
            let path = path.as_ref().to_path_buf();
            self.settings.resume = Some(super::settings::Resume { path, or_starts: false });
            self
        }

        /// [`resume`](Self::resume) if the file is there, or else a new training: for a program that is started again after each crash.
        #[cfg(feature = "files")]
        pub fn resume_or_start(mut self, path: impl AsRef<std::path::Path>) -> Self {
            let path = path.as_ref().to_path_buf();
            self.settings.resume = Some(super::settings::Resume { path, or_starts: true });
            self
        }
    };
}
pub(super) use setters;
