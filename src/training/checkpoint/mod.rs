//! A training in a file, to go on with after a crash.
//!
//! It is a safetensors file: `model.…` and `best.…` (and `average.…`) are networks, `optimizer.state.…` are moments under PyTorch's names, all else is text in its `__metadata__`. The last
//! tensor, `checksum`, holds the CRC-32 of all bytes before it.

mod reading;
mod record;
mod rotation;
mod writing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::core::Error;
use crate::io::atomic;

/// Where the state of a training is written to, when, and how many are kept: [`Trainer::checkpoint`](super::Trainer::checkpoint).
///
/// A path alone is one that is written after each epoch. The file is written aside and renamed: whenever the process is killed, there is a whole one. It holds the
/// weights, the optimizer's state, the counters of early stopping and plateau, the best and the averaged weights, the seed and the place in the epoch's order of samples, and the history;
/// it is a [safetensors](https://github.com/huggingface/safetensors) file, so `net.load_from("run.ckpt", "best")` reads the best weights out of it
/// ([`Transfer::load_from`](crate::Transfer::load_from); `model` are the last ones).
///
/// ```
/// use axonal::training::Checkpoint;
/// use std::time::Duration;
///
/// let each_epoch = Checkpoint::from("run.ckpt");
/// let often = Checkpoint::new("run.ckpt").every_steps(1000);
/// let by_time = Checkpoint::new("run.ckpt").every(Duration::from_secs(600));
/// // Beside `run.ckpt`, `run.epoch-18.ckpt`, `run.epoch-19.ckpt`, `run.epoch-20.ckpt`, and `run.best.ckpt`.
/// let three = Checkpoint::new("run.ckpt").keep(3);
/// # _ = (each_epoch, often, by_time, three);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Checkpoint {
    path: PathBuf,
    every: Every,
    keep: usize,
}

/// When it is written, beside the end of the training.
#[derive(Clone, Copy, Debug)]
enum Every {
    Epochs(usize),
    Steps(usize),
    Time(Duration),
}

impl Checkpoint {
    /// After each epoch.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), every: Every::Epochs(1), keep: 0 }
    }

    /// After every `epochs` epochs, and at the end.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn every_epochs(mut self, epochs: usize) -> Self {
        assert!(epochs > 0, "a checkpoint is written every epoch at most, found `every_epochs(0)`");
        self.every = Every::Epochs(epochs);
        self
    }

    /// After every `steps` steps, counted over all epochs, and at the end.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn every_steps(mut self, steps: usize) -> Self {
        assert!(steps > 0, "a checkpoint is written every step at most, found `every_steps(0)`");
        self.every = Every::Steps(steps);
        self
    }

    /// After the step in which so much time has passed since the last one, and at the end.
    pub fn every(mut self, time: Duration) -> Self {
        self.every = Every::Time(time);
        self
    }

    /// That it can be written.
    pub(super) fn check(&self) -> Result<(), Error> {
        atomic::check(&self.path)
    }

    /// Keeps those of the last `epochs` epochs at whose end one was written, under names with the number of the epoch, and that of the best epoch.
    pub fn keep(mut self, epochs: usize) -> Self {
        self.keep = epochs;
        self
    }
}

/// After each epoch.
impl<P: AsRef<Path>> From<P> for Checkpoint {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}

/// When the last one was written, and what does not change from one to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    at: Option<super::clock::Clock>,
    /// The epochs so far, as the file has them, and how many they are.
    history: String,
    epochs: usize,
}

/// What the file says it is.
const FORMAT: &str = "axonal training checkpoint 1";

/// The prefixes of networks in it.
const MODEL: &str = "model";
const BEST: &str = "best";
const AVERAGE: &str = "average";
const OPTIMIZER: &str = "optimizer";
const HISTORY: &str = "history";
const CHECKSUM: &str = "checksum";
