//! Logs: a line for each epoch, in a file.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::history::csv;
use super::{Callback, History, Training};
use crate::core::{Error, Parameters};
use crate::io::atomic;

/// Writes a CSV file with a line for each epoch, as soon as it has ended: the columns of [`History::to_csv`]. Keras's `CSVLogger`.
///
/// A file that was there is replaced, by the epochs before, too, where a training [goes on](super::Trainer::resume). Scores of callbacks are in it if these come before it.
///
/// ```no_run
/// # use axonal::prelude::*;
/// # network! { struct Net<input 2 => dense 1>; }
/// # let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> = Dataset::new(vec![], vec![])?;
/// # let (mut rng, mut net) = (StdRng::seed_from_u64(1), Net::zeros());
/// Trainer::new(MeanSquaredError, Adam::default())
///     .epochs(100)
///     .csv_log("training.csv")
///     .fit(&mut *net, &data, &mut rng)?;
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvLog {
    log: Log,
    names: csv::Names,
}

impl CsvLog {
    /// A log that is begun as soon as training begins.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { log: Log::new(path), names: csv::Names::default() }
    }

    fn follow(&mut self, history: &History) -> Result<(), Error> {
        let names = history.score_names();
        let line = match history.last() {
            Some(epoch) if names == self.names && self.log.file.is_some() => {
                csv::line(epoch, &names)
            }
            // Another column: all lines get it.
            _ => return self.begin(history),
        };
        self.log.add(&line)
    }

    fn begin(&mut self, history: &History) -> Result<(), Error> {
        self.names = history.score_names();
        self.log.begin(&history.to_csv())
    }
}

impl Clone for CsvLog {
    fn clone(&self) -> Self {
        Self::new(&self.log.path)
    }
}

impl<N: Parameters> Callback<N> for CsvLog {
    fn on_train_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        self.begin(&training.status.history)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        self.follow(&training.status.history)
    }
}

/// Writes a file with a JSON object for each epoch, one a line, as soon as it has ended: those of [`History::to_json`]. With the feature `serde`.
///
/// As [`CsvLog`] otherwise.
#[cfg(feature = "serde")]
#[derive(Debug)]
pub struct JsonLog {
    log: Log,
}

#[cfg(feature = "serde")]
impl JsonLog {
    /// A log that is begun as soon as training begins.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { log: Log::new(path) }
    }
}

#[cfg(feature = "serde")]
impl Clone for JsonLog {
    fn clone(&self) -> Self {
        Self::new(&self.log.path)
    }
}

#[cfg(feature = "serde")]
impl<N: Parameters> Callback<N> for JsonLog {
    fn on_train_begin(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        let lines: String =
            training.status.history.epochs.iter().map(super::Epoch::to_json_line).collect();
        self.log.begin(&lines)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        let line = training.status.history.last().map(super::Epoch::to_json_line);
        self.log.add(&line.unwrap_or_default())
    }
}

/// A file that grows by lines.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: Option<File>,
}

impl Log {
    fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), file: None }
    }

    fn begin(&mut self, text: &str) -> Result<(), Error> {
        let made = atomic::directory_of(&self.path).and_then(|_| File::create(&self.path));
        self.file = Some(made.map_err(|source| self.error("create", source))?);
        self.add(text)
    }

    /// In one write, so that whoever reads sees whole lines.
    fn add(&mut self, text: &str) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(text.as_bytes());
        written.map_err(|source| self.error("write", source))
    }

    fn error(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::Io { action, path: self.path.clone(), source }
    }
}
